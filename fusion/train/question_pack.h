#pragma once
/// Questions about pictures, for training the joint model to describe and to answer (PromptCap, 3.2); a safetensors file
/// beside the pack of captions (pack.h):
///
///   latents            (N, C, S, S)  bf16, normalised by the VAE's channel statistics
///   tokens             (T)           int32
///   offsets            (3 Q + 1)     int64: question q, its caption and its answer are texts 3 q, 3 q + 1 and 3 q + 2, text
///                                    k is tokens [offsets[k], offsets[k + 1]); a caption may be empty: none was good enough;
///                                    so may question and answer be: the caption is a generic one
///   picture_questions  (N + 1)       int64: picture i has questions [picture_questions[i], picture_questions[i + 1])
#include "base/random.h"
#include "base/safetensors.h"

#include <filesystem>
#include <vector>

namespace atelier::fusion {

/// Token ids without control symbols. Without a question (nor an answer) it is a generic caption.
struct PackedQuestion {
  std::vector<int32_t> question, caption, answer;
};

class QuestionPackWriter {
 public:
  /// @param latents (C, S, S) normalised @param questions  at least one
  void add(const Tensor& latents, const std::vector<PackedQuestion>& questions);
  int64_t size() const { return static_cast<int64_t>(latents_.size()); }
  void write(const std::filesystem::path& path) const;

 private:
  std::vector<Tensor> latents_;
  std::vector<int32_t> tokens_;
  std::vector<int64_t> offsets_ = {0}, picture_questions_ = {0};
};

class QuestionPack {
 public:
  /// Reads the whole file into memory. @throws InvalidFile where its parts contradict each other
  explicit QuestionPack(const std::filesystem::path& path);

  int64_t size() const { return latents_.size(0); }
  Tensor latents(const std::vector<int64_t>& rows) const;  // (rows, C, S, S) fp32
  std::vector<int64_t> latent_shape() const { return latents_.sizes().slice(1).vec(); }
  /// One of a picture's questions.
  PackedQuestion question(int64_t row, base::Random& random) const;

 private:
  std::vector<int32_t> text(int64_t k) const;
  Tensor latents_, tokens_, offsets_, picture_questions_;
};

}  // namespace atelier::fusion
