#pragma once
/// Saying what is in pictures: where question, pictures and reply stand in a sequence, and decoding behind it.
///
///   a caption               <bos> <boi> [picture] <eoi> caption <eos>
///   one for a question      <bos> <question> … <boi> [picture] <eoi> <caption> caption <eos>
///   an answer, directly     <bos> <question> … <boi> [picture] <eoi> <answer> answer <eos>
///
/// The question stands before the picture: only the image tower is trained, so it is the one that must know what is asked
/// (PromptCap's captioner reads the question first, too), and one encoding of the picture serves caption and answer. The
/// symbol behind it is what the frozen text tower knows from its own training (<caption>…<question>…<answer>…). Pictures
/// are clean latents, at t = 0.
#include "fusion/generate.h"
#include "text/beam_search.h"
#include "text/sampling.h"
#include "text/tokenizer.h"

namespace atelier::fusion {

struct UnderstandingSymbols {
  int32_t bos, eos, boi, eoi, question, caption, answer;
  /// @throws InvalidArgument if the tokenizer has no such symbols
  static UnderstandingSymbols of(const text::Tokenizer& tokenizer);
};

enum class Reply { caption, answer };

/// Around the pictures of one sequence, for training and inference alike.
struct UnderstandingLayout {
  std::vector<int32_t> before;   // <bos> [<question> question] <boi>
  std::vector<int32_t> between;  // <eoi> <boi>, where there are several pictures
  std::vector<int32_t> after;    // <eoi> [<caption> or <answer>]; the reply and <eos> follow
};

/// @param question  token ids; empty: a generic caption, which has no symbol before it
UnderstandingLayout understanding_layout(const std::vector<int32_t>& question, Reply reply, const UnderstandingSymbols& symbols);

/// Documents, question and pictures, up to the last picture; `after` is for the decoding below.
/// @param pictures  at least one, (1, C, S, S) fp32, normalised
Context read_pictures(const FusionModel& model, const UnderstandingLayout& layout, const std::vector<Tensor>& pictures,
                      const std::vector<ContextDocument>& documents, const UnderstandingSymbols& symbols);

/// Decoding behind a context of batch 1, which stays as it is. Tokens that are not `allowed` never come.
class Decoder {
 public:
  /// @param after    what is read first, at least one token
  /// @param allowed  (vocab) bool
  /// model and context: not owned, must outlive this
  Decoder(const FusionModel& model, const Context& context, std::vector<int32_t> after, Tensor allowed);

  /// The best first (text/beam_search.h); n-grams of `after` count as said.
  std::vector<text::Beam> beams(const text::BeamConfig& config) const;

  struct Sampled {
    std::vector<int32_t> tokens;  // with its end symbol
    double log_probability;       // of all of them, by the model itself, whatever the filters made of it
  };
  Sampled sample(const text::SamplingConfig& config, int64_t max_new_tokens, int32_t eos, uint64_t seed) const;

  /// Decoding constrained to given continuations: the log-likelihood of each, exactly, in one pass.
  /// @param continuations  none empty, with their end symbol
  std::vector<double> log_likelihoods(const std::vector<std::vector<int32_t>>& continuations) const;

 private:
  /// Logits of the next token, -infinity where not allowed. @param ids (rows, tokens) @return (rows, tokens, vocab) fp32
  Tensor logits(Context& context, const Tensor& ids) const;

  const FusionModel& model_;
  const Context& context_;
  std::vector<int32_t> after_;
  Tensor forbidden_;  // (vocab) bool
};

}  // namespace atelier::fusion
