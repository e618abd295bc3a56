#pragma once
/// What pixels alone tell of a picture: the things in it, each cut out, their colours and the ground.
///
/// Where tiles of a grid (LLaVA-NeXT) would cut through things, the sketchpad's eyes find them first: whatever stands apart
/// from an even background. On a background that is not even nothing is found.
#include "vision/image.h"

#include <array>
#include <string>
#include <vector>

namespace atelier::promptcap {

struct Part {
  vision::Image image;       // square, of `pixels` a side, with a little room around the thing
  std::array<float, 4> ink;  // where the thing itself is: left, top, width, height, in [0, 1] of the picture's own sides
  std::string colour;        // if it is painted in one alone: "red"
};

/// All that stands apart, at most twelve, the largest first. @param picture  RGB or RGBA, of any size
std::vector<Part> things_in(const vision::Image& picture, int64_t pixels);

/// What the ground is called (corpus/palette.h): "white", "light blue fading to white"; empty where it is not even.
std::string ground_of(const vision::Image& picture);

}  // namespace atelier::promptcap
