#include "text/sampling.h"

#include "base/error.h"

#include <algorithm>
#include <limits>

namespace atelier::text {
namespace {

constexpr double kNever = -std::numeric_limits<double>::infinity();

Tensor penalise_repetition(const Tensor& logits, const Tensor& sequences, double penalty) {
  const Tensor seen = logits.gather(1, sequences);
  return logits.scatter(1, sequences, at::where(seen < 0, seen * penalty, seen / penalty));
}

Tensor keep_top_k(const Tensor& logits, int64_t k) {
  const Tensor least = std::get<0>(logits.topk(std::min(k, logits.size(1)), 1)).slice(1, -1);  // (batch, 1)
  return logits.masked_fill(logits < least, kNever);
}

Tensor keep_top_p(const Tensor& logits, double p) {
  const auto [sorted, order] = logits.sort(1, /*descending=*/false);
  Tensor unlikely = sorted.softmax(1).cumsum(1) <= 1 - p;  // the tail that together has no more than 1 - p
  unlikely.slice(1, -1).fill_(false);
  return logits.masked_fill(unlikely.scatter(1, order, unlikely), kNever);
}

Tensor keep_min_p(const Tensor& logits, double p) {
  const Tensor probability = logits.softmax(1);
  return logits.masked_fill(probability < p * probability.amax(1, /*keepdim=*/true), kNever);
}

}  // namespace

Tensor filter_logits(const Tensor& logits, const Tensor& sequences, const SamplingConfig& config) {
  Tensor x = logits;
  if (config.repetition_penalty != 1) x = penalise_repetition(x, sequences, config.repetition_penalty);
  if (config.temperature != 1 && config.temperature > 0) x = x / config.temperature;
  if (config.top_k > 0) x = keep_top_k(x, config.top_k);
  if (config.top_p < 1) x = keep_top_p(x, config.top_p);
  if (config.min_p > 0) x = keep_min_p(x, config.min_p);
  return x;
}

int64_t sample_token(const Tensor& logits, const Tensor& sequence, const SamplingConfig& config, base::Random& random) {
  const Tensor x = filter_logits(logits.unsqueeze(0), sequence.unsqueeze(0), config).squeeze(0);
  if (config.temperature == 0) return x.argmax().item<int64_t>();
  // In double and in the vocabulary's order: the same draw on every device and number of threads.
  const Tensor probability = x.to(at::kCPU, at::kDouble).softmax(0).contiguous();
  const double* p = probability.const_data_ptr<double>();
  double left = random.uniform();
  int64_t last = -1;
  for (int64_t id = 0; id < probability.size(0); ++id) {
    if (!(p[id] > 0)) continue;  // NaN neither
    last = id;
    left -= p[id];
    if (left < 0) return id;
  }
  if (last < 0) throw base::ResourceError("the model's logits are not finite");
  return last;  // rounding left a crumb
}

Tensor ban_repeated_ngrams(const Tensor& logits, const Tensor& sequences, int64_t n) {
  const int64_t tokens = sequences.size(1);
  if (n <= 0 || tokens < n) return logits;
  Tensor x = logits.clone();
  const Tensor ids = sequences.to(at::kCPU).contiguous();
  for (int64_t row = 0; row < ids.size(0); ++row) {
    const int64_t* s = ids.const_data_ptr<int64_t>() + row * tokens;
    const int64_t* prefix = s + tokens - (n - 1);
    for (int64_t i = 0; i + n <= tokens; ++i) {
      if (std::equal(prefix, s + tokens, s + i)) x[row][s[i + n - 1]].fill_(kNever);
    }
  }
  return x;
}

}  // namespace atelier::text
