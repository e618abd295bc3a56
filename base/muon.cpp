#include "base/compute.h"
#include "base/update.h"

#include <algorithm>
#include <cmath>

namespace atelier::base {
namespace {

// A step is x <- (a I + b A + c A^2) x with A = x x^T and Jordan's coefficients. With y = c^(1/4) x and G = y y^T the
// bracket is G^2 + (b / sqrt c) G + a I = (G + h I)^2 + r I: three products and two changes of a diagonal, without
// the sums that cost as much as a product (measured: 0.63 ms with a sum, 0.42 without).
constexpr double kA = 3.4445, kB = -4.7750, kC = 2.0315;
const double kScale = std::pow(kC, 0.25);
const double kHalf = kB / (2 * std::sqrt(kC));
const double kRest = kA - kHalf * kHalf;

/// @param y   (batch, rows, columns), kScale times matrices of Frobenius norm 1 @return kScale times orthogonal ones
Tensor newton_schulz(Tensor y) {
  const bool tall = y.size(1) > y.size(2);  // then G = y^T y, the smaller one, from the right
  for (int i = 0; i < 5; ++i) {
    const Tensor g = tall ? at::bmm(y.mT(), y) : at::bmm(y, y.mT());
    g.diagonal(0, 1, 2).add_(kHalf);
    const Tensor m = at::bmm(g, g);
    m.diagonal(0, 1, 2).add_(kRest);
    y = tall ? at::bmm(y, m) : at::bmm(m, y);
  }
  return y;
}

/// kScale times the normalised Nesterov momentum, (count, rows, columns) in `precision`; updates `momentum`.
Tensor direction_of(const Tensor& gradient, const Tensor& momentum, const MuonGroup& group, double beta,
                    at::ScalarType precision, double gradient_scale, bool use_loops) {
  const std::vector<int64_t> shape = {group.count, group.rows, group.columns};
  if (use_loops) {
    const Tensor y = at::empty(shape, gradient.options().dtype(precision));
    const bool is_bf16 = precision == at::kBFloat16;
    flat::nesterov(gradient.data_ptr<float>(), momentum.data_ptr<float>(),
                   is_bf16 ? static_cast<uint16_t*>(y.data_ptr()) : nullptr, is_bf16 ? nullptr : y.data_ptr<float>(),
                   group.count, group.rows * group.columns, static_cast<float>(beta),
                   static_cast<float>(gradient_scale), static_cast<float>(kScale), compute().threads);
    return y;
  }
  const Tensor g = (gradient * gradient_scale).view(shape);
  const Tensor m = momentum.view(shape).lerp_(g, 1 - beta);
  const Tensor u = g.lerp(m, beta);
  const Tensor norm = at::linalg_vector_norm(u, 2, {1, 2}, /*keepdim=*/true);
  return (u * (kScale / (norm + 1e-7))).to(precision);
}

void muon(const Stretch& stretch, const Tensor& momentum, const std::vector<MuonGroup>& groups, double beta,
          at::ScalarType precision, const StepRates& rates, bool use_loops) {
  const double keep = 1 - rates.learning_rate * rates.weight_decay;
  for (const MuonGroup& group : groups) {
    const Stretch s = stretch.narrow(group.begin, group.size());
    const Tensor direction = newton_schulz(direction_of(s.gradient, momentum.narrow(0, group.begin, group.size()),
                                                        group, beta, precision, rates.gradient_scale, use_loops));
    const double step_size =
        rates.learning_rate * 0.2 * std::sqrt(static_cast<double>(std::max(group.rows, group.columns))) / kScale;
    if (use_loops) {
      const bool is_bf16 = precision == at::kBFloat16;
      flat::descend(s.pointers(), is_bf16 ? static_cast<const uint16_t*>(direction.data_ptr()) : nullptr,
                    is_bf16 ? nullptr : direction.data_ptr<float>(), static_cast<float>(keep),
                    static_cast<float>(step_size), static_cast<float>(rates.average_rest), compute().threads);
    } else {
      s.master.mul_(keep).sub_(direction.view(-1), step_size);
      s.average.lerp_(s.master, rates.average_rest);
      s.leaf.copy_(s.master);
      s.gradient.zero_();
    }
  }
}

}  // namespace

void muon_step(const Stretch& stretch, const Tensor& momentum, const std::vector<MuonGroup>& groups, double beta,
               at::ScalarType precision, const StepRates& rates) {
  muon(stretch, momentum, groups, beta, precision, rates, /*use_loops=*/stretch.master.is_cpu());
}

void operators::muon_step(const Stretch& stretch, const Tensor& momentum, const std::vector<MuonGroup>& groups,
                          double beta, at::ScalarType precision, const StepRates& rates) {
  muon(stretch, momentum, groups, beta, precision, rates, /*use_loops=*/false);
}

}  // namespace atelier::base
