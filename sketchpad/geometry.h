#pragma once
/// Points, boxes and colours: the words that canvas and tools share.
#include <array>
#include <cmath>
#include <cstdint>
#include <string>
#include <string_view>

namespace atelier::sketchpad {

/// In normalised coordinates ([0, 1], origin top left, x right, y down) unless a name says pixels.
struct Point {
  double x = 0, y = 0;
  friend bool operator==(const Point&, const Point&) = default;
};

inline Point operator+(Point a, Point b) { return {a.x + b.x, a.y + b.y}; }
inline Point operator-(Point a, Point b) { return {a.x - b.x, a.y - b.y}; }
inline Point operator*(Point a, double s) { return {a.x * s, a.y * s}; }
inline double dot(Point a, Point b) { return a.x * b.x + a.y * b.y; }
inline double cross(Point a, Point b) { return a.x * b.y - a.y * b.x; }
inline double length(Point a) { return std::hypot(a.x, a.y); }
inline double distance(Point a, Point b) { return length(a - b); }
/// The unit vector of a, or (1, 0) of a null vector.
inline Point unit(Point a) {
  const double l = length(a);
  return l > 0 ? a * (1 / l) : Point{1, 0};
}
inline Point normal(Point a) { return {-a.y, a.x}; }

struct Box {
  double x = 0, y = 0, width = 1, height = 1;
  Point centre() const { return {x + width / 2, y + height / 2}; }
};

struct Colour {
  uint8_t r = 0, g = 0, b = 0;
  friend bool operator==(const Colour&, const Colour&) = default;
};

inline constexpr Colour kBlack{0, 0, 0}, kWhite{255, 255, 255};

/// A colour's name ("red", "light gray") or "#rrggbb". @throws InvalidArgument
Colour parse_colour(std::string_view text);
/// The name of the nearest named colour, as a person would say it.
std::string nearest_colour_name(Colour colour);
std::string hex(Colour colour);
/// Black on light colours, white on dark ones.
Colour readable_on(Colour background);

}  // namespace atelier::sketchpad
