#include "sketchpad/pixels.h"

#include <opencv2/imgproc.hpp>

#include <algorithm>
#include <map>

namespace atelier::sketchpad {
namespace {

// The brightest or darkest of three channels.
cv::Mat extreme(const cv::Mat& rgb, bool brightest) {
  cv::Mat channels[3], out;
  cv::split(rgb, channels);
  brightest ? cv::max(channels[0], channels[1], out) : cv::min(channels[0], channels[1], out);
  brightest ? cv::max(out, channels[2], out) : cv::min(out, channels[2], out);
  return out;
}

}  // namespace

cv::Mat to_mat(const vision::Image& image) {
  const int type = image.channels == 4 ? CV_8UC4 : CV_8UC3;
  const cv::Mat wrapped(static_cast<int>(image.height), static_cast<int>(image.width), type, const_cast<uint8_t*>(image.pixels.data()));
  if (image.channels == 3) return wrapped.clone();
  cv::Mat rgb;
  cv::cvtColor(wrapped, rgb, cv::COLOR_RGBA2RGB);
  return rgb;
}

vision::Image to_image(const cv::Mat& rgb) {
  vision::Image out(rgb.cols, rgb.rows);
  for (int y = 0; y < rgb.rows; ++y) std::copy_n(rgb.ptr<uint8_t>(y), static_cast<size_t>(rgb.cols) * 3, out.at(0, y));
  return out;
}

cv::Mat ink_mask(const cv::Mat& rgb, int below) { return extreme(rgb, true) < below; }

cv::Mat colourful_mask(const cv::Mat& rgb, int above) { return extreme(rgb, true) - extreme(rgb, false) > above; }

cv::Mat near_mask(const cv::Mat& rgb, Colour c, int within) {
  cv::Mat out;
  cv::inRange(rgb, cv::Scalar(c.r - within, c.g - within, c.b - within), cv::Scalar(c.r + within, c.g + within, c.b + within), out);
  return out;
}

Colour background_of(const cv::Mat& rgb) {
  std::map<uint32_t, int> seen;
  const auto count = [&](int x, int y) {
    const auto& p = rgb.at<cv::Vec3b>(y, x);
    ++seen[static_cast<uint32_t>(p[0]) << 16 | static_cast<uint32_t>(p[1]) << 8 | p[2]];
  };
  for (int x = 0; x < rgb.cols; ++x) count(x, 0), count(x, rgb.rows - 1);
  for (int y = 0; y < rgb.rows; ++y) count(0, y), count(rgb.cols - 1, y);
  const auto most = std::max_element(seen.begin(), seen.end(), [](const auto& a, const auto& b) { return a.second < b.second; })->first;
  return {static_cast<uint8_t>(most >> 16), static_cast<uint8_t>(most >> 8), static_cast<uint8_t>(most)};
}

Colour median_colour(const cv::Mat& rgb, const cv::Mat& mask) {
  std::vector<uint8_t> values[3];
  for (int y = 0; y < rgb.rows; ++y)
    for (int x = 0; x < rgb.cols; ++x)
      if (mask.at<uint8_t>(y, x))
        for (int c = 0; c < 3; ++c) values[c].push_back(rgb.at<cv::Vec3b>(y, x)[c]);
  if (values[0].empty()) return kWhite;
  uint8_t middle[3];
  for (int c = 0; c < 3; ++c) {
    const auto at = values[c].begin() + static_cast<ptrdiff_t>(values[c].size() / 2);
    std::nth_element(values[c].begin(), at, values[c].end());
    middle[c] = *at;
  }
  return {middle[0], middle[1], middle[2]};
}

double coverage(const cv::Mat& mask, Point a, Point b) {
  const int steps = std::max(1, static_cast<int>(std::ceil(distance(a, b))));
  int covered = 0;
  for (int i = 0; i <= steps; ++i) {
    const Point p = a + (b - a) * (static_cast<double>(i) / steps);
    const int x = static_cast<int>(std::floor(p.x)), y = static_cast<int>(std::floor(p.y));
    bool found = false;
    for (int dy = -1; dy <= 1 && !found; ++dy)
      for (int dx = -1; dx <= 1 && !found; ++dx)
        found = x + dx >= 0 && y + dy >= 0 && x + dx < mask.cols && y + dy < mask.rows && mask.at<uint8_t>(y + dy, x + dx);
    covered += found;
  }
  return static_cast<double>(covered) / (steps + 1);
}

std::vector<Blob> blobs(const cv::Mat& mask, cv::Mat& labels, int connectivity) {
  cv::Mat statistics, centroids;
  const int count = cv::connectedComponentsWithStats(mask, labels, statistics, centroids, connectivity, CV_32S);
  std::vector<Blob> out;
  for (int i = 1; i < count; ++i) {
    const int* s = statistics.ptr<int>(i);
    out.push_back({{s[cv::CC_STAT_LEFT], s[cv::CC_STAT_TOP], s[cv::CC_STAT_WIDTH], s[cv::CC_STAT_HEIGHT]},
                   s[cv::CC_STAT_AREA],
                   {centroids.at<double>(i, 0), centroids.at<double>(i, 1)},
                   i});
  }
  std::sort(out.begin(), out.end(), [](const Blob& a, const Blob& b) { return std::pair(a.box.y, a.box.x) < std::pair(b.box.y, b.box.x); });
  return out;
}

Box normalised(const cv::Rect& b, const cv::Mat& picture) {
  const double w = picture.cols, h = picture.rows;
  return {b.x / w, b.y / h, b.width / w, b.height / h};
}

Point normalised(Point p, const cv::Mat& picture) { return {p.x / picture.cols, p.y / picture.rows}; }

cv::Rect in_pixels(const Box& b, const cv::Mat& picture) {
  const int left = std::clamp(static_cast<int>(std::lround(b.x * picture.cols)), 0, picture.cols - 1);
  const int top = std::clamp(static_cast<int>(std::lround(b.y * picture.rows)), 0, picture.rows - 1);
  const int right = std::clamp(static_cast<int>(std::lround((b.x + b.width) * picture.cols)), left + 1, picture.cols);
  const int bottom = std::clamp(static_cast<int>(std::lround((b.y + b.height) * picture.rows)), top + 1, picture.rows);
  return {left, top, right - left, bottom - top};
}

}  // namespace atelier::sketchpad
