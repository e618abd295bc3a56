#pragma once
/// One thread's matrix product with an epilogue: C = A B is never stored; every row of a finished 32 x 32 block is
/// handed to the caller while the tile unit works on the next block.
#include "base/kernels/packing.h"

namespace atelier::base::kernels {

/// Which blocks of C come first.
enum class Order {
  rows,     // all columns of 32 rows, then the next 32: for many rows, whose results are written row by row
  columns,  // all rows of 32 columns, then the next 32: reads B once, for few rows
};

/// epilogue(row, column, values): C[row][column .. column + 31], 64-byte aligned.
/// @param a (m, k) with a_stride @param b (k, n) packed @param m, n, k multiples of 32
template <Order order = Order::rows, class Epilogue>
inline void multiply(int m, int n, int k, const bf16* a, long a_stride, const bf16* b, Epilogue&& epilogue) {
  constexpr long kAhead = 48 * kBlock * 2;  // bytes of B fetched ahead into the second-level cache
  alignas(64) float results[2][kBlock];
  const int steps = k / 32, row_blocks = m / 32, column_blocks = n / 32, blocks = row_blocks * column_blocks;
  int previous_row = 0, previous_column = 0;
  for (int block = 0; block < blocks; ++block) {
    const int row = 32 * (order == Order::rows ? block / column_blocks : block % row_blocks);
    const int column = 32 * (order == Order::rows ? block % column_blocks : block / row_blocks);
    const bf16 *a0 = a + row * a_stride, *a1 = a0 + 16 * a_stride, *panel = b + static_cast<long>(column) * k;
    const float* finished = results[(block + 1) & 1];
    int done = block == 0 ? 32 : 0;
    block_zero();
    for (int step = 0; step < steps; ++step, a0 += 32, a1 += 32, panel += kBlock) {
      if constexpr (order == Order::rows) {
        tile_load<4>(a0, a_stride * 2);
        tile_load<5>(a1, a_stride * 2);
        tile_load_streamed<6>(panel, 64);
        tile_load_streamed<7>(panel + 512, 64);
      } else {
        tile_load_streamed<4>(a0, a_stride * 2);
        tile_load_streamed<5>(a1, a_stride * 2);
        tile_load<6>(panel, 64);
        tile_load<7>(panel + 512, 64);
      }
      block_multiply();
      // B comes from the third-level cache the first time: by the first row of blocks for all columns, or a share of
      // the next column of blocks by each block of this one.
      if (order == Order::columns || row == 0) {
        const int lines = order == Order::columns ? (32 + row_blocks - 1) / row_blocks : 32;
        const char* next = reinterpret_cast<const char*>(panel) +
                           (order == Order::columns ? steps * kBlock * 2 + (row / 32) * lines * 64 : kAhead);
        for (int line = 0; line < lines; ++line) _mm_prefetch(next + line * 64, _MM_HINT_T1);
      }
      for (const int due = 32 * (step + 1) / steps; done < due; ++done)
        epilogue(previous_row + done, previous_column, finished + 32 * done);
    }
    block_store(results[block & 1], 32);
    previous_row = row;
    previous_column = column;
  }
  const float* last = results[(blocks + 1) & 1];
  for (int i = 0; blocks > 0 && i < 32; ++i) epilogue(previous_row + i, previous_column, last + 32 * i);
}

}  // namespace atelier::base::kernels
