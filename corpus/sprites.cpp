#include "corpus/sprites.h"

#include "base/error.h"
#include "corpus/render.h"

#include <algorithm>
#include <array>
#include <cmath>

namespace atelier::corpus {
namespace {

constexpr int64_t kMinimum = 8;

/// The share of each input pixel in the one or two output pixels that it overlaps; side <= 128, so never more.
struct Shares {
  std::array<int16_t, kSide> first;
  std::array<float, kSide> of_first, of_second;  // of_second belongs to first + 1
};

Shares shares_of(int64_t side) {
  Shares shares;
  const double scale = static_cast<double>(side) / kSide;
  for (int64_t i = 0; i < kSide; ++i) {
    const double begin = i * scale, end = (i + 1) * scale;
    const auto first = static_cast<int64_t>(begin);
    const double inside = std::min(end, static_cast<double>(first + 1)) - begin;
    shares.first[i] = static_cast<int16_t>(first);
    shares.of_first[i] = static_cast<float>(inside);
    shares.of_second[i] = first + 1 < side ? static_cast<float>(std::max(0.0, scale - inside)) : 0.0f;
  }
  return shares;
}

const Shares& shares(int64_t side) {
  static const std::vector<Shares> all = [] {
    std::vector<Shares> table;
    for (int64_t s = kMinimum; s <= kSide; ++s) table.push_back(shares_of(s));
    return table;
  }();
  return all[side - kMinimum];
}

void add_row(float* to, const float* row, float share) {
  for (int64_t i = 0; i < kSide * 4; ++i) to[i] += row[i] * share;
}

}  // namespace

Sprite shrink(const uint8_t* rgba, int64_t side, const std::optional<Rgb>& tint) {
  ASSERT(side >= kMinimum && side <= kSide);
  const Shares& share = shares(side);
  // Down first, while rows are whole and contiguous, then across.
  std::vector<float> narrow(static_cast<size_t>(side * kSide * 4));  // (side, 128, 4)
  std::array<float, kSide * 4> row;
  for (int64_t y = 0; y < kSide; ++y) {
    const uint8_t* in = rgba + y * kSide * 4;
    for (int64_t x = 0; x < kSide; ++x, in += 4) {
      const float alpha = in[3], weight = alpha * (1.0f / 255);
      row[x * 4 + 0] = (tint ? (*tint)[0] : in[0]) * weight;
      row[x * 4 + 1] = (tint ? (*tint)[1] : in[1]) * weight;
      row[x * 4 + 2] = (tint ? (*tint)[2] : in[2]) * weight;
      row[x * 4 + 3] = alpha;
    }
    float* to = narrow.data() + share.first[y] * kSide * 4;
    add_row(to, row.data(), share.of_first[y]);
    if (share.of_second[y] > 0) add_row(to + kSide * 4, row.data(), share.of_second[y]);
  }

  Sprite sprite{side, std::vector<float>(static_cast<size_t>(side * side * 4)), {}};
  std::array<double, 4> sum{};
  for (int64_t y = 0; y < side; ++y) {
    const float* in = narrow.data() + y * kSide * 4;
    float* out = sprite.pixels.data() + y * side * 4;
    for (int64_t x = 0; x < kSide; ++x, in += 4) {
      float* to = out + share.first[x] * 4;
      for (int c = 0; c < 4; ++c) to[c] += in[c] * share.of_first[x];
      if (share.of_second[x] > 0)
        for (int c = 0; c < 4; ++c) to[4 + c] += in[c] * share.of_second[x];
    }
    for (int64_t x = 0; x < side; ++x)
      for (int c = 0; c < 4; ++c) sum[c] += out[x * 4 + c];
  }
  for (int c = 0; c < 3; ++c) sprite.mean[c] = sum[3] > 0 ? static_cast<uint8_t>(std::min(255.0, sum[c] * 255 / sum[3] + 0.5)) : 0;
  return sprite;
}

void paste(vision::Image& canvas, const Sprite& sprite, int64_t left, int64_t top) {
  ASSERT(canvas.channels == 3 && left >= 0 && top >= 0 && left + sprite.side <= canvas.width && top + sprite.side <= canvas.height);
  const float* in = sprite.pixels.data();
  for (int64_t y = 0; y < sprite.side; ++y) {
    uint8_t* out = canvas.at(left, top + y);
    for (int64_t x = 0; x < sprite.side; ++x, in += 4, out += 3) {
      const float rest = 1.0f - in[3] * (1.0f / 255);
      for (int c = 0; c < 3; ++c) out[c] = static_cast<uint8_t>(std::min(255.0f, in[c] + out[c] * rest + 0.5f));
    }
  }
}

double distance(const Rgb& a, const Rgb& b) {
  double sum = 0;
  for (int c = 0; c < 3; ++c) sum += (double(a[c]) - b[c]) * (double(a[c]) - b[c]);
  return std::sqrt(sum);
}

}  // namespace atelier::corpus
