#include "vision/image.h"

#include "base/error.h"

#include <algorithm>
#include <cmath>
#include <numbers>

// Pillow's resampling: a horizontal and then a vertical pass with the filter widened by the shrink factor, each in
// integers (coefficients with 22 bits after the point) and rounded to 8 bits.
namespace atelier::vision {
namespace {

constexpr int kFractionBits = 22;

double triangle(double x) { return std::max(0.0, 1 - std::abs(x)); }

double cubic(double x) {  // Keys, a = -0.5
  constexpr double a = -0.5;
  x = std::abs(x);
  if (x < 1) return ((a + 2) * x - (a + 3)) * x * x + 1;
  return x < 2 ? (((x - 5) * x + 8) * x - 4) * a : 0;
}

double sinc(double x) { return x == 0 ? 1 : std::sin(x * std::numbers::pi) / (x * std::numbers::pi); }
double lanczos3(double x) { return -3 <= x && x < 3 ? sinc(x) * sinc(x / 3) : 0; }

/// The inputs and integer weights of every output along one axis.
struct Taps {
  int64_t width;               // weights kept an output
  std::vector<int64_t> first;  // (outputs)
  std::vector<int64_t> count;  // (outputs)
  std::vector<int32_t> weights;  // (outputs, width)
};

Taps make_taps(int64_t in, int64_t out, double (*filter)(double), double radius) {
  const double scale = static_cast<double>(in) / out, stretch = std::max(1.0, scale), support = radius * stretch;
  Taps taps{static_cast<int64_t>(std::ceil(support)) * 2 + 1, {}, {}, {}};
  taps.weights.assign(out * taps.width, 0);
  std::vector<double> exact(taps.width);
  for (int64_t i = 0; i < out; ++i) {
    const double centre = (i + 0.5) * scale;
    const int64_t first = std::max<int64_t>(0, static_cast<int64_t>(centre - support + 0.5));
    const int64_t last = std::min(in, static_cast<int64_t>(centre + support + 0.5));
    double total = 0;
    for (int64_t x = first; x < last; ++x) total += exact[x - first] = filter((x - centre + 0.5) / stretch);
    for (int64_t x = 0; x < last - first; ++x) {
      const double weight = (total != 0 ? exact[x] / total : exact[x]) * (1 << kFractionBits);
      taps.weights[i * taps.width + x] = static_cast<int32_t>(weight + (weight < 0 ? -0.5 : 0.5));
    }
    taps.first.push_back(first);
    taps.count.push_back(last - first);
  }
  return taps;
}

uint8_t to_byte(int32_t sum) { return static_cast<uint8_t>(std::clamp(sum >> kFractionBits, 0, 255)); }

constexpr int32_t kHalf = 1 << (kFractionBits - 1);

template <int kChannels>
Image horizontal(const Image& image, int64_t width, const Taps& taps) {
  Image out(width, image.height, kChannels);
  for (int64_t y = 0; y < image.height; ++y) {
    for (int64_t x = 0; x < width; ++x) {
      const uint8_t* from = image.at(taps.first[x], y);
      const int32_t* weights = &taps.weights[x * taps.width];
      int32_t sums[kChannels];
      std::fill_n(sums, kChannels, kHalf);
      for (int64_t k = 0; k < taps.count[x]; ++k, from += kChannels)
        for (int c = 0; c < kChannels; ++c) sums[c] += from[c] * weights[k];
      for (int c = 0; c < kChannels; ++c) out.at(x, y)[c] = to_byte(sums[c]);
    }
  }
  return out;
}

Image vertical(const Image& image, int64_t height, const Taps& taps) {
  Image out(image.width, height, image.channels);
  const int64_t row = image.width * image.channels;
  std::vector<int32_t> sums(row);
  for (int64_t y = 0; y < height; ++y) {
    std::fill(sums.begin(), sums.end(), kHalf);
    for (int64_t k = 0; k < taps.count[y]; ++k) {
      const uint8_t* from = image.at(0, taps.first[y] + k);
      const int32_t weight = taps.weights[y * taps.width + k];
      for (int64_t i = 0; i < row; ++i) sums[i] += from[i] * weight;
    }
    std::transform(sums.begin(), sums.end(), out.at(0, y), to_byte);
  }
  return out;
}

Image nearest(const Image& image, int64_t width, int64_t height) {
  Image out(width, height, image.channels);
  const double step_x = static_cast<double>(image.width) / width, step_y = static_cast<double>(image.height) / height;
  for (int64_t y = 0; y < height; ++y) {
    const int64_t from_y = std::min(image.height - 1, static_cast<int64_t>((y + 0.5) * step_y));
    for (int64_t x = 0; x < width; ++x) {
      const int64_t from_x = std::min(image.width - 1, static_cast<int64_t>((x + 0.5) * step_x));
      std::copy_n(image.at(from_x, from_y), image.channels, out.at(x, y));
    }
  }
  return out;
}

// Colours are weighted by their alpha, or the hidden colour of transparent pixels would bleed into the edges.
void premultiply(Image& image) {
  for (uint8_t* p = image.pixels.data(); p != image.pixels.data() + image.pixels.size(); p += 4)
    for (int c = 0; c < 3; ++c) {
      const int product = p[c] * p[3] + 128;
      p[c] = static_cast<uint8_t>(((product >> 8) + product) >> 8);
    }
}

void unpremultiply(Image& image) {
  for (uint8_t* p = image.pixels.data(); p != image.pixels.data() + image.pixels.size(); p += 4)
    if (p[3] != 0 && p[3] != 255)
      for (int c = 0; c < 3; ++c) p[c] = static_cast<uint8_t>(std::min(255, 255 * p[c] / p[3]));
}

}  // namespace

Image resize(const Image& image, int64_t width, int64_t height, Filter filter) {
  REQUIRE(width >= 1 && width <= 32768 && height >= 1 && height <= 32768,
          "a picture can be resized to sides of 1 to 32768 pixels, not {} x {}", width, height);
  if (width == image.width && height == image.height) return image;
  if (filter == Filter::nearest) return nearest(image, width, height);

  double (*const curve)(double) = filter == Filter::bilinear ? triangle : filter == Filter::bicubic ? cubic : lanczos3;
  const double radius = filter == Filter::bilinear ? 1 : filter == Filter::bicubic ? 2 : 3;
  Image out = image;
  if (out.channels == 4) premultiply(out);
  if (width != out.width) {
    const Taps taps = make_taps(out.width, width, curve, radius);
    out = out.channels == 4 ? horizontal<4>(out, width, taps) : horizontal<3>(out, width, taps);
  }
  if (height != out.height) out = vertical(out, height, make_taps(out.height, height, curve, radius));
  if (out.channels == 4) unpremultiply(out);
  return out;
}

}  // namespace atelier::vision
