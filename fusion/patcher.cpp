#include "fusion/patcher.h"

#include "base/ops.h"
#include "vision/group_norm_silu.h"

#include <cmath>

namespace atelier::fusion {

using base::normal, base::ones, base::uniform, base::zeros;

namespace {

constexpr int64_t kGroups = 32;

// Half width 1 / sqrt(fan in): unit variance in, a third of it out, the convention of convolutional networks.
Tensor kernel(const base::Scope& scope, int64_t out, int64_t in, int64_t side) {
  return scope("weight", {out, in, side, side}, uniform(1 / std::sqrt(static_cast<double>(in * side * side))));
}

Tensor convolve(const Tensor& x, const Tensor& weight, const Tensor& bias, int64_t stride = 1) {
  const int64_t padding = weight.size(2) / 2;
  return at::conv2d(x, weight, bias.to(x.scalar_type()), {stride, stride}, {padding, padding});
}

}  // namespace

ResidualBlock::ResidualBlock(const base::Scope& scope, int64_t in, int64_t out, int64_t condition_size)
    : norm1_weight_((scope / "norm1")("weight", {in}, ones())),
      norm1_bias_((scope / "norm1")("bias", {in}, zeros())),
      conv1_(kernel(scope / "conv1", out, in, 3)),
      conv1_bias_((scope / "conv1")("bias", {out}, zeros())),
      condition_((scope / "condition")("weight", {out, condition_size}, normal(0.02))),
      condition_bias_((scope / "condition")("bias", {out}, zeros())),
      norm2_weight_((scope / "norm2")("weight", {out}, ones())),
      norm2_bias_((scope / "norm2")("bias", {out}, zeros())),
      conv2_((scope / "conv2")("weight", {out, out, 3, 3}, normal(0.2 / std::sqrt(9.0 * static_cast<double>(out))))),
      conv2_bias_((scope / "conv2")("bias", {out}, zeros())) {
  if (in != out) {
    shortcut_ = kernel(scope / "shortcut", out, in, 1);
    shortcut_bias_ = (scope / "shortcut")("bias", {out}, zeros());
  }
}

Tensor ResidualBlock::forward(const Tensor& x, const Tensor& condition) const {
  Tensor h = convolve(vision::group_norm_silu(x, norm1_weight_, norm1_bias_, kGroups), conv1_, conv1_bias_);
  h = h + base::linear(condition, condition_, condition_bias_).unsqueeze(-1).unsqueeze(-1);
  h = convolve(vision::group_norm_silu(h, norm2_weight_, norm2_bias_, kGroups), conv2_, conv2_bias_);
  return (shortcut_.defined() ? convolve(x, shortcut_, shortcut_bias_) : x) + h;
}

UNetDown::UNetDown(const base::Scope& scope, const PatcherConfig& c)
    : conv_in_(kernel(scope / "conv_in", c.patcher_channels, c.latent_channels, 3)),
      conv_in_bias_((scope / "conv_in")("bias", {c.patcher_channels}, zeros())),
      block_(scope / "block", c.patcher_channels, c.patcher_channels, c.hidden_size),
      down_(kernel(scope / "down", c.hidden_size, c.patcher_channels, 3)),
      down_bias_((scope / "down")("bias", {c.hidden_size}, zeros())) {}

UNetDown::Output UNetDown::forward(const Tensor& x_t, const Tensor& condition) const {
  const Tensor x = convolve(x_t.contiguous(at::MemoryFormat::ChannelsLast), conv_in_, conv_in_bias_);
  const Tensor skip = block_.forward(x, condition);                            // (batch, channels, h, w)
  const Tensor patches = convolve(skip, down_, down_bias_, /*stride=*/2);      // (batch, hidden, h / 2, w / 2)
  return {patches.flatten(2).transpose(1, 2), skip};
}

UNetUp::UNetUp(const base::Scope& scope, const PatcherConfig& c)
    : channels_(c.patcher_channels),
      up_((scope / "up")("weight", {4 * c.patcher_channels, c.hidden_size}, normal(1 / std::sqrt(static_cast<double>(c.hidden_size))))),
      up_bias_((scope / "up")("bias", {4 * c.patcher_channels}, zeros())),
      block_(scope / "block", 2 * c.patcher_channels, c.patcher_channels, c.hidden_size),
      norm_weight_((scope / "norm")("weight", {c.patcher_channels}, ones())),
      norm_bias_((scope / "norm")("bias", {c.patcher_channels}, zeros())),
      // Zero: the first prediction is the mean, the first gradient is the data's.
      conv_out_((scope / "conv_out")("weight", {c.latent_channels, c.patcher_channels, 3, 3}, zeros())),
      conv_out_bias_((scope / "conv_out")("bias", {c.latent_channels}, zeros())) {}

Tensor UNetUp::forward(const Tensor& tokens, const Tensor& skip, const Tensor& condition) const {
  const int64_t batch = tokens.size(0), h = skip.size(2), w = skip.size(3);
  // Pixel shuffle on the channels-last storage: (row, column, channel) order keeps it one copy.
  const Tensor up = base::linear(tokens, up_, up_bias_)                        // (batch, h/2 * w/2, 4 * channels)
                        .view({batch, h / 2, w / 2, 2, 2, channels_})
                        .permute({0, 1, 3, 2, 4, 5})
                        .reshape({batch, h, w, channels_})
                        .permute({0, 3, 1, 2});                                // (batch, channels, h, w)
  const Tensor x = block_.forward(at::cat({up, skip}, 1), condition);
  return convolve(vision::group_norm_silu(x, norm_weight_, norm_bias_, kGroups), conv_out_, conv_out_bias_).to(at::kFloat);
}

}  // namespace atelier::fusion
