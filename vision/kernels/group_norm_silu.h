#pragma once
/// GroupNorm, with or without SiLU behind it, on bf16 pictures in NHWC order with AVX512-BF16: one pass for the
/// statistics, one to apply them; the backward pass computes the activation again instead of keeping it.
///
/// Raw pointers only: this code is compiled for its processor and must not see LibTorch (base/compute.h says when it
/// may run). Sums are split by pixels alone and added in one order, so that neither the batch a picture is in nor the
/// number of threads moves a bit of it.
#include <cstdint>

namespace atelier::vision::kernels {

struct GroupNormShape {
  int64_t batch, pixels, channels, groups;  // channels: a multiple of 16 and of groups
  float epsilon;
  bool silu;
};

/// y = silu(gamma * (x - mean) / sqrt(variance + epsilon) + beta), statistics in fp32 over a group of one picture.
/// @param x, y         (batch, pixels, channels) bf16
/// @param gamma, beta  (channels) fp32
/// @param statistics   (batch, 2, groups) fp32, written: mean and 1 / deviation, for the backward pass
void group_norm_forward(const GroupNormShape& shape, const uint16_t* x, const float* gamma, const float* beta,
                        uint16_t* y, float* statistics);

/// @param dy, dx           (batch, pixels, channels) bf16: gradient of y, and of x (written)
/// @param dgamma, dbeta    (channels) fp32, written
void group_norm_backward(const GroupNormShape& shape, const uint16_t* x, const uint16_t* dy, const float* gamma,
                         const float* beta, const float* statistics, uint16_t* dx, float* dgamma, float* dbeta);

}  // namespace atelier::vision::kernels
