#pragma once
/// A drawn graph read back from its pixels: circles are nodes, straight dark lines between them are edges, filled heads
/// are arrows, digits of the stroke font are labels and weights.
#include "sketchpad/pixels.h"

#include <functional>
#include <optional>
#include <string>
#include <vector>

namespace atelier::sketchpad {

struct SeenNode {
  Point centre;      // pixels
  double radius = 0;  // to the rim's middle, pixels
  Colour fill;
  std::string label;  // "" if it cannot be read
};

struct SeenEdge {
  size_t a = 0, b = 0;                    // nodes, a < b
  double shift = 0;                       // pixels beside the centres' line
  bool head_at_a = false, head_at_b = false;
  std::optional<double> weight = {};
};

struct SeenGraph {
  std::vector<SeenNode> nodes;  // by their numbers, if all are labelled with numbers; else from the top left
  std::vector<SeenEdge> edges;
};

std::vector<SeenNode> see_nodes(const cv::Mat& rgb);
SeenGraph see_graph(const cv::Mat& rgb);

/// A drawn line followed from a pixel on it, straight ahead at crossings, gentle bends included.
/// @param heading  unit vector; the walk ends where no line goes on within 30 degrees or at a pixel for which `stop` holds
std::vector<Point> follow_line(const cv::Mat& ink, Point start, Point heading, const std::function<bool(Point)>& stop);

}  // namespace atelier::sketchpad
