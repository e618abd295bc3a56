#include "sketchpad/tools/declarations.h"

#include "base/error.h"
#include "sketchpad/graph_reading.h"

namespace atelier::sketchpad {

Tool read_graph_tool() {
  return tool("read_graph")
      .says("Reads a drawn graph back from the picture: nodes with label, colour and place, edges with direction and weight, and the adjacency matrix.")
      .opt("area", box(), json::array({0, 0, 1, 1}), "the part of the picture to read")
      .opt("picture", picture(), "")
      .limits({.pixels = 5 << 20})
      .runs([](const Args& args, Sheet& sheet) -> Observation {
        const cv::Mat all = to_mat(*args.picture("picture", sheet));
        const cv::Rect at = in_pixels(args.box("area"), all);
        const SeenGraph graph = see_graph(all(at).clone());
        REQUIRE(!graph.nodes.empty(), "read_graph: no circles with a dark rim in this picture");
        const size_t n = graph.nodes.size();
        std::vector<std::vector<double>> weights(n, std::vector<double>(n, 0));
        json nodes = json::array(), edges = json::array();
        const auto name = [&](size_t i) { return graph.nodes[i].label.empty() ? fmt::format("?{}", i) : graph.nodes[i].label; };
        std::string text = fmt::format("{} nodes:", n);
        for (size_t i = 0; i < n; ++i) {
          const SeenNode& node = graph.nodes[i];
          const Point place = normalised({node.centre.x + at.x, node.centre.y + at.y}, all);
          const std::string colour = nearest_colour_name(node.fill);
          nodes.push_back({{"label", name(i)}, {"at", to_json(place)}, {"colour", colour}});
          text += " " + name(i) + (colour == "cream" || colour == "white" ? "" : " (" + colour + ")");
        }
        text += fmt::format("; {} edges:", graph.edges.size());
        bool directed = false, weighted = false;
        for (const SeenEdge& e : graph.edges) {
          directed |= e.head_at_a != e.head_at_b, weighted |= e.weight.has_value();
        }
        for (const SeenEdge& e : graph.edges) {
          const double w = e.weight.value_or(1);
          const bool back = e.head_at_a && !e.head_at_b, forth = e.head_at_b && !e.head_at_a;
          if (!back) weights[e.a][e.b] = w;
          if (!forth) weights[e.b][e.a] = w;
          const size_t from = back ? e.b : e.a, to = back ? e.a : e.b;
          json edge = {{"from", name(from)}, {"to", name(to)}};
          if (e.weight) edge["weight"] = w;
          edges.push_back(edge);
          text += fmt::format(" {}{}{}", name(from), back || forth ? "->" : "-", name(to)) + (e.weight ? fmt::format(" ({:g})", w)
              : weighted ? " (no number read)" : "");
        }
        return {text, {{"nodes", nodes}, {"edges", edges}, {"directed", directed}, {"weighted", weighted}, {"adjacency_matrix", weights}}};
      });
}

}  // namespace atelier::sketchpad
