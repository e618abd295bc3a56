#pragma once
/// The few operations that every tower is made of, differentiable, on any device and dtype.
///
/// Activations between them are in the compute dtype, the residual stream is fp32; norm weights and biases are fp32.
#include "base/tensor.h"

namespace atelier::base {

/// x of length 1 along the last dimension; zeros stay. @param x (…, d) @return the same shape and dtype
Tensor unit(const Tensor& x);

/// x W^T + b. @param x (…, in) @param weight (out, in), x's dtype @param bias (out) fp32, or undefined
Tensor linear(const Tensor& x, const Tensor& weight, const Tensor& bias = {});

/// Root-mean-square norm (Zhang and Sennrich): x / sqrt(mean(x^2) + eps) * weight, computed in fp32.
/// @param x (…, d) any float dtype @param weight (d) fp32 @return (…, d) in `dtype`
Tensor rms_norm(const Tensor& x, const Tensor& weight, double eps, at::ScalarType dtype);

/// Rotation tables of rotary position embeddings, one row a token.
struct Rope {
  Tensor cos, sin;  // (batch or 1, tokens, head_dim / 2) fp32
};

/// Half-rotation convention (Hugging Face's Llama): pairs (i, i + head_dim / 2).
/// @param x (batch, heads, tokens, head_dim)
Tensor rotate(const Tensor& x, const Rope& rope);

/// SwiGLU (Shazeer): silu(gate) * up.
Tensor swiglu(const Tensor& gate, const Tensor& up);

/// Which keys a row of the last `rows` tokens sees: [start of its sequence, its limit). The limit of a causal row is
/// itself, of a row of a picture the end of its picture: Transfusion's mask as one range a row, never an N x N mask
/// that somebody must store.
struct KeyRange {
  Tensor start;         // (batch) int64 first visible key (left padding), or undefined: 0
  bool causal = true;   // among the rows themselves; false: every row sees every row
};

/// One softmax over all visible keys.
/// @param q (batch, heads, rows, head_dim) @param k, v (batch, kv_heads, keys, head_dim), keys >= rows; the rows' own
///   keys are the last ones; heads is a multiple of kv_heads (grouped-query attention)
/// @return (batch, rows, heads * head_dim)
Tensor attend(const Tensor& q, const Tensor& k, const Tensor& v, const Tensor& mask, bool is_causal);

/// The mask that `attend` wants for (rows, keys), or an undefined tensor where none is needed (then is_causal tells
/// the rest). @return (batch, 1, rows, keys) bool, true = visible
Tensor attention_mask(const KeyRange& range, int64_t rows, int64_t keys, at::Device device);

/// Moves the rows of each sequence back by as many as it has padding at its end, so that all its padding stands at the
/// front. What moves in is zero, what leaves was padding.
/// @param x (layers, batch, heads, rows, n) @param padding (batch) int64 on the CPU, each 0..rows
Tensor padding_to_front(const Tensor& x, const Tensor& padding);

}  // namespace atelier::base
