#include "vision/train/augmentation.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <numbers>
#include <utility>

namespace atelier::vision {
namespace {

using Colour = std::array<float, 3>;  // [0, 1]

// Source position of output position (x, y), both with the origin in the picture's centre.
struct Affine {
  float xx = 1, xy = 0, x0 = 0, yx = 0, yy = 1, y0 = 0;
};

// Between two colours along a direction; flat if both are equal.
struct Background {
  Colour from = {1, 1, 1}, to = {1, 1, 1};
  float dx = 0, dy = 0;  // change of the mixing share a pixel
};

Affine draw_affine(const AugmentationConfig& config, int64_t side, base::Random& random) {
  double scale = 1, angle = 0, shift_x = 0, shift_y = 0;
  if (random.chance(config.affine)) {
    // Even in the logarithm: as often half as large as twice.
    scale = config.min_scale * std::pow(config.max_scale / config.min_scale, random.uniform());
    shift_x = (2 * random.uniform() - 1) * config.shift * static_cast<double>(side);
    shift_y = (2 * random.uniform() - 1) * config.shift * static_cast<double>(side);
    if (random.chance(0.5)) angle = (2 * random.uniform() - 1) * config.rotation;
  }
  const double mirror = random.chance(config.flip) ? -1 : 1;
  const double c = std::cos(angle) / scale, s = std::sin(angle) / scale;
  Affine a;
  a.xx = static_cast<float>(mirror * c);
  a.xy = static_cast<float>(mirror * s);
  a.x0 = static_cast<float>(-mirror * (c * shift_x + s * shift_y));
  a.yx = static_cast<float>(-s);
  a.yy = static_cast<float>(c);
  a.y0 = static_cast<float>(s * shift_x - c * shift_y);
  return a;
}

Colour draw_colour(base::Random& random) {
  Colour colour;
  for (float& c : colour) c = static_cast<float>(random.uniform());
  return colour;
}

Background draw_background(const AugmentationConfig& config, int64_t side, base::Random& random) {
  Background background;
  if (!random.chance(config.background)) return background;
  background.from = background.to = draw_colour(random);
  if (random.chance(0.5)) return background;
  background.to = draw_colour(random);
  const double angle = 2 * std::numbers::pi * random.uniform();
  background.dx = static_cast<float>(std::cos(angle) / static_cast<double>(side));
  background.dy = static_cast<float>(std::sin(angle) / static_cast<double>(side));
  return background;
}

// Bilinear, on premultiplied colours so that what is transparent has none; outside of the picture all is.
void render(const uint8_t* rgba, int64_t side, const Affine& a, const Background& b, float* out) {
  const float centre = static_cast<float>(side - 1) / 2;
  const int64_t plane = side * side;
  for (int64_t y = 0; y < side; ++y) {
    const float v = static_cast<float>(y) - centre;
    for (int64_t x = 0; x < side; ++x) {
      const float u = static_cast<float>(x) - centre;
      const float sx = a.xx * u + a.xy * v + a.x0 + centre, sy = a.yx * u + a.yy * v + a.y0 + centre;
      const float fx = std::floor(sx), fy = std::floor(sy), wx = sx - fx, wy = sy - fy;
      const auto ix = static_cast<int64_t>(fx), iy = static_cast<int64_t>(fy);
      float alpha = 0, red = 0, green = 0, blue = 0;
      for (int64_t j = 0; j < 2; ++j) {
        for (int64_t i = 0; i < 2; ++i) {
          if (ix + i < 0 || ix + i >= side || iy + j < 0 || iy + j >= side) continue;
          const uint8_t* p = rgba + ((iy + j) * side + ix + i) * 4;
          const float cover = (i == 0 ? 1 - wx : wx) * (j == 0 ? 1 - wy : wy) * static_cast<float>(p[3]) / 255;
          alpha += cover;
          red += cover * static_cast<float>(p[0]);
          green += cover * static_cast<float>(p[1]);
          blue += cover * static_cast<float>(p[2]);
        }
      }
      const float share = std::clamp(0.5F + b.dx * u + b.dy * v, 0.0F, 1.0F);
      const float sum[3] = {red, green, blue};
      for (int64_t c = 0; c < 3; ++c) {
        const float behind = b.from[c] + share * (b.to[c] - b.from[c]);
        out[c * plane + y * side + x] = 2 * (sum[c] / 255 + (1 - alpha) * behind) - 1;
      }
    }
  }
}

}  // namespace

void augment(const AugmentationConfig& config, const uint8_t* rgba, int64_t side, base::Random random, float* out) {
  const Affine affine = draw_affine(config, side, random);
  const Background background = draw_background(config, side, random);
  render(rgba, side, affine, background, out);
  if (!random.chance(config.recolour)) return;
  const int64_t plane = side * side;
  if (random.chance(1.0 / 3)) {
    for (int64_t i = 0; i < 3 * plane; ++i) out[i] = -out[i];
    return;
  }
  for (int64_t c = 2; c > 0; --c) {
    const int64_t other = random.below(c + 1);
    if (other != c) std::swap_ranges(out + c * plane, out + (c + 1) * plane, out + other * plane);
  }
}

void plain(const uint8_t* rgba, int64_t side, float* out) { render(rgba, side, {}, {}, out); }

}  // namespace atelier::vision
