#include "promptcap/things.h"

#include "corpus/palette.h"
#include "sketchpad/tools/found.h"

#include <algorithm>
#include <cmath>
#include <optional>

namespace atelier::promptcap {
namespace {

constexpr size_t kMostThings = 12;    // nobody reads a longer list
constexpr int64_t kLookedAt = 512;    // pixels of the longer side that things are looked for at
constexpr double kLeastArea = 0.003;  // of a thing, share of the picture
constexpr double kJoin = 0.02;        // parts of a thing lie nearer, share of the shorter side
constexpr double kBit = 0.2, kBitGap = 0.07;  // of the longer side: how large a bit is at most, and how near
constexpr double kMargin = 1.1;
constexpr double kEven = 0.9;         // of an edge's pixels, if the ground is even
constexpr double kLevel = 30;         // distance of colours that are one
constexpr double kInk = 60, kMix = 14;        // distance of ink from the ground, of a mix from what it is of
constexpr double kPlain = 0.97, kFlat = 0.3;  // share of a thing's ink that its one colour explains, and covers

vision::Image looked_at(const vision::Image& picture) {
  vision::Image image = picture.channels == 4 ? vision::over(picture, {255, 255, 255}) : picture;
  if (const int64_t longer = std::max(image.width, image.height); longer > kLookedAt) {
    const auto shrunk = [&](int64_t side) { return std::max<int64_t>(1, side * kLookedAt / longer); };
    image = vision::resize(image, shrunk(image.width), shrunk(image.height), vision::Filter::bilinear);
  }
  return image;
}

corpus::Rgb at(const vision::Image& image, int64_t x, int64_t y) { return {image.at(x, y)[0], image.at(x, y)[1], image.at(x, y)[2]}; }

/// A ground that is even from left to right.
struct Ground {
  corpus::Rgb top, bottom;

  std::array<double, 3> row(double share) const {
    std::array<double, 3> colour;
    for (int c = 0; c < 3; ++c) colour[c] = top[c] + (bottom[c] - top[c]) * share;
    return colour;
  }
};

std::optional<Ground> ground(const vision::Image& image) {
  const auto edge = [&](int64_t y) -> std::optional<corpus::Rgb> {
    corpus::Rgb median;
    for (int c = 0; c < 3; ++c) {
      std::vector<uint8_t> values;
      for (int64_t x = 0; x < image.width; ++x) values.push_back(image.at(x, y)[c]);
      std::ranges::nth_element(values, values.begin() + image.width / 2);
      median[c] = values[image.width / 2];
    }
    int64_t near = 0;
    for (int64_t x = 0; x < image.width; ++x) near += corpus::distance(at(image, x, y), median) < kLevel;
    return static_cast<double>(near) >= kEven * static_cast<double>(image.width) ? std::optional(median) : std::nullopt;
  };
  const auto top = edge(0), bottom = edge(image.height - 1);
  return top && bottom ? std::optional(Ground{*top, *bottom}) : std::nullopt;
}

/// A bit of something that lies beside a larger thing is a part of it: a coin above its piggy bank.
void join_bits(std::vector<sketchpad::Found>& things, int64_t longer) {
  const auto side = [](const cv::Rect& box) { return std::max(box.width, box.height); };
  std::ranges::stable_sort(things, {}, [&](const sketchpad::Found& thing) { return side(thing.box); });
  for (size_t i = 0; i < things.size();) {
    const cv::Rect& bit = things[i].box;
    size_t nearest = i;
    double least = kBitGap * static_cast<double>(longer);
    for (size_t j = i + 1; side(bit) < kBit * static_cast<double>(longer) && j < things.size(); ++j) {
      const cv::Rect& thing = things[j].box;
      const int dx = std::max({0, thing.x - bit.br().x, bit.x - thing.br().x}), dy = std::max({0, thing.y - bit.br().y, bit.y - thing.br().y});
      if (2 * side(bit) <= side(thing) && std::hypot(dx, dy) < least) least = std::hypot(dx, dy), nearest = j;
    }
    if (nearest == i) {
      ++i;
      continue;
    }
    things[nearest].box |= bit;
    things.erase(things.begin() + static_cast<ptrdiff_t>(i));
  }
}

/// A thing is painted in one colour if each of its pixels is a mix of that and the ground. @return its name, or nothing
std::string one_colour(const vision::Image& image, const cv::Rect& box, const Ground& ground) {
  struct Pixel {
    std::array<double, 3> off;  // from the ground
    double length;
  };
  std::vector<Pixel> pixels;
  for (int64_t y = box.y; y < box.y + box.height; ++y) {
    const auto under = ground.row((static_cast<double>(y) + 0.5) / static_cast<double>(image.height));
    for (int64_t x = box.x; x < box.x + box.width; ++x) {
      Pixel pixel = {{}, 0};
      for (int c = 0; c < 3; ++c) pixel.off[c] = image.at(x, y)[c] - under[c], pixel.length += pixel.off[c] * pixel.off[c];
      pixel.length = std::sqrt(pixel.length);
      if (pixel.length > kInk) pixels.push_back(pixel);
    }
  }
  if (pixels.empty()) return {};
  // The paint is where it covers the ground: almost the farthest from it, whatever a stray pixel is.
  const auto paint = pixels.begin() + static_cast<ptrdiff_t>(0.9 * static_cast<double>(pixels.size() - 1));
  std::ranges::nth_element(pixels, paint, {}, &Pixel::length);
  const Pixel full = *paint;
  int64_t mixed = 0, covered = 0;
  for (const Pixel& pixel : pixels) {
    double along = 0, beside = 0;
    for (int c = 0; c < 3; ++c) along += pixel.off[c] * full.off[c] / (full.length * full.length);
    for (int c = 0; c < 3; ++c) beside += std::pow(pixel.off[c] - along * full.off[c], 2);
    mixed += std::sqrt(beside) < kMix && along < 1.15;
    covered += along > 0.85;
  }
  const auto share = [&](int64_t count) { return static_cast<double>(count) / static_cast<double>(pixels.size()); };
  if (share(mixed) < kPlain || share(covered) < kFlat) return {};
  const auto under = ground.row((box.y + box.height / 2.0) / static_cast<double>(image.height));
  corpus::Rgb colour;
  for (int c = 0; c < 3; ++c) colour[c] = static_cast<uint8_t>(std::clamp(under[c] + full.off[c], 0., 255.));
  return corpus::colour_name(colour);
}

}  // namespace

std::vector<Part> things_in(const vision::Image& picture, int64_t pixels) {
  const vision::Image image = looked_at(picture);
  const std::optional<Ground> even = ground(image);
  std::vector<sketchpad::Found> things = sketchpad::see_things(sketchpad::to_mat(image), kLeastArea, kJoin);
  join_bits(things, std::max(image.width, image.height));
  std::ranges::stable_sort(things, std::greater{}, [](const sketchpad::Found& thing) { return thing.box.area(); });
  if (things.size() > kMostThings) things.resize(kMostThings);

  std::vector<Part> parts;
  for (const sketchpad::Found& thing : things) {
    const auto side = static_cast<int64_t>(std::lround(kMargin * std::max(thing.box.width, thing.box.height)));
    const int64_t width = std::min(side, image.width), height = std::min(side, image.height);
    const int64_t x = std::clamp<int64_t>(thing.box.x + (thing.box.width - width) / 2, 0, image.width - width);
    const int64_t y = std::clamp<int64_t>(thing.box.y + (thing.box.height - height) / 2, 0, image.height - height);
    const auto of = [](int64_t pixels, int64_t side) { return static_cast<float>(pixels) / static_cast<float>(side); };
    parts.push_back({vision::fit_square(vision::crop(image, x, y, width, height), pixels),
                     {of(thing.box.x, image.width), of(thing.box.y, image.height), of(thing.box.width, image.width), of(thing.box.height, image.height)},
                     even ? one_colour(image, thing.box, *even) : ""});
  }
  return parts;
}

std::string ground_of(const vision::Image& picture) {
  const std::optional<Ground> even = ground(looked_at(picture));
  return even ? corpus::ground_name(even->top, even->bottom) : "";
}

}  // namespace atelier::promptcap
