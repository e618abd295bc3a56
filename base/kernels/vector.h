#pragma once
/// Sixteen floats at a time: conversions, exp2, sigmoid, and the rows of an RMS norm.
#include "base/kernels/amx.h"

#include <math.h>

namespace atelier::base::kernels {

inline __m512 widen(__m256i v) { return _mm512_castsi512_ps(_mm512_slli_epi32(_mm512_cvtepu16_epi32(v), 16)); }
inline __m512 load16(const bf16* p) { return widen(_mm256_loadu_si256(reinterpret_cast<const __m256i*>(p))); }
inline void store16(bf16* p, __m512 v) {
  _mm256_storeu_si256(reinterpret_cast<__m256i*>(p), reinterpret_cast<__m256i>(_mm512_cvtneps_pbh(v)));
}
inline __m512i narrow32(__m512 low, __m512 high) { return reinterpret_cast<__m512i>(_mm512_cvtne2ps_pbh(high, low)); }
inline void store32(bf16* p, __m512 low, __m512 high) { _mm512_storeu_si512(p, narrow32(low, high)); }

/// 2^x to 3e-6 relative; x below -126 gives 2^-126, which is nothing beside the largest term of a softmax.
inline __m512 exp2(__m512 x) {
  x = _mm512_max_ps(x, _mm512_set1_ps(-126.0f));
  const __m512 whole = _mm512_roundscale_ps(x, 0);
  const __m512 f = _mm512_sub_ps(x, whole);  // [-1/2, 1/2]
  __m512 p = _mm512_set1_ps(0.00133336f);    // ln(2)^n / n!
  p = _mm512_fmadd_ps(p, f, _mm512_set1_ps(0.00961813f));
  p = _mm512_fmadd_ps(p, f, _mm512_set1_ps(0.05550411f));
  p = _mm512_fmadd_ps(p, f, _mm512_set1_ps(0.24022651f));
  p = _mm512_fmadd_ps(p, f, _mm512_set1_ps(0.69314718f));
  p = _mm512_fmadd_ps(p, f, _mm512_set1_ps(1.0f));
  return _mm512_scalef_ps(p, whole);
}

/// 1 / (1 + e^-x) to 2^-14 relative, well inside bf16.
inline __m512 sigmoid(__m512 x) {
  const __m512 e = exp2(_mm512_mul_ps(x, _mm512_set1_ps(-1.44269504f)));
  return _mm512_rcp14_ps(_mm512_add_ps(_mm512_set1_ps(1.0f), e));
}

/// Lanes i of 0..15 for which first <= base + i < end.
inline __mmask16 lanes_between(int base, int first, int end) {
  const __m512i lane = _mm512_set_epi32(15, 14, 13, 12, 11, 10, 9, 8, 7, 6, 5, 4, 3, 2, 1, 0);
  const int count = end > first ? end - first : 0;
  return _mm512_cmplt_epu32_mask(_mm512_add_epi32(lane, _mm512_set1_epi32(base - first)), _mm512_set1_epi32(count));
}

/// Half-rotation of the pairs (a[i], b[i]) = (x[i], x[i + 32]), i = 0..15, by the angles at cosine, sine.
struct Pair {
  __m512 a, b;
};
inline Pair rotate(Pair x, const float* cosine, const float* sine) {
  const __m512 c = _mm512_loadu_ps(cosine), s = _mm512_loadu_ps(sine);
  return {_mm512_fmsub_ps(x.a, c, _mm512_mul_ps(x.b, s)), _mm512_fmadd_ps(x.b, c, _mm512_mul_ps(x.a, s))};
}
inline Pair rotate_back(Pair x, const float* cosine, const float* sine) {
  const __m512 c = _mm512_loadu_ps(cosine), s = _mm512_loadu_ps(sine);
  return {_mm512_fmadd_ps(x.a, c, _mm512_mul_ps(x.b, s)), _mm512_fmsub_ps(x.b, c, _mm512_mul_ps(x.a, s))};
}

/// y = x r, r = 1 / sqrt(mean(x^2) + epsilon), row by row. The norm's weight is folded into the matrix behind it.
/// @param x (rows, d) @param y (rows, d) with y_stride @param r (rows)
inline void normalise_rows(const float* x, int d, float epsilon, bf16* y, long y_stride, float* r, int rows) {
  for (int row = 0; row < rows; ++row, x += d, y += y_stride) {
    __m512 sum = _mm512_setzero_ps();
    for (int i = 0; i < d; i += 16) {
      const __m512 v = _mm512_load_ps(x + i);
      sum = _mm512_fmadd_ps(v, v, sum);
    }
    r[row] = 1.0f / sqrtf(_mm512_reduce_add_ps(sum) / static_cast<float>(d) + epsilon);
    const __m512 scale = _mm512_set1_ps(r[row]);
    for (int i = 0; i < d; i += 32)
      store32(y + i, _mm512_mul_ps(_mm512_load_ps(x + i), scale), _mm512_mul_ps(_mm512_load_ps(x + i + 16), scale));
  }
}

/// dx += r (dy - y mean(dy y)); and a copy of dx in bf16.
/// @param dx, dy, copy (rows, d) @param y (rows, d) with y_stride
inline void normalise_rows_backward(const float* dy, const bf16* y, long y_stride, const float* r, int d, float* dx,
                                    bf16* copy, int rows) {
  for (int row = 0; row < rows; ++row, dy += d, y += y_stride, dx += d, copy += d) {
    __m512 sum = _mm512_setzero_ps();
    for (int i = 0; i < d; i += 16) sum = _mm512_fmadd_ps(_mm512_load_ps(dy + i), load16(y + i), sum);
    const __m512 mean = _mm512_set1_ps(_mm512_reduce_add_ps(sum) / static_cast<float>(d));
    const __m512 scale = _mm512_set1_ps(r[row]);
    const auto part = [&](int i) {
      const __m512 v = _mm512_fnmadd_ps(load16(y + i), mean, _mm512_load_ps(dy + i));
      const __m512 sum_i = _mm512_fmadd_ps(scale, v, _mm512_load_ps(dx + i));
      _mm512_store_ps(dx + i, sum_i);
      return sum_i;
    };
    for (int i = 0; i < d; i += 32) {
      const __m512 low = part(i), high = part(i + 16);
      store32(copy + i, low, high);
    }
  }
}

}  // namespace atelier::base::kernels
