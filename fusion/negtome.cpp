#include "fusion/negtome.h"

#include "base/ops.h"

#include <limits>
#include <tuple>

namespace atelier::fusion {
namespace {

using References = std::vector<const TokenMerging::Reference*>;

/// The references' tokens as one, their masks and their alphas.
std::tuple<Tensor, Tensor, Tensor> joined(const References& references, int64_t step, int64_t layer, int64_t half) {
  std::vector<Tensor> tokens, masks, alphas;
  bool masked = false;
  for (const TokenMerging::Reference* reference : references) {
    const Tensor& t = reference->trace->at(step, layer, half);
    tokens.push_back(t);
    masks.push_back(reference->mask.defined() ? reference->mask : at::ones({t.size(0)}, at::TensorOptions(at::kBool).device(t.device())));
    alphas.push_back(at::full({t.size(0)}, reference->alpha, t.options()));
    masked |= reference->mask.defined();
  }
  return {at::cat(tokens), masked ? at::cat(masks) : Tensor(), at::cat(alphas)};
}

}  // namespace

Tensor push_away(const Tensor& h, const Tensor& reference, const Tensor& mask, const Tensor& alpha, double tau) {
  Tensor similarity = at::matmul(base::unit(h), base::unit(reference).t());  // (tokens, reference tokens)
  if (mask.defined()) similarity = similarity.masked_fill(mask.logical_not(), -std::numeric_limits<double>::infinity());
  const auto [best, match] = similarity.max(1);
  const Tensor a = alpha.index_select(0, match).unsqueeze(1);  // (tokens, 1)
  const Tensor pushed = (1 + a) * h - a * reference.index_select(0, match);
  return at::where((best > tau).unsqueeze(1), pushed, h);
}

base::AttendedEdit TokenMerging::edit(int64_t step, double time, int64_t half) const {
  const bool keeps = record && time >= record->until();
  References near;
  for (const Reference& reference : references)
    if (time >= reference.trace->until()) near.push_back(&reference);
  if (near.empty() && !keeps) return {};
  return [this, keeps, near, step, half](int64_t layer, int64_t sequence, Tensor& attended) {
    if (layer < config.first_layer || layer > config.last_layer) return;
    const Tensor h = attended.to(at::kFloat);
    if (keeps) record->at(step, layer, half + sequence) = h.clone();
    if (near.empty()) return;
    const auto [reference, mask, alpha] = joined(near, step, layer, half + sequence);
    attended.copy_(push_away(h, reference, mask, alpha, config.tau));
  };
}

}  // namespace atelier::fusion
