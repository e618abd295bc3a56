#pragma once
/// dW = P^T Q over all rows of a batch: a share of dW's rows by each thread, delivered in the parameter's own layout.
#include "base/kernels/tower_parts.h"
#include "base/kernels/vector.h"

namespace atelier::base::kernels {

struct WeightGradientScratch {
  bf16 *left, *right;  // packed pieces of P and Q
  float* sums;         // this thread's rows of dW
  WeightGradientScratch(const TowerSize& size, int threads, Carver& carver);
};

/// sums (rows.end - rows.begin, n) = P[:, rows]^T Q.
/// @param p (t, …) with p_stride @param q (t, n) with q_stride @param rows, n, t multiples of 32
void multiply_transposed(Span rows, int n, int t, const bf16* p, long p_stride, const bf16* q, long q_stride,
                         const WeightGradientScratch& scratch);

/// One row of a parameter and of its gradient.
struct ParameterRow {
  const bf16* weights;
  void* gradient;  // fp32 (added to) or bf16 (stored)
};

/// Unfolds the norm: dW = dW' diag(g) goes to the parameter's gradient; sum_i W_ij dW'_ij of every 32 rows, which dg_j
/// is the sum of, to norm_sums (blocks of 32 rows, n): summed up later in one order, whatever the threads.
/// @param sums (rows, n) dW' @param row_at   row -> ParameterRow @param norm (n) g, or null: no norm was folded
template <class RowAt>
void deliver_rows(Span rows, int n, const float* sums, RowAt row_at, const float* norm, bool is_float, float* norm_sums);

/// Delivers dW^T (rows, n) to a gradient (n, columns): its columns `rows`.
void deliver_transposed(Span rows, int n, const float* sums, void* gradient, long columns, bool is_float);

/// norm[j] += norm_sums over the blocks, for j in `columns`.
void sum_norm_gradient(Span columns, int n, int blocks, const float* norm_sums, float* norm);

inline void deliver16(void* gradient, long index, __m512 value, bool is_float) {
  if (is_float) {
    float* to = static_cast<float*>(gradient) + index;
    _mm512_storeu_ps(to, _mm512_add_ps(_mm512_loadu_ps(to), value));
  } else {
    store16(static_cast<bf16*>(gradient) + index, value);
  }
}

template <class RowAt>
void deliver_rows(Span rows, int n, const float* sums, RowAt row_at, const float* norm, bool is_float, float* norm_sums) {
  for (int row = rows.begin; row < rows.end; ++row, sums += n) {
    const ParameterRow to = row_at(row);
    if (norm == nullptr) {
      for (int i = 0; i < n; i += 16) deliver16(to.gradient, i, _mm512_load_ps(sums + i), is_float);
      continue;
    }
    float* block_sums = norm_sums + static_cast<long>(row / 32) * n;
    for (int i = 0; i < n; i += 16) {
      const __m512 v = _mm512_load_ps(sums + i);
      deliver16(to.gradient, i, _mm512_mul_ps(v, _mm512_loadu_ps(norm + i)), is_float);
      const __m512 so_far = row % 32 == 0 ? _mm512_setzero_ps() : _mm512_load_ps(block_sums + i);
      _mm512_store_ps(block_sums + i, _mm512_fmadd_ps(v, load16(to.weights + i), so_far));
    }
  }
}

}  // namespace atelier::base::kernels
