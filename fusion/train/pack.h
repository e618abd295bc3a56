#pragma once
/// What the generator trains on, ready to read: latents and tokenised captions in one safetensors file.
///
///   latents           (N, C, S, S)  bf16, normalised by the VAE's channel statistics
///   caption_tokens    (T)           int32, without <bos> and <boi>
///   caption_offsets   (K + 1)       int64, caption k is tokens [offsets[k], offsets[k + 1])
///   picture_captions  (N + 1)       int64, picture i has captions [picture_captions[i], picture_captions[i + 1])
///   weight            (N)           fp32, how often to draw it
///   validation        (N)           uint8, 1: never trained on
///   neighbours        (N, R, K)     int32, optional: R lists of K training pictures that a retriever found for picture i,
///                                   best first, never itself; -1 where it found fewer
/// Metadata: "styles", the style names of the captions, a line each.
#include "base/random.h"
#include "base/safetensors.h"

#include <filesystem>
#include <string>
#include <vector>

namespace atelier::fusion {

class PackWriter {
 public:
  /// @param latents (C, S, S) normalised @param captions  at least one, token ids
  void add(const Tensor& latents, const std::vector<std::vector<int32_t>>& captions, double weight, bool validation);
  int64_t size() const { return static_cast<int64_t>(weight_.size()); }
  /// @param neighbours (N, R, K) int32, or undefined
  void write(const std::filesystem::path& path, const std::vector<std::string>& styles, const Tensor& neighbours = {}) const;

 private:
  std::vector<Tensor> latents_;
  std::vector<int32_t> tokens_;
  std::vector<int64_t> caption_offsets_ = {0}, picture_captions_ = {0};
  std::vector<float> weight_;
  std::vector<uint8_t> validation_;
};

class Pack {
 public:
  /// Reads the whole file into memory. @throws InvalidFile where its parts contradict each other
  explicit Pack(const std::filesystem::path& path);

  int64_t size() const { return latents_.size(0); }
  Tensor latents(const std::vector<int64_t>& rows) const;  // (rows, C, S, S) fp32
  std::vector<int32_t> caption(int64_t row, base::Random& random) const;
  /// The best `count` neighbours of one of the row's lists; a random training row where the list is shorter.
  std::vector<int64_t> documents(int64_t row, int64_t count, base::Random& random) const;
  /// How many documents a picture can have at most; 0 without neighbours.
  int64_t most_documents() const { return neighbours_.defined() ? neighbours_.size(2) : 0; }
  /// A training row, by weight.
  int64_t draw(base::Random& random) const;
  const std::vector<int64_t>& validation_rows() const { return validation_rows_; }
  const std::vector<std::string>& styles() const { return styles_; }
  std::vector<int64_t> latent_shape() const { return latents_.sizes().slice(1).vec(); }

 private:
  Tensor latents_, caption_tokens_, caption_offsets_, picture_captions_, neighbours_;
  std::vector<double> cumulative_;  // of the weights
  std::vector<int64_t> validation_rows_;
  std::vector<std::string> styles_;
};

}  // namespace atelier::fusion
