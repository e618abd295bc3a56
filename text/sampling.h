#pragma once
/// From logits to the next token: filters in Hugging Face's order, then a seeded draw.
#include "base/config.h"
#include "base/random.h"
#include "base/tensor.h"

namespace atelier::text {

struct SamplingConfig {
  double temperature = 1;         // 0: the most probable token
  int64_t top_k = 0;              // 0: off
  double top_p = 1;               // 1: off
  double min_p = 0;               // 0: off; relative to the most probable token
  double repetition_penalty = 1;  // 1: off; on every token that the sequence holds already

  template <class Visitor>
  void visit(Visitor& v) {
    using base::range;
    v("temperature", temperature, range(0, 100));
    v("top_k", top_k, range(0, 1 << 20));
    v("top_p", top_p, range(1e-6, 1));
    v("min_p", min_p, range(0, 1));
    v("repetition_penalty", repetition_penalty, range(0.01, 100));
  }
};

/// Repetition penalty, temperature, top-k, top-p, min-p; a token that is filtered out gets -infinity. At least one stays.
/// @param logits (batch, vocab) fp32 @param sequences (batch, tokens) int64, what the penalty looks at
Tensor filter_logits(const Tensor& logits, const Tensor& sequences, const SamplingConfig& config);

/// The next token of one sequence. @param logits (vocab) fp32 @param sequence (tokens) int64
int64_t sample_token(const Tensor& logits, const Tensor& sequence, const SamplingConfig& config, base::Random& random);

/// Bans every token that would complete an n-gram that its sequence holds already: -infinity. n = 0: none.
/// @param logits (batch, vocab) fp32 @param sequences (batch, tokens) int64
Tensor ban_repeated_ngrams(const Tensor& logits, const Tensor& sequences, int64_t n);

}  // namespace atelier::text
