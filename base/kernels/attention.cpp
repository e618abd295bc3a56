#include "base/kernels/attention.h"

#include "base/kernels/vector.h"

#include <string.h>

namespace atelier::base::kernels {

KeyBlocks::KeyBlocks(const TowerSize& size, const Rows& rows, int layer, int sequence, int kv_head,
                     const bf16* projections, bf16* padded_block)
    : count(rows.prefix_blocks() + rows.padded / 32), own(32 * rows.prefix_blocks()), padding(own - rows.prefix) {
  first = padding + (rows.first_key == nullptr ? 0 : static_cast<int>(rows.first_key[sequence]));
  const long stride = size.projections();
  const bf16* keys = projections + size.query() + kv_head * kHeadDim;
  own_ = {keys, keys + size.key(), stride, stride};
  padded_ = {padded_block, padded_block + 32 * kHeadDim, kHeadDim, kHeadDim};
  if (rows.prefix == 0) return;
  const Strided &k = rows.prefix_keys[layer], &v = rows.prefix_values[layer];
  prefix_ = {k.data + sequence * k.sequence + kv_head * k.head, v.data + sequence * v.sequence + kv_head * v.head,
             k.row, v.row};
  if (padding == 0) return;
  memset(padded_block, 0, 2 * 32 * kHeadDim * sizeof(bf16));
  for (int row = padding; row < 32; ++row) {
    memcpy(padded_block + row * kHeadDim, prefix_.keys + (row - padding) * k.row, kHeadDim * sizeof(bf16));
    memcpy(padded_block + (32 + row) * kHeadDim, prefix_.values + (row - padding) * v.row, kHeadDim * sizeof(bf16));
  }
}

KeyBlocks::Block KeyBlocks::operator[](int block) const {
  if (block == 0 && padding > 0) return padded_;
  const int key = block * 32;
  const Block& from = key < own ? prefix_ : own_;
  const long row = key < own ? key - padding : key - own;
  return {from.keys + row * from.keys_stride, from.values + row * from.values_stride, from.keys_stride,
          from.values_stride};
}

AttentionScratch::AttentionScratch(const Rows& rows, bool backward, Carver& carver) {
  const long own = rows.padded, all = 32L * rows.prefix_blocks() + own;
  padded_block = carver.take<bf16>(2 * 32 * kHeadDim);
  keys = carver.take<bf16>(all * kHeadDim);
  values = carver.take<bf16>(backward ? 0 : all * kHeadDim);
  probabilities = carver.take<bf16>(32 * (backward ? own : all));
  scores = carver.take<float>(backward ? 2 * kBlock : 32 * all);
  result = carver.take<float>(32 * kHeadDim);
  queries = carver.take<bf16>(backward ? own * kHeadDim : 0);
  queries_rows = carver.take<bf16>(backward ? own * kHeadDim : 0);
  gradients = carver.take<bf16>(backward ? own * kHeadDim : 0);
  gradients_rows = carver.take<bf16>(backward ? own * kHeadDim : 0);
  score_gradients = carver.take<bf16>(backward ? 32 * own : 0);
  score_gradients_rows = carver.take<bf16>(backward ? own * all : 0);
  key_gradients = carver.take<float>(backward ? all * kHeadDim : 0);
  value_gradients = carver.take<float>(backward ? all * kHeadDim : 0);
  delta = carver.take<float>(backward ? own : 0);
}

namespace {

struct Normaliser {
  float inverse;  // 1 / sum
  float log_sum;  // log2 of the sum of 2^score
};

/// probabilities = 2^(scores - maximum) for the visible keys, else 0; not yet divided by their sum.
/// @param first, end   visible among the `columns` of this row
Normaliser softmax(const float* scores, int columns, int first, int end, bf16* probabilities) {
  __m512 maximum = _mm512_set1_ps(-1e30f);
  for (int i = 0; i < columns; i += 16)
    maximum = _mm512_mask_max_ps(maximum, lanes_between(i, first, end), maximum, _mm512_load_ps(scores + i));
  const float top = _mm512_reduce_max_ps(maximum);
  __m512 sum = _mm512_setzero_ps();
  for (int i = 0; i < columns; i += 16) {
    const __m512 e = exp2(_mm512_sub_ps(_mm512_load_ps(scores + i), _mm512_set1_ps(top)));
    const __m512 visible = _mm512_maskz_mov_ps(lanes_between(i, first, end), e);
    sum = _mm512_add_ps(sum, visible);
    store16(probabilities + i, visible);
  }
  if (first >= end) return {0.0f, 1e30f};  // backward: 2^(score - 1e30) vanishes
  const float total = _mm512_reduce_add_ps(sum);
  return {1.0f / total, top + log2f(total)};
}

}  // namespace

void attend(const TowerSize& size, const Rows& rows, int layer, int sequence, int kv_head, const bf16* projections,
            bf16* attended, float* log_sum, const AttentionScratch& scratch) {
  const KeyBlocks blocks(size, rows, layer, sequence, kv_head, projections, scratch.padded_block);
  const int begin = blocks.first_block(), group = size.heads / size.kv_heads;
  const long stride = size.projections(), all = 32L * blocks.count;
  for (int b = begin; b < blocks.count; ++b) {
    const KeyBlocks::Block block = blocks[b];
    for (int half = 0; half < 2; ++half) {
      pack_transposed(scratch.keys + (2 * b + half) * kBlock, block.keys + half * 32, block.keys_stride);
      pack_rows(scratch.values + (half * blocks.count + b) * kBlock, block.values + half * 32, block.values_stride);
    }
  }
  for (int head = kv_head * group; head < (kv_head + 1) * group; ++head) {
    const bf16* queries = projections + head * kHeadDim;
    bf16* out = attended + head * kHeadDim;
    for (int row = 0; row < rows.padded; row += 32) {
      const int steps = larger(0, blocks.end_block(rows, row) - begin);
      for (int b = 0; b < steps; ++b)
        multiply_block(queries + row * stride, stride, scratch.keys + 2 * (begin + b) * kBlock, 2,
                       scratch.scores + 32 * b, all);
      float inverse[32];
      for (int i = 0; i < 32; ++i) {
        const int end = blocks.end(rows, row + i);
        const Normaliser n = softmax(scratch.scores + i * all, 32 * steps, blocks.first - 32 * begin, end - 32 * begin,
                                     scratch.probabilities + i * all);
        inverse[i] = n.inverse;
        if (log_sum != nullptr) log_sum[static_cast<long>(head) * rows.total() + row + i] = n.log_sum;
      }
      for (int half = 0; half < 2; ++half)
        multiply_block(scratch.probabilities, all, scratch.values + (half * blocks.count + begin) * kBlock, steps,
                       scratch.result + half * 32, kHeadDim);
      for (int i = 0; i < 32; ++i)
        for (int column = 0; column < kHeadDim; column += 32) {
          const float* from = scratch.result + i * kHeadDim + column;
          const __m512 scale = _mm512_set1_ps(inverse[i]);
          store32(out + static_cast<long>(row + i) * size.query() + column, _mm512_mul_ps(_mm512_load_ps(from), scale),
                  _mm512_mul_ps(_mm512_load_ps(from + 16), scale));
        }
    }
  }
}

}  // namespace atelier::base::kernels
