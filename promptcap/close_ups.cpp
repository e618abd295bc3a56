#include "promptcap/close_ups.h"

#include "sketchpad/tools/found.h"

#include <algorithm>
#include <cmath>

namespace atelier::promptcap {
namespace {

constexpr size_t kMost = 4;           // reading a picture costs as much for each
constexpr int64_t kLookedAt = 512;    // pixels of the longer side that things are looked for at
constexpr double kLeastArea = 0.003;  // of a thing, share of the picture
constexpr double kJoin = 0.02;        // parts of a thing lie nearer, share of the shorter side
constexpr double kMargin = 1.1;
constexpr double kLargest = 0.75;     // share of the longer side; more would show nothing new

}  // namespace

std::vector<Part> close_ups(const vision::Image& picture, int64_t pixels) {
  vision::Image image = picture.channels == 4 ? vision::over(picture, {255, 255, 255}) : picture;
  if (const int64_t longer = std::max(image.width, image.height); longer > kLookedAt) {
    const auto shrunk = [&](int64_t side) { return std::max<int64_t>(1, side * kLookedAt / longer); };
    image = vision::resize(image, shrunk(image.width), shrunk(image.height), vision::Filter::bilinear);
  }
  const int64_t longer = std::max(image.width, image.height);
  std::vector<sketchpad::Found> things = sketchpad::see_things(sketchpad::to_mat(image), kLeastArea, kJoin);
  std::ranges::stable_sort(things, std::greater{}, [](const sketchpad::Found& thing) { return thing.box.area(); });

  std::vector<Part> parts;
  for (const sketchpad::Found& thing : things) {
    const auto side = static_cast<int64_t>(std::lround(kMargin * std::max(thing.box.width, thing.box.height)));
    if (static_cast<double>(side) > kLargest * static_cast<double>(longer)) continue;
    if (parts.size() == kMost) break;
    const int64_t width = std::min(side, image.width), height = std::min(side, image.height);
    const int64_t x = std::clamp<int64_t>(thing.box.x + (thing.box.width - width) / 2, 0, image.width - width);
    const int64_t y = std::clamp<int64_t>(thing.box.y + (thing.box.height - height) / 2, 0, image.height - height);
    // A cut that is no square is fitted to one about its middle, as is the picture.
    const double square = static_cast<double>(std::max(width, height)), whole = static_cast<double>(longer);
    const auto share = static_cast<float>(square / whole);
    const auto corner = [&](int64_t at, int64_t of, int64_t among) {
      return static_cast<float>((static_cast<double>(at) + static_cast<double>(of - among) / 2 + (whole - square) / 2) / whole);
    };
    parts.push_back({vision::fit_square(vision::crop(image, x, y, width, height), pixels),
                     {corner(x, width, image.width), corner(y, height, image.height), share, share}});
  }
  return parts;
}

Tensor boxes_of(const std::vector<Part>& parts) {
  Tensor boxes = at::empty({static_cast<int64_t>(parts.size()), 4}, at::kFloat);
  for (size_t i = 0; i < parts.size(); ++i) std::ranges::copy(parts[i].box, boxes.data_ptr<float>() + 4 * i);
  return boxes;
}

}  // namespace atelier::promptcap
