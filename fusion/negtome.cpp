#include "fusion/negtome.h"

#include <limits>

namespace atelier::fusion {
namespace {

Tensor normalised(const Tensor& x) { return x / at::linalg_vector_norm(x, 2, {-1}, /*keepdim=*/true).clamp_min(1e-12); }

/// The references' tokens as one, and their masks.
std::pair<Tensor, Tensor> joined(const std::vector<TokenMerging::Reference>& references, int64_t step, int64_t layer, int64_t half) {
  std::vector<Tensor> tokens, masks;
  bool masked = false;
  for (const TokenMerging::Reference& reference : references) {
    const Tensor& t = reference.trace->at(step, layer, half);
    tokens.push_back(t);
    masks.push_back(reference.mask.defined() ? reference.mask : at::ones({t.size(0)}, at::TensorOptions(at::kBool).device(t.device())));
    masked |= reference.mask.defined();
  }
  if (tokens.size() == 1) return {tokens[0], references[0].mask};
  return {at::cat(tokens), masked ? at::cat(masks) : Tensor()};
}

}  // namespace

Tensor push_away(const Tensor& h, const Tensor& reference, const Tensor& mask, double alpha, double tau) {
  Tensor similarity = at::matmul(normalised(h), normalised(reference).t());  // (tokens, reference tokens)
  if (mask.defined()) similarity = similarity.masked_fill(mask.logical_not(), -std::numeric_limits<double>::infinity());
  const auto [best, match] = similarity.max(1);
  const Tensor pushed = (1 + alpha) * h - alpha * reference.index_select(0, match);
  return at::where((best > tau).unsqueeze(1), pushed, h);
}

base::AttendedEdit TokenMerging::edit(int64_t step, double time, int64_t half) const {
  if (time < config.until || (references.empty() && !record)) return {};
  return [this, step, half](int64_t layer, int64_t sequence, Tensor& attended) {
    if (layer < config.first_layer || layer > config.last_layer) return;
    const Tensor h = attended.to(at::kFloat);
    if (record) record->at(step, layer, half + sequence) = h.clone();
    if (references.empty()) return;
    const auto [reference, mask] = joined(references, step, layer, half + sequence);
    attended.copy_(push_away(h, reference, mask, config.alpha, config.tau));
  };
}

}  // namespace atelier::fusion
