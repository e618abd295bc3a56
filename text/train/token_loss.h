#pragma once
#include "base/tensor.h"

namespace atelier::text {

/// Sum over tokens of loss_weight * -log softmax(hidden W^T)[target]: head and cross-entropy as one operation.
///
/// Logits exist for a few hundred tokens at a time and their gradient is taken at once, so that a vocabulary of 8,192
/// costs neither the memory nor the memory traffic of (tokens, vocab) tensors.
/// @param hidden (tokens, d) after the final norm @param head (vocab, d) of hidden's dtype
/// @param targets (tokens) int64 @param loss_weight (tokens) fp32
/// @return fp32 scalar, differentiable in hidden and head
Tensor token_loss(const Tensor& hidden, const Tensor& head, const Tensor& targets, const Tensor& loss_weight);

}  // namespace atelier::text
