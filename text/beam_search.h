#pragma once
/// Beam search over anything that gives logits of next tokens.
#include "base/tensor.h"
#include "text/tokenizer.h"

#include <functional>
#include <vector>

namespace atelier::text {

/// Logits of the next token of several sequences.
/// @param sequences (rows, tokens) int64
/// @param parents   (rows) int64: which row of the previous call each one extends by a token, so that a key-value cache
///                  can follow; undefined at the first call, which has one row, the prompt
/// @return (rows, vocab) fp32
using NextLogits = std::function<Tensor(const Tensor& sequences, const Tensor& parents)>;

struct BeamConfig {
  int64_t num_beams = 5;
  int64_t max_new_tokens = 100;
  int64_t no_repeat_ngram_size = 0;  // 0: may repeat
  double length_penalty = 1;         // scores are divided by (new tokens)^length_penalty
  bool early_stopping = false;       // stop at num_beams finished ones; else while an open one may still become best
  TokenId eos = -1;                  // -1: none
};

struct Beam {
  std::vector<TokenId> tokens;  // without the prompt, with its end symbol
  double score;                 // sum of log-probabilities / length^length_penalty
};

/// @return num_beams sequences at most, the best first @throws InvalidArgument on an empty prompt or absurd numbers
std::vector<Beam> beam_search(const std::vector<TokenId>& prompt, const NextLogits& next_logits, const BeamConfig& config);

}  // namespace atelier::text
