#include "sketchpad/tools/declarations.h"
#include "sketchpad/tools/drawing.h"

#include "base/error.h"

namespace atelier::sketchpad {
namespace {

Tool& on_canvas(Tool& t) { return t.opt("canvas", canvas(), "canvas", "what to draw on"); }

}  // namespace

Tool draw_text_tool() {
  Tool t = tool("draw_text").says("Words, centred on a point.").arg("at", point()).arg("text", text(400)).opt("height",
      number(0.005, 0.5), 0.028, "of a capital, fraction of the shorter side").opt("colour", colour(), "black");
  return with_layer(on_canvas(t)).runs([](const Args& args, Sheet& sheet) {
    canvas_of(args, sheet).text(args.point("at"), args.text("text"), {.colour = args.colour("colour")}, args.number("height"));
    return show_canvas(sheet, args.text("canvas"), "written: " + args.text("text"));
  });
}

Tool draw_label_tool() {
  Tool t = tool("draw_label")
               .says("A name beside a point, on the side you choose.")
               .arg("at", point())
               .arg("text", text(60))
               .opt("side", choice({"above", "below", "left", "right"}), "above")
               .opt("height", number(0.005, 0.5), 0.028, "of a capital, fraction of the shorter side")
               .opt("colour", colour(), "black");
  return with_layer(on_canvas(t)).runs([](const Args& args, Sheet& sheet) {
    const std::string side = args.text("side");
    const Point towards = side == "above" ? Point{0, -1} : side == "below" ? Point{0, 1} : side == "left" ? Point{-1, 0} : Point{1, 0};
    canvas_of(args, sheet).label(args.point("at"), args.text("text"), towards, {.colour = args.colour("colour")}, args.number("height"));
    return show_canvas(sheet, args.text("canvas"), "labelled: " + args.text("text"));
  });
}

Tool draw_mark_tool() {
  Tool t = tool("draw_mark").says("A number or short word in a coloured badge.").arg("at", point()).arg("text",
      text(20)).opt("colour", colour(), "red", "of the badge");
  return with_layer(on_canvas(t)).runs([](const Args& args, Sheet& sheet) {
    canvas_of(args, sheet).mark(args.point("at"), args.text("text"), args.colour("colour"));
    return show_canvas(sheet, args.text("canvas"), "marked: " + args.text("text"));
  });
}

Tool highlight_tool() {
  Tool t = tool("highlight").says("A see-through colour over a box.").arg("box", box()).opt("colour", colour(),
      "yellow").opt("opacity", number(0.05, 1), 0.35);
  return with_layer(on_canvas(t)).runs([](const Args& args, Sheet& sheet) {
    canvas_of(args, sheet).highlight(args.box("box"), args.colour("colour"), args.number("opacity"));
    return show_canvas(sheet, args.text("canvas"), "highlighted");
  });
}

Tool draw_grid_tool() {
  Tool t = tool("draw_grid").says("Pale lines that cut the canvas into equal cells, with their coordinates.").opt("columns",
      integer(1, 50), 10).opt("rows", integer(1, 50), 10);
  return with_layer(on_canvas(t)).runs([](const Args& args, Sheet& sheet) {
    canvas_of(args, sheet).grid(static_cast<int>(args.integer("columns")), static_cast<int>(args.integer("rows")));
    return show_canvas(sheet, args.text("canvas"), fmt::format("a grid of {} x {}", args.integer("columns"), args.integer("rows")));
  });
}

Tool draw_axes_tool() {
  Tool t = tool("draw_axes")
               .says("Coordinate axes with numbers, through zero where zero is inside.")
               .arg("x_min", number(-1e6, 1e6)).arg("x_max", number(-1e6, 1e6)).arg("y_min", number(-1e9, 1e9)).arg("y_max",
                   number(-1e9, 1e9));
  return with_layer(on_canvas(t)).runs([](const Args& args, Sheet& sheet) {
    const Frame frame{.x_min = args.number("x_min"), .x_max = args.number("x_max"), .y_min = args.number("y_min"),
        .y_max = args.number("y_max")};
    canvas_of(args, sheet).axes(frame);
    return show_canvas(sheet, args.text("canvas"), fmt::format("axes: x {:g} to {:g}, y {:g} to {:g}", frame.x_min, frame.x_max,
        frame.y_min, frame.y_max));
  });
}

}  // namespace atelier::sketchpad
