#include "base/ops.h"

#include "base/error.h"

#include <ATen/Parallel.h>
#include <torch/csrc/autograd/custom_function.h>

#include <cmath>
#include <cstdint>

namespace atelier::base {
namespace {

// Row kernels are cloned for each vector width; the loader picks the processor's. (The whole program is compiled for
// the oldest x86-64; only these loops and the kernels/ folder know better.)
#if defined(__x86_64__) && defined(__GNUC__) && !defined(__clang__)
#define VECTOR_CLONES __attribute__((target_clones("default", "avx2", "arch=x86-64-v4")))
#else
#define VECTOR_CLONES
#endif

VECTOR_CLONES float sum_of_squares(const float* x, int64_t n) {
  float lanes[16] = {};
  int64_t i = 0;
  for (; i + 16 <= n; i += 16)
    for (int j = 0; j < 16; ++j) lanes[j] += x[i + j] * x[i + j];
  float sum = 0;
  for (float lane : lanes) sum += lane;
  for (; i < n; ++i) sum += x[i] * x[i];
  return sum;
}

VECTOR_CLONES void scale_row(const float* x, const float* weight, float factor, float* out, int64_t n) {
  for (int64_t i = 0; i < n; ++i) out[i] = x[i] * factor * weight[i];
}

// With x^ = x r, dx = r (w dy - x^ mean(w dy x^)); dw += dy x^.
VECTOR_CLONES void norm_backward_row(const float* x, const float* weight, const float* dy, float r, float* dx, float* dw,
                                     int64_t n) {
  float lanes[16] = {};
  int64_t i = 0;
  for (; i + 16 <= n; i += 16)
    for (int j = 0; j < 16; ++j) lanes[j] += weight[i + j] * dy[i + j] * x[i + j];
  float sum = 0;
  for (float lane : lanes) sum += lane;
  for (; i < n; ++i) sum += weight[i] * dy[i] * x[i];
  const float mean = sum * r * r / static_cast<float>(n);
  for (i = 0; i < n; ++i) {
    dx[i] = r * (weight[i] * dy[i] - x[i] * mean);
    dw[i] += dy[i] * x[i] * r;
  }
}

struct RmsNorm : torch::autograd::Function<RmsNorm> {
  static Tensor forward(torch::autograd::AutogradContext* context, const Tensor& input, const Tensor& weight, double eps) {
    const Tensor x = input.to(at::kFloat).contiguous();
    const int64_t d = x.size(-1), rows = x.numel() / d;
    Tensor y = at::empty_like(x), scale = at::empty({rows}, x.options());
    const float *xp = x.data_ptr<float>(), *wp = weight.data_ptr<float>();
    float *yp = y.data_ptr<float>(), *sp = scale.data_ptr<float>();
    at::parallel_for(0, rows, 64, [&](int64_t begin, int64_t end) {
      for (int64_t r = begin; r < end; ++r) {
        sp[r] = 1.0f / std::sqrt(sum_of_squares(xp + r * d, d) / static_cast<float>(d) + static_cast<float>(eps));
        scale_row(xp + r * d, wp, sp[r], yp + r * d, d);
      }
    });
    context->save_for_backward({x, weight, scale});
    context->saved_data["dtype"] = static_cast<int64_t>(input.scalar_type());
    return y;
  }

  static torch::autograd::tensor_list backward(torch::autograd::AutogradContext* context, torch::autograd::tensor_list gradients) {
    const auto saved = context->get_saved_variables();
    const Tensor &x = saved[0], &weight = saved[1], &scale = saved[2];
    const Tensor dy = gradients[0].to(at::kFloat).contiguous();
    const int64_t d = x.size(-1), rows = x.numel() / d;
    Tensor dx = at::empty_like(x);
    // Fixed row blocks, summed in order: the same bits whatever the number of threads.
    const int64_t block = 256, blocks = (rows + block - 1) / block;
    Tensor partial = at::zeros({blocks, d}, x.options());
    const float *xp = x.data_ptr<float>(), *wp = weight.data_ptr<float>(), *gp = dy.data_ptr<float>(), *sp = scale.data_ptr<float>();
    float *dp = dx.data_ptr<float>(), *pp = partial.data_ptr<float>();
    at::parallel_for(0, blocks, 1, [&](int64_t begin, int64_t end) {
      for (int64_t b = begin; b < end; ++b)
        for (int64_t r = b * block; r < std::min(rows, (b + 1) * block); ++r)
          norm_backward_row(xp + r * d, wp, gp + r * d, sp[r], dp + r * d, pp + b * d, d);
    });
    const auto dtype = static_cast<at::ScalarType>(context->saved_data["dtype"].toInt());
    return {dx.to(dtype), partial.sum(0), Tensor()};
  }
};

}  // namespace

namespace {

Tensor moved_rows(const Tensor& x, const Tensor& padding, bool to_front) {
  Tensor result = at::zeros(x.sizes(), x.options());
  for (int64_t i = 0; i < x.size(1); ++i) {
    const int64_t count = padding.const_data_ptr<int64_t>()[i], kept = x.size(3) - count;
    const Tensor from = x.select(1, i), to = result.select(1, i);  // (layers, heads, rows, n)
    to.narrow(2, to_front ? count : 0, kept).copy_(from.narrow(2, to_front ? 0 : count, kept));
  }
  return result;
}

struct PaddingToFront : torch::autograd::Function<PaddingToFront> {
  static Tensor forward(torch::autograd::AutogradContext* context, const Tensor& x, const Tensor& padding) {
    context->save_for_backward({padding});
    return moved_rows(x, padding, /*to_front=*/true);
  }
  static torch::autograd::tensor_list backward(torch::autograd::AutogradContext* context, torch::autograd::tensor_list gradients) {
    return {moved_rows(gradients[0], context->get_saved_variables()[0], /*to_front=*/false), Tensor()};
  }
};

}  // namespace

Tensor padding_to_front(const Tensor& x, const Tensor& padding) {
  ASSERT(x.dim() == 5 && padding.device().is_cpu() && padding.numel() == x.size(1));
  return PaddingToFront::apply(x, padding);
}

Tensor unit(const Tensor& x) { return x / x.norm(2, -1, true).clamp_min(1e-12); }

Tensor linear(const Tensor& x, const Tensor& weight, const Tensor& bias) {
  // Rows first: at::linear takes more than two dimensions through bmm, which copies the weight for each of the batch.
  std::vector<int64_t> shape = x.sizes().vec();
  shape.back() = weight.size(0);
  return at::linear(x.reshape({-1, weight.size(1)}), weight,
                    bias.defined() ? std::make_optional(bias.to(x.scalar_type())) : std::nullopt)
      .view(shape);
}

Tensor rms_norm(const Tensor& x, const Tensor& weight, double eps, at::ScalarType dtype) {
  if (x.device().is_cpu()) return RmsNorm::apply(x, weight, eps).to(dtype);
  const Tensor f = x.to(at::kFloat);
  return (f * at::rsqrt(f.square().mean(-1, true) + eps) * weight).to(dtype);
}

Tensor rotate(const Tensor& x, const Rope& rope) {
  const int64_t half = x.size(-1) / 2;
  const Tensor a = x.narrow(-1, 0, half).to(at::kFloat), b = x.narrow(-1, half, half).to(at::kFloat);
  const Tensor cos = rope.cos.unsqueeze(1), sin = rope.sin.unsqueeze(1);  // (batch or 1, 1, tokens, head_dim / 2)
  return at::cat({a * cos - b * sin, b * cos + a * sin}, -1).to(x.scalar_type());
}

Tensor swiglu(const Tensor& gate, const Tensor& up) { return at::silu(gate) * up; }

Tensor attend(const Tensor& q, const Tensor& k, const Tensor& v, const Tensor& mask, bool is_causal) {
  const int64_t batch = q.size(0), heads = q.size(1), rows = q.size(2), head_dim = q.size(3);
  const Tensor a = at::scaled_dot_product_attention(q, k, v, mask.defined() ? std::make_optional(mask) : std::nullopt, 0.0,
                                                    is_causal, std::nullopt, heads != k.size(1));
  return a.transpose(1, 2).reshape({batch, rows, heads * head_dim});
}

Tensor attention_mask(const KeyRange& range, int64_t rows, int64_t keys, at::Device device) {
  const bool causal = range.causal && rows > 1;
  if (!range.start.defined() && (!causal || rows == keys)) return {};
  const auto options = at::TensorOptions().device(device).dtype(at::kLong);
  const Tensor key = at::arange(keys, options).view({1, 1, 1, keys});
  Tensor mask;
  if (causal) mask = key <= at::arange(keys - rows, keys, options).view({1, 1, rows, 1});
  if (range.start.defined()) {
    // A row that is padding itself sees itself: a softmax over nothing would be NaN and spread.
    const Tensor row = at::arange(keys - rows, keys, options).view({1, 1, rows, 1});
    const Tensor after = key >= range.start.to(device).view({-1, 1, 1, 1}).minimum(row);
    mask = mask.defined() ? mask & after : after;
  }
  return mask.expand({-1, -1, rows, keys});
}

}  // namespace atelier::base
