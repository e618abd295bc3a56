// The most that can flow through a drawn network, by augmenting paths along the arrows that are seen.
#include "sketchpad/tools/declarations.h"

#include "base/error.h"
#include "sketchpad/graph_reading.h"

#include <deque>

namespace atelier::sketchpad {
namespace {

size_t node_called(const SeenGraph& graph, const std::string& label) {
  std::string seen;
  for (size_t i = 0; i < graph.nodes.size(); ++i) {
    if (graph.nodes[i].label == label) return i;
    seen += " " + (graph.nodes[i].label.empty() ? "?" : graph.nodes[i].label);
  }
  throw base::InvalidArgument(fmt::format("measure_flow: no node with the label {} is seen; there are:{}", label, seen));
}

/// The shortest way from `from` to `to` with room left (Edmonds and Karp 1972); empty if there is none.
std::vector<size_t> open_way(const std::vector<std::vector<double>>& room, size_t from, size_t to) {
  std::vector<size_t> before(room.size(), SIZE_MAX);
  std::deque<size_t> waiting{from};
  before[from] = from;
  while (!waiting.empty() && before[to] == SIZE_MAX) {
    const size_t at = waiting.front();
    waiting.pop_front();
    for (size_t next = 0; next < room.size(); ++next)
      if (before[next] == SIZE_MAX && room[at][next] > 0) before[next] = at, waiting.push_back(next);
  }
  if (before[to] == SIZE_MAX) return {};
  std::vector<size_t> way{to};
  while (way.front() != from) way.insert(way.begin(), before[way.front()]);
  return way;
}

}  // namespace

Tool measure_flow_tool() {
  return tool("measure_flow")
      .says("How much can flow in a drawn network from one node to another along the arrows, each carrying at most the number written beside it; draws what flows.")
      .arg("from_label", text(3), "the label in the source")
      .arg("to_label", text(3), "the label in the sink")
      .opt("picture", picture(), "")
      .limits({.pixels = 5 << 20})
      .runs([](const Args& args, Sheet& sheet) -> Observation {
        const cv::Mat rgb = to_mat(*args.picture("picture", sheet));
        const SeenGraph graph = see_graph(rgb);
        REQUIRE(!graph.nodes.empty(), "measure_flow: no circles with a dark rim in this picture");
        const size_t n = graph.nodes.size(), from = node_called(graph, args.text("from_label")), to = node_called(graph, args.text("to_label"));
        REQUIRE(from != to, "measure_flow: source and sink are the same node");
        std::vector<std::vector<double>> room(n, std::vector<double>(n, 0));
        for (const SeenEdge& e : graph.edges) {
          REQUIRE(e.weight, "measure_flow: no number is read beside the line between {} and {}", graph.nodes[e.a].label, graph.nodes[e.b].label);
          const bool back = e.head_at_a && !e.head_at_b, forth = e.head_at_b && !e.head_at_a;
          if (!back) room[e.a][e.b] += *e.weight;
          if (!forth) room[e.b][e.a] += *e.weight;
        }
        const auto capacity = room;
        double total = 0;
        std::string ways;
        for (std::vector<size_t> way; !(way = open_way(room, from, to)).empty();) {
          args.check_time();
          double least = 1e300;
          for (size_t k = 1; k < way.size(); ++k) least = std::min(least, room[way[k - 1]][way[k]]);
          ways += fmt::format("; {:g} by {}", least, graph.nodes[from].label);
          for (size_t k = 1; k < way.size(); ++k) {
            room[way[k - 1]][way[k]] -= least, room[way[k]][way[k - 1]] += least;
            ways += "-" + graph.nodes[way[k]].label;
          }
          total += least;
        }
        Canvas canvas(std::make_shared<const vision::Image>(to_image(rgb)), {.side = 8192});
        const double most = std::max(1.0, total);
        for (size_t i = 0; i < n; ++i)
          for (size_t j = 0; j < n; ++j)
            if (const double flows = capacity[i][j] - room[i][j]; capacity[i][j] > 0 && flows > 0)
              canvas.line(normalised(graph.nodes[i].centre, rgb), normalised(graph.nodes[j].centre, rgb),
                          {.colour = parse_colour("red"), .width = 3 + 8 * flows / most, .opacity = 0.5});
        return show(sheet, "flow", canvas.render(), fmt::format("flow {:g} from {} to {}{}", total, graph.nodes[from].label,
            graph.nodes[to].label, ways), {{"flow", total}});
      });
}

}  // namespace atelier::sketchpad
