#pragma once
/// How the right operand B of C = A B lies in memory for the tile unit, and the ways to get it there.
///
/// B (K, N) is cut into blocks of 32 x 32; a column of blocks lies in one piece: [N / 32][K / 32][2][16][32], the 2
/// being the block's two tiles (columns 0..15 and 16..31), 16 its pairs of rows, 32 the 16 columns' pairs.
#include "base/kernels/amx.h"

namespace atelier::base::kernels {

constexpr long kBlock = 32 * 32;

/// Transposes 16 x 16 numbers of 32 bits.
inline void transpose16(__m512i r[16]) {
  __m512i t[16];
  for (int i = 0; i < 8; ++i) {
    t[2 * i] = _mm512_unpacklo_epi32(r[2 * i], r[2 * i + 1]);
    t[2 * i + 1] = _mm512_unpackhi_epi32(r[2 * i], r[2 * i + 1]);
  }
  for (int i = 0; i < 4; ++i) {
    r[4 * i] = _mm512_unpacklo_epi64(t[4 * i], t[4 * i + 2]);
    r[4 * i + 1] = _mm512_unpackhi_epi64(t[4 * i], t[4 * i + 2]);
    r[4 * i + 2] = _mm512_unpacklo_epi64(t[4 * i + 1], t[4 * i + 3]);
    r[4 * i + 3] = _mm512_unpackhi_epi64(t[4 * i + 1], t[4 * i + 3]);
  }
  for (int i = 0; i < 4; ++i) {
    t[i] = _mm512_shuffle_i32x4(r[i], r[i + 4], 0x88);
    t[i + 4] = _mm512_shuffle_i32x4(r[i], r[i + 4], 0xdd);
    t[i + 8] = _mm512_shuffle_i32x4(r[i + 8], r[i + 12], 0x88);
    t[i + 12] = _mm512_shuffle_i32x4(r[i + 8], r[i + 12], 0xdd);
  }
  for (int i = 0; i < 4; ++i) {
    r[i] = _mm512_shuffle_i32x4(t[i], t[i + 8], 0x88);
    r[i + 8] = _mm512_shuffle_i32x4(t[i], t[i + 8], 0xdd);
    r[i + 4] = _mm512_shuffle_i32x4(t[i + 4], t[i + 12], 0x88);
    r[i + 12] = _mm512_shuffle_i32x4(t[i + 4], t[i + 12], 0xdd);
  }
}

/// Packs one block of B = W^T from W (32 columns of B, 32 rows of B).
inline void pack_transposed(bf16* block, const bf16* w, long stride) {
  for (int half = 0; half < 2; ++half) {
    __m512i r[16];
    for (int i = 0; i < 16; ++i) r[i] = _mm512_loadu_si512(w + (half * 16 + i) * stride);
    transpose16(r);
    for (int i = 0; i < 16; ++i) _mm512_store_si512(block + half * 512 + i * 32, r[i]);
  }
}

/// Packs one block of B from B's own rows (32, 32).
inline void pack_rows(bf16* block, const bf16* b, long stride) {
  const __m512i columns_0_15 = _mm512_set_epi16(47, 15, 46, 14, 45, 13, 44, 12, 43, 11, 42, 10, 41, 9, 40, 8, 39, 7, 38,
                                                6, 37, 5, 36, 4, 35, 3, 34, 2, 33, 1, 32, 0);
  const __m512i columns_16_31 = _mm512_set_epi16(63, 31, 62, 30, 61, 29, 60, 28, 59, 27, 58, 26, 57, 25, 56, 24, 55, 23,
                                                 54, 22, 53, 21, 52, 20, 51, 19, 50, 18, 49, 17, 48, 16);
  for (int i = 0; i < 16; ++i) {
    const __m512i even = _mm512_loadu_si512(b + 2 * i * stride), odd = _mm512_loadu_si512(b + (2 * i + 1) * stride);
    _mm512_store_si512(block + i * 32, _mm512_permutex2var_epi16(even, columns_0_15, odd));
    _mm512_store_si512(block + 512 + i * 32, _mm512_permutex2var_epi16(even, columns_16_31, odd));
  }
}

/// out (32, 32) = in^T.
inline void transpose_block(const bf16* in, long in_stride, bf16* out, long out_stride) {
  alignas(64) bf16 pairs[kBlock];
  pack_rows(pairs, in, in_stride);
  for (int half = 0; half < 2; ++half) {
    __m512i r[16];
    for (int i = 0; i < 16; ++i) r[i] = _mm512_load_si512(pairs + half * 512 + i * 32);
    transpose16(r);
    for (int i = 0; i < 16; ++i) _mm512_storeu_si512(out + (half * 16 + i) * out_stride, r[i]);
  }
}

}  // namespace atelier::base::kernels
