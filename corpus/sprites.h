#pragma once
/// Corpus pictures shrunk and laid on a canvas.
#include "vision/image.h"

#include <array>
#include <cstdint>
#include <optional>
#include <vector>

namespace atelier::corpus {

using Rgb = std::array<uint8_t, 3>;

/// A picture shrunk to side x side: colour times alpha and alpha, floats in [0, 255], so that edges blend exactly.
struct Sprite {
  int64_t side = 0;
  std::vector<float> pixels;  // side * side * 4
  Rgb mean{};                 // of the ink, weighted by alpha
};

/// Area average of a 128 x 128 RGBA picture (straight alpha), side in [8, 128].
/// @param tint  replaces every pixel's colour and keeps its alpha
Sprite shrink(const uint8_t* rgba, int64_t side, const std::optional<Rgb>& tint);

/// Lays a sprite over an RGB canvas with its top left corner at (left, top); it must fit.
void paste(vision::Image& canvas, const Sprite& sprite, int64_t left, int64_t top);

/// Euclidean distance of two colours, 0 to 442.
double distance(const Rgb& a, const Rgb& b);

}  // namespace atelier::corpus
