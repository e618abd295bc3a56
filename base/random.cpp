#include "base/random.h"

#include "base/error.h"

#include <ATen/CPUGeneratorImpl.h>

#include <algorithm>
#include <cmath>
#include <numbers>

namespace atelier::base {
namespace {

constexpr uint64_t kGolden = 0x9e3779b97f4a7c15;  // 2^64 / golden ratio, SplitMix64's step

uint64_t finalise(uint64_t z) {
  z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9;
  z = (z ^ (z >> 27)) * 0x94d049bb133111eb;
  return z ^ (z >> 31);
}

}  // namespace

uint64_t mix(uint64_t a, uint64_t b, uint64_t c) {
  return finalise(finalise(finalise(a + kGolden) + b + kGolden) + c + kGolden);
}

uint64_t hash(std::string_view text) {
  uint64_t value = 0xcbf29ce484222325;
  for (const char c : text) value = (value ^ static_cast<uint8_t>(c)) * 0x100000001b3;
  return value;
}

at::Generator generator(uint64_t a, uint64_t b, uint64_t c) {
  // LibTorch seeds mt19937 with the low 32 bits of a seed alone, and of 100,000 such keys two are likely to be equal.
  // So the whole state is filled from the 64-bit key.
  Random words(a, b, c);
  at::mt19937_data_pod state;
  state.seed_ = mix(a, b, c);
  state.seeded_ = true;
  state.left_ = 1;
  state.next_ = 0;
  for (auto& word : state.state_) word = static_cast<uint32_t>(words.next() >> 32);
  at::mt19937 engine;
  engine.set_data(state);

  at::Generator result = at::detail::createCPUGenerator(state.seed_);
  at::check_generator<at::CPUGeneratorImpl>(result)->set_engine(engine);
  return result;
}

uint64_t Random::next() { return finalise(state_ += kGolden); }

double Random::uniform() { return static_cast<double>(next() >> 11) * 0x1p-53; }

int64_t Random::below(int64_t n) {
  ASSERT(n >= 1);
  // Lemire's multiplication; the rare draws that would favour some results are drawn again.
  const auto range = static_cast<uint64_t>(n);
  const uint64_t favoured = -range % range;  // 2^64 mod n
  for (;;) {
    const auto product = static_cast<unsigned __int128>(next()) * range;
    if (static_cast<uint64_t>(product) >= favoured) return static_cast<int64_t>(product >> 64);
  }
}

int64_t Random::weighted(std::span<const double> sums) {
  // uniform() is at most 1 - 2^-53, and a number times that rounds to less than the number: the end is never reached.
  return std::upper_bound(sums.begin(), sums.end(), uniform() * sums.back()) - sums.begin();
}

double Random::normal() {
  const double radius = std::sqrt(-2 * std::log(1 - uniform()));  // 1 - [0, 1): never log 0
  return radius * std::cos(2 * std::numbers::pi * uniform());
}

}  // namespace atelier::base
