#include "sketchpad/pixels.h"
#include "sketchpad/tools/declarations.h"

namespace atelier::sketchpad {

Tool overlay_tool() {
  return tool("overlay")
      .says("Lays one picture, see-through, into a box of another.")
      .arg("background", picture())
      .arg("picture", picture(), "the one on top")
      .opt("box", box(), json::array({0, 0, 1, 1}), "of the background")
      .opt("opacity", number(0, 1), 0.3, "of the one on top")
      .runs([](const Args& args, Sheet& sheet) {
        cv::Mat below = to_mat(*args.picture("background", sheet));
        const cv::Rect at = in_pixels(args.box("box"), below);
        const cv::Mat above = to_mat(vision::resize(*args.picture("picture", sheet), at.width, at.height, vision::Filter::bilinear));
        const double opacity = args.number("opacity");
        cv::Mat part = below(at);
        cv::addWeighted(above, opacity, part, 1 - opacity, 0, part);
        return show(sheet, "overlay", to_image(below), fmt::format("laid over with opacity {:g}", opacity));
      });
}

}  // namespace atelier::sketchpad
