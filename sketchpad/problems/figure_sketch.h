#pragma once
/// A figure that a random problem of geometry is about, while it is made: where its points are, what is told about them,
/// and what is asked.
#include "base/json.h"
#include "base/random.h"
#include "sketchpad/geometry.h"
#include "sketchpad/problems/phrases.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <map>
#include <numbers>
#include <string>
#include <vector>

namespace atelier::sketchpad {

using base::json;

/// True places, in units, and statements in the words of sketchpad/relations.h.
struct Sketch {
  std::map<std::string, Point> at = {};  // y downwards
  json relations = json::array(), lines = json::array();
  std::string goal = {}, question = {};
  double value = 0;

  double span(const std::string& a, const std::string& b) const { return distance(at.at(a), at.at(b)); }
  double angle(const std::string& a, const std::string& b, const std::string& c) const {
    const Point p = at.at(a) - at.at(b), q = at.at(c) - at.at(b);
    return std::atan2(std::abs(cross(p, q)), dot(p, q)) * 180 / std::numbers::pi;
  }
  // Given to a few digits: what does not fit exactly still fits the drawing.
  void tell_length(const std::string& a, const std::string& b) { relations.push_back(fmt::format("Equals(LengthOf(Line({},{})),{:.4g})", a, b, span(a, b))); }
  void tell_angle(const std::string& a, const std::string& b, const std::string& c) {
    relations.push_back(fmt::format("Equals(MeasureOf(Angle({},{},{})),{:.4g})", a, b, c, angle(a, b, c)));
  }
};

/// Puts a list into an order by chance.
void shuffle(auto& items, base::Random& random) {
  for (size_t i = items.size(); i-- > 1;) std::swap(items[i], items[static_cast<size_t>(random.below(static_cast<int64_t>(i) + 1))]);
}

/// `count` capitals, half of the time in a row, often in order.
std::vector<std::string> labels(base::Random& random, size_t count);

/// Asks for a quantity, in words or as the value of a letter that stands in a relation.
void ask(Sketch& sketch, base::Random& random, const std::string& quantity, const std::string& words, double value);
void ask_length(Sketch& sketch, base::Random& random, const std::string& a, const std::string& b);
/// At b. @param alone  the corner may be named by itself, as where only one angle is there: MeasureOf(Angle(B))
void ask_angle(Sketch& sketch, base::Random& random, const std::string& a, const std::string& b, const std::string& c, bool alone = false);
/// Area or perimeter of Triangle, Parallelogram, ...: `kind` is the word of relations; "Regular": of a regular polygon.
void ask_polygon(Sketch& sketch, base::Random& random, const std::string& kind, const std::vector<std::string>& corners);

/// Each a figure with something asked; points, relations and lines filled in.
Sketch regular_polygon(base::Random& random);     // one side given; area, perimeter, an angle
Sketch angle_sum(base::Random& random);           // four to six corners, every angle x and something
Sketch trapezoid(base::Random& random);           // isosceles, by bases and a leg, an angle or the perimeter
Sketch incircle(base::Random& random);            // a circle in an equilateral triangle
Sketch similar_triangles(base::Random& random);   // cut by a parallel; a side, the scale factor
Sketch bisected_triangle(base::Random& random);   // an angle halved, where the opposite side is cut

}  // namespace atelier::sketchpad
