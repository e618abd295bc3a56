#pragma once
/// GroupNorm followed by SiLU (or alone), differentiable: the operation between any two convolutions here.
///
/// On a processor with AVX512-BF16 a bf16 picture goes through a fused kernel (vision/kernels), three times as fast as
/// ATen's pair; anything else goes through at::group_norm and at::silu.
#include "base/tensor.h"

namespace atelier::vision {

/// How pictures lie in memory wherever they are convolved.
constexpr auto kChannelsLast = at::MemoryFormat::ChannelsLast;

/// @param x            (batch, channels, height, width), any strides; fastest in channels_last
/// @param gamma, beta  (channels) fp32
/// @param groups       divides channels
/// @return the same shape and dtype as x, channels_last if the kernel ran
Tensor group_norm_silu(const Tensor& x, const Tensor& gamma, const Tensor& beta, int64_t groups, double epsilon = 1e-5);

/// The same without SiLU.
Tensor group_norm(const Tensor& x, const Tensor& gamma, const Tensor& beta, int64_t groups, double epsilon = 1e-5);

}  // namespace atelier::vision
