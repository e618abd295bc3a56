#include "corpus/palette.h"

#include <fmt/format.h>

#include <limits>
#include <span>

namespace atelier::corpus {
namespace {

std::string nearest(const Rgb& colour, std::initializer_list<std::span<const Colour>> palettes) {
  std::string name;
  double least = std::numeric_limits<double>::infinity();
  for (const auto& palette : palettes)
    for (const Colour& candidate : palette)
      if (const double d = distance(colour, candidate.value); d < least) least = d, name = candidate.name;
  return name;
}

}  // namespace

std::string colour_name(const Rgb& colour) { return nearest(colour, {kColours}); }

std::string ground_name(const Rgb& top, const Rgb& bottom) {
  const std::string above = nearest(top, {kPale, kStrong}), below = nearest(bottom, {kPale, kStrong});
  return above == below ? above : fmt::format("{} fading to {}", above, below);
}

}  // namespace atelier::corpus
