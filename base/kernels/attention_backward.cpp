#include "base/kernels/attention.h"
#include "base/kernels/vector.h"

#include <string.h>

// Works on transposed scores (keys down, queries across): then the factors of each query are vectors beside each
// other, P^T and dS^T come out as the left operands of dV = P^T dO and dK = dS^T Q, and only dS is transposed for
// dQ = dS K.

namespace atelier::base::kernels {
namespace {

constexpr float kLogOfTwo = 0.69314718f;

/// One block: P^T = 2^(S^T - log_sum), dS^T = P^T (dP^T - delta), in bf16.
/// @param scores (2, 32, 32) S^T and dP^T @param first_row, end_row   rows that see the block's key i: first_row(i) on
template <class FirstRow>
void softmax_backward(const float* scores, const float* log_sum, const float* delta, int row, FirstRow first_row,
                      int end_row, bf16* probabilities, bf16* gradients, long stride) {
  for (int i = 0; i < 32; ++i)
    for (int j = 0; j < 32; j += 16) {
      const __mmask16 visible = lanes_between(row + j, first_row(i), end_row);
      const __m512 s = _mm512_sub_ps(_mm512_load_ps(scores + i * 32 + j), _mm512_loadu_ps(log_sum + row + j));
      const __m512 p = _mm512_maskz_mov_ps(visible, exp2(s));
      const __m512 dp = _mm512_load_ps(scores + kBlock + i * 32 + j);
      store16(probabilities + i * stride + row + j, p);
      store16(gradients + i * stride + row + j, _mm512_mul_ps(p, _mm512_sub_ps(dp, _mm512_loadu_ps(delta + row + j))));
    }
}

/// delta = sum over the head of o do, one a row.
void row_products(const bf16* o, const bf16* d_o, long stride, int rows, float* delta) {
  for (int row = 0; row < rows; ++row) {
    __m512 sum = _mm512_setzero_ps();
    for (int i = 0; i < kHeadDim; i += 16)
      sum = _mm512_fmadd_ps(load16(o + row * stride + i), load16(d_o + row * stride + i), sum);
    delta[row] = _mm512_reduce_add_ps(sum);
  }
}

/// Stores a row of 64 after turning it back by its angles.
void store_unrotated(const float* x, float scale, const bf16* added, const float* cosine, const float* sine, bf16* out) {
  for (int i = 0; i < 32; i += 16) {
    const __m512 factor = _mm512_set1_ps(scale);
    Pair p = {_mm512_mul_ps(_mm512_load_ps(x + i), factor), _mm512_mul_ps(_mm512_load_ps(x + 32 + i), factor)};
    if (added != nullptr) p = {_mm512_add_ps(p.a, load16(added + i)), _mm512_add_ps(p.b, load16(added + 32 + i))};
    p = rotate_back(p, cosine + i, sine + i);
    store16(out + i, p.a);
    store16(out + 32 + i, p.b);
  }
}

void store_row(const float* x, float scale, const bf16* added, bf16* out) {
  for (int i = 0; i < kHeadDim; i += 16) {
    __m512 v = _mm512_mul_ps(_mm512_load_ps(x + i), _mm512_set1_ps(scale));
    if (added != nullptr) v = _mm512_add_ps(v, load16(added + i));
    store16(out + i, v);
  }
}

}  // namespace

void attend_backward(const TowerSize& size, const Rows& rows, int layer, int sequence, int kv_head,
                     const bf16* projections, const bf16* attended, const float* log_sum, const bf16* d_attended,
                     const Gradients& gradients, bf16* d_projections, const AttentionScratch& s) {
  const KeyBlocks blocks(size, rows, layer, sequence, kv_head, projections, s.padded_block);
  const int group = size.heads / size.kv_heads, begin = blocks.first_block(), row_blocks = rows.padded / 32;
  const int prefix_blocks = rows.prefix_blocks();
  const bool prefix_wanted = gradients.prefix_keys != nullptr && rows.prefix > 0;
  const long stride = size.projections(), query = size.query(), padded = rows.padded, all = 32L * blocks.count;
  const float* cosine = rows.cosine + sequence * rows.angles_stride;
  const float* sine = rows.sine + sequence * rows.angles_stride;
  for (int b = begin; b < blocks.count; ++b)
    for (int half = 0; half < 2; ++half)
      pack_rows(s.keys + (half * blocks.count + b) * kBlock, blocks[b].keys + half * 32, blocks[b].keys_stride);
  memset(s.key_gradients, 0, begin * 32 * kHeadDim * sizeof(float));
  memset(s.value_gradients, 0, begin * 32 * kHeadDim * sizeof(float));

  for (int head = kv_head * group; head < (kv_head + 1) * group; ++head) {
    const bool accumulate = head > kv_head * group;
    const bf16 *q = projections + head * kHeadDim, *d_o = d_attended + head * kHeadDim;
    const float* sums = log_sum + static_cast<long>(head) * rows.total();
    row_products(attended + head * kHeadDim, d_o, query, rows.padded, s.delta);
    for (int m = 0; m < row_blocks; ++m)
      for (int half = 0; half < 2; ++half) {
        const bf16 *q_block = q + m * 32 * stride + half * 32, *d_block = d_o + m * 32 * query + half * 32;
        pack_transposed(s.queries + (2 * m + half) * kBlock, q_block, stride);
        pack_transposed(s.gradients + (2 * m + half) * kBlock, d_block, query);
        pack_rows(s.queries_rows + (half * row_blocks + m) * kBlock, q_block, stride);
        pack_rows(s.gradients_rows + (half * row_blocks + m) * kBlock, d_block, query);
      }
    for (int b = begin; b < blocks.count; ++b) {
      const KeyBlocks::Block block = blocks[b];
      const int first_m = rows.causal ? larger(0, b - prefix_blocks) : 0;  // earlier rows see none of these keys
      for (int m = first_m; m < row_blocks; ++m) {
        multiply_block(block.keys, block.keys_stride, s.queries + 2 * m * kBlock, 2, s.scores, 32);
        multiply_block(block.values, block.values_stride, s.gradients + 2 * m * kBlock, 2, s.scores + kBlock, 32);
        softmax_backward(s.scores, sums, s.delta, m * 32, [&](int i) {
          const int key = b * 32 + i;
          return key < blocks.first || key >= blocks.own + rows.rows ? rows.rows
                 : rows.causal                                       ? larger(0, key - blocks.own)
                                                                     : 0;
        }, rows.rows, s.probabilities, s.score_gradients, padded);
        transpose_block(s.score_gradients + m * 32, padded, s.score_gradients_rows + m * 32 * all + b * 32, all);
      }
      if (b < prefix_blocks && !prefix_wanted) continue;
      for (int half = 0; half < 2; ++half) {
        const long operand = (half * row_blocks + first_m) * kBlock, result = b * 32 * kHeadDim + half * 32;
        multiply_block(s.probabilities + first_m * 32, padded, s.gradients_rows + operand, row_blocks - first_m,
                       s.value_gradients + result, kHeadDim, accumulate);
        multiply_block(s.score_gradients + first_m * 32, padded, s.queries_rows + operand, row_blocks - first_m,
                       s.key_gradients + result, kHeadDim, accumulate);
      }
    }
    for (int row = 0; row < rows.padded; row += 32) {
      for (int half = 0; half < 2; ++half)
        multiply_block(s.score_gradients_rows + row * all + begin * 32, all,
                       s.keys + (half * blocks.count + begin) * kBlock, larger(0, blocks.end_block(rows, row) - begin),
                       s.result + half * 32, kHeadDim);
      // d (q k / 8): the query that forward kept holds log2(e) / 8, and so does dS only where it meets that query.
      for (int i = 0; i < 32; ++i) {
        const long angle = 32L * smaller(row + i, rows.rows - 1);
        store_unrotated(s.result + i * kHeadDim, 0.125f, nullptr, cosine + angle, sine + angle,
                        d_projections + (row + i) * stride + head * kHeadDim);
      }
    }
  }

  const long head_rows = static_cast<long>(sequence) * size.kv_heads + kv_head;
  const bf16* from_keys = gradients.own_keys == nullptr ? nullptr : gradients.own_keys[layer];
  const bf16* from_values = gradients.own_values == nullptr ? nullptr : gradients.own_values[layer];
  for (int row = 0; row < rows.padded; ++row) {
    const long angle = 32L * smaller(row, rows.rows - 1), result = static_cast<long>(blocks.own + row) * kHeadDim;
    const long others = (head_rows * rows.rows + row) * kHeadDim;
    const bool real = row < rows.rows;
    bf16* out = d_projections + row * stride + size.query() + kv_head * kHeadDim;
    store_unrotated(s.key_gradients + result, kLogOfTwo, real && from_keys ? from_keys + others : nullptr,
                    cosine + angle, sine + angle, out);
    store_row(s.value_gradients + result, 1.0f, real && from_values ? from_values + others : nullptr, out + size.key());
  }
  for (int row = 0; prefix_wanted && row < rows.prefix; ++row) {
    const long result = static_cast<long>(blocks.padding + row) * kHeadDim;
    const long out = (head_rows * rows.prefix + row) * kHeadDim;
    store_row(s.key_gradients + result, kLogOfTwo, nullptr, gradients.prefix_keys[layer] + out);
    store_row(s.value_gradients + result, 1.0f, nullptr, gradients.prefix_values[layer] + out);
  }
}

}  // namespace atelier::base::kernels
