#pragma once
/// Random numbers that do not depend on what was drawn before: a generator is a function of a key.
///
/// A trainer keys each step's draws by (seed, stream, step), so that a resumed run needs no saved generator state;
/// a sampler keys each picture's by its own seed, so that a batch equals its singles.
#include "base/tensor.h"

#include <cstdint>
#include <span>
#include <string_view>

namespace atelier::base {

/// SplitMix64's finaliser over the parts: well-mixed 64 bits from small integers.
uint64_t mix(uint64_t a, uint64_t b = 0, uint64_t c = 0);

/// FNV-1a: a key of a text, the same on every machine and in every build, unlike std::hash. Its high bits vary little: mix() them.
uint64_t hash(std::string_view text);

/// A CPU generator (mt19937) of this key.
at::Generator generator(uint64_t a, uint64_t b = 0, uint64_t c = 0);

/// For plain C++ draws (data choice, captions): SplitMix64, cheap to make and to copy.
class Random {
 public:
  explicit Random(uint64_t a, uint64_t b = 0, uint64_t c = 0) : state_(mix(a, b, c)) {}
  uint64_t next();
  double uniform();                                    // [0, 1)
  int64_t below(int64_t n);                            // 0..n-1, n >= 1
  int64_t between(int64_t low, int64_t high) { return low + below(high - low + 1); }  // both ends included
  bool chance(double p) { return uniform() < p; }
  double normal();                                     // mean 0, deviation 1
  /// One of several, each as often as its weight says. @param sums  of the weights up to each, itself included; the last
  /// one above 0 @return its place; never one without weight
  int64_t weighted(std::span<const double> sums);

 private:
  uint64_t state_;
};

}  // namespace atelier::base
