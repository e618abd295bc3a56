#include "sketchpad/tools/declarations.h"
#include "sketchpad/tools/found.h"

#include <opencv2/imgproc.hpp>

namespace atelier::sketchpad {
namespace {

// Corners of the simplified outline, and for round ones how much of their circle they fill.
std::string name_of(const std::vector<cv::Point>& outline) {
  std::vector<cv::Point> corners;
  const double length = cv::arcLength(outline, true), area = cv::contourArea(outline);
  cv::approxPolyDP(outline, corners, 0.025 * length, true);
  cv::Point2f centre;
  float radius = 0;
  cv::minEnclosingCircle(outline, centre, radius);
  if (area > 0.87 * CV_PI * radius * radius && corners.size() > 5) return "circle";
  if (!cv::isContourConvex(corners)) return corners.size() >= 8 ? fmt::format("star or curved shape with {} corners",
      corners.size()) : fmt::format("concave shape with {} corners", corners.size());
  if (corners.size() == 3) return "triangle";
  if (corners.size() == 4) {
    const auto side = [&](int i) { return Point{static_cast<double>(corners[(i + 1) % 4].x - corners[i].x),
        static_cast<double>(corners[(i + 1) % 4].y - corners[i].y)}; };
    double skew = 0;
    for (int i = 0; i < 4; ++i) skew = std::max(skew, std::abs(dot(unit(side(i)), unit(side((i + 1) % 4)))));
    const double ratio = length > 0 ? sketchpad::length(side(0)) / std::max(1.0, sketchpad::length(side(1))) : 1;
    if (skew < 0.12) return ratio > 0.9 && ratio < 1.11 ? "square" : "rectangle";
    return std::abs(cross(unit(side(0)), unit(side(2)))) < 0.1 && std::abs(cross(unit(side(1)), unit(side(3)))) < 0.1
        ? "parallelogram" : "quadrilateral";
  }
  const double ellipse = cv::fitEllipse(outline).size.area() * CV_PI / 4;
  if (corners.size() >= 6 && area > 0.95 * ellipse && area < 1.05 * ellipse) return "ellipse";
  return corners.size() == 5 ? "pentagon" : corners.size() == 6 ? "hexagon" : fmt::format("polygon with {} corners", corners.size());
}

}  // namespace

std::vector<Found> see_shapes(const cv::Mat& rgb, double least_area) {
  const cv::Mat figure = 255 - near_mask(rgb, background_of(rgb), 40);
  std::vector<std::vector<cv::Point>> outlines;
  std::vector<cv::Vec4i> tree;
  cv::findContours(figure, outlines, tree, cv::RETR_CCOMP, cv::CHAIN_APPROX_NONE);
  std::vector<Found> out;
  for (size_t i = 0; i < outlines.size(); ++i) {
    // An outline that is drawn as a line has its shape inside as a hole; one with holes that fill it is only a frame.
    double holes = 0;
    for (int h = tree[i][2]; h >= 0; h = tree[h][0]) holes += cv::contourArea(outlines[h]);
    const double area = cv::contourArea(outlines[i]);
    if (area < least_area * static_cast<double>(rgb.total()) || outlines[i].size() < 8 || (tree[i][3] < 0 && holes > 0.5 * area)) continue;
    cv::Mat mask = cv::Mat::zeros(rgb.size(), CV_8U);
    cv::drawContours(mask, outlines, static_cast<int>(i), 255, cv::FILLED);
    const std::string colour = nearest_colour_name(median_colour(rgb, mask));
    out.push_back({colour + " " + name_of(outlines[i]), cv::boundingRect(outlines[i]),
        {{"colour", colour}, {"area", rounded(area / static_cast<double>(rgb.total()), 5)}}});
    if (out.size() >= 200) break;
  }
  std::sort(out.begin(), out.end(), [](const Found& a, const Found& b) { return std::pair(a.box.y, a.box.x) < std::pair(b.box.y,
      b.box.x); });
  return out;
}

Tool find_shapes_tool() {
  return tool("find_shapes")
      .says("Finds closed shapes (circles, triangles, squares, ...) on an even background, with colour and place.")
      .opt("least_area", number(0.00005, 1), 0.0005, "of a shape, fraction of the picture")
      .opt("picture", picture(), "")
      .limits({.pixels = 4 << 20})
      .runs([](const Args& args, Sheet& sheet) {
        const cv::Mat rgb = to_mat(*args.picture("picture", sheet));
        return show_found(sheet, "shapes", rgb, see_shapes(rgb, args.number("least_area")), "no closed shape found");
      });
}

}  // namespace atelier::sketchpad
