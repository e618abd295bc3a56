#include "fusion/cross_attention.h"

#include "base/ops.h"

#include <cmath>

namespace atelier::fusion {

using base::normal, base::ones, base::zeros;

namespace {

constexpr double kEpsilon = 1e-5;

}  // namespace

CrossAttention::Block::Block(const base::Scope& scope, const CrossAttentionConfig& c) {
  const int64_t d = c.hidden_size, seen = c.image_layers * c.image_size, wide = 11 * d / 4;
  const auto keeps_length = [](int64_t from) { return normal(1 / std::sqrt(static_cast<double>(from))); };
  q_proj = (scope / "q_proj")("weight", {d, d}, keeps_length(d));
  k_proj = (scope / "k_proj")("weight", {d, seen}, keeps_length(seen));
  v_proj = (scope / "v_proj")("weight", {d, seen}, keeps_length(seen));
  v_bias = (scope / "v_proj")("bias", {d}, zeros());
  position = scope("position", {c.patches, d}, normal(0.02));
  // Zero: what is read first leaves text as it was.
  o_proj = (scope / "o_proj")("weight", {d, d}, zeros());
  norm = (scope / "norm")("weight", {d}, ones());
  gate_proj = (scope / "gate_proj")("weight", {wide, d}, keeps_length(d));
  up_proj = (scope / "up_proj")("weight", {wide, d}, keeps_length(d));
  down_proj = (scope / "down_proj")("weight", {d, wide}, zeros());
}

CrossAttention::CrossAttention(const base::Scope& scope, const CrossAttentionConfig& config) : config_(config) {
  if (config.layers == 0) return;
  norm_ = (scope / "norm")("weight", {config.image_layers * config.image_size}, ones());
  for (int64_t i = 0; i < config.layers; ++i) blocks_.emplace_back(scope / "layers" / i, config);
}

Tensor CrossAttention::see(const Tensor& values) const {
  if (blocks_.empty()) return {};
  const int64_t batch = values.size(1), patches = values.size(3), heads = config_.num_attention_heads;
  const Tensor by_layer = values.permute({1, 3, 0, 2, 4}).reshape({batch, patches, config_.image_layers, config_.image_size}).to(at::kFloat);
  const Tensor scaled = by_layer * (by_layer.square().mean(-1, true) + kEpsilon).rsqrt();
  const Tensor x = (scaled.flatten(2) * norm_).to(blocks_.front().k_proj.scalar_type());  // (batch, patches, image_layers * image_size)
  std::vector<Tensor> all;
  for (const Block& w : blocks_) {
    all.push_back(base::linear(x, w.k_proj) + w.position.to(x.scalar_type()));
    all.push_back(base::linear(x, w.v_proj, w.v_bias));
  }
  return at::stack(all).view({-1, batch, patches, heads, config_.hidden_size / heads}).transpose(2, 3);
}

Tensor CrossAttention::read(const Tensor& hidden, const Tensor& seen) const {
  const int64_t batch = hidden.size(0), tokens = hidden.size(1), heads = config_.num_attention_heads;
  const auto dtype = hidden.scalar_type();
  Tensor x = hidden.to(at::kFloat);  // (batch, tokens, hidden)
  for (size_t i = 0; i < blocks_.size(); ++i) {
    const Block& w = blocks_[i];
    const Tensor q = base::linear(x.to(dtype), w.q_proj).view({batch, tokens, heads, -1}).transpose(1, 2);
    const auto j = static_cast<int64_t>(i);
    x = x + base::linear(at::scaled_dot_product_attention(q, seen[2 * j], seen[2 * j + 1]).transpose(1, 2).flatten(2), w.o_proj);
    const Tensor f = base::rms_norm(x, w.norm, kEpsilon, dtype);
    x = x + base::linear(base::swiglu(base::linear(f, w.gate_proj), base::linear(f, w.up_proj)), w.down_proj);
  }
  return x.to(dtype);
}

}  // namespace atelier::fusion
