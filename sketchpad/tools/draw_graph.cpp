#include "sketchpad/tools/declarations.h"

#include "base/error.h"
#include "sketchpad/graph.h"

#include <numbers>

namespace atelier::sketchpad {

Tool draw_graph_tool() {
  return tool("draw_graph")
      .says("Draws a graph from its adjacency matrix: nodes as circles with their number, edges as straight lines (arrows if directed).")
      .arg("matrix", matrix(-9999, 9999, 40), "entry [i][j]: the edge from i to j, 0 for none")
      .opt("directed", flag(), false)
      .opt("weighted", flag(), false, "write the matrix entries beside the edges")
      .opt("layout", choice({"circular", "spectral", "force"}), "circular")
      .opt("labels", list_of(text(3), 1, 40), nullptr, "left out: 0, 1, 2, ...")
      .opt("marked", list_of(integer(0, 39), 0, 40), json::array(), "nodes to colour")
      .opt("mark_colours", list_of(colour(), 1, 40), json::array({"red"}), "one for all marked nodes, or one each")
      .opt("area", box(), json::array({0, 0, 1, 1}), "the part of the canvas to use")
      .opt("canvas", canvas(), "canvas", "what to draw on")
      .runs([](const Args& args, Sheet& sheet) {
        const Graph graph{.weights = args.matrix("matrix"), .directed = args.flag("directed"), .weighted = args.flag("weighted")};
        const size_t n = graph.weights.size();
        for (size_t i = 0; i < n; ++i) {
          REQUIRE(graph.weights[i][i] == 0, "draw_graph: node {} has an edge to itself, which cannot be drawn", i);
          for (size_t j = 0; j < i; ++j)
            REQUIRE(graph.directed || graph.weights[i][j] == graph.weights[j][i],
                "draw_graph: entries [{0}][{1}] and [{1}][{0}] differ: say directed true, or mend the matrix", i, j);
        }
        GraphStyle style;
        style.fills.assign(n, parse_colour("cream"));
        for (size_t i = 0; i < n; ++i) style.labels.push_back(std::to_string(i));
        if (args.has("labels")) {
          style.labels = args.texts("labels");
          REQUIRE(style.labels.size() == n, "draw_graph: {} labels for {} nodes", style.labels.size(), n);
        }
        const auto marked = args.numbers("marked");
        const auto colours = args.texts("mark_colours");
        REQUIRE(marked.empty() || colours.size() == 1 || colours.size() == marked.size(),
            "draw_graph: {} mark_colours for {} marked nodes; give one, or one each", colours.size(), marked.size());
        for (size_t k = 0; k < marked.size(); ++k) {
          const auto node = static_cast<size_t>(marked[k]);
          REQUIRE(node < n, "draw_graph: marked node {} of a graph with {} nodes (they count from 0)", node, n);
          style.fills[node] = parse_colour(colours[colours.size() == 1 ? 0 : k]);
        }
        const std::string layout = args.text("layout");
        const Box area = args.box("area");
        Canvas& canvas = args.canvas("canvas", sheet);
        canvas.layer("drawing");
        const Point pixels{static_cast<double>(canvas.width()) * area.width, static_cast<double>(canvas.height()) * area.height};
        const double side = std::min(pixels.x, pixels.y);
        REQUIRE(side >= 160, "draw_graph: the area is {:.0f} pixels across; 160 are needed", side);
        // On a circle the line between two neighbours of a node must clear it.
        const double clear = 0.41 * (1 - std::cos(2 * std::numbers::pi / static_cast<double>(std::max<size_t>(n, 4))));
        style.radius = std::clamp(0.72 * clear, 0.017, 0.036) * std::max(0.55, side / canvas.shorter_side());
        auto places = lay_out(graph, layout == "circular" ? GraphLayout::circular : layout == "spectral" ? GraphLayout::spectral
            : GraphLayout::force);
        // A square in the middle of the area, with room for the outer nodes.
        json at = json::object();
        for (size_t i = 0; i < n; ++i) {
          const Point p = places[i] * 0.82 + Point{0.09, 0.09};
          places[i] = {area.x + ((pixels.x - side) / 2 + p.x * side) / static_cast<double>(canvas.width()),
                       area.y + ((pixels.y - side) / 2 + p.y * side) / static_cast<double>(canvas.height())};
          at[style.labels[i]] = to_json(places[i]);
        }
        draw(canvas, graph, places, style);
        return show_canvas(sheet, args.text("canvas"), fmt::format("drawn: a graph with {} nodes, {} layout", n, layout), {{"nodes", at}});
      });
}

}  // namespace atelier::sketchpad
