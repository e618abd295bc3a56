#pragma once
/// One drawn picture as many: moved, turned, mirrored, on other backgrounds, in other colours.
///
/// An autoencoder must learn edges and colours, not the 128x128 positions that its corpus happens to have.
#include "base/config.h"
#include "base/random.h"

#include <cstdint>

namespace atelier::vision {

struct AugmentationConfig {
  double affine = 0.6;             // share of pictures that are scaled and shifted
  double min_scale = 0.75, max_scale = 1.35;
  double shift = 0.12;             // of the side, each way
  double rotation = 0.3;           // radians, each way, for half of the affine ones
  double flip = 0.5;
  double background = 0.5;         // share on a flat or two-coloured background; the others on white
  double recolour = 0.15;          // share with colours inverted or channels permuted

  template <class Visitor>
  void visit(Visitor& v) {
    using base::range;
    v("affine", affine, range(0, 1));
    v("min_scale", min_scale, range(0.1, 10));
    v("max_scale", max_scale, range(0.1, 10));
    v("shift", shift, range(0, 1));
    v("rotation", rotation, range(0, 3.2));
    v("flip", flip, range(0, 1));
    v("background", background, range(0, 1));
    v("recolour", recolour, range(0, 1));
  }
};

/// @param rgba    (side, side, 4), straight alpha
/// @param random  the only source of chance
/// @param out     (3, side, side), written: [-1, 1]
void augment(const AugmentationConfig& config, const uint8_t* rgba, int64_t side, base::Random random, float* out);

/// The same without any change: on white.
void plain(const uint8_t* rgba, int64_t side, float* out);

}  // namespace atelier::vision
