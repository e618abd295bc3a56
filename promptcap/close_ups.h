#pragma once
/// The things in a picture, each cut out and seen from closer: what the joint model reads beside the whole (fusion::CloseUp).
///
/// Where tiles of a grid (LLaVA-NeXT) would cut through things, the sketchpad's eyes find them first: whatever stands apart
/// from an even background. On a background that is not even nothing is found, and the whole picture is all that is read.
#include "fusion/model.h"
#include "vision/image.h"

#include <array>
#include <vector>

namespace atelier::promptcap {

struct Part {
  vision::Image image;      // square, of `pixels` a side
  std::array<float, 4> box; // left, top, width, height, in [0, 1] of the square that the whole picture is fitted to
};

/// The largest things that are well smaller than the picture. @param picture  RGB or RGBA, of any size
std::vector<Part> close_ups(const vision::Image& picture, int64_t pixels);

/// Boxes as fusion::CloseUp has them. @return (parts, 4) fp32
Tensor boxes_of(const std::vector<Part>& parts);

}  // namespace atelier::promptcap
