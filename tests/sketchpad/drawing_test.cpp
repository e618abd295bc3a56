#include "base/error.h"
#include "run.h"
#include "sketchpad/chess_board.h"
#include "sketchpad/figure.h"
#include "sketchpad/graph.h"
#include "sketchpad/pixels.h"
#include "sketchpad/relations.h"

namespace atelier::sketchpad {
namespace {

using base::InvalidArgument;

double changed(const Observation& before, const Observation& after) {
  double count = 0;
  for (size_t i = 0; i < before.picture->pixels.size(); ++i) count += before.picture->pixels[i] != after.picture->pixels[i];
  return count;
}

TEST(DrawingTools, EveryPrimitiveLeavesInk) {
  const std::pair<const char*, json> calls[] = {
      {"draw_point", {{"at", {0.5, 0.5}}}},
      {"draw_line", {{"a", {0.1, 0.1}}, {"b", {0.9, 0.2}}, {"colour", "red"}, {"dashed", true}}},
      {"draw_arrow", {{"a", {0.1, 0.1}}, {"b", {0.9, 0.2}}}},
      {"draw_polyline", {{"points", {{0.1, 0.1}, {0.5, 0.9}, {0.9, 0.1}}}}},
      {"draw_polygon", {{"points", {{0.1, 0.1}, {0.5, 0.9}, {0.9, 0.1}}}, {"fill", "blue"}}},
      {"draw_circle", {{"centre", {0.5, 0.5}}, {"radius", 0.2}}},
      {"draw_arc", {{"centre", {0.5, 0.5}}, {"radius", 0.2}, {"begin", 0}, {"sweep", 120}}},
      {"draw_box", {{"box", {0.1, 0.1, 0.5, 0.3}}}},
      {"draw_text", {{"at", {0.5, 0.5}}, {"text", "angle = 60\u00B0"}}},
      {"draw_label", {{"at", {0.5, 0.5}}, {"text", "A"}, {"side", "left"}}},
      {"draw_mark", {{"at", {0.5, 0.5}}, {"text", "1"}}},
      {"highlight", {{"box", {0.1, 0.1, 0.5, 0.3}}}},
      {"draw_grid", json::object()},
      {"draw_axes", {{"x_min", -1}, {"x_max", 1}, {"y_min", 0}, {"y_max", 4}}},
      {"draw_perpendicular", {{"from", {0.5, 0.2}}, {"a", {0.1, 0.8}}, {"b", {0.9, 0.7}}}},
      {"draw_parallel", {{"through", {0.5, 0.2}}, {"a", {0.4, 0.8}}, {"b", {0.6, 0.7}}}},
      {"draw_median", {{"corner", {0.5, 0.2}}, {"a", {0.1, 0.8}}, {"b", {0.9, 0.7}}, {"label", "M"}}},
      {"draw_bisector", {{"a", {0.5, 0.2}}, {"b", {0.1, 0.8}}, {"c", {0.9, 0.7}}}},
      {"draw_radius", {{"centre", {0.5, 0.5}}, {"radius", 0.2}, {"point", {0.9, 0.5}}}},
      {"plot_function", {{"formula", "x**2"}}},
      {"draw_graph", {{"matrix", {{0, 1}, {1, 0}}}}},
      {"draw_board", {{"fen", "8/8/8/8/8/8/8/K6k"}}},
      {"construct_figure", {{"relations", {"Equals(LengthOf(Line(A,B)),3)"}}}},
  };
  for (const auto& [name, call] : calls) {
    Desk desk;
    const Observation blank = desk("new_canvas"), drawn = desk(name, call);
    EXPECT_GT(changed(blank, drawn), 100) << name;
    EXPECT_EQ(drawn.picture_name, "canvas") << name;
    EXPECT_FALSE(drawn.text.empty());
  }
}

TEST(DrawingTools, SayWhatIsWrong) {
  Desk desk;
  EXPECT_ERROR(desk("draw_axes", {{"x_min", 1}, {"x_max", 1}, {"y_min", 0}, {"y_max", 4}}), InvalidArgument, "x_min < x_max");
  EXPECT_ERROR(desk("plot_function", {{"formula", "x +"}}), InvalidArgument, "formula");
  EXPECT_ERROR(desk("plot_function", {{"formula", "log(x)"}, {"x_min", -5}, {"x_max", -1}}), InvalidArgument, "no finite value");
  EXPECT_ERROR(desk("plot_function", {{"formula", "x"}, {"x_min", 2}, {"x_max", 1}}), InvalidArgument, "x_min must be below");
  EXPECT_ERROR(desk("draw_graph", {{"matrix", {{0, 1}, {0, 0}}}}), InvalidArgument, "directed");
  EXPECT_ERROR(desk("draw_graph", {{"matrix", {{1}}}}), InvalidArgument, "edge to itself");
  EXPECT_ERROR(desk("draw_graph", {{"matrix", {{0, 1}, {1, 0}}}, {"marked", {2}}}), InvalidArgument, "marked node 2");
  EXPECT_ERROR(desk("draw_graph", {{"matrix", {{0, 1, 0}, {1, 0, 0}}}}), InvalidArgument, "square matrix");
  EXPECT_ERROR(desk("draw_board", {{"fen", "8/8/8"}}), InvalidArgument, "8 ranks");
  EXPECT_ERROR(desk("draw_board", {{"fen", "9/8/8/8/8/8/8/8"}}), InvalidArgument, "rank 8");
  EXPECT_ERROR(desk("construct_figure", {{"relations", {"Equals(LengthOf(Line(A,B)),3"}}}), InvalidArgument, "closing parenthesis");
  EXPECT_ERROR(desk("construct_figure", {{"relations", {"Equals(LengthOf(Line(A,B)),1)", "Equals(LengthOf(Line(B,C)),1)",
      "Equals(LengthOf(Line(A,C)),5)"}}}), InvalidArgument, "no figure satisfies");
  EXPECT_ERROR(desk("construct_figure", {{"relations", {"Equals(LengthOf(Line(A,B)),3)"}}, {"lines", {"AZ"}}}), InvalidArgument,
      "the line AZ");
  EXPECT_NO_THROW(desk("construct_figure", {{"relations", {"Equals(LengthOf(Line(A,B)),3)"}}, {"lines", {"AZ"}}, {"near", {{"A", {0,
      0}}, {"B", {9, 0}}, {"Z", {4, 5}}}}}));
  EXPECT_ERROR(desk("draw_radius", {{"centre", {0.5, 0.5}}, {"radius", 0.3}, {"point", {0.5, 0.6}}}), InvalidArgument, "inside the circle");
  EXPECT_ERROR(desk("draw_perpendicular", {{"from", {0.5, 0.2}}, {"a", {0.1, 0.8}}, {"b", {0.1, 0.8}}}), InvalidArgument,
      "two different points");
  EXPECT_ERROR(desk("clear_layer", {{"canvas", "none"}}), InvalidArgument, "no canvas");
  EXPECT_ERROR(desk("new_canvas", {{"over", "none"}}), InvalidArgument, "no picture");
}

TEST(AuxiliaryLines, MeetWhereTheyShould) {
  Desk desk;
  desk("new_canvas", {{"width", 800}, {"height", 400}});
  const auto point = [](const json& p) { return Point{p[0].get<double>() * 800, p[1].get<double>() * 400}; };
  const Observation foot = desk("draw_perpendicular", {{"from", {0.5, 0.2}}, {"a", {0.1, 0.8}}, {"b", {0.9, 0.6}}});
  const Point way = point(foot.data["to"]) - point(foot.data["from"]);
  EXPECT_NEAR(dot(unit(way), unit(Point{640, -80})), 0, 1e-3);  // a right angle in pixels, though not in normalised ones
  const Observation radius = desk("draw_radius", {{"centre", {0.25, 0.5}}, {"radius", 0.25}, {"point", {0.75, 0.5}}});
  const Point touch = point(radius.data["to"]);
  EXPECT_NEAR(distance(touch, {200, 200}), 100, 0.1);
  EXPECT_NEAR(dot(touch - Point{200, 200}, touch - Point{600, 200}), 0, 30);
}

TEST(Layouts, KeepNodesApartAndEdgesOffOtherNodes) {
  Graph graph;
  graph.weights.assign(12, std::vector<double>(12, 0));
  for (size_t i = 0; i + 1 < 12; ++i) graph.weights[i][i + 1] = graph.weights[i + 1][i] = 1;
  graph.weights[0][7] = graph.weights[7][0] = 1;
  for (GraphLayout layout : {GraphLayout::circular, GraphLayout::spectral, GraphLayout::force}) {
    const auto at = lay_out(graph, layout);
    for (size_t i = 0; i < at.size(); ++i) {
      EXPECT_TRUE(at[i].x >= 0 && at[i].x <= 1 && at[i].y >= 0 && at[i].y <= 1);
      for (size_t j = 0; j < i; ++j) EXPECT_GT(distance(at[i], at[j]), 0.09) << static_cast<int>(layout) << ": " << i << ", " << j;
    }
    EXPECT_EQ(at, lay_out(graph, layout));
  }
}

TEST(Board, FenComesBack) {
  for (const char* fen : {"rnbqkbnr/pppppppp/8/8/8/8/PPPPPPPP/RNBQKBNR", "8/8/8/3k4/8/1K6/8/8",
      "r6r/8/8/8/8/8/8/R6R"}) EXPECT_EQ(fen_of(parse_fen(fen)), fen);
  EXPECT_ERROR(parse_fen("rnbqkbnr/pppppppp/8/8/8/8/PPPPPPPP/RNBQKBNX"), InvalidArgument, "rank 1 has 'X'");
}

TEST(Relations, AreParsedAsTerms) {
  const Term t = parse_term("Equals(MeasureOf(Angle(A, B, C)), 2(x+1))");
  EXPECT_EQ(t.name, "Equals");
  EXPECT_EQ(t.arguments[0].arguments[0].arguments[2].name, "C");
  EXPECT_EQ(t.arguments[1].name, "2(x+1)");
  for (const char* bad : {"", "Equals(", "Equals(A", "Equals(,)", "Line(A,B))"}) EXPECT_ERROR(parse_term(bad), InvalidArgument, "relation");
  std::string deep;
  for (int i = 0; i < 40; ++i) deep += "Abc(";
  EXPECT_ERROR(parse_term(deep), InvalidArgument, "nested deeper");
}

double angle(const Figure& f, const char* a, const char* b, const char* c) {
  const Point p = f.points.at(a) - f.points.at(b), q = f.points.at(c) - f.points.at(b);
  return std::atan2(std::abs(cross(p, q)), dot(p, q)) * 180 / 3.14159265358979;
}

// Statements in the manner of Geometry3K's logic forms; the answers follow from geometry.
TEST(Figure, SolvesWhatTheStatementsSay) {
  const Figure triangle = solve_figure({"Equals(LengthOf(Line(B, C)), 16)", "Equals(MeasureOf(Angle(C, B, A)), 45)",
      "Equals(LengthOf(Line(A, C)), x)", "Perpendicular(Line(A, B), Line(A, C))"});
  EXPECT_LT(triangle.misfit, 1e-4);
  EXPECT_NEAR(distance(triangle.points.at("A"), triangle.points.at("C")), 8 * std::sqrt(2), 0.01);
  EXPECT_NEAR(triangle.letters.at("x"), 8 * std::sqrt(2), 0.01);

  const Figure circle = solve_figure({"Equals(LengthOf(Line(N, L)), 8)", "InscribedIn(Circle(P),Equilateral(Triangle(L,M,N)))",
      "PointLiesOnLine(E, Line(N, M))", "PointLiesOnCircle(E, Circle(P, radius_1_0))", "Find(RadiusOf(Circle(P)))"});
  EXPECT_LT(circle.misfit, 1e-4);
  EXPECT_NEAR(circle.radii.at("P"), 8 / std::sqrt(12), 0.01);
  EXPECT_EQ(circle.left_out.size(), 1U);

  const Figure parallelogram = solve_figure({"Parallelogram(W,X,Y,Z)", "Equals(MeasureOf(Angle(X, W, Z)), 105)",
      "Equals(LengthOf(Line(Y, X)), 24)", "Equals(LengthOf(Line(Z, Y)), 28)"});
  EXPECT_LT(parallelogram.misfit, 1e-4);
  EXPECT_NEAR(distance(parallelogram.points.at("W"), parallelogram.points.at("Z")), 24, 0.01);
  EXPECT_NEAR(angle(parallelogram, "X", "Y", "Z"), 105, 0.05);

  const Figure chord = solve_figure({"Equals(LengthOf(Line(H, F)), 8)", "Equals(LengthOf(Line(F,H)),Line(F,L))",
      "Equals(LengthOf(Line(F,K)),17)", "PointLiesOnCircle(K, Circle(F, radius_4_0))", "Perpendicular(Line(K, L), Line(L, F))"});
  EXPECT_NEAR(distance(chord.points.at("L"), chord.points.at("K")), 15, 0.02);

  const Figure arcs = solve_figure({"Circle(P)", "Equals(MeasureOf(Arc(E,N)),66)", "PointLiesOnCircle(E,Circle(P))",
      "PointLiesOnCircle(N,Circle(P))", "PointLiesOnCircle(M,Circle(P))", "Equals(MeasureOf(Angle(N,M,E)),y)"});
  EXPECT_NEAR(angle(arcs, "E", "P", "N"), 66, 0.05);
  EXPECT_FALSE(arcs.has_scale);

  const Figure regular = solve_figure({"Regular(Polygon(A,B,C,D,E))", "Equals(LengthOf(Line(A,B)),2)"});
  EXPECT_NEAR(angle(regular, "A", "B", "C"), 108, 0.05);
}

TEST(Figure, StartsFromWhereThePointsRoughlyAre) {
  FigureOptions options;
  options.near = {{"A", {10, 100}}, {"B", {10, 10}}, {"C", {100, 100}}};
  const Figure f = solve_figure({"Equals(LengthOf(Line(A,B)),3)", "Equals(LengthOf(Line(A,C)),4)",
      "Perpendicular(Line(A,B),Line(A,C))"}, options);
  EXPECT_NEAR(distance(f.points.at("B"), f.points.at("C")), 5, 1e-3);
  EXPECT_LT(f.points.at("B").y, f.points.at("A").y - 2.5);  // above, as given, not mirrored
  EXPECT_GT(f.points.at("C").x, f.points.at("A").x + 3.5);
}

}  // namespace
}  // namespace atelier::sketchpad
