#pragma once
/// The two-block U-Net around the image tower (Transfusion's "U-Net down / up", LMFusion 3.1): latents become patches
/// through convolutions, and the patches become latents again beside a skip connection.
#include "base/parameters.h"

namespace atelier::fusion {

struct PatcherConfig {
  int64_t latent_channels = 8;
  int64_t patcher_channels = 128;  // of both residual blocks; a multiple of 32
  int64_t hidden_size = 256;       // of the tower and of the condition
};

/// GroupNorm + SiLU + 3x3 convolution, twice, the condition added between, around it a shortcut.
class ResidualBlock {
 public:
  ResidualBlock(const base::Scope& scope, int64_t in_channels, int64_t out_channels, int64_t condition_size);
  /// @param x (batch, in_channels, h, w) @param condition (batch, condition_size) @return (batch, out_channels, h, w)
  Tensor forward(const Tensor& x, const Tensor& condition) const;

 private:
  Tensor norm1_weight_, norm1_bias_, conv1_, conv1_bias_, condition_, condition_bias_;
  Tensor norm2_weight_, norm2_bias_, conv2_, conv2_bias_, shortcut_, shortcut_bias_;
};

class UNetDown {
 public:
  UNetDown(const base::Scope& scope, const PatcherConfig& config);

  struct Output {
    Tensor tokens;  // (batch, h / 2 * w / 2, hidden), raster order
    Tensor skip;    // (batch, patcher_channels, h, w)
  };
  /// @param x_t (batch, latent_channels, h, w) compute dtype, h and w even @param condition (batch, hidden)
  Output forward(const Tensor& x_t, const Tensor& condition) const;

 private:
  Tensor conv_in_, conv_in_bias_;
  ResidualBlock block_;
  Tensor down_, down_bias_;  // stride 2 to hidden
};

class UNetUp {
 public:
  UNetUp(const base::Scope& scope, const PatcherConfig& config);

  /// @param tokens (batch, h / 2 * w / 2, hidden) compute dtype @param skip of UNetDown
  /// @return (batch, latent_channels, h, w) fp32: the prediction
  Tensor forward(const Tensor& tokens, const Tensor& skip, const Tensor& condition) const;

 private:
  int64_t channels_;
  Tensor up_, up_bias_;  // (4 * patcher_channels, hidden): a 1x1 convolution before the pixel shuffle
  ResidualBlock block_;
  Tensor norm_weight_, norm_bias_, conv_out_, conv_out_bias_;
};

}  // namespace atelier::fusion
