// Which piece goes on where another picture breaks off, and where a picture occurs in another.
#include "sketchpad/tools/declarations.h"
#include "sketchpad/tools/found.h"

#include "base/error.h"

#include <opencv2/imgproc.hpp>

namespace atelier::sketchpad {
namespace {

// The largest rectangle at a corner of the picture in which all has the corner's colour: what is missing. What lies
// beside it may be as dark; a piece that fits into the rectangle says how large the missing part is.
cv::Rect missing_part(const cv::Mat& rgb, cv::Size piece) {
  cv::Rect best;
  for (const bool right : {true, false})
    for (const bool bottom : {true, false}) {
      const int corner_x = right ? rgb.cols - 1 : 0, corner_y = bottom ? rgb.rows - 1 : 0;
      const auto& c = rgb.at<cv::Vec3b>(corner_y, corner_x);
      const cv::Mat even = near_mask(rgb, {c[0], c[1], c[2]}, 30);  // JPEG rings by so much
      int width = rgb.cols, widest = 0, height = 0;
      for (int row = 0; row < rgb.rows; ++row) {
        const auto* line = even.ptr<uint8_t>(bottom ? rgb.rows - 1 - row : row);
        int run = 0;
        while (run < width && line[right ? rgb.cols - 1 - run : run]) ++run;
        width = run;
        if (width * (row + 1) > widest * height) widest = width, height = row + 1;
      }
      // Its edge may have been smeared: a piece some percent larger fits too.
      const bool fits = widest >= 0.93 * piece.width && height >= 0.93 * piece.height;
      if (fits && piece.width < rgb.cols && piece.height < rgb.rows) widest = piece.width, height = piece.height;
      if (widest * height > best.area() && widest * height < 0.9 * static_cast<double>(rgb.total()))
        best = {right ? rgb.cols - widest : 0, bottom ? rgb.rows - height : 0, widest, height};
    }
  REQUIRE(best.area() > 0.01 * static_cast<double>(rgb.total()), "compare: no even missing part at a corner; give its box as part");
  return best;
}

// How badly b (the first row or column of a piece) continues the last two, mean of both sides' extrapolations.
struct Seam {
  double step = 0, slope = 0;
  int count = 0;
  void add(const cv::Vec3b& before2, const cv::Vec3b& before1, const cv::Vec3b& after1, const cv::Vec3b& after2) {
    for (int c = 0; c < 3; ++c) {
      step += std::abs(after1[c] - before1[c]);
      // Prediction-based compatibility (Pomeranz, Shemesh and Ben-Shahar 2011), a root to forgive a few large errors.
      slope += std::pow(std::abs(2.0 * before1[c] - before2[c] - after1[c]),
          0.6) + std::pow(std::abs(2.0 * after1[c] - after2[c] - before1[c]), 0.6);
    }
    ++count;
  }
};

Seam seam_of(const cv::Mat& rgb, const cv::Rect& part, const cv::Mat& piece, int margin) {
  Seam seam;
  // JPEG smears the missing part's edge over the next pixels: they are left out on the picture's side.
  if (const int x = part.x - margin; x >= 2)
    for (int y = 0; y < part.height; ++y) {
      const auto* row = rgb.ptr<cv::Vec3b>(part.y + y);
      seam.add(row[x - 2], row[x - 1], piece.at<cv::Vec3b>(y, 0), piece.at<cv::Vec3b>(y, 1));
    }
  if (const int x = part.x + part.width + margin; x + 1 < rgb.cols)
    for (int y = 0; y < part.height; ++y) {
      const auto* row = rgb.ptr<cv::Vec3b>(part.y + y);
      seam.add(row[x + 1], row[x], piece.at<cv::Vec3b>(y, piece.cols - 1), piece.at<cv::Vec3b>(y, piece.cols - 2));
    }
  if (const int y = part.y - margin; y >= 2)
    for (int x = 0; x < part.width; ++x)
      seam.add(rgb.at<cv::Vec3b>(y - 2, part.x + x), rgb.at<cv::Vec3b>(y - 1, part.x + x), piece.at<cv::Vec3b>(0, x),
          piece.at<cv::Vec3b>(1, x));
  if (const int y = part.y + part.height + margin; y + 1 < rgb.rows)
    for (int x = 0; x < part.width; ++x)
      seam.add(rgb.at<cv::Vec3b>(y + 1, part.x + x), rgb.at<cv::Vec3b>(y, part.x + x), piece.at<cv::Vec3b>(piece.rows - 1, x),
          piece.at<cv::Vec3b>(piece.rows - 2, x));
  REQUIRE(seam.count > 0, "compare: the missing part touches no other part of the picture");
  return seam;
}

}  // namespace

Tool compare_tool() {
  return tool("compare")
      .says("Which of several pieces continues a picture best where a part is missing: steps and breaks of slope along the seam, the smaller the better.")
      .arg("picture", picture(), "the one with a missing part")
      .arg("pieces", list_of(text(64), 1, 8), "names of the candidates")
      .opt("part", box(), nullptr, "the missing part; left out: an even area at a corner")
      .limits({.pixels = 4 << 20})
      .runs([](const Args& args, Sheet& sheet) -> Observation {
        const cv::Mat rgb = to_mat(*args.picture("picture", sheet));
        const auto first = sheet.picture(args.texts("pieces").front());
        const cv::Size size(static_cast<int>(first->width), static_cast<int>(first->height));
        const cv::Rect part = args.has("part") ? in_pixels(args.box("part"), rgb) : missing_part(rgb, size);
        REQUIRE(part.width >= 4 && part.height >= 4,
            "compare: the missing part must be at least 4 pixels wide and high, not {} x {}", part.width, part.height);
        const auto names = args.texts("pieces");
        json scores = json::array();
        std::string text;
        std::shared_ptr<const vision::Image> best_piece;
        double least = 1e300;
        std::string best;
        for (const std::string& name : names) {
          const auto piece = std::make_shared<const vision::Image>(vision::resize(*sheet.picture(name), part.width, part.height,
              vision::Filter::bicubic));
          const Seam seam = seam_of(rgb, part, to_mat(*piece), args.has("part") ? 0 : 1);
          const double step = seam.step / (3.0 * seam.count), slope = seam.slope / (6.0 * seam.count), score = step / 10 + slope;
          scores.push_back({{"piece", name}, {"step", rounded(step, 2)}, {"slope", rounded(slope, 2)}, {"score", rounded(score, 3)}});
          text += fmt::format(" {}: step {:.1f}, slope break {:.2f};", name, step, slope);
          if (score < least) least = score, best = name, best_piece = piece;
        }
        cv::Mat joined = rgb.clone();
        to_mat(*best_piece).copyTo(joined(part));
        return show(sheet, "joined", to_image(joined), fmt::format("best: {};{}", best, text),
            {{"best", best}, {"scores", scores}, {"part", to_json(normalised(part, rgb))}});
      });
}

Tool find_template_tool() {
  return tool("find_template")
      .says("Where a small picture occurs in a larger one, at the same size and turned the same way.")
      .arg("picture", picture())
      .arg("template", picture(), "the small one")
      .opt("least_score", number(0.3, 1), 0.8, "correlation that counts as a find")
      .limits({.pixels = 4 << 20})
      .runs([](const Args& args, Sheet& sheet) -> Observation {
        const cv::Mat rgb = to_mat(*args.picture("picture", sheet)), small = to_mat(*args.picture("template", sheet));
        REQUIRE(small.cols <= rgb.cols && small.rows <= rgb.rows,
            "find_template: the template ({} x {}) is larger than the picture ({} x {})", small.cols, small.rows, rgb.cols, rgb.rows);
        cv::Scalar mean, deviation;
        cv::meanStdDev(small, mean, deviation);
        REQUIRE(deviation[0] + deviation[1] + deviation[2] > 1, "find_template: the template is one even colour; use find_colour");
        cv::Mat scores;
        cv::matchTemplate(rgb, small, scores, cv::TM_CCOEFF_NORMED);
        std::vector<Found> found;
        while (found.size() < 100) {
          double score = 0;
          cv::Point at;
          cv::minMaxLoc(scores, nullptr, &score, nullptr, &at);
          if (score < args.number("least_score")) break;
          found.push_back({"match", {at.x, at.y, small.cols, small.rows}, {{"score", rounded(score, 3)}}});
          // Neighbours within half a template are the same find.
          cv::rectangle(scores, {at.x - small.cols / 2, at.y - small.rows / 2}, {at.x + small.cols / 2, at.y + small.rows / 2}, -1,
              cv::FILLED);
        }
        return show_found(sheet, "matches", rgb, found, "no match");
      });
}

}  // namespace atelier::sketchpad
