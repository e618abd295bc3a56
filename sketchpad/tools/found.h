#pragma once
/// What the finding tools share: numbered boxes on the picture, in words and as data.
#include "sketchpad/pixels.h"
#include "sketchpad/tool.h"

namespace atelier::sketchpad {

struct Found {
  std::string what;
  cv::Rect box;
  json more = json::object();
};

inline Observation show_found(Sheet& sheet, const std::string& prefix, const cv::Mat& rgb, const std::vector<Found>& found,
    const std::string& none) {
  Canvas marks(std::make_shared<const vision::Image>(to_image(rgb)), {.side = 8192});
  json items = json::array();
  std::string text = found.empty() ? none : fmt::format("{} found:", found.size());
  int number = 0;
  for (const Found& f : found) {
    const Box b = normalised(f.box, rgb);
    json item = {{"mark", ++number}, {"what", f.what}, {"box", to_json(b)}, {"centre", to_json(b.centre())}};
    item.update(f.more);
    items.push_back(item);
    if (number <= 40) text += fmt::format(" {}: {} at ({:.3f}, {:.3f}), {:.3f} x {:.3f};", number, f.what, b.centre().x,
        b.centre().y, b.width, b.height);
    marks.box(b, {.colour = parse_colour("red"), .width = 1.5});
    marks.mark(b.centre(), std::to_string(number));
  }
  if (number > 40) text += fmt::format(" and {} more (see data);", number - 40);
  return show(sheet, prefix, marks.render(), text, {{"count", found.size()}, {"found", items}});
}

/// Shapes with a closed outline: what differs from the background, and faces between lines.
std::vector<Found> see_shapes(const cv::Mat& rgb, double least_area);
/// What stands apart from a background that is even or fades from top to bottom, named by its colour.
/// @param join  parts with less between them are one thing, fraction of the shorter side
std::vector<Found> see_things(const cv::Mat& rgb, double least_area, double join);
/// Parts of one colour. @param within  most difference of a channel
std::vector<Found> see_colour(const cv::Mat& rgb, Colour colour, int within, double least_area);
/// Parts of nearly even colour.
std::vector<Found> see_regions(const cv::Mat& rgb, double least_area, int most);

}  // namespace atelier::sketchpad
