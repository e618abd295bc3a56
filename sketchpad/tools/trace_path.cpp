#include "sketchpad/tools/declarations.h"

#include "base/error.h"
#include "sketchpad/graph_reading.h"

#include <deque>

namespace atelier::sketchpad {
namespace {

// The nodes on the way, by breadth: the fewest lines first. Empty if there is no way.
std::vector<size_t> way_through(const SeenGraph& graph, size_t from, size_t to, bool arrows) {
  std::vector<size_t> before(graph.nodes.size(), SIZE_MAX);
  std::deque<size_t> waiting{from};
  before[from] = from;
  while (!waiting.empty() && before[to] == SIZE_MAX) {
    const size_t at = waiting.front();
    waiting.pop_front();
    for (const SeenEdge& e : graph.edges) {
      if (e.a != at && e.b != at) continue;
      const size_t next = e.a == at ? e.b : e.a;
      const bool against = arrows && (e.head_at_a != e.head_at_b) && (e.a == at ? e.head_at_a : e.head_at_b);
      if (against || before[next] != SIZE_MAX) continue;
      before[next] = at;
      waiting.push_back(next);
    }
  }
  std::vector<size_t> way;
  if (before[to] == SIZE_MAX) return way;
  for (size_t at = to;; at = before[at]) {
    way.insert(way.begin(), at);
    if (at == from) return way;
  }
}

size_t node_at(const SeenGraph& graph, const Args& args, const char* which, const cv::Mat& rgb) {
  const std::string label = std::string(which) + "_label";
  REQUIRE(args.has(which) != args.has(label), "trace_path: give either {} (a point) or {}", which, label);
  if (args.has(label)) {
    for (size_t i = 0; i < graph.nodes.size(); ++i)
      if (graph.nodes[i].label == args.text(label)) return i;
    std::string seen;
    for (const SeenNode& n : graph.nodes) seen += " " + (n.label.empty() ? "?" : n.label);
    throw base::InvalidArgument(fmt::format("trace_path: no node with the label {} is seen; there are:{}", args.text(label), seen));
  }
  const Point p = args.point(which), pixel{p.x * rgb.cols, p.y * rgb.rows};
  for (size_t i = 0; i < graph.nodes.size(); ++i)
    if (distance(graph.nodes[i].centre, pixel) < 1.5 * graph.nodes[i].radius) return i;
  throw base::InvalidArgument(fmt::format("trace_path: no node at {} ({:.3f}, {:.3f})", which, p.x, p.y));
}

// A line from the ink nearest to a point: everything that touches it, crossings included.
Observation flood(const Args& args, Sheet& sheet, const cv::Mat& rgb) {
  REQUIRE(args.has("from") && args.has("to"), "trace_path: without nodes in the picture, from and to must be points");
  cv::Mat labels;
  const cv::Mat ink = 255 - near_mask(rgb, background_of(rgb), 90);
  const std::vector<Blob> parts = blobs(ink, labels);
  // The largest part near the point: a letter's counter in a filled node is a part of its own.
  const auto label_near = [&](Point p) {
    const int reach = std::max(3, std::min(rgb.cols, rgb.rows) / 50);
    const int x = static_cast<int>(p.x * rgb.cols), y = static_cast<int>(p.y * rgb.rows);
    const cv::Rect near = cv::Rect(x - reach, y - reach, 2 * reach + 1, 2 * reach + 1) & cv::Rect(0, 0, rgb.cols, rgb.rows);
    int best = 0;
    int64_t most = 0;
    for (const Blob& part : parts)
      if (part.area > most && (part.box & near).area() > 0 && cv::countNonZero(labels(near) == part.label) > 0) most = part.area,
          best = part.label;
    return best;
  };
  const int a = label_near(args.point("from")), b = label_near(args.point("to"));
  REQUIRE(a != 0 && b != 0, "trace_path: nothing is drawn at {}", a == 0 ? "from" : "to");
  cv::Mat shown = rgb.clone();
  shown.setTo(cv::Scalar(225, 35, 35), labels == a);
  return show(sheet, "path", to_image(shown), a == b ? "connected: the drawing goes from one to the other without a gap"
      : "not connected: what is drawn at from does not reach to",
              {{"connected", a == b}});
}

// Edges that are no straight lines: each line that leaves a node is followed to where it ends.
void add_bent_edges(SeenGraph& graph, const cv::Mat& rgb) {
  const cv::Mat ink = ink_mask(rgb, 140);
  const auto at = [&](Point p) { return p.x >= 0 && p.y >= 0 && p.x < ink.cols && p.y < ink.rows &&
      ink.at<uint8_t>(static_cast<int>(p.y), static_cast<int>(p.x)); };
  for (size_t i = 0; i < graph.nodes.size(); ++i) {
    const SeenNode& node = graph.nodes[i];
    bool before = false;
    for (int degree = 0; degree < 360; degree += 2) {
      const Point out{std::cos(degree * CV_PI / 180), std::sin(degree * CV_PI / 180)}, exit = node.centre + out * (node.radius + 5);
      const bool here = at(exit);
      const bool begins = here && !before;
      before = here;
      if (!begins) continue;
      const bool explained = std::any_of(graph.edges.begin(), graph.edges.end(), [&](const SeenEdge& e) {
        if (e.a != i && e.b != i) return false;
        const Point way = unit(graph.nodes[e.a == i ? e.b : e.a].centre - node.centre);
        return dot(way, out) > 0.9 && std::abs(cross(way, exit - node.centre)) < std::abs(e.shift) + 6;
      });
      if (explained) continue;
      size_t reached = SIZE_MAX;
      follow_line(ink, exit, out, [&](Point p) {
        for (size_t k = 0; k < graph.nodes.size(); ++k)
          if (k != i && distance(p, graph.nodes[k].centre) < graph.nodes[k].radius + 3) reached = k;
        return reached != SIZE_MAX;
      });
      if (reached == SIZE_MAX) continue;
      const SeenEdge edge{std::min(i, reached), std::max(i, reached)};
      if (std::none_of(graph.edges.begin(), graph.edges.end(), [&](const SeenEdge& e) { return e.a == edge.a &&
          e.b == edge.b; })) graph.edges.push_back(edge);
    }
  }
}

}  // namespace

Tool trace_path_tool() {
  return tool("trace_path")
      .says("Follows drawn lines from one place to another and says whether they connect. Lines pass straight through crossings; in a drawn graph the way goes from node to node.")
      .opt("from", point(), nullptr, "a point on a node or line")
      .opt("to", point(), nullptr)
      .opt("from_label", text(3), nullptr, "instead: the node with this label in it")
      .opt("to_label", text(3), nullptr)
      .opt("arrows", flag(), true, "follow arrows only in their direction")
      .opt("crossings", choice({"pass", "join"}), "pass", "join: lines that touch are connected")
      .opt("picture", picture(), "")
      .limits({.pixels = 5 << 20})
      .runs([](const Args& args, Sheet& sheet) -> Observation {
        const cv::Mat rgb = to_mat(*args.picture("picture", sheet));
        SeenGraph graph;
        if (args.text("crossings") == "pass") graph = see_graph(rgb);
        if (graph.nodes.empty()) return flood(args, sheet, rgb);
        const size_t from = node_at(graph, args, "from", rgb), to = node_at(graph, args, "to", rgb);
        add_bent_edges(graph, rgb);
        const auto way = way_through(graph, from, to, args.flag("arrows"));
        Canvas canvas(std::make_shared<const vision::Image>(to_image(rgb)), {.side = 8192});
        const Pen red{.colour = parse_colour("red"), .width = 5, .opacity = 0.6};
        const auto name = [&](size_t i) { return graph.nodes[i].label.empty() ? fmt::format("?{}", i) : graph.nodes[i].label; };
        std::string text;
        json names = json::array();
        if (way.empty()) {
          // What can be reached: all that shows why not.
          text = fmt::format("not connected: from {} the lines reach only", name(from));
          for (size_t i = 0; i < graph.nodes.size(); ++i)
            if (i == from || !way_through(graph, from, i, args.flag("arrows")).empty()) text += " " + name(i),
                canvas.circle(normalised(graph.nodes[i].centre, rgb), 1.25 * graph.nodes[i].radius / canvas.shorter_side(), red);
        } else {
          text = "connected:";
          for (size_t k = 0; k < way.size(); ++k) {
            text += (k ? " - " : " ") + name(way[k]), names.push_back(name(way[k]));
            if (k > 0) canvas.line(normalised(graph.nodes[way[k - 1]].centre, rgb), normalised(graph.nodes[way[k]].centre, rgb), red);
          }
        }
        return show(sheet, "path", canvas.render(), text, {{"connected", !way.empty()}, {"path", names}});
      });
}

}  // namespace atelier::sketchpad
