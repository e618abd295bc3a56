#include "vision/layers.h"

#include "vision/group_norm_silu.h"

#include <cmath>

namespace atelier::vision {
namespace {

constexpr double kEpsilon = 1e-6;  // diffusers' for its autoencoders

base::Init convolution_init(int64_t in, int64_t kernel, double gain) {
  if (gain == 0) return base::zeros();
  return base::normal(gain / std::sqrt(static_cast<double>(in * kernel * kernel)));
}

}  // namespace

Convolution::Convolution(const base::Scope& scope, int64_t in, int64_t out, int64_t kernel, double gain,
                         int64_t stride)
    : weight_(scope("weight", {out, in, kernel, kernel}, convolution_init(in, kernel, gain))),
      bias_(scope("bias", {out}, base::zeros())),
      stride_(stride) {}

Tensor Convolution::operator()(const Tensor& x) const { return convolve(x, weight_.size(2) / 2); }

Tensor Convolution::valid(const Tensor& x) const { return convolve(x, 0); }

Tensor Convolution::convolve(const Tensor& x, int64_t padding) const {
  return at::conv2d(x, weight_, bias_.to(x.scalar_type()), stride_, padding);
}

Norm::Norm(const base::Scope& scope, int64_t channels, int64_t groups)
    : weight_(scope("weight", {channels}, base::ones())),
      bias_(scope("bias", {channels}, base::zeros())),
      groups_(groups) {}

Tensor Norm::operator()(const Tensor& x) const { return group_norm(x, weight_, bias_, groups_, kEpsilon); }

Tensor Norm::silu(const Tensor& x) const { return group_norm_silu(x, weight_, bias_, groups_, kEpsilon); }

// The second convolution starts at zero: every block begins as the identity, and depth costs nothing at first.
ResidualBlock::ResidualBlock(const base::Scope& scope, int64_t in, int64_t out, int64_t groups)
    : norm1_(scope / "norm1", in, groups),
      conv1_(scope / "conv1", in, out, 3),
      norm2_(scope / "norm2", out, groups),
      conv2_(scope / "conv2", out, out, 3, 0) {
  if (in != out) shortcut_.emplace_back(scope / "conv_shortcut", in, out, 1);
}

Tensor ResidualBlock::operator()(const Tensor& x) const {
  const Tensor h = conv2_(norm2_.silu(conv1_(norm1_.silu(x))));  // (batch, out, h, w)
  return (shortcut_.empty() ? x : shortcut_[0](x)) + h;
}

}  // namespace atelier::vision
