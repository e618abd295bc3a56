#include "vision/group_norm_silu.h"

#include "base/compute.h"
#include "base/error.h"
#include "vision/kernels/group_norm_silu.h"

#include <torch/csrc/autograd/custom_function.h>

namespace atelier::vision {
namespace {

#if defined(__x86_64__)

uint16_t* bits(const Tensor& t) { return static_cast<uint16_t*>(t.data_ptr()); }

kernels::GroupNormShape shape_of(const Tensor& x, int64_t groups, double epsilon, bool silu) {
  return {x.size(0), x.size(2) * x.size(3), x.size(1), groups, static_cast<float>(epsilon), silu};
}

class FusedGroupNorm : public torch::autograd::Function<FusedGroupNorm> {
 public:
  static Tensor forward(torch::autograd::AutogradContext* context, const Tensor& input, const Tensor& gamma,
                        const Tensor& beta, int64_t groups, double epsilon, bool silu) {
    const Tensor x = input.contiguous(kChannelsLast), g = gamma.contiguous(), b = beta.contiguous();
    const Tensor y = at::empty_like(x, x.options(), kChannelsLast);
    const Tensor statistics = at::empty({x.size(0), 2, groups}, g.options());
    kernels::group_norm_forward(shape_of(x, groups, epsilon, silu), bits(x), g.const_data_ptr<float>(),
                                b.const_data_ptr<float>(), bits(y), statistics.mutable_data_ptr<float>());
    context->save_for_backward({x, g, b, statistics});
    context->saved_data["groups"] = groups;
    context->saved_data["epsilon"] = epsilon;
    context->saved_data["silu"] = silu;
    return y;
  }

  static torch::autograd::variable_list backward(torch::autograd::AutogradContext* context,
                                                 const torch::autograd::variable_list& gradients) {
    const auto saved = context->get_saved_variables();
    const Tensor &x = saved[0], &gamma = saved[1], &beta = saved[2], &statistics = saved[3];
    const Tensor dy = gradients[0].to(x.scalar_type()).contiguous(kChannelsLast);
    const Tensor dx = at::empty_like(x, x.options(), kChannelsLast);
    const Tensor dgamma = at::empty_like(gamma), dbeta = at::empty_like(beta);
    const auto shape = shape_of(x, context->saved_data["groups"].toInt(), context->saved_data["epsilon"].toDouble(),
                                context->saved_data["silu"].toBool());
    kernels::group_norm_backward(shape, bits(x), bits(dy), gamma.const_data_ptr<float>(),
                                 beta.const_data_ptr<float>(), statistics.const_data_ptr<float>(), bits(dx),
                                 dgamma.mutable_data_ptr<float>(), dbeta.mutable_data_ptr<float>());
    return {dx, dgamma, dbeta, Tensor(), Tensor(), Tensor()};
  }
};

bool kernel_fits(const Tensor& x, const Tensor& gamma, const Tensor& beta) {
  return base::processor().avx512_bf16 && x.is_cpu() && x.dim() == 4 && x.numel() > 0 &&
         x.scalar_type() == at::kBFloat16 && gamma.scalar_type() == at::kFloat && beta.scalar_type() == at::kFloat &&
         x.size(1) % 16 == 0;
}

#endif

Tensor normalise(const Tensor& x, const Tensor& gamma, const Tensor& beta, int64_t groups, double epsilon, bool silu) {
  ASSERT(groups >= 1 && x.dim() >= 2 && x.size(1) % groups == 0 && gamma.numel() == x.size(1) &&
         beta.numel() == x.size(1));
#if defined(__x86_64__)
  if (kernel_fits(x, gamma, beta)) return FusedGroupNorm::apply(x, gamma, beta, groups, epsilon, silu);
#endif
  const Tensor y = at::group_norm(x, groups, gamma.to(x.scalar_type()), beta.to(x.scalar_type()), epsilon);
  return silu ? at::silu(y) : y;
}

}  // namespace

Tensor group_norm_silu(const Tensor& x, const Tensor& gamma, const Tensor& beta, int64_t groups, double epsilon) {
  return normalise(x, gamma, beta, groups, epsilon, true);
}

Tensor group_norm(const Tensor& x, const Tensor& gamma, const Tensor& beta, int64_t groups, double epsilon) {
  return normalise(x, gamma, beta, groups, epsilon, false);
}

}  // namespace atelier::vision
