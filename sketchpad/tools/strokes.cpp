#include "sketchpad/tools/declarations.h"
#include "sketchpad/tools/drawing.h"

namespace atelier::sketchpad {
namespace {

std::string words(Point p) { return fmt::format("({:.3f}, {:.3f})", p.x, p.y); }

Observation drawn(const Args& args, Sheet& sheet, std::string what) { return show_canvas(sheet, args.text("canvas"),
    "drawn: " + std::move(what)); }

}  // namespace

Tool draw_point_tool() {
  Tool t = tool("draw_point").says("A dot.").arg("at", point()).opt("radius", number(0.001, 0.2), 0.008, "fraction of the shorter side");
  return with_layer(with_pen(t, false)).runs([](const Args& args, Sheet& sheet) {
    canvas_of(args, sheet).point(args.point("at"), pen_of(args), args.number("radius"));
    return drawn(args, sheet, "a point at " + words(args.point("at")));
  });
}

Tool draw_line_tool() {
  Tool t = tool("draw_line").says("A straight line between two points.").arg("a", point()).arg("b", point());
  return with_layer(with_pen(t)).runs([](const Args& args, Sheet& sheet) {
    canvas_of(args, sheet).line(args.point("a"), args.point("b"), pen_of(args));
    return drawn(args, sheet, "a line from " + words(args.point("a")) + " to " + words(args.point("b")));
  });
}

Tool draw_arrow_tool() {
  Tool t = tool("draw_arrow").says("An arrow from a to b.").arg("a", point()).arg("b", point());
  return with_layer(with_pen(t)).runs([](const Args& args, Sheet& sheet) {
    canvas_of(args, sheet).arrow(args.point("a"), args.point("b"), pen_of(args));
    return drawn(args, sheet, "an arrow from " + words(args.point("a")) + " to " + words(args.point("b")));
  });
}

Tool draw_polyline_tool() {
  Tool t = tool("draw_polyline").says("A line through points, in their order.").arg("points", list_of(point(), 2, 500));
  return with_layer(with_pen(t)).runs([](const Args& args, Sheet& sheet) {
    const auto points = args.points("points");
    canvas_of(args, sheet).polyline(points, pen_of(args));
    return drawn(args, sheet, fmt::format("a line through {} points", points.size()));
  });
}

Tool draw_polygon_tool() {
  Tool t = tool("draw_polygon").says("A closed shape with these corners.").arg("points", list_of(point(), 3, 500)).opt("fill",
      colour(), nullptr);
  return with_layer(with_pen(t)).runs([](const Args& args, Sheet& sheet) {
    const auto points = args.points("points");
    canvas_of(args, sheet).polygon(points, pen_of(args));
    return drawn(args, sheet, fmt::format("a polygon with {} corners", points.size()));
  });
}

Tool draw_circle_tool() {
  Tool t = tool("draw_circle").says("A circle.").arg("centre", point()).arg("radius", number(0.001, 1.5),
      "fraction of the shorter side").opt("fill", colour(), nullptr);
  return with_layer(with_pen(t)).runs([](const Args& args, Sheet& sheet) {
    canvas_of(args, sheet).circle(args.point("centre"), args.number("radius"), pen_of(args));
    return drawn(args, sheet, fmt::format("a circle around {}, radius {:g}", words(args.point("centre")), args.number("radius")));
  });
}

Tool draw_arc_tool() {
  Tool t = tool("draw_arc")
               .says("A part of a circle.")
               .arg("centre", point())
               .arg("radius", number(0.001, 1.5), "fraction of the shorter side")
               .arg("begin", number(-360, 360), "degrees anticlockwise from the right")
               .arg("sweep", number(-360, 360), "degrees from there, anticlockwise if positive");
  return with_layer(with_pen(t)).runs([](const Args& args, Sheet& sheet) {
    canvas_of(args, sheet).arc(args.point("centre"), args.number("radius"), args.number("begin"), args.number("sweep"), pen_of(args));
    return drawn(args, sheet, fmt::format("an arc of {:g} degrees around {}", args.number("sweep"), words(args.point("centre"))));
  });
}

Tool draw_box_tool() {
  Tool t = tool("draw_box").says("A rectangle with level sides.").arg("box", box()).opt("fill", colour(), nullptr);
  return with_layer(with_pen(t)).runs([](const Args& args, Sheet& sheet) {
    canvas_of(args, sheet).box(args.box("box"), pen_of(args));
    return drawn(args, sheet, "a box around " + words(args.box("box").centre()));
  });
}

}  // namespace atelier::sketchpad
