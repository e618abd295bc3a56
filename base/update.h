#pragma once
/// One step of AdamW or Muon on a stretch of the optimiser's flat buffers. On the CPU these are the loops of
/// base/flat.h, elsewhere LibTorch's operators.
#include "base/flat.h"
#include "base/tensor.h"

#include <vector>

namespace atelier::base {

/// 1-D, contiguous, of equal length, on one device.
struct Stretch {
  Tensor master, gradient, average;  // fp32
  Tensor leaf;                       // what modules compute with: bf16, fp16 (GPU) or fp32

  Stretch narrow(int64_t begin, int64_t count) const;
  flat::Stretch pointers() const;  // CPU
};

/// What both need to know at a step. The gradient is zeroed by it.
struct StepRates {
  double learning_rate;
  double weight_decay;
  double gradient_scale;  // of clipping
  double average_rest;    // 1 - decay of the moving average
};

/// Decoupled decay, both moments bias-corrected (Loshchilov and Hutter; as torch.optim.AdamW).
/// @param step   of this update, from 1
void adamw_step(const Stretch& stretch, const Tensor& exp_avg, const Tensor& exp_avg_sq, double beta1, double beta2,
                double epsilon, int64_t step, const StepRates& rates);

/// Matrices of one shape that lie one after another: done as one batch.
struct MuonGroup {
  int64_t begin;  // in the stretch
  int64_t count, rows, columns;
  int64_t size() const { return count * rows * columns; }
};

/// Muon (Jordan 2024; the update's scale: Liu et al. 2025): momentum with Nesterov, orthogonalised by five
/// Newton-Schulz steps, times 0.2 sqrt(max(rows, columns)); decoupled decay.
/// @param momentum   (n) fp32
/// @param precision  of the Newton-Schulz steps: fp32, or bf16 where that is the faster one
void muon_step(const Stretch& stretch, const Tensor& momentum, const std::vector<MuonGroup>& groups, double beta,
               at::ScalarType precision, const StepRates& rates);

/// What both are on other devices; here so that a CPU can test it.
namespace operators {
void adamw_step(const Stretch& stretch, const Tensor& exp_avg, const Tensor& exp_avg_sq, double beta1, double beta2,
                double epsilon, int64_t step, const StepRates& rates);
void muon_step(const Stretch& stretch, const Tensor& momentum, const std::vector<MuonGroup>& groups, double beta,
               at::ScalarType precision, const StepRates& rates);
}  // namespace operators

}  // namespace atelier::base
