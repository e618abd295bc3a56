#include "base/compute.h"
#include "base/update.h"

#include <cmath>

namespace atelier::base {

Stretch Stretch::narrow(int64_t begin, int64_t count) const {
  return {master.narrow(0, begin, count), gradient.narrow(0, begin, count), average.narrow(0, begin, count),
          leaf.narrow(0, begin, count)};
}

flat::Stretch Stretch::pointers() const {
  const bool is_bf16 = leaf.scalar_type() == at::kBFloat16;
  return {.master = master.data_ptr<float>(),
          .gradient = gradient.data_ptr<float>(),
          .average = average.data_ptr<float>(),
          .leaf_bf16 = is_bf16 ? static_cast<uint16_t*>(leaf.data_ptr()) : nullptr,
          .leaf_float = is_bf16 ? nullptr : leaf.data_ptr<float>(),
          .count = master.numel()};
}

void adamw_step(const Stretch& stretch, const Tensor& exp_avg, const Tensor& exp_avg_sq, double beta1, double beta2,
                double epsilon, int64_t step, const StepRates& rates) {
  if (!stretch.master.is_cpu()) {
    operators::adamw_step(stretch, exp_avg, exp_avg_sq, beta1, beta2, epsilon, step, rates);
    return;
  }
  const flat::AdamW w = {
      .gradient_scale = static_cast<float>(rates.gradient_scale),
      .beta1_rest = static_cast<float>(1 - beta1),
      .beta2 = static_cast<float>(beta2),
      .beta2_rest = static_cast<float>(1 - beta2),
      .keep = static_cast<float>(1 - rates.learning_rate * rates.weight_decay),
      .step_size = static_cast<float>(rates.learning_rate / (1 - std::pow(beta1, step))),
      .root_scale = static_cast<float>(1 / std::sqrt(1 - std::pow(beta2, step))),
      .epsilon = static_cast<float>(epsilon),
      .average_rest = static_cast<float>(rates.average_rest),
  };
  flat::adamw(stretch.pointers(), exp_avg.data_ptr<float>(), exp_avg_sq.data_ptr<float>(), w, compute().threads);
}

void operators::adamw_step(const Stretch& stretch, const Tensor& exp_avg, const Tensor& exp_avg_sq, double beta1,
                           double beta2, double epsilon, int64_t step, const StepRates& rates) {
  stretch.gradient.mul_(rates.gradient_scale);
  const Tensor steps = at::full({}, step, stretch.master.options());
  at::_fused_adamw_({stretch.master}, {stretch.gradient}, {exp_avg}, {exp_avg_sq}, /*max_exp_avg_sqs=*/{}, {steps},
                    rates.learning_rate, beta1, beta2, rates.weight_decay, epsilon, /*amsgrad=*/false,
                    /*maximize=*/false);
  stretch.average.lerp_(stretch.master, rates.average_rest);
  stretch.leaf.copy_(stretch.master);
  stretch.gradient.zero_();
}

}  // namespace atelier::base
