#include "sketchpad/graph_reading.h"

#include "sketchpad/glyph_reading.h"

#include <opencv2/imgproc.hpp>

#include <set>

namespace atelier::sketchpad {
namespace {

bool inside(const cv::Mat& mask, Point p) { return p.x >= 0 && p.y >= 0 && p.x < mask.cols && p.y < mask.rows; }

bool set_at(const cv::Mat& mask, Point p) {
  return inside(mask, p) && mask.at<uint8_t>(static_cast<int>(std::floor(p.y)), static_cast<int>(std::floor(p.x))) != 0;
}

// The label inside a node: what differs from the fill. "" if nothing is read with at least this score.
std::string read_label(const cv::Mat& rgb, const SeenNode& node, std::string_view among, double least_score) {
  const int r = static_cast<int>(node.radius * 0.88);
  const cv::Rect square(static_cast<int>(node.centre.x) - r, static_cast<int>(node.centre.y) - r, 2 * r + 1, 2 * r + 1);
  const cv::Rect box = square & cv::Rect(0, 0, rgb.cols, rgb.rows);
  cv::Mat text = 255 - near_mask(rgb(box), node.fill, 90), disc = cv::Mat::zeros(text.size(), CV_8U);
  cv::circle(disc, {box.width / 2, box.height / 2}, static_cast<int>(node.radius * 0.86), 255, cv::FILLED);
  text &= disc;
  const auto words = read_glyphs(text, among, std::max(5, static_cast<int>(node.radius * 0.3)), static_cast<int>(node.radius * 1.4));
  return words.size() == 1 && words[0].score >= least_score ? words[0].text : "";
}

// 1 and I, 0 and O, 5 and S are told apart by their company: nodes are numbered if all can be read as different numbers.
void read_labels(const cv::Mat& rgb, std::vector<SeenNode>& nodes) {
  std::set<std::string> numbers;
  for (SeenNode& n : nodes) n.label = read_label(rgb, n, kDigits, 0.65), numbers.insert(n.label);
  if (numbers.size() == nodes.size() && !numbers.contains("")) return;
  for (SeenNode& n : nodes) n.label = read_label(rgb, n, kDigitsAndCapitals, 0.6);
}

// A filled triangle whose tip is at `tip`, pointing along `way`.
bool has_head(const cv::Mat& ink, Point tip, Point way) {
  int hits = 0, tests = 0;
  for (double back : {7.0, 8.5, 10.0, 11.5})
    for (double side : {-1.0, 1.0}) {
      const double out = back * 0.4 - 0.9;
      ++tests, hits += set_at(ink, tip - way * back + normal(way) * (side * out));
    }
  return hits >= tests - 1;
}

// Where lines between two nodes lie beside their centres' line: 0, or two for an edge each way.
std::vector<double> shifts(const cv::Mat& ink, const SeenNode& a, const SeenNode& b) {
  const Point way = unit(b.centre - a.centre), side = normal(way);
  const auto covered = [&](double shift) {
    const auto rim = [&](double r) { return std::sqrt(std::max(0.0, r * r - shift * shift)) + 2; };
    return coverage(ink, a.centre + side * shift + way * rim(a.radius), b.centre + side * shift - way * rim(b.radius));
  };
  std::vector<double> out;
  const double most = 0.5 * std::min(a.radius, b.radius);
  double sum = 0, weight = 0;
  for (double shift = -most; shift <= most + 1; shift += 1) {
    if (shift <= most && covered(shift) > 0.975) {
      sum += shift, weight += 1;
    } else if (weight > 0) {
      out.push_back(sum / weight);
      sum = weight = 0;
    }
  }
  return out;
}

}  // namespace

std::vector<SeenNode> see_nodes(const cv::Mat& rgb) {
  const Colour background = background_of(rgb);
  const cv::Mat open = 255 - ink_mask(rgb);
  cv::Mat labels;
  std::vector<SeenNode> found;
  std::vector<bool> coloured;
  for (const Blob& b : blobs(open, labels, 4)) {
    const double side = std::max(b.box.width, b.box.height);
    if (side < 12 || side > 0.35 * std::min(rgb.cols, rgb.rows) || std::min(b.box.width, b.box.height) < 0.85 * side) continue;
    const cv::Mat own = labels(b.box) == b.label;
    std::vector<std::vector<cv::Point>> outlines;
    cv::findContours(own, outlines, cv::RETR_EXTERNAL, cv::CHAIN_APPROX_NONE);
    if (outlines.empty()) continue;
    const auto& outline = *std::max_element(outlines.begin(), outlines.end(),
        [](const auto& x, const auto& y) { return x.size() < y.size(); });
    cv::Point2f centre;
    float radius = 0;
    cv::minEnclosingCircle(outline, centre, radius);
    if (cv::contourArea(outline) < 0.86 * CV_PI * radius * radius) continue;
    const Colour fill = median_colour(rgb(b.box), own);
    const int differs = std::max({std::abs(fill.r - background.r), std::abs(fill.g - background.g), std::abs(fill.b - background.b)});
    found.push_back({{b.box.x + centre.x + 0.5, b.box.y + centre.y + 0.5}, radius + 1.5, fill, ""});
    coloured.push_back(differs > 12);
  }
  // Among coloured discs, circles of the background's colour are faces between lines unless they have the same size.
  std::vector<double> radii;
  for (size_t i = 0; i < found.size(); ++i)
    if (coloured[i]) radii.push_back(found[i].radius);
  std::vector<SeenNode> nodes;
  if (!radii.empty()) {
    std::nth_element(radii.begin(), radii.begin() + static_cast<ptrdiff_t>(radii.size() / 2), radii.end());
    const double middle = radii[radii.size() / 2];
    for (size_t i = 0; i < found.size(); ++i)
      if (coloured[i] || std::abs(found[i].radius - middle) < 0.1 * middle) nodes.push_back(found[i]);
  } else {
    nodes = found;
  }
  // A letter's counter inside a node is no node.
  std::erase_if(nodes, [&, all = nodes](const SeenNode& n) {
    return std::any_of(all.begin(), all.end(), [&](const SeenNode& o) { return o.radius > 1.3 * n.radius && distance(o.centre,
        n.centre) < o.radius; });
  });
  read_labels(rgb, nodes);
  return nodes;
}

SeenGraph see_graph(const cv::Mat& rgb) {
  SeenGraph out{see_nodes(rgb), {}};
  const auto number = [](const SeenNode& n) { return n.label.empty() || n.label.find_first_not_of("0123456789") != std::string::npos
      ? -1 : std::stoi(n.label.substr(0, 6)); };
  if (std::all_of(out.nodes.begin(), out.nodes.end(), [&](const SeenNode& n) { return number(n) >= 0; }))
    std::sort(out.nodes.begin(), out.nodes.end(), [&](const SeenNode& a, const SeenNode& b) { return number(a) < number(b); });
  const cv::Mat ink = ink_mask(rgb, 140);
  cv::Mat rest = ink_mask(rgb, 150);
  const auto& nodes = out.nodes;
  for (size_t i = 0; i < nodes.size(); ++i)
    for (size_t j = i + 1; j < nodes.size(); ++j) {
      const Point a = nodes[i].centre, b = nodes[j].centre, way = unit(b - a);
      const double apart = distance(a, b);
      if (apart < nodes[i].radius + nodes[j].radius + 4) continue;
      const bool through = std::any_of(nodes.begin(), nodes.end(), [&](const SeenNode& n) {
        const double along = dot(n.centre - a, way);
        return &n != &nodes[i] && &n != &nodes[j] && along > 0 && along < apart && std::abs(cross(way, n.centre - a)) < n.radius - 1;
      });
      if (through) continue;
      for (double shift : shifts(ink, nodes[i], nodes[j])) {
        const Point beside = normal(way) * shift;
        const auto rim = [&](double r) { return way * std::sqrt(std::max(0.0, r * r - shift * shift)); };
        const Point from = a + beside + rim(nodes[i].radius), to = b + beside - rim(nodes[j].radius);
        out.edges.push_back({i, j, shift, has_head(ink, from, way * -1), has_head(ink, to, way)});
        // What is explained is taken away, so that numbers are left.
        cv::line(rest, cv::Point(cvRound(from.x), cvRound(from.y)), cv::Point(cvRound(to.x), cvRound(to.y)), 0, 6);
        for (const auto& [tip, back, head] : {std::tuple(from, way, out.edges.back().head_at_a), std::tuple(to, way * -1,
            out.edges.back().head_at_b)})
          if (head) cv::circle(rest, cv::Point(cvRound(tip.x + back.x * 9), cvRound(tip.y + back.y * 9)), 10, 0, cv::FILLED);
      }
    }
  for (const SeenNode& n : nodes) cv::circle(rest, cv::Point(cvRound(n.centre.x), cvRound(n.centre.y)), cvRound(n.radius + 3), 0,
      cv::FILLED);
  // A number belongs to the edge whose middle part is nearest.
  for (const SeenText& text : read_glyphs(rest, kDigits, 7, 40)) {
    if (text.score < 0.8) continue;  // a piece of an unexplained line is no 1
    const Point at{text.box.x + text.box.width / 2.0, text.box.y + text.box.height / 2.0};
    SeenEdge* nearest = nullptr;
    double least = 3.0 * text.box.height;
    for (SeenEdge& e : out.edges) {
      if (e.weight) continue;
      const Point a = nodes[e.a].centre, b = nodes[e.b].centre, way = unit(b - a);
      const double along = dot(at - a, way) / distance(a, b), off = std::abs(cross(way, at - a) - e.shift);
      if (along > 0.1 && along < 0.9 && off < least) least = off, nearest = &e;
    }
    if (nearest) nearest->weight = std::atof(text.text.c_str());
  }
  return out;
}

std::vector<Point> follow_line(const cv::Mat& ink, Point start, Point heading, const std::function<bool(Point)>& stop) {
  constexpr double kLook = 9, kStep = 3;  // pixels
  std::vector<Point> way{start};
  Point at = start;
  const int most = (ink.cols + ink.rows) * 4;
  for (int i = 0; i < most; ++i) {
    double best = -1;
    Point next = heading;
    for (int turn = -30; turn <= 30; turn += 3) {
      const double t = turn * CV_PI / 180;
      const Point direction{heading.x * std::cos(t) - heading.y * std::sin(t), heading.x * std::sin(t) + heading.y * std::cos(t)};
      double hits = 0;
      for (double d = 1; d <= kLook; d += 1) hits += set_at(ink, at + direction * d);
      // Of ways that are all line, the straightest.
      if (const double score = hits / kLook - std::abs(turn) * 0.004; score > best) best = score, next = direction;
    }
    if (best < 0.55) break;
    // A heading that gives in slowly keeps its line at crossings.
    heading = unit(heading * 0.5 + next * 0.5);
    at = at + next * kStep;
    // Back to the line's middle.
    double sum = 0, count = 0;
    for (double off = -2; off <= 2; off += 1)
      if (set_at(ink, at + normal(heading) * off)) sum += off, count += 1;
    if (count > 0) at = at + normal(heading) * (0.5 * sum / count);
    way.push_back(at);
    if (stop(at)) break;
  }
  return way;
}

}  // namespace atelier::sketchpad
