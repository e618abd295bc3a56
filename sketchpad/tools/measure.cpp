// Lengths and angles of drawn lines.
#include "sketchpad/tools/declarations.h"

#include "base/error.h"
#include "sketchpad/pixels.h"

#include <opencv2/imgproc.hpp>

namespace atelier::sketchpad {
namespace {

// A drawn line is found in the corridor between two roughly given ends, and its true direction fitted to its pixels.
struct DrawnLine {
  Point through, direction;
  double covered;
};

DrawnLine fit_line(const cv::Mat& ink, Point a, Point b) {
  const double apart = distance(a, b), corridor = std::clamp(0.04 * apart, 3.0, 10.0);
  Point from = a, to = b;
  DrawnLine out{a, unit(b - a), 0};
  // Twice: the second corridor lies along the first fit and is narrower.
  for (const double half : {corridor, 2.5}) {
    const Point way = unit(to - from);
    std::vector<cv::Point2f> pixels;
    const cv::Rect box = cv::Rect(cv::Point(static_cast<int>(std::min(from.x, to.x) - half) - 1,
        static_cast<int>(std::min(from.y, to.y) - half) - 1),
                                  cv::Point(static_cast<int>(std::max(from.x, to.x) + half) + 2,
                                      static_cast<int>(std::max(from.y, to.y) + half) + 2)) &
                         cv::Rect(0, 0, ink.cols, ink.rows);
    for (int y = box.y; y < box.y + box.height; ++y)
      for (int x = box.x; x < box.x + box.width; ++x) {
        if (!ink.at<uint8_t>(y, x)) continue;
        const Point p{x + 0.5, y + 0.5};
        // The ends are left out: other lines, dots and labels meet there.
        const double along = dot(p - from, way), margin = std::min(0.15 * apart, 14.0);
        if (along > margin && along < apart - margin && std::abs(cross(way,
            p - from)) <= half) pixels.emplace_back(static_cast<float>(p.x), static_cast<float>(p.y));
      }
    if (pixels.size() < 5) return out;
    cv::Vec4f line;
    cv::fitLine(pixels, line, cv::DIST_HUBER, 0, 0.01, 0.01);
    Point direction{line[0], line[1]};
    if (dot(direction, way) < 0) direction = direction * -1;
    const Point through{line[2], line[3]};
    from = through + direction * dot(a - through, direction), to = through + direction * dot(b - through, direction);
    out = {through, direction, coverage(ink, from + direction * 4, to - direction * 4)};
  }
  return out;
}

cv::Mat drawn_mask(const cv::Mat& rgb) { return 255 - near_mask(rgb, background_of(rgb), 110); }

Point pixel_of(const Args& args, const char* name, const cv::Mat& rgb) {
  const Point p = args.point(name);
  return {p.x * rgb.cols, p.y * rgb.rows};
}

void require_line(const DrawnLine& line, const char* from, const char* to) {
  REQUIRE(line.covered > 0.6, "no straight line is drawn between {} and {} (only {:.0f} % of the way)", from, to, 100 * line.covered);
}

// Where the line's ink ends near a given end.
Point end_of(const cv::Mat& ink, const DrawnLine& line, Point given) {
  const Point foot = line.through + line.direction * dot(given - line.through, line.direction);
  const double sign = dot(foot - line.through, line.direction) > 0 ? 1 : -1;
  const auto inked = [&](double along) { return coverage(ink, foot + line.direction * (sign * along),
      foot + line.direction * (sign * along)) > 0; };
  double along = -14;
  while (along < 14 && !(inked(along) && !inked(along + 1) && !inked(along + 2))) along += 0.5;
  // Ink that goes on past the given end is another line's or the same line's next piece: the given end stands.
  // A pixel of the pen's round end and one that `coverage` looks aside are not of its length.
  return along < 14 ? foot + line.direction * (sign * (along - 2)) : foot;
}

}  // namespace

Tool measure_length_tool() {
  return tool("measure_length")
      .says("The length of the drawn straight line from a to b, read off the picture, as a fraction of the shorter side and, with unit, in units.")
      .arg("a", point(), "roughly one end")
      .arg("b", point(), "roughly the other end")
      .opt("unit", number(1e-6, 10), nullptr, "the length of one unit, fraction of the shorter side")
      .opt("picture", picture(), "")
      .runs([](const Args& args, Sheet& sheet) -> Observation {
        const cv::Mat rgb = to_mat(*args.picture("picture", sheet)), ink = drawn_mask(rgb);
        const Point a = pixel_of(args, "a", rgb), b = pixel_of(args, "b", rgb);
        REQUIRE(distance(a, b) > 8, "measure_length: a and b are the same point");
        const DrawnLine line = fit_line(ink, a, b);
        require_line(line, "a", "b");
        const double pixels = distance(end_of(ink, line, a), end_of(ink, line, b)), side = std::min(rgb.cols, rgb.rows);
        json data = {{"length", rounded(pixels / side, 5)}, {"pixels", rounded(pixels, 1)}};
        std::string text = fmt::format("length {:.4f} of the shorter side ({:.1f} pixels)", pixels / side, pixels);
        if (args.has("unit")) {
          data["units"] = rounded(pixels / side / args.number("unit"), 3);
          text += fmt::format(", {:.2f} units", pixels / side / args.number("unit"));
        }
        return {text, data};
      });
}

Tool measure_angle_tool() {
  return tool("measure_angle")
      .says("The angle at vertex b between the drawn lines b-a and b-c, in degrees, read off the picture.")
      .arg("a", point(), "roughly on one line, away from b")
      .arg("b", point(), "roughly the vertex")
      .arg("c", point(), "roughly on the other line, away from b")
      .opt("picture", picture(), "")
      .limits({.time = std::chrono::milliseconds(2000)})
      .runs([](const Args& args, Sheet& sheet) -> Observation {
        const cv::Mat rgb = to_mat(*args.picture("picture", sheet)), ink = drawn_mask(rgb);
        const Point a = pixel_of(args, "a", rgb), b = pixel_of(args, "b", rgb), c = pixel_of(args, "c", rgb);
        REQUIRE(distance(a, b) > 8 && distance(c, b) > 8, "measure_angle: a and c must lie away from b");
        const DrawnLine ba = fit_line(ink, b, a), bc = fit_line(ink, b, c);
        require_line(ba, "b", "a"), require_line(bc, "b", "c");
        const double degrees = std::atan2(std::abs(cross(ba.direction, bc.direction)), dot(ba.direction, bc.direction)) * 180 / CV_PI;
        return {fmt::format("{:.1f} degrees", degrees), {{"degrees", rounded(degrees, 2)}}};
      });
}

}  // namespace atelier::sketchpad
