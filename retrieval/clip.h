#pragma once
/// CLIP: pictures and texts as unit vectors of one space, in which a picture lies near what describes it.
///
/// Two transformers (retrieval/clip_model.h) under the published names, so that public checkpoints in Hugging Face's
/// layout load as they are, and what stands around them: a tokenizer and the preprocessing of pictures
/// (retrieval/clip_inputs.h). This is the door that the memory, the retriever and best-of-N ranking come in by:
///
///   const Clip clip = Clip::load("models/starter/clip");
///   const Tensor similarity = clip.embed_texts(captions).matmul(clip.embed_pictures(pictures).t());
#include "base/tensor.h"
#include "vision/image.h"

#include <cstdint>
#include <filesystem>
#include <memory>
#include <span>
#include <string>

namespace atelier::retrieval {

class Clip {
 public:
  /// A folder with config.json, model.safetensors, preprocessor_config.json, and tokenizer.json or vocab.json and
  /// merges.txt. Computes where and as base/compute says.
  /// @throws InvalidFile naming the part that is missing or broken, or parts that do not fit each other
  static Clip load(const std::filesystem::path& folder);
  ~Clip();
  Clip(Clip&&) noexcept;

  /// Any number of pictures of any sizes (alpha is laid over white), some at a time inside.
  /// @return (pictures, dimensions()) fp32 on the CPU, each of length 1; (0, dimensions()) for none
  Tensor embed_pictures(std::span<const vision::Image> pictures) const;

  /// Any number of texts; one that is too long is cut (77 tokens in published CLIP). Control symbols stay text.
  /// @return (texts, dimensions()) fp32 on the CPU, each of length 1; (0, dimensions()) for none
  /// @throws InvalidArgument if a text is not UTF-8
  Tensor embed_texts(std::span<const std::string> texts) const;

  /// What the model reads of them: of texts the tokens with start and end, at most as many as it takes; of pictures the
  /// patches and the class token.
  int64_t tokens(std::span<const std::string> texts) const;
  int64_t tokens_a_picture() const;

  /// Length of the vectors.
  int64_t dimensions() const;

  /// 16 hex digits over every file that decides a vector: vectors of different hashes must not be compared.
  const std::string& hash() const;

 private:
  struct Parts;
  explicit Clip(std::unique_ptr<const Parts> parts);
  std::unique_ptr<const Parts> parts_;
};

/// What Clip::hash() of this folder would be, without loading it. @throws InvalidFile
std::string clip_hash(const std::filesystem::path& folder);

}  // namespace atelier::retrieval
