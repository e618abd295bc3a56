#pragma once
/// What the drawing tools have in common: the canvas and pen arguments.
#include "sketchpad/tool.h"

namespace atelier::sketchpad {

/// Adds canvas, and colour, width, dashed as asked.
inline Tool& with_pen(Tool& tool, bool dashes = true) {
  tool.opt("canvas", canvas(), "canvas", "what to draw on").opt("colour", colour(), "black").opt("width", number(0.5, 40), 2,
      "of the pen, pixels");
  return dashes ? tool.opt("dashed", flag(), false) : tool;
}

inline Tool& with_layer(Tool& tool) { return tool.opt("layer", text(40), "drawing", "the canvas's layer, made if new"); }

inline Pen pen_of(const Args& args) {
  Pen pen{.colour = args.colour("colour"), .width = args.number("width")};
  if (args.has("dashed")) pen.dashed = args.flag("dashed");
  if (args.has("fill")) pen.fill = args.colour("fill");
  return pen;
}

inline Canvas& canvas_of(const Args& args, Sheet& sheet) {
  Canvas& out = args.canvas("canvas", sheet);
  out.layer(args.has("layer") ? args.text("layer") : "drawing");
  return out;
}

}  // namespace atelier::sketchpad
