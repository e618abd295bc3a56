#include "sketchpad/tools/found.h"

#include <opencv2/imgproc.hpp>

namespace atelier::sketchpad {
namespace {

constexpr int kLevel = 40;  // most difference of a channel from the background

bool alike(const cv::Vec3b& a, const cv::Vec3b& b) {
  int most = 0;
  for (int c = 0; c < 3; ++c) most = std::max(most, std::abs(a[c] - b[c]));
  return most <= kLevel;
}

// 255 where a pixel is not of its row's background: what both ends of the row show, so that one that fades from top to
// bottom is background, too; where something lies on an end, what the row above showed.
cv::Mat figure_mask(const cv::Mat& rgb) {
  cv::Mat out(rgb.size(), CV_8U);
  const Colour most = background_of(rgb);
  cv::Vec3b background(most.r, most.g, most.b);
  for (int y = 0; y < rgb.rows; ++y) {
    const auto& left = rgb.at<cv::Vec3b>(y, 0);
    if (alike(left, rgb.at<cv::Vec3b>(y, rgb.cols - 1)) && (y == 0 || alike(left, background))) background = left;
    for (int x = 0; x < rgb.cols; ++x) out.at<uint8_t>(y, x) = alike(rgb.at<cv::Vec3b>(y, x), background) ? 0 : 255;
  }
  // Something lay across the top and was taken for background.
  return cv::countNonZero(out) > static_cast<int>(0.7 * static_cast<double>(rgb.total())) ? cv::Mat(255 - near_mask(rgb, most, kLevel)) : out;
}

}  // namespace

std::vector<Found> see_things(const cv::Mat& rgb, double least_area, double join) {
  const cv::Mat figure = figure_mask(rgb);
  // Half of the gap from each side; the growth itself belongs to nothing.
  const int grow = std::max(1, static_cast<int>(std::lround(join * std::min(rgb.cols, rgb.rows) / 2)));
  cv::Mat grown, labels;
  cv::dilate(figure, grown, cv::getStructuringElement(cv::MORPH_ELLIPSE, {2 * grow + 1, 2 * grow + 1}));
  std::vector<Found> out;
  for (const Blob& blob : blobs(grown, labels)) {
    const cv::Mat own = (labels(blob.box) == blob.label) & figure(blob.box);
    const double area = cv::countNonZero(own) / static_cast<double>(rgb.total());
    if (area < least_area || out.size() >= 200) continue;
    const std::string colour = nearest_colour_name(median_colour(rgb(blob.box), own));
    out.push_back({colour + " thing", cv::boundingRect(own) + blob.box.tl(), {{"colour", colour}, {"area", rounded(area, 5)}}});
  }
  return out;
}

}  // namespace atelier::sketchpad
