#pragma once
/// What both autoencoders are made of: convolution, GroupNorm + SiLU, and the residual block of the two.
///
/// Parameter names are diffusers'. Pictures are channels_last throughout (in bf16 three times as fast), matrices hold
/// the compute dtype, biases and norms fp32.
#include "base/parameters.h"

namespace atelier::vision {

class Convolution {
 public:
  /// "weight" (out, in, kernel, kernel), "bias" (out).
  /// @param gain  of the drawn weights, times 1 / sqrt(fan in); 0 draws zeros
  Convolution(const base::Scope& scope, int64_t in, int64_t out, int64_t kernel, double gain = 1, int64_t stride = 1);

  /// Padded by kernel / 2 on every side. @param x (batch, in, h, w) of the weight's dtype
  Tensor operator()(const Tensor& x) const;
  /// Not padded.
  Tensor valid(const Tensor& x) const;

  at::ScalarType dtype() const { return weight_.scalar_type(); }

 private:
  Tensor convolve(const Tensor& x, int64_t padding) const;
  Tensor weight_, bias_;
  int64_t stride_;
};

class Norm {
 public:
  /// "weight" and "bias" (channels).
  Norm(const base::Scope& scope, int64_t channels, int64_t groups);
  Tensor operator()(const Tensor& x) const;  // GroupNorm
  Tensor silu(const Tensor& x) const;        // SiLU of GroupNorm

 private:
  Tensor weight_, bias_;
  int64_t groups_;
};

/// x + conv2(silu(norm2(conv1(silu(norm1(x)))))), with a 1x1 convolution on x where the channel count changes.
class ResidualBlock {
 public:
  ResidualBlock(const base::Scope& scope, int64_t in, int64_t out, int64_t groups);
  Tensor operator()(const Tensor& x) const;

 private:
  Norm norm1_;
  Convolution conv1_;
  Norm norm2_;
  Convolution conv2_;
  std::vector<Convolution> shortcut_;  // none or one
};

}  // namespace atelier::vision
