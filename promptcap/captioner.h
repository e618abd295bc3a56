#pragma once
/// PromptCap (Hu et al. 2023): captions that are conditioned on a question, so that a language model which sees nothing
/// but the caption can answer it. Here the joint model is the captioner (fusion/understanding.h): it draws and describes
/// with one set of weights, and says what it sees in words of its own, or, where a component names/ lies beside it, as a description
/// of the things that it recognises (describer.h).
#include "fusion/pipeline.h"
#include "fusion/understanding.h"
#include "promptcap/describer.h"

#include <optional>
#include <span>
#include <string>
#include <vector>

namespace atelier::promptcap {

/// The question in a prompt as published captioners read it, "please describe this image according to the given question:
/// …"; empty for their generic one, "what does the image describe?". Any other text is a question already.
std::string question_of(const std::string& prompt);

struct CaptionOptions {
  bool own_words = false;                             // even where things could be named: the joint model's, one after the other
  int64_t num_beams = 5;                              // the paper's beam; 1: greedy
  int64_t no_repeat_ngram_size = 3;                   // of the beam
  int64_t max_new_tokens = 100;
  std::optional<text::SamplingConfig> sampling = {};  // draw instead of searching
  uint64_t seed = 0;                                  // of the draws
};

/// What the joint model said.
struct Said {
  std::string text;
  double log_probability;  // natural logarithm, of all its tokens and its end; of a description, of the names in it
  int64_t tokens;
};

class Captioner {
 public:
  /// @param pipeline  not owned, must outlive this @throws InvalidArgument if its tokenizer lacks the control symbols,
  ///   InvalidFile where the names beside it are broken
  explicit Captioner(const fusion::Pipeline& pipeline);

  /// A retrieved one, which stands before the pictures (RA-CM3).
  struct Document {
    std::string caption;
    Tensor latents;  // (1, C, S, S) fp32, normalised
  };
  using Pictures = std::span<const vision::Image>;  // 1 to 8, of any size
  using Documents = std::vector<Document>;          // at most 8

  /// @param question  empty: a generic caption; else what the caption should tell, at most 128 tokens
  /// @param documents  some: the caption is in the model's own words, which they are read for
  /// @throws InvalidArgument for a question that is too long, or too many pictures
  Said caption(Pictures pictures, const std::string& question, const CaptionOptions& options = {}, const Documents& documents = {}) const;

  /// A short answer by the joint model itself, no caption in between. @param question  not empty
  Said answer(Pictures pictures, const std::string& question, const CaptionOptions& options = {}) const;

  /// Log-likelihood of each choice as the direct answer.
  std::vector<double> score(Pictures pictures, const std::string& question, const std::vector<std::string>& choices) const;

 private:
  struct Read {
    fusion::Context context;
    std::vector<int32_t> after;
  };
  /// @return the question's tokens @throws InvalidArgument as caption()
  std::vector<int32_t> check(Pictures pictures, const std::string& question) const;
  Said describe(Pictures pictures, const std::string& question) const;
  Read read(Pictures pictures, const std::string& question, fusion::Reply reply, const Documents& documents) const;
  Said say(const Read& read, const CaptionOptions& options) const;

  const fusion::Pipeline& pipeline_;
  fusion::UnderstandingSymbols symbols_;
  std::optional<Describer> describer_;
  Tensor words_;  // (vocab) bool: tokens that are no control symbols, and <eos>
};

}  // namespace atelier::promptcap
