#pragma once
/// The optimiser's loops over flat buffers on the CPU: plain C++ that the compiler vectorises, each buffer passed over
/// once (they are bound by memory, so that one pass for update, average and copy is what makes them fast).
///
/// Sums are made over a fixed grid of blocks, added in order: the same bits with any number of threads.
#include <cstdint>
#include <vector>

namespace atelier::base::flat {

/// A stretch of the flat buffers. The copy that modules compute with is bf16 or fp32: the other pointer is null.
struct Stretch {
  float* master;
  float* gradient;  // zeroed by every update
  float* average;
  uint16_t* leaf_bf16;
  float* leaf_float;
  int64_t count;
};

/// One gradient to add to its place in the flat gradient; one of the sources is null.
struct Addend {
  float* to;
  const uint16_t* from_bf16;
  const float* from_float;
  int64_t count;
};
void add(const std::vector<Addend>& addends, int threads);

double sum_of_squares(const float* x, int64_t count, int threads);

struct AdamW {
  float gradient_scale;              // of clipping
  float beta1_rest, beta2, beta2_rest;  // rest: 1 - beta
  float keep;                        // 1 - learning rate * weight decay
  float step_size;                   // learning rate / (1 - beta1^step)
  float root_scale;                  // 1 / sqrt(1 - beta2^step)
  float epsilon;
  float average_rest;                // 1 - decay of the moving average
};
void adamw(const Stretch& s, float* exp_avg, float* exp_avg_sq, const AdamW& w, int threads);

/// Muon's momentum with Nesterov's look ahead, for `matrices` matrices of `size` numbers, one after another:
/// m = momentum m + (1 - momentum) g;  u = (1 - momentum) g + momentum m;  direction = u * scale / (|u| + 1e-7).
/// One of the directions is null.
void nesterov(const float* gradient, float* buffer, uint16_t* direction_bf16, float* direction_float, int64_t matrices,
              int64_t size, float momentum, float gradient_scale, float scale, int threads);

/// master = keep * master - step_size * direction, then average, leaf and gradient as in adamw.
void descend(const Stretch& s, const uint16_t* direction_bf16, const float* direction_float, float keep,
             float step_size, float average_rest, int threads);

}  // namespace atelier::base::flat
