#include "base/kernels/weight_gradient.h"

namespace atelier::base::kernels {
namespace {

constexpr int kBatchRows = 512;  // rows of P and Q packed at once
constexpr int kLeftRows = 256;   // rows of dW whose part of P is packed at once: 256 KiB

void fetch_block(const bf16* p, long stride) {
  for (int i = 0; i < 32; ++i) _mm_prefetch(reinterpret_cast<const char*>(p + i * stride), _MM_HINT_T0);
}

}  // namespace

WeightGradientScratch::WeightGradientScratch(const TowerSize& s, int threads, Carver& carver) {
  const int columns = larger(s.hidden, s.query());
  const int rows = larger(larger(s.projections(), 2 * s.intermediate), s.hidden);
  const int share = (rows / 32 + threads - 1) / threads * 32;
  left = carver.take<bf16>(kLeftRows * kBatchRows);
  right = carver.take<bf16>(static_cast<long>(columns) * kBatchRows);
  sums = carver.take<float>(static_cast<long>(share) * columns);
}

void multiply_transposed(Span rows, int n, int t, const bf16* p, long p_stride, const bf16* q, long q_stride,
                         const WeightGradientScratch& scratch) {
  for (int start = 0; start < t; start += kBatchRows) {
    const int steps = smaller(kBatchRows, t - start) / 32;
    for (int step = 0; step < steps; ++step)
      for (int column = 0; column < n; column += 32) {
        const bf16* from = q + (start + step * 32) * q_stride + column;
        if (step + 1 < steps) fetch_block(from + 32 * q_stride, q_stride);
        pack_rows(scratch.right + (static_cast<long>(column / 32) * steps + step) * kBlock, from, q_stride);
      }
    for (int begin = rows.begin; begin < rows.end; begin += kLeftRows) {
      const int left_blocks = smaller(kLeftRows, rows.end - begin) / 32;
      for (int step = 0; step < steps; ++step)
        for (int i = 0; i < left_blocks; ++i) {
          const bf16* from = p + (start + step * 32) * p_stride + begin + i * 32;
          if (step + 1 < steps) fetch_block(from + 32 * p_stride, p_stride);
          transpose_block(from, p_stride, scratch.left + (static_cast<long>(i) * steps + step) * kBlock, 32);
        }
      for (int i = 0; i < left_blocks; ++i)
        for (int column = 0; column < n; column += 32) {
          float* c = scratch.sums + static_cast<long>(begin - rows.begin + i * 32) * n + column;
          const bf16* a = scratch.left + static_cast<long>(i) * steps * kBlock;
          const bf16* b = scratch.right + static_cast<long>(column / 32) * steps * kBlock;
          if (start == 0)
            block_zero();
          else
            block_load(c, n);
          for (int step = 0; step < steps; ++step, a += kBlock, b += kBlock) {
            tile_load<4>(a, 64);
            tile_load<5>(a + 512, 64);
            tile_load_streamed<6>(b, 64);
            tile_load_streamed<7>(b + 512, 64);
            block_multiply();
          }
          block_store(c, n);
        }
    }
  }
}

void deliver_transposed(Span rows, int n, const float* sums, void* gradient, long columns, bool is_float) {
  for (int row = rows.begin; row < rows.end; row += 16)
    for (int column = 0; column < n; column += 16) {
      __m512i block[16];
      for (int i = 0; i < 16; ++i)
        block[i] = _mm512_load_si512(sums + static_cast<long>(row - rows.begin + i) * n + column);
      transpose16(block);
      for (int i = 0; i < 16; ++i)
        deliver16(gradient, (column + i) * columns + row, _mm512_castsi512_ps(block[i]), is_float);
    }
}

void sum_norm_gradient(Span columns, int n, int blocks, const float* norm_sums, float* norm) {
  for (int i = columns.begin; i < columns.end; i += 16) {
    __m512 sum = _mm512_setzero_ps();
    for (int block = 0; block < blocks; ++block)
      sum = _mm512_add_ps(sum, _mm512_load_ps(norm_sums + static_cast<long>(block) * n + i));
    _mm512_storeu_ps(norm + i, _mm512_add_ps(_mm512_loadu_ps(norm + i), sum));
  }
}

}  // namespace atelier::base::kernels
