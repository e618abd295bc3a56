#include "sketchpad/pixels.h"
#include "sketchpad/tools/declarations.h"

namespace atelier::sketchpad {

Tool zoom_tool() {
  return tool("zoom")
      .says("A box of a picture with a margin around, enlarged.")
      .arg("box", box())
      .opt("padding", number(0, 0.5), 0.05, "margin on each side, fraction of the picture")
      .opt("picture", picture(), "")
      .runs([](const Args& args, Sheet& sheet) {
        const cv::Mat all = to_mat(*args.picture("picture", sheet));
        const Box b = args.box("box");
        const double pad = args.number("padding");
        const cv::Rect at = in_pixels({b.x - pad, b.y - pad, b.width + 2 * pad, b.height + 2 * pad}, all);
        // Its longer side becomes 640 pixels, but no pixel more than 12 times as large.
        const double scale = std::clamp(640.0 / std::max(at.width, at.height), 1.0, 12.0);
        const vision::Image large = vision::resize(to_image(all(at)), std::lround(at.width * scale), std::lround(at.height * scale),
            vision::Filter::bicubic);
        return show(sheet, "zoom", large, fmt::format("enlarged {:.1f} times", scale),
            {{"box", to_json(normalised(at, all))}, {"scale", rounded(scale, 2)}});
      });
}

}  // namespace atelier::sketchpad
