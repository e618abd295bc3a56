#include "sketchpad/pixels.h"
#include "sketchpad/tools/declarations.h"

namespace atelier::sketchpad {

Tool crop_tool() {
  return tool("crop").says("Cuts a box out of a picture.").arg("box", box()).opt("picture", picture(),
      "").runs([](const Args& args, Sheet& sheet) {
    const cv::Mat all = to_mat(*args.picture("picture", sheet));
    const cv::Rect at = in_pixels(args.box("box"), all);
    return show(sheet, "crop", to_image(all(at)), fmt::format("{} x {} pixels", at.width, at.height),
        {{"box", to_json(normalised(at, all))}});
  });
}

}  // namespace atelier::sketchpad
