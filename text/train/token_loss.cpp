#include "text/train/token_loss.h"

#include <torch/csrc/autograd/custom_function.h>

#include <algorithm>

namespace atelier::text {
namespace {

constexpr int64_t kChunk = 256;  // tokens; 8 MiB of fp32 logits at a vocabulary of 8,192

class TokenLoss : public torch::autograd::Function<TokenLoss> {
 public:
  static Tensor forward(torch::autograd::AutogradContext* context, const Tensor& hidden, const Tensor& head,
                        const Tensor& targets, const Tensor& loss_weight) {
    const bool gradients = hidden.requires_grad() || head.requires_grad();
    Tensor loss = at::zeros({}, hidden.options().dtype(at::kFloat));
    Tensor hidden_gradient, head_gradient;
    if (gradients) {
      hidden_gradient = at::empty_like(hidden);
      head_gradient = at::zeros(head.sizes(), head.options().dtype(at::kFloat));
    }
    for (int64_t from = 0; from < hidden.size(0); from += kChunk) {
      const int64_t count = std::min(kChunk, hidden.size(0) - from);
      const Tensor x = hidden.narrow(0, from, count), weight = loss_weight.narrow(0, from, count).unsqueeze(1);
      const Tensor target = targets.narrow(0, from, count).unsqueeze(1);        // (count, 1)
      const Tensor logits = at::mm(x, head.t()).to(at::kFloat);                 // (count, vocab)
      Tensor log_p = logits.log_softmax(1);
      loss -= (log_p.gather(1, target) * weight).sum();
      if (!gradients) continue;
      // d loss / d logits = weight * (softmax - one-hot)
      Tensor d = log_p.exp_().mul_(weight).scatter_add_(1, target, -weight).to(hidden.scalar_type());
      hidden_gradient.narrow(0, from, count).copy_(at::mm(d, head));
      head_gradient += at::mm(d.t(), x);
    }
    context->save_for_backward({hidden_gradient, head_gradient});
    return loss;
  }

  static torch::autograd::variable_list backward(torch::autograd::AutogradContext* context,
                                                 const torch::autograd::variable_list& gradient) {
    const auto saved = context->get_saved_variables();
    return {saved[0] * gradient[0].to(saved[0].scalar_type()), (saved[1] * gradient[0]).to(saved[0].scalar_type()), {}, {}};
  }
};

}  // namespace

Tensor token_loss(const Tensor& hidden, const Tensor& head, const Tensor& targets, const Tensor& loss_weight) {
  return TokenLoss::apply(hidden, head, targets, loss_weight);
}

}  // namespace atelier::text
