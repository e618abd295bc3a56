#include "vision/kernels/group_norm_silu.h"

#include <immintrin.h>

#include <algorithm>
#include <cmath>
#include <vector>

namespace atelier::vision::kernels {
namespace {

constexpr int64_t kLanes = 16;

__m512 load_bf16(const uint16_t* p) {
  const __m256i bits = _mm256_loadu_si256(reinterpret_cast<const __m256i*>(p));
  return _mm512_castsi512_ps(_mm512_slli_epi32(_mm512_cvtepu16_epi32(bits), 16));
}

void store_bf16(uint16_t* p, __m512 v) {
  _mm256_storeu_si256(reinterpret_cast<__m256i*>(p), reinterpret_cast<__m256i>(_mm512_cvtneps_pbh(v)));
}

// e^x = 2^n * 2^f with n the nearest integer: Taylor's fifth order on |f| <= 1/2, relative error 3e-6.
__m512 exponential(__m512 x) {
  const __m512 t = _mm512_mul_ps(_mm512_max_ps(x, _mm512_set1_ps(-87.0F)), _mm512_set1_ps(1.44269504F));
  const __m512 n = _mm512_roundscale_ps(t, _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC);
  const __m512 f = _mm512_sub_ps(t, n);
  __m512 p = _mm512_set1_ps(1.33335581e-3F);
  p = _mm512_fmadd_ps(p, f, _mm512_set1_ps(9.61812911e-3F));
  p = _mm512_fmadd_ps(p, f, _mm512_set1_ps(5.55041087e-2F));
  p = _mm512_fmadd_ps(p, f, _mm512_set1_ps(2.40226507e-1F));
  p = _mm512_fmadd_ps(p, f, _mm512_set1_ps(6.93147181e-1F));
  p = _mm512_fmadd_ps(p, f, _mm512_set1_ps(1.0F));
  return _mm512_scalef_ps(p, n);
}

// The reciprocal's 14 bits are six more than bf16 keeps.
__m512 sigmoid(__m512 x) {
  return _mm512_rcp14_ps(_mm512_add_ps(_mm512_set1_ps(1.0F), exponential(_mm512_sub_ps(_mm512_setzero_ps(), x))));
}

// How a picture is cut for threads: by its size alone, never by the batch (a picture's sums must not depend on it).
struct Cut {
  int64_t pixels, parts;
  explicit Cut(int64_t pixels) : pixels(pixels), parts(std::clamp<int64_t>(pixels / 128, 1, 8)) {}
  int64_t begin(int64_t part) const { return pixels * part / parts; }
  int64_t end(int64_t part) const { return pixels * (part + 1) / parts; }
};

// Two sums a channel over the pixels [begin, end) of one picture; `terms(i, c)` gives both of 16 channels at one pixel.
template <class Terms>
void sum_channels(int64_t begin, int64_t end, int64_t channels, float* first, float* second, const Terms& terms) {
  constexpr int64_t kBlock = 4;  // registers a sum: 64 channels at a time
  for (int64_t c = 0; c < channels; c += kBlock * kLanes) {
    const int64_t blocks = std::min(kBlock, (channels - c) / kLanes);
    __m512 a[kBlock], b[kBlock];
    for (int64_t j = 0; j < kBlock; ++j) a[j] = b[j] = _mm512_setzero_ps();
    for (int64_t i = begin; i < end; ++i) {
      for (int64_t j = 0; j < blocks; ++j) terms(i, c + j * kLanes, a[j], b[j]);
    }
    for (int64_t j = 0; j < blocks; ++j) {
      _mm512_storeu_ps(first + c + j * kLanes, a[j]);
      _mm512_storeu_ps(second + c + j * kLanes, b[j]);
    }
  }
}

// z = x * scale + shift, the normalised and affine value, channel by channel of one picture.
void scale_and_shift(const GroupNormShape& s, const float* statistics, const float* gamma, const float* beta,
                     float* scale, float* shift) {
  const int64_t width = s.channels / s.groups;
  for (int64_t c = 0; c < s.channels; ++c) {
    const float mean = statistics[c / width], inverse = statistics[s.groups + c / width];
    scale[c] = inverse * gamma[c];
    shift[c] = beta[c] - mean * inverse * gamma[c];
  }
}

template <bool silu>
void forward(const GroupNormShape& s, const uint16_t* x, const float* gamma, const float* beta, uint16_t* y,
             float* statistics) {
  const Cut cut(s.pixels);
  const int64_t units = s.batch * cut.parts, width = s.channels / s.groups;
  std::vector<float> sums(units * 2 * s.channels), affine(s.batch * 2 * s.channels);

#pragma omp parallel
  {
#pragma omp for schedule(static)
    for (int64_t unit = 0; unit < units; ++unit) {
      const uint16_t* picture = x + unit / cut.parts * s.pixels * s.channels;
      const int64_t part = unit % cut.parts;
      float* sum = sums.data() + unit * 2 * s.channels;
      sum_channels(cut.begin(part), cut.end(part), s.channels, sum, sum + s.channels,
                   [&](int64_t i, int64_t c, __m512& a, __m512& b) {
                     const __m512 v = load_bf16(picture + i * s.channels + c);
                     a = _mm512_add_ps(a, v);
                     b = _mm512_fmadd_ps(v, v, b);
                   });
    }
#pragma omp for schedule(static)
    for (int64_t n = 0; n < s.batch; ++n) {
      float* moments = statistics + n * 2 * s.groups;
      for (int64_t g = 0; g < s.groups; ++g) {
        double total = 0, squares = 0;
        for (int64_t part = 0; part < cut.parts; ++part) {
          const float* sum = sums.data() + (n * cut.parts + part) * 2 * s.channels;
          for (int64_t c = g * width; c < (g + 1) * width; ++c) {
            total += sum[c];
            squares += sum[s.channels + c];
          }
        }
        const double count = static_cast<double>(s.pixels * width), mean = total / count;
        moments[g] = static_cast<float>(mean);
        moments[s.groups + g] =
            static_cast<float>(1 / std::sqrt(std::max(0.0, squares / count - mean * mean) + s.epsilon));
      }
      float* scale = affine.data() + n * 2 * s.channels;
      scale_and_shift(s, moments, gamma, beta, scale, scale + s.channels);
    }
#pragma omp for schedule(static)
    for (int64_t unit = 0; unit < units; ++unit) {
      const int64_t n = unit / cut.parts, part = unit % cut.parts;
      const float* scale = affine.data() + n * 2 * s.channels;
      const float* shift = scale + s.channels;
      for (int64_t i = n * s.pixels + cut.begin(part); i < n * s.pixels + cut.end(part); ++i) {
        for (int64_t c = 0; c < s.channels; c += kLanes) {
          const __m512 z = _mm512_fmadd_ps(load_bf16(x + i * s.channels + c), _mm512_loadu_ps(scale + c),
                                           _mm512_loadu_ps(shift + c));
          store_bf16(y + i * s.channels + c, silu ? _mm512_mul_ps(z, sigmoid(z)) : z);
        }
      }
    }
  }
}

// Gradient at z, of 16 channels at one pixel: dy * silu'(z), silu'(z) = s * (1 + z * (1 - s)).
template <bool silu>
__m512 gradient_at_z(__m512 x, __m512 dy, const float* scale, const float* shift) {
  if constexpr (!silu) return dy;
  const __m512 z = _mm512_fmadd_ps(x, _mm512_loadu_ps(scale), _mm512_loadu_ps(shift));
  const __m512 s = sigmoid(z), one = _mm512_set1_ps(1.0F);
  return _mm512_mul_ps(dy, _mm512_mul_ps(s, _mm512_fmadd_ps(z, _mm512_sub_ps(one, s), one)));
}

template <bool silu>
void backward(const GroupNormShape& s, const uint16_t* x, const uint16_t* dy, const float* gamma, const float* beta,
              const float* statistics, uint16_t* dx, float* dgamma, float* dbeta) {
  const Cut cut(s.pixels);
  const int64_t units = s.batch * cut.parts, width = s.channels / s.groups, C = s.channels;
  // A picture's scale and shift, and dx = dz * scale + x * slope + offset once its sums are known.
  std::vector<float> sums(units * 2 * C), affine(s.batch * 4 * C), totals(s.batch * 2 * C);

#pragma omp parallel
  {
#pragma omp for schedule(static)
    for (int64_t n = 0; n < s.batch; ++n) {
      float* scale = affine.data() + n * 4 * C;
      scale_and_shift(s, statistics + n * 2 * s.groups, gamma, beta, scale, scale + C);
    }
#pragma omp for schedule(static)
    for (int64_t unit = 0; unit < units; ++unit) {
      const int64_t n = unit / cut.parts, part = unit % cut.parts;
      const uint16_t* picture = x + n * s.pixels * C;
      const uint16_t* gradient = dy + n * s.pixels * C;
      const float* scale = affine.data() + n * 4 * C;
      float* sum = sums.data() + unit * 2 * C;
      sum_channels(cut.begin(part), cut.end(part), C, sum, sum + C,
                   [&](int64_t i, int64_t c, __m512& a, __m512& b) {
                     const __m512 v = load_bf16(picture + i * C + c);
                     const __m512 dz =
                         gradient_at_z<silu>(v, load_bf16(gradient + i * C + c), scale + c, scale + C + c);
                     a = _mm512_add_ps(a, dz);
                     b = _mm512_fmadd_ps(dz, v, b);
                   });
    }
#pragma omp for schedule(static)
    for (int64_t n = 0; n < s.batch; ++n) {
      float* total = totals.data() + n * 2 * C;  // sum of dz * xhat, sum of dz
      float* slope = affine.data() + n * 4 * C + 2 * C;
      float* offset = slope + C;
      for (int64_t g = 0; g < s.groups; ++g) {
        const double mean = statistics[n * 2 * s.groups + g], inverse = statistics[n * 2 * s.groups + s.groups + g];
        double along = 0, plain = 0;  // means over the group of gamma dz xhat and of gamma dz
        for (int64_t c = g * width; c < (g + 1) * width; ++c) {
          double dz = 0, dz_x = 0;
          for (int64_t part = 0; part < cut.parts; ++part) {
            const float* sum = sums.data() + (n * cut.parts + part) * 2 * C;
            dz += sum[c];
            dz_x += sum[C + c];
          }
          const double dz_xhat = (dz_x - mean * dz) * inverse;
          total[c] = static_cast<float>(dz_xhat);
          total[C + c] = static_cast<float>(dz);
          along += gamma[c] * dz_xhat;
          plain += gamma[c] * dz;
        }
        along /= static_cast<double>(s.pixels * width);
        plain /= static_cast<double>(s.pixels * width);
        // dx = inverse * (gamma dz - plain - xhat * along), xhat = (x - mean) * inverse
        std::fill_n(slope + g * width, width, static_cast<float>(-inverse * inverse * along));
        std::fill_n(offset + g * width, width,
                    static_cast<float>(-inverse * plain + inverse * inverse * along * mean));
      }
    }
#pragma omp for schedule(static)
    for (int64_t unit = 0; unit < units; ++unit) {
      const int64_t n = unit / cut.parts, part = unit % cut.parts;
      const float* scale = affine.data() + n * 4 * C;
      const float *shift = scale + C, *slope = scale + 2 * C, *offset = scale + 3 * C;
      for (int64_t i = n * s.pixels + cut.begin(part); i < n * s.pixels + cut.end(part); ++i) {
        for (int64_t c = 0; c < C; c += kLanes) {
          const __m512 v = load_bf16(x + i * C + c);
          const __m512 dz = gradient_at_z<silu>(v, load_bf16(dy + i * C + c), scale + c, shift + c);
          const __m512 rest = _mm512_fmadd_ps(v, _mm512_loadu_ps(slope + c), _mm512_loadu_ps(offset + c));
          store_bf16(dx + i * C + c, _mm512_fmadd_ps(dz, _mm512_loadu_ps(scale + c), rest));
        }
      }
    }
  }
  for (int64_t c = 0; c < C; ++c) {
    double gamma_sum = 0, beta_sum = 0;
    for (int64_t n = 0; n < s.batch; ++n) {
      gamma_sum += totals[n * 2 * C + c];
      beta_sum += totals[n * 2 * C + C + c];
    }
    dgamma[c] = static_cast<float>(gamma_sum);
    dbeta[c] = static_cast<float>(beta_sum);
  }
}

}  // namespace

void group_norm_forward(const GroupNormShape& shape, const uint16_t* x, const float* gamma, const float* beta,
                        uint16_t* y, float* statistics) {
  (shape.silu ? forward<true> : forward<false>)(shape, x, gamma, beta, y, statistics);
}

void group_norm_backward(const GroupNormShape& shape, const uint16_t* x, const uint16_t* dy, const float* gamma,
                         const float* beta, const float* statistics, uint16_t* dx, float* dgamma, float* dbeta) {
  (shape.silu ? backward<true> : backward<false>)(shape, x, dy, gamma, beta, statistics, dx, dgamma, dbeta);
}

}  // namespace atelier::vision::kernels
