#include "sketchpad/glyph_reading.h"

#include "sketchpad/canvas.h"

#include <opencv2/imgproc.hpp>

#include <map>

namespace atelier::sketchpad {
namespace {

constexpr int kSide = 32;  // templates and candidates, pixels

// Scaled to the square with its aspect kept, centred, a little blurred: a pixel's offset must not cost much.
cv::Mat squared(const cv::Mat& mask) {
  const double scale = (kSide - 4.0) / std::max(mask.cols, mask.rows);
  const cv::Size size(std::max(1, static_cast<int>(std::lround(mask.cols * scale))),
      std::max(1, static_cast<int>(std::lround(mask.rows * scale))));
  cv::Mat scaled, out = cv::Mat::zeros(kSide, kSide, CV_8U);
  cv::resize(mask, scaled, size, 0, 0, scale < 1 ? cv::INTER_AREA : cv::INTER_LINEAR);
  scaled.copyTo(out(cv::Rect((kSide - size.width) / 2, (kSide - size.height) / 2, size.width, size.height)));
  cv::GaussianBlur(out, out, cv::Size(5, 5), 1.2);
  out.convertTo(out, CV_32F);
  return out;
}

const cv::Mat& template_of(char c) {
  static const std::map<char, cv::Mat> kTemplates = [] {
    std::map<char, cv::Mat> out;
    for (char each : kDigitsAndCapitals) {
      Canvas canvas(64, 64);
      canvas.text({0.5, 0.5}, std::string(1, each), {}, 0.5);
      const cv::Mat ink = ink_mask(to_mat(canvas.render()), 128);
      out[each] = squared(ink(cv::boundingRect(ink)));
    }
    return out;
  }();
  return kTemplates.at(c);
}

double correlation(const cv::Mat& a, const cv::Mat& b) {
  cv::Mat result;
  cv::matchTemplate(a, b, result, cv::TM_CCOEFF_NORMED);
  return result.at<float>(0, 0);
}

}  // namespace

std::pair<char, double> read_glyph(const cv::Mat& mask, std::string_view among) {
  const cv::Mat candidate = squared(mask);
  std::pair<char, double> best{'?', -1};
  for (char c : among)
    if (const double score = correlation(candidate, template_of(c)); score > best.second) best = {c, score};
  return best;
}

std::vector<SeenText> read_glyphs(const cv::Mat& mask, std::string_view among, int least_height, int most_height) {
  cv::Mat labels;
  std::vector<Blob> all = blobs(mask, labels), glyphs, small;
  for (const Blob& b : all) {
    if (b.box.height >= least_height && b.box.height <= most_height && b.box.width <= 1.3 * most_height) glyphs.push_back(b);
    else if (b.box.height < least_height && b.box.width <= most_height) small.push_back(b);
  }
  std::sort(glyphs.begin(), glyphs.end(), [](const Blob& a, const Blob& b) { return a.box.x < b.box.x; });
  std::vector<bool> used(glyphs.size(), false);
  std::vector<SeenText> out;
  for (size_t i = 0; i < glyphs.size(); ++i) {
    if (used[i]) continue;
    SeenText text{"", glyphs[i].box, 1};
    for (size_t j = i; j < glyphs.size(); ++j) {
      const cv::Rect& g = glyphs[j].box;
      const double middle = g.y + g.height / 2.0, line = text.box.y + text.box.height / 2.0;
      const int gap = g.x - (text.box.x + text.box.width);
      if (used[j] || (j > i && (std::abs(middle - line) > 0.35 * g.height || gap > 0.75 * g.height || gap < -2))) continue;
      used[j] = true;
      // A dot on the baseline between two digits, or a dash in front of the first.
      for (const Blob& s : small) {
        const double bottom = s.box.y + s.box.height;
        if (j > i && s.box.x > text.box.x + text.box.width - 2 && s.box.x + s.box.width < g.x + 2 &&
            std::abs(bottom - (g.y + g.height)) < 0.25 * g.height && s.box.width < 0.4 * g.height) text.text += '.';
        if (j == i && s.box.width > 1.8 * s.box.height && s.box.x + s.box.width <= g.x + 1 &&
            g.x - (s.box.x + s.box.width) < 0.75 * g.height && std::abs(s.centroid.y - middle) < 0.25 * g.height) text.text += '-';
      }
      const cv::Mat own = labels(g) == glyphs[j].label;
      const auto [c, score] = read_glyph(own, among);
      text.text += c, text.score = std::min(text.score, score), text.box |= g;
    }
    out.push_back(std::move(text));
  }
  return out;
}

}  // namespace atelier::sketchpad
