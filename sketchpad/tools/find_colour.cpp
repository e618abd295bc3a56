#include "sketchpad/tools/declarations.h"
#include "sketchpad/tools/found.h"

namespace atelier::sketchpad {

std::vector<Found> see_colour(const cv::Mat& rgb, Colour colour, int within, double least_area) {
  cv::Mat labels;
  std::vector<Found> out;
  for (const Blob& b : blobs(near_mask(rgb, colour, within), labels)) {
    const double area = static_cast<double>(b.area) / static_cast<double>(rgb.total());
    if (area >= least_area && out.size() < 200) out.push_back({hex(colour), b.box, {{"area", rounded(area, 5)}}});
  }
  return out;
}

Tool find_colour_tool() {
  return tool("find_colour")
      .says("Finds the connected parts of a picture that have a colour, with their places and sizes.")
      .arg("colour", colour())
      .opt("within", integer(0, 128), 48, "most difference of red, green or blue")
      .opt("least_area", number(0.000001, 1), 0.0002, "of a part, fraction of the picture")
      .opt("picture", picture(), "")
      .runs([](const Args& args, Sheet& sheet) {
        const cv::Mat rgb = to_mat(*args.picture("picture", sheet));
        const auto found = see_colour(rgb, args.colour("colour"), static_cast<int>(args.integer("within")), args.number("least_area"));
        return show_found(sheet, "colour", rgb, found, "nothing of this colour found");
      });
}

}  // namespace atelier::sketchpad
