// One table over every tool: a call that is well formed, one that is not, and what the tool then says. A tool that is
// added without a row fails here.
#include "base/error.h"
#include "run.h"

#include <map>

namespace atelier::sketchpad {
namespace {

using base::InvalidArgument;

struct Row {
  json good;          // of the right types and ranges; whether it can be done depends on what is drawn
  json bad;
  const char* says;   // a part of the complaint
};

const json kA = {0.1, 0.2}, kB = {0.8, 0.3}, kC = {0.5, 0.9}, kBox = {0.1, 0.1, 0.5, 0.5}, kNowhere = {1.5, 0};

const std::map<std::string, Row>& rows() {
  static const std::map<std::string, Row> kRows = {
      {"new_canvas", {json::object(), {{"width", 4096}}, "width must be a whole number in 16 to 2048"}},
      {"clear_layer", {json::object(), {{"how", "burn"}}, "how must be one of clear, hide, show"}},
      {"draw_point", {{{"at", kA}}, {{"at", kNowhere}}, "at must be a point"}},
      {"draw_line", {{{"a", kA}, {"b", kB}}, {{"a", kA}}, "needs the argument b"}},
      {"draw_arrow", {{{"a", kA}, {"b", kB}}, {{"a", kA}, {"b", kB}, {"width", 41}}, "width must be a number in 0.5 to 40"}},
      {"draw_polyline", {{{"points", {kA, kB}}}, {{"points", {kA}}}, "points must be a list of 2 to 500"}},
      {"draw_polygon", {{{"points", {kA, kB, kC}}}, {{"points", {kA, kB}}}, "points must be a list of 3 to 500"}},
      {"draw_circle", {{{"centre", kA}, {"radius", 0.1}}, {{"centre", kA}, {"radius", 0}}, "radius must be a number in 0.001"}},
      {"draw_arc", {{{"centre", kA}, {"radius", 0.1}, {"begin", 0}, {"sweep", 90}}, {{"centre", kA}, {"radius", 0.1}, {"begin", 0}, {"sweep", 720}}, "sweep must be"}},
      {"draw_box", {{{"box", kBox}}, {{"box", {0.8, 0, 0.5, 0.5}}}, "inside the picture"}},
      {"draw_text", {{{"at", kA}, {"text", "a"}}, {{"at", kA}, {"text", ""}}, "text must be a text of 1 to 400 bytes"}},
      {"draw_label", {{{"at", kA}, {"text", "A"}}, {{"at", kA}, {"text", "A"}, {"side", "north"}}, "side must be one of above, below, left, right"}},
      {"draw_mark", {{{"at", kA}, {"text", "1"}}, {{"at", kA}, {"text", std::string(21, 'm')}}, "text must be a text of 1 to 20 bytes"}},
      {"highlight", {{{"box", kBox}}, {{"box", kBox}, {"opacity", 2}}, "opacity must be"}},
      {"draw_grid", {json::object(), {{"columns", 51}}, "columns must be a whole number in 1 to 50"}},
      {"draw_axes", {{{"x_min", -1}, {"x_max", 1}, {"y_min", -1}, {"y_max", 1}}, {{"x_min", 1}, {"x_max", -1}, {"y_min", -1}, {"y_max", 1}}, "x_min < x_max"}},
      {"plot_function", {{{"formula", "x"}}, {{"formula", "x)("}}, "formula"}},
      {"draw_graph", {{{"matrix", {{0, 1}, {1, 0}}}}, {{"matrix", {{0, 1}}}}, "square matrix"}},
      {"draw_board", {{{"fen", "8/8/8/8/8/8/8/K6k"}}, {{"fen", "8/8"}}, "8 ranks"}},
      {"construct_figure", {{{"relations", {"Equals(LengthOf(Line(A,B)),3)"}}}, {{"relations", {"Equals("}}}, "relation"}},
      {"draw_perpendicular", {{{"from", kC}, {"a", kA}, {"b", kB}}, {{"from", kC}, {"a", kA}, {"b", kA}}, "two different points"}},
      {"draw_parallel", {{{"through", kC}, {"a", kA}, {"b", kB}}, {{"through", kC}, {"a", kA}, {"b", kA}}, "two different points"}},
      {"draw_median", {{{"corner", kC}, {"a", kA}, {"b", kB}}, {{"corner", kC}, {"a", kA}, {"b", kB}, {"label", "longer"}}, "label must be a text of 1 to 4 bytes"}},
      {"draw_bisector", {{{"a", kA}, {"b", kB}, {"c", kC}}, {{"a", kA}, {"b", kA}, {"c", kC}}, "draw_bisector"}},
      {"draw_radius", {{{"centre", kA}, {"radius", 0.05}, {"point", kB}}, {{"centre", kA}, {"radius", 0.05}, {"point", kB}, {"side", "up"}}, "side must be one of left, right"}},
      {"crop", {{{"box", kBox}}, {{"box", {0, 0, 0, 0}}}, "box must be a box"}},
      {"zoom", {{{"box", kBox}}, {{"box", kBox}, {"padding", 0.6}}, "padding must be"}},
      {"overlay", {{{"background", "paper"}, {"picture", "paper"}}, {{"background", "nothing"}, {"picture", "paper"}}, "there is no picture \"nothing\""}},
      {"sliding_window", {json::object(), {{"rows", 0}}, "rows must be a whole number in 1 to 6"}},
      {"find_regions", {json::object(), {{"most", 101}}, "most must be a whole number in 1 to 100"}},
      {"find_shapes", {json::object(), {{"least_area", 0}}, "least_area must be"}},
      {"find_colour", {{{"colour", "red"}}, {{"colour", "reddish"}}, "a colour is a name"}},
      {"count", {{{"what", "things"}}, {{"what", "colour"}}, "say which colour"}},
      {"compare", {{{"picture", "paper"}, {"pieces", {"paper"}}}, {{"picture", "paper"}, {"pieces", json::array()}}, "pieces must be a list of 1 to 8"}},
      {"find_template", {{{"picture", "paper"}, {"template", "paper"}}, {{"picture", "paper"}, {"template", "paper"}, {"least_score", 0.1}}, "least_score must be"}},
      {"trace_path", {{{"from", kA}, {"to", kB}}, {{"to", kB}}, "from and to must be points"}},
      {"read_graph", {json::object(), {{"area", {0, 0, 2, 2}}}, "area must be a box"}},
      {"read_board", {json::object(), {{"picture", "nothing"}}, "there is no picture \"nothing\""}},
      {"measure_length", {{{"a", kA}, {"b", kB}}, {{"a", kA}, {"b", kA}}, "same point"}},
      {"measure_angle", {{{"a", kA}, {"b", kB}, {"c", kC}}, {{"a", kA}, {"b", kA}, {"c", kC}}, "must lie away from b"}},
      {"measure_symmetry", {json::object(), {{"tolerance", 0}}, "tolerance must be"}},
      {"measure_curvature", {json::object(), {{"x_from", -1}}, "x_from must be"}},
      {"detect", {{{"cascade", "eye"}}, json::object(), "either a cascade or a model"}},
      {"segment", {{{"model", "one"}}, {{"model", "../one"}}, "without folders"}},
      {"depth", {{{"model", "one"}}, {{"model", "one"}, {"near_is", "far"}}, "near_is must be one of large, small"}},
      {"read_text", {json::object(), {{"font", "gothic"}}, "font must be one of any, drawn"}},
      {"engine", {{{"fen", "8/8/8/8/8/8/8/K6k w"}}, {{"fen", "8/8/8/8/8/8/8/K6k w"}, {"milliseconds", 6000}}, "milliseconds must be"}},
      {"match_graphs", {json::object(), {{"second", {0.5, 0, 0.6, 1}}}, "second must be a box"}},
      {"measure_flow", {{{"from_label", "0"}, {"to_label", "1"}}, {{"from_label", "0"}, {"to_label", "sink"}}, "to_label must be a text of 1 to 3 bytes"}},
      {"judge_board", {{{"turn", "white"}}, {{"turn", "mine"}}, "turn must be one of white, black"}},
      {"measure_polygon", {{{"corners", {kA, kB, kC}}}, {{"corners", {kA, kB}}}, "corners must be a list of 3 to 20"}},
      {"calculate", {{{"expression", "1+1"}}, {{"expression", "1/0"}}, "no finite number"}},
      {"similar", {{{"words", {"a dog"}}}, json::object(), "either another picture (to) or words"}},
      {"ask", {{{"question", "what is it?"}}, {{"question", "  "}}, "holds no word"}},
      {"recall", {{{"words", "a dog"}}, json::object(), "give words, a picture, or both"}},
      {"imagine", {{{"prompt", "a dog"}}, {{"prompt", "a dog"}, {"steps", 0}}, "steps must be"}},
  };
  return kRows;
}

TEST(BadArguments, EveryToolHasACaseAndSaysWhatToMend) {
  const Toolbox box = sketch_tools();
  for (const Tool& tool : box.tools()) {
    SCOPED_TRACE(tool.name());
    const auto row = rows().find(tool.name());
    ASSERT_NE(row, rows().end()) << "has no row in this table";
    EXPECT_NO_THROW(tool.check(row->second.good));
    Sheet sheet;
    sheet.put("paper", vision::Image(64, 64));
    EXPECT_ERROR(tool.run(row->second.bad, sheet), InvalidArgument, row->second.says);
    EXPECT_EQ(sheet.names(), std::vector<std::string>{"paper"}) << "a failed call left something behind";
  }
  EXPECT_EQ(rows().size(), box.tools().size());
}

// No tool looks at more pixels than it declares, whatever else it is asked.
TEST(BadArguments, EveryToolThatLooksRefusesAPictureThatIsTooLarge) {
  const Toolbox box = sketch_tools();
  const auto large = std::make_shared<const vision::Image>(4096, 4097);
  int looking = 0;
  for (const Tool& tool : box.tools())
    for (const Argument& argument : tool.arguments()) {
      if (argument.type.kind() != Type::Kind::picture) continue;
      SCOPED_TRACE(tool.name() + "." + argument.name);
      ++looking;
      Sheet sheet;
      sheet.put("paper", vision::Image(64, 64));
      sheet.put("large", large);
      json call = rows().at(tool.name()).good;
      if (tool.name() == "similar" && argument.name == "to") call = json::object();
      call[argument.name] = "large";
      EXPECT_ERROR(tool.run(call, sheet), InvalidArgument, "looks at pictures of at most");
    }
  EXPECT_GT(looking, 25);
}

// What one call may draw is bounded: a list of points by its type, everything by the canvas.
TEST(BadArguments, ACanvasThatIsFullSaysSo) {
  Sheet sheet;
  Canvas canvas(640, 640, {.shapes = 5});
  for (int i = 0; i < 5; ++i) canvas.line({0, 0}, {1, 1});
  sheet.put("canvas", canvas);
  const Toolbox box = sketch_tools();
  int drawing = 0;
  for (const Tool& tool : box.tools()) {
    const bool draws = std::any_of(tool.arguments().begin(), tool.arguments().end(), [](const Argument& a) { return a.type.kind() == Type::Kind::canvas; });
    if (!draws || tool.name() == "new_canvas" || tool.name() == "clear_layer") continue;
    SCOPED_TRACE(tool.name());
    ++drawing;
    EXPECT_ERROR(tool.run(rows().at(tool.name()).good, sheet), InvalidArgument, "shapes");
  }
  EXPECT_GT(drawing, 15);
}

}  // namespace
}  // namespace atelier::sketchpad
