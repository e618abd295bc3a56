// Lines that help in a figure, each with its ends marked and, if asked, labelled.
#include "sketchpad/tools/declarations.h"
#include "sketchpad/tools/drawing.h"

#include "base/error.h"

namespace atelier::sketchpad {
namespace {

// Directions and lengths are those of the pixels: on a canvas that is not square, normalised ones are skewed.
struct Pixels {
  double width, height;
  Point from(Point p) const { return {p.x * width, p.y * height}; }
  Point back(Point p) const { return {p.x / width, p.y / height}; }
};

Tool auxiliary(std::string name, std::string says) {
  Tool t = tool(std::move(name)).says(std::move(says));
  return t;
}

Tool& common(Tool& t) {
  return t.opt("label", text(4), nullptr, "for the line's far end").opt("canvas", canvas(), "canvas",
      "what to draw on").opt("colour", colour(), "red");
}

Observation put(const Args& args, Sheet& sheet, const std::string& what, const std::function<std::pair<Point,
    Point>(const Pixels&)>& ends) {
  Canvas& canvas = args.canvas("canvas", sheet);
  canvas.layer("auxiliary");
  const Pixels pixels{static_cast<double>(canvas.width()), static_cast<double>(canvas.height())};
  const auto [a, b] = ends(pixels);
  const Point from = pixels.back(a), to = pixels.back(b);
  const Pen pen{.colour = args.colour("colour"), .width = 2, .dashed = true};
  canvas.line(from, to, pen);
  canvas.point(to, {.colour = pen.colour}, 0.006);
  if (args.has("label")) canvas.label(to, args.text("label"), b - a, {.colour = pen.colour}, 0.026, 0.016);
  return show_canvas(sheet, args.text("canvas"), fmt::format("drawn: {} from ({:.4f}, {:.4f}) to ({:.4f}, {:.4f})", what, from.x,
      from.y, to.x, to.y), {{"from", to_json(from)}, {"to", to_json(to)}});
}

Point direction(Point a, Point b, const char* what) {
  REQUIRE(distance(a, b) > 1, "{} needs two different points", what);
  return unit(b - a);
}

}  // namespace

Tool draw_perpendicular_tool() {
  Tool t = auxiliary("draw_perpendicular",
      "The perpendicular from a point to the line through a and b, down to its foot.").arg("from", point()).arg("a",
      point()).arg("b", point());
  return common(t).runs([](const Args& args, Sheet& sheet) {
    return put(args, sheet, "a perpendicular", [&](const Pixels& px) {
      const Point p = px.from(args.point("from")), a = px.from(args.point("a")),
          way = direction(a, px.from(args.point("b")), "draw_perpendicular");
      const Point foot = a + way * dot(p - a, way);
      // From a point on the line itself, a perpendicular as long as a fifth of the canvas.
      return distance(p, foot) > 2 ? std::pair{p, foot} : std::pair{p, p + normal(way) * (0.2 * std::min(px.width, px.height))};
    });
  });
}

Tool draw_parallel_tool() {
  Tool t = auxiliary("draw_parallel",
      "The parallel to the line through a and b through a point, as long as a-b on both sides.").arg("through", point()).arg("a",
      point()).arg("b", point());
  return common(t).runs([](const Args& args, Sheet& sheet) {
    return put(args, sheet, "a parallel", [&](const Pixels& px) {
      const Point p = px.from(args.point("through")), a = px.from(args.point("a")), b = px.from(args.point("b"));
      direction(a, b, "draw_parallel");
      return std::pair{p - (b - a), p + (b - a)};
    });
  });
}

Tool draw_median_tool() {
  Tool t = auxiliary("draw_median", "The median from a triangle's corner to the middle of the opposite side a-b.").arg("corner",
      point()).arg("a", point()).arg("b", point());
  return common(t).runs([](const Args& args, Sheet& sheet) {
    return put(args, sheet, "a median", [&](const Pixels& px) {
      const Point a = px.from(args.point("a")), b = px.from(args.point("b"));
      direction(a, b, "draw_median");
      return std::pair{px.from(args.point("corner")), (a + b) * 0.5};
    });
  });
}

Tool draw_bisector_tool() {
  Tool t = auxiliary("draw_bisector", "The bisector of the angle at b between b-a and b-c, up to the line a-c.").arg("a",
      point()).arg("b", point()).arg("c", point());
  return common(t).runs([](const Args& args, Sheet& sheet) {
    return put(args, sheet, "a bisector", [&](const Pixels& px) {
      const Point a = px.from(args.point("a")), b = px.from(args.point("b")), c = px.from(args.point("c"));
      direction(b, a, "draw_bisector"), direction(b, c, "draw_bisector");
      // It divides a-c as the sides at b; a straight angle has the perpendicular.
      const double ab = distance(a, b), cb = distance(c, b);
      const Point on = a + (c - a) * (ab / (ab + cb));
      return distance(on, b) > 1 ? std::pair{b, on} : std::pair{b, b + normal(unit(c - a)) * (0.2 * std::min(px.width, px.height))};
    });
  });
}

Tool draw_radius_tool() {
  Tool t = auxiliary("draw_radius", "The radii to where the tangents from an outside point touch a circle, or the radius to a point on it.")
               .arg("centre", point())
               .arg("radius", number(0.001, 1.5), "fraction of the shorter side")
               .arg("point", point(), "on the circle, or outside: then the tangent point is on the chosen side")
               .opt("side", choice({"left", "right"}), "left", "of the tangents, seen from the outside point");
  return common(t).runs([](const Args& args, Sheet& sheet) {
    return put(args, sheet, "a radius", [&](const Pixels& px) {
      const Point o = px.from(args.point("centre")), p = px.from(args.point("point"));
      const double r = args.number("radius") * std::min(px.width, px.height), d = distance(o, p);
      REQUIRE(d > 0.9 * r, "draw_radius: the point lies inside the circle");
      if (d < 1.03 * r) return std::pair{o, o + unit(p - o) * r};
      // The tangent point sees centre and outside point at a right angle: cos of the angle at the centre is r / d.
      const double turn = std::acos(r / d) * (args.text("side") == "left" ? 1 : -1);
      const Point way = unit(p - o);
      return std::pair{o, o + Point{way.x * std::cos(turn) - way.y * std::sin(turn), way.x * std::sin(turn) + way.y * std::cos(turn)} * r};
    });
  });
}

}  // namespace atelier::sketchpad
