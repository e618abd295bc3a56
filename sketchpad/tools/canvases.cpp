#include "sketchpad/tools/declarations.h"

#include "base/error.h"

namespace atelier::sketchpad {

Tool new_canvas_tool() {
  return tool("new_canvas")
      .says("A white canvas under a name, or one over a picture so that you can draw on it; one of this name is replaced.")
      .opt("canvas", canvas(), "canvas", "its name")
      .opt("width", integer(16, 2048), 640, "pixels")
      .opt("height", integer(16, 2048), 640, "pixels")
      .opt("over", text(64), nullptr, "the name of a picture to draw over; its size is taken")
      .runs([](const Args& args, Sheet& sheet) {
        const std::string name = args.text("canvas");
        if (args.has("over")) sheet.put(name, Canvas(sheet.picture(args.text("over"))));
        else sheet.put(name, Canvas(args.integer("width"), args.integer("height")));
        const Canvas& made = sheet.canvas(name);
        return show_canvas(sheet, name, fmt::format("canvas {}, {} x {} pixels{}", name, made.width(), made.height(),
            args.has("over") ? " over " + args.text("over") : ""));
      });
}

Tool clear_layer_tool() {
  return tool("clear_layer")
      .says("Removes what was drawn on one layer of a canvas, or hides or shows it.")
      .opt("canvas", canvas(), "canvas")
      .opt("layer", text(40), "drawing")
      .opt("how", choice({"clear", "hide", "show"}), "clear")
      .runs([](const Args& args, Sheet& sheet) {
        const std::string name = args.text("canvas"), layer = args.text("layer"), how = args.text("how");
        REQUIRE(sheet.is_canvas(name), "there is no canvas \"{}\"", name);
        Canvas& canvas = args.canvas("canvas", sheet);
        if (how == "clear") canvas.clear(layer);
        else canvas.show(layer, how == "show");
        return show_canvas(sheet, name, fmt::format("layer {}: {}", layer, how == "clear" ? "cleared" : how == "hide" ? "hidden"
            : "shown"));
      });
}

}  // namespace atelier::sketchpad
