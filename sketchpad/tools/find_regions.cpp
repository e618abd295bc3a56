#include "sketchpad/tools/declarations.h"
#include "sketchpad/tools/found.h"

#include <opencv2/imgproc.hpp>

namespace atelier::sketchpad {

std::vector<Found> see_regions(const cv::Mat& rgb, double least_area, int most) {
  // Mean shift (Comaniciu and Meer 2002) evens colours out; then neighbours of nearly the same colour join.
  cv::Mat even;
  const double scale = std::min(1.0, 480.0 / std::max(rgb.cols, rgb.rows));
  cv::resize(rgb, even, {}, scale, scale, cv::INTER_AREA);
  cv::pyrMeanShiftFiltering(even, even, 8, 18, 1);
  cv::Mat visited = cv::Mat::zeros(even.rows + 2, even.cols + 2, CV_8U);
  std::vector<Found> out;
  for (int y = 0; y < even.rows; ++y)
    for (int x = 0; x < even.cols; ++x) {
      if (visited.at<uint8_t>(y + 1, x + 1)) continue;
      cv::Rect box;
      const cv::Vec3b colour = even.at<cv::Vec3b>(y, x);
      const int area = cv::floodFill(even, visited, {x, y}, {}, &box, cv::Scalar::all(6), cv::Scalar::all(6),
          4 | cv::FLOODFILL_MASK_ONLY | (255 << 8));
      const double share = static_cast<double>(area) / static_cast<double>(even.total());
      if (share < least_area) continue;
      const cv::Rect full(static_cast<int>(box.x / scale), static_cast<int>(box.y / scale),
          std::max(1, static_cast<int>(box.width / scale)), std::max(1, static_cast<int>(box.height / scale)));
      const std::string name = nearest_colour_name({colour[0], colour[1], colour[2]});
      out.push_back({name + " region", full & cv::Rect(0, 0, rgb.cols, rgb.rows), {{"colour", name}, {"area", rounded(share, 5)}}});
    }
  std::sort(out.begin(), out.end(), [](const Found& a, const Found& b) { return a.more["area"] > b.more["area"]; });
  if (static_cast<int>(out.size()) > most) out.resize(static_cast<size_t>(most));
  return out;
}

Tool find_regions_tool() {
  return tool("find_regions")
      .says("Divides a picture into regions of nearly even colour and numbers them, the largest first.")
      .opt("least_area", number(0.0001, 1), 0.003, "of a region, fraction of the picture")
      .opt("most", integer(1, 100), 30, "regions")
      .opt("picture", picture(), "")
      .runs([](const Args& args, Sheet& sheet) -> Observation {
        const cv::Mat rgb = to_mat(*args.picture("picture", sheet));
        const auto found = see_regions(rgb, args.number("least_area"), static_cast<int>(args.integer("most")));
        Observation seen = show_found(sheet, "regions", rgb, found, "no region is that large");
        if (!found.empty()) seen.data["largest"] = found.front().more["colour"];  // most often what lies behind everything
        return seen;
      });
}

}  // namespace atelier::sketchpad
