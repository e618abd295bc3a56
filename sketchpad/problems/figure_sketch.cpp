#include "sketchpad/problems/figure_sketch.h"

#include <algorithm>

namespace atelier::sketchpad {

std::vector<std::string> labels(base::Random& random, size_t count) {
  std::vector<std::string> out;
  for (char letter = 'A'; letter <= 'Z'; ++letter) out.emplace_back(1, letter);
  if (random.chance(0.5)) {
    shuffle(out, random);
    out.resize(count);
    if (random.chance(0.5)) std::sort(out.begin(), out.end());
    return out;
  }
  const auto first = out.begin() + random.below(26 - static_cast<int64_t>(count) - 1);
  out = {first, first + static_cast<std::ptrdiff_t>(count)};
  if (random.chance(0.5)) shuffle(out, random);
  return out;
}

void ask(Sketch& sketch, base::Random& random, const std::string& quantity, const std::string& words, double value) {
  sketch.value = value;
  if (random.chance(0.6) || quantity.starts_with("AreaOf") || quantity.starts_with("PerimeterOf") || quantity.starts_with("Circumference")) {
    sketch.goal = quantity;
    sketch.question = one_of({"Find " + words + ".", "What is " + words + "?", "Determine " + words + ".", "Find " + words + ". Round to the nearest tenth."}, random);
    return;
  }
  const std::string letter = one_of({"x", "y", "z"}, random);
  const int64_t slope = random.chance(0.7) ? 1 : random.between(2, 4), offset = slope > 1 || random.chance(0.2) ? random.between(1, 12) : 0;
  sketch.value = (value - static_cast<double>(offset)) / static_cast<double>(slope);
  if (sketch.value <= 0) sketch.value = value;
  std::string side = letter;
  if (sketch.value != value) side = (slope > 1 ? std::to_string(slope) : "") + letter + (offset > 0 ? "+" + std::to_string(offset) : "");
  sketch.relations.push_back(fmt::format("Equals({},{})", quantity, side));
  sketch.goal = letter;
  sketch.question = one_of({"Find " + letter + ".", "What is " + letter + "?", "Find the value of " + letter + ".", "Solve for " + letter + "."}, random);
}

void ask_length(Sketch& sketch, base::Random& random, const std::string& a, const std::string& b) {
  ask(sketch, random, fmt::format("LengthOf(Line({},{}))", a, b), one_of({a + b, a + " " + b, "the length of " + a + b}, random), sketch.span(a, b));
}

void ask_angle(Sketch& sketch, base::Random& random, const std::string& a, const std::string& b, const std::string& c, bool alone) {
  if (alone && random.chance(0.5)) return ask(sketch, random, fmt::format("MeasureOf(Angle({}))", b), one_of({"m \\angle " + b, "angle " + b}, random), sketch.angle(a, b, c));
  ask(sketch, random, fmt::format("MeasureOf(Angle({},{},{}))", a, b, c),
      one_of({"m \\angle " + a + " " + b + " " + c, "angle " + a + b + c, "the measure of angle " + a + b + c}, random), sketch.angle(a, b, c));
}

void ask_polygon(Sketch& sketch, base::Random& random, const std::string& kind, const std::vector<std::string>& corners) {
  double perimeter = 0, twice = 0;
  for (size_t i = 0; i < corners.size(); ++i) {
    const auto &a = corners[i], &b = corners[(i + 1) % corners.size()];
    perimeter += sketch.span(a, b), twice += cross(sketch.at[a], sketch.at[b]);
  }
  const bool area = random.chance(0.5);
  std::string words = kind;
  words[0] = static_cast<char>(words[0] + 32);
  const std::string inner = kind == "Regular" ? fmt::format("Polygon({})", fmt::join(corners, ",")) : fmt::format("{}", fmt::join(corners, ","));
  if (kind == "Regular") words = "regular polygon";
  ask(sketch, random, fmt::format("{}({}({}))", area ? "AreaOf" : "PerimeterOf", kind, inner),
      fmt::format("the {} of {}", area ? "area" : "perimeter", random.chance(0.5) ? "the " + words : fmt::format("{} {}", words, fmt::join(corners, " "))),
      area ? std::abs(twice) / 2 : perimeter);
}

}  // namespace atelier::sketchpad
