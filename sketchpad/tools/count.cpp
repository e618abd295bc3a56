#include "sketchpad/graph_reading.h"
#include "sketchpad/tools/declarations.h"
#include "sketchpad/tools/found.h"

#include "base/error.h"

namespace atelier::sketchpad {

Tool count_tool() {
  return tool("count")
      .says("Counts shapes, things of whatever form, parts of a colour, regions, or the nodes and edges of a drawn graph.")
      .arg("what", choice({"shapes", "things", "colour", "regions", "nodes", "edges"}))
      .opt("kind", text(30), nullptr, "only those whose name has this word, such as circle or red")
      .opt("colour", colour(), nullptr, "needed for what = colour")
      .opt("least_area", number(0.00001, 1), 0.0005, "fraction of the picture")
      .opt("join", number(0, 0.2), 0.03, "parts of a thing lie nearer than this, fraction of the shorter side")
      .opt("picture", picture(), "")
      .limits({.pixels = 4 << 20})
      .runs([](const Args& args, Sheet& sheet) -> Observation {
        const cv::Mat rgb = to_mat(*args.picture("picture", sheet));
        const std::string what = args.text("what");
        if (what == "nodes" || what == "edges") {
          const SeenGraph graph = see_graph(rgb);
          const size_t count = what == "nodes" ? graph.nodes.size() : graph.edges.size();
          return {fmt::format("{} {}", count, what), {{"count", count}}};
        }
        REQUIRE(what != "colour" || args.has("colour"), "count: say which colour");
        const double least = args.number("least_area");
        auto found = what == "shapes" ? see_shapes(rgb, least) : what == "things" ? see_things(rgb, least, args.number("join"))
            : what == "colour" ? see_colour(rgb, args.colour("colour"), 48, least) : see_regions(rgb, least, 200);
        if (args.has("kind")) std::erase_if(found, [&](const Found& f) { return f.what.find(args.text("kind")) == std::string::npos; });
        return show_found(sheet, "count", rgb, found, fmt::format("0 {} found", what));
      });
}

}  // namespace atelier::sketchpad
