#pragma once
/// In-context examples by PromptCap's rule: those whose question and picture are most like the asked ones,
///   cos(question, question_i) + cos(picture, picture_i)
/// in CLIP's space, the most similar last, where a language model looks most.
///
/// A pool is one file: `question`, `picture` (N, d) bf16, each row of length 1; metadata: "embedder", whose vectors they
/// are, and "examples", a JSON list of [caption, question, answer].
#include "promptcap/prompt_template.h"
#include "retrieval/embedder.h"
#include "vision/image.h"

#include <filesystem>
#include <span>
#include <vector>

namespace atelier::promptcap {

/// @param question, picture (d) of length 1 @param questions, pictures (N, d), each of length 1
/// @return the `count` most similar rows (all if there are fewer), the most similar last
std::vector<int64_t> choose_examples(const Tensor& question, const Tensor& picture, const Tensor& questions, const Tensor& pictures, int64_t count);

class ExamplePool {
 public:
  /// @throws InvalidFile if its parts contradict each other
  static ExamplePool load(const std::filesystem::path& file);
  /// @param pictures  one an example
  static ExamplePool make(std::vector<Example> examples, std::span<const vision::Image> pictures, const retrieval::Embedder& embedder);
  void save(const std::filesystem::path& file) const;

  /// @throws InvalidArgument if the embedder is not the pool's
  std::vector<Example> choose(const retrieval::Embedder& embedder, const std::string& question, const vision::Image& picture, int64_t count) const;

  const std::vector<Example>& examples() const { return examples_; }

 private:
  std::vector<Example> examples_;
  Tensor questions_, pictures_;  // (N, d) fp32
  std::string embedder_;
};

}  // namespace atelier::promptcap
