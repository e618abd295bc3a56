// Compiled with -fno-math-errno: otherwise sqrt is a call that keeps the loop from vectorising.
#include "base/flat.h"

#include <algorithm>
#include <cmath>
#include <cstring>

namespace atelier::base::flat {
namespace {

constexpr int64_t kBlock = 16384;  // numbers a task: 64 KB, a part of every stream fits the second-level cache

float from_bf16(uint16_t x) {
  const uint32_t bits = uint32_t{x} << 16;
  float value;
  std::memcpy(&value, &bits, sizeof value);
  return value;
}

/// Round to nearest, ties to even.
uint16_t to_bf16(float x) {
  uint32_t bits;
  std::memcpy(&bits, &x, sizeof bits);
  return static_cast<uint16_t>((bits + 0x7fff + ((bits >> 16) & 1)) >> 16);
}

void store(uint16_t* to, int64_t i, float x) { to[i] = to_bf16(x); }
void store(float* to, int64_t i, float x) { to[i] = x; }
float load(const uint16_t* from, int64_t i) { return from_bf16(from[i]); }
float load(const float* from, int64_t i) { return from[i]; }

/// work(begin, end) for each block of 0..count.
template <class Work>
void for_blocks(int64_t count, int threads, const Work& work) {
#pragma omp parallel for num_threads(threads) schedule(static)
  for (int64_t begin = 0; begin < count; begin += kBlock) work(begin, std::min(begin + kBlock, count));
}

float block_sum_of_squares(const float* x, int64_t count) {
  float sum = 0;
#pragma omp simd reduction(+ : sum)
  for (int64_t i = 0; i < count; ++i) sum += x[i] * x[i];
  return sum;
}

template <class Leaf>
void adamw_block(float* __restrict master, float* __restrict gradient, float* __restrict average,
                 Leaf* __restrict leaf, float* __restrict exp_avg, float* __restrict exp_avg_sq, int64_t count,
                 const AdamW w) {
#pragma omp simd
  for (int64_t i = 0; i < count; ++i) {
    const float g = gradient[i] * w.gradient_scale;
    const float m = exp_avg[i] + (g - exp_avg[i]) * w.beta1_rest;
    const float v = exp_avg_sq[i] * w.beta2 + g * g * w.beta2_rest;
    const float p = master[i] * w.keep - w.step_size * m / (std::sqrt(v) * w.root_scale + w.epsilon);
    exp_avg[i] = m;
    exp_avg_sq[i] = v;
    master[i] = p;
    average[i] += (p - average[i]) * w.average_rest;
    store(leaf, i, p);
    gradient[i] = 0;
  }
}

template <class Leaf, class Direction>
void descend_block(float* __restrict master, float* __restrict gradient, float* __restrict average,
                   Leaf* __restrict leaf, const Direction* __restrict direction, int64_t count, float keep,
                   float step_size, float average_rest) {
#pragma omp simd
  for (int64_t i = 0; i < count; ++i) {
    const float p = master[i] * keep - step_size * load(direction, i);
    master[i] = p;
    average[i] += (p - average[i]) * average_rest;
    store(leaf, i, p);
    gradient[i] = 0;
  }
}

template <class From>
void add_block(float* __restrict to, const From* __restrict from, int64_t count) {
#pragma omp simd
  for (int64_t i = 0; i < count; ++i) to[i] += load(from, i);
}

template <class Direction>
void direction_of(const float* __restrict g, float* __restrict m, Direction* __restrict direction, int64_t size,
                  float momentum, float gradient_scale, float scale) {
  const float rest = (1 - momentum) * gradient_scale;
  double squares = 0;
  for (int64_t begin = 0; begin < size; begin += kBlock) {
    const int64_t end = std::min(begin + kBlock, size);
    float sum = 0;
#pragma omp simd reduction(+ : sum)
    for (int64_t i = begin; i < end; ++i) {
      m[i] = momentum * m[i] + rest * g[i];
      const float u = rest * g[i] + momentum * m[i];
      sum += u * u;
    }
    squares += sum;
  }
  const float factor = scale / (static_cast<float>(std::sqrt(squares)) + 1e-7f);
#pragma omp simd
  for (int64_t i = 0; i < size; ++i) store(direction, i, factor * (rest * g[i] + momentum * m[i]));
}

}  // namespace

void add(const std::vector<Addend>& addends, int threads) {
  std::vector<Addend> pieces;  // so that one large embedding does not keep a single thread busy
  for (const Addend& a : addends) {
    for (int64_t begin = 0; begin < a.count; begin += kBlock)
      pieces.push_back({a.to + begin, a.from_bf16 ? a.from_bf16 + begin : nullptr,
                        a.from_float ? a.from_float + begin : nullptr, std::min(kBlock, a.count - begin)});
  }
#pragma omp parallel for num_threads(threads) schedule(static)
  for (size_t k = 0; k < pieces.size(); ++k) {
    const Addend& a = pieces[k];
    a.from_bf16 != nullptr ? add_block(a.to, a.from_bf16, a.count) : add_block(a.to, a.from_float, a.count);
  }
}

double sum_of_squares(const float* x, int64_t count, int threads) {
  std::vector<double> sums(static_cast<size_t>((count + kBlock - 1) / kBlock));
  for_blocks(count, threads, [&](int64_t begin, int64_t end) {
    sums[static_cast<size_t>(begin / kBlock)] = block_sum_of_squares(x + begin, end - begin);
  });
  double sum = 0;
  for (const double s : sums) sum += s;
  return sum;
}

void adamw(const Stretch& s, float* exp_avg, float* exp_avg_sq, const AdamW& w, int threads) {
  for_blocks(s.count, threads, [&](int64_t begin, int64_t end) {
    const auto update = [&](auto* leaf) {
      adamw_block(s.master + begin, s.gradient + begin, s.average + begin, leaf + begin, exp_avg + begin,
                  exp_avg_sq + begin, end - begin, w);
    };
    s.leaf_bf16 != nullptr ? update(s.leaf_bf16) : update(s.leaf_float);
  });
}

void nesterov(const float* gradient, float* buffer, uint16_t* direction_bf16, float* direction_float, int64_t matrices,
              int64_t size, float momentum, float gradient_scale, float scale, int threads) {
#pragma omp parallel for num_threads(threads) schedule(static)
  for (int64_t k = 0; k < matrices; ++k) {
    const auto update = [&](auto* direction) {
      direction_of(gradient + k * size, buffer + k * size, direction + k * size, size, momentum, gradient_scale,
                   scale);
    };
    direction_bf16 != nullptr ? update(direction_bf16) : update(direction_float);
  }
}

void descend(const Stretch& s, const uint16_t* direction_bf16, const float* direction_float, float keep,
             float step_size, float average_rest, int threads) {
  for_blocks(s.count, threads, [&](int64_t begin, int64_t end) {
    const auto update = [&](auto* leaf, const auto* direction) {
      descend_block(s.master + begin, s.gradient + begin, s.average + begin, leaf + begin, direction + begin,
                    end - begin, keep, step_size, average_rest);
    };
    if (direction_bf16 != nullptr)
      s.leaf_bf16 != nullptr ? update(s.leaf_bf16, direction_bf16) : update(s.leaf_float, direction_bf16);
    else
      s.leaf_bf16 != nullptr ? update(s.leaf_bf16, direction_float) : update(s.leaf_float, direction_float);
  });
}

}  // namespace atelier::base::flat
