#include "fusion/cross_attention.h"

#include "base/error.h"
#include "base/ops.h"

#include <cmath>
#include <optional>

namespace atelier::fusion {

using base::normal, base::ones, base::zeros;

namespace {

constexpr double kEpsilon = 1e-5;

Tensor rms_normalised(const Tensor& x) { return x * (x.square().mean(-1, true) + kEpsilon).rsqrt(); }

/// Rows for a close-up's patches, between those of the picture's own patches.
/// @param table (patches, d) @param boxes (batch, 4) @param side  patches of the close-up along one side
/// @return (batch, side * side, d)
Tensor placed(const Tensor& table, const Tensor& boxes, int64_t side) {
  const int64_t whole = std::lround(std::sqrt(static_cast<double>(table.size(0))));
  const auto index = [&](int64_t n) { return at::arange(n, boxes.options()); };
  // How much of each of the picture's columns (or rows) is in each of the close-up's: (batch, close-up's, picture's).
  const auto shares = [&](int64_t axis) {
    const Tensor centre = boxes.select(1, axis).unsqueeze(1) + boxes.select(1, 2 + axis).unsqueeze(1) * ((index(side) + 0.5) / static_cast<double>(side));
    const Tensor at = (centre * static_cast<double>(whole) - 0.5).clamp(0, static_cast<double>(whole - 1));
    return (1 - (at.unsqueeze(2) - index(whole)).abs()).clamp_min(0);
  };
  return at::einsum("byi,bxj,ijd->byxd", {shares(1), shares(0), table.to(at::kFloat).view({whole, whole, -1})}).flatten(1, 2);
}

}  // namespace

CrossAttention::Block::Block(const base::Scope& scope, const CrossAttentionConfig& c) {
  const int64_t d = c.hidden_size, seen = c.image_layers * c.image_size, wide = 11 * d / 4;
  const auto keeps_length = [](int64_t from) { return normal(1 / std::sqrt(static_cast<double>(from))); };
  q_proj = (scope / "q_proj")("weight", {d, d}, keeps_length(d));
  k_proj = (scope / "k_proj")("weight", {d, seen}, keeps_length(seen));
  v_proj = (scope / "v_proj")("weight", {d, seen}, keeps_length(seen));
  v_bias = (scope / "v_proj")("bias", {d}, zeros());
  position = scope("position", {c.patches, d}, normal(0.02));
  if (scope.available("close_up")) {
    v_position = scope("v_position", {c.patches, d}, zeros());
    close_up = scope("close_up", {d}, zeros());
    v_close_up = scope("v_close_up", {d}, zeros());
    word_k_proj = (scope / "word_k_proj")("weight", {d, 2 * d}, keeps_length(2 * d));
    word_v_proj = (scope / "word_v_proj")("weight", {d, 2 * d}, zeros());
  }
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

Tensor CrossAttention::by_heads(const std::vector<Tensor>& all) const {
  const Tensor stacked = at::stack(all);  // (2 * layers, batch, keys, hidden)
  return stacked.view({stacked.size(0), stacked.size(1), stacked.size(2), config_.num_attention_heads, -1}).transpose(2, 3);
}

Tensor CrossAttention::see(const Tensor& values, const Tensor& boxes) const {
  ASSERT(!blocks_.empty());
  const int64_t batch = values.size(1), patches = values.size(3);
  const Tensor by_layer = values.permute({1, 3, 0, 2, 4}).reshape({batch, patches, config_.image_layers, config_.image_size}).to(at::kFloat);
  Tensor x = rms_normalised(by_layer).flatten(2) * norm_;  // (batch, patches, image_layers * image_size)
  const int64_t half = std::lround(std::sqrt(static_cast<double>(patches))) / 2;
  if (boxes.defined()) x = x.view({batch, half, 2, half, 2, -1}).mean({2, 4}).flatten(1, 2);
  x = x.to(blocks_.front().k_proj.scalar_type());
  ASSERT(!boxes.defined() || reads_closely());
  const auto placed_in = [&](Tensor projected, const Tensor& table, const Tensor& close_up) {
    return table.defined() ? projected + (boxes.defined() ? placed(table, boxes, half) + close_up : table).to(x.scalar_type()) : projected;
  };
  std::vector<Tensor> all;
  for (const Block& w : blocks_) {
    all.push_back(placed_in(base::linear(x, w.k_proj), w.position, w.close_up));
    all.push_back(placed_in(base::linear(x, w.v_proj, w.v_bias), w.v_position, w.v_close_up));
  }
  return by_heads(all);
}

Tensor CrossAttention::see_words(const Tensor& embedded, const Tensor& hidden) const {
  ASSERT(reads_closely());
  const Tensor x = at::cat({rms_normalised(embedded.to(at::kFloat)), rms_normalised(hidden.to(at::kFloat))}, -1).to(blocks_.front().k_proj.scalar_type());
  std::vector<Tensor> all;
  for (const Block& w : blocks_) {
    all.push_back(base::linear(x, w.word_k_proj));
    all.push_back(base::linear(x, w.word_v_proj));
  }
  return by_heads(all);
}

Tensor CrossAttention::read(const Tensor& hidden, const Tensor& seen, const Tensor& valid) const {
  const int64_t batch = hidden.size(0), tokens = hidden.size(1), heads = config_.num_attention_heads;
  const auto dtype = hidden.scalar_type();
  std::optional<Tensor> mask;
  if (valid.defined()) mask = at::cat({valid, valid.new_ones({batch, seen.size(3) - valid.size(1)})}, 1).view({batch, 1, 1, -1});
  Tensor x = hidden.to(at::kFloat);  // (batch, tokens, hidden)
  for (size_t i = 0; i < blocks_.size(); ++i) {
    const Block& w = blocks_[i];
    const Tensor q = base::linear(x.to(dtype), w.q_proj).view({batch, tokens, heads, -1}).transpose(1, 2);
    const auto j = static_cast<int64_t>(i);
    x = x + base::linear(at::scaled_dot_product_attention(q, seen[2 * j], seen[2 * j + 1], mask).transpose(1, 2).flatten(2), w.o_proj);
    const Tensor f = base::rms_norm(x, w.norm, kEpsilon, dtype);
    x = x + base::linear(base::swiglu(base::linear(f, w.gate_proj), base::linear(f, w.up_proj)), w.down_proj);
  }
  return x.to(dtype);
}

}  // namespace atelier::fusion
