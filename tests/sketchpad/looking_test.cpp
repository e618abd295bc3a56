#include "base/error.h"
#include "base/random.h"
#include "run.h"
#include "sketchpad/pixels.h"

namespace atelier::sketchpad {
namespace {

using base::InvalidArgument;

json random_matrix(uint64_t seed, size_t n, double share, bool directed, int most) {
  base::Random random(seed);
  std::vector<std::vector<double>> m(n, std::vector<double>(n, 0));
  for (size_t i = 0; i < n; ++i)
    for (size_t j = 0; j < n; ++j)
      if (i != j && (directed || i < j) && random.chance(share)) {
        m[i][j] = static_cast<double>(random.between(1, most));
        if (!directed) m[j][i] = m[i][j];
      }
  return m;
}

TEST(ReadGraph, ReadsBackWhatWasDrawn) {
  for (const char* layout : {"circular", "force", "spectral"})
    for (uint64_t seed = 0; seed < 6; ++seed) {
      Desk desk;
      const json matrix = random_matrix(seed, 6 + seed % 3 * 4, layout == std::string("circular") ? 0.35 : 0.2, false, 1);
      desk("draw_graph", {{"matrix", matrix}, {"layout", layout}});
      const Observation seen = desk("read_graph");
      EXPECT_EQ(seen.data["adjacency_matrix"], matrix) << layout << " " << seed << ": " << seen.text;
      EXPECT_EQ(seen.data["nodes"][3]["label"], "3");
    }
}

TEST(ReadGraph, ReadsArrowsAndNumbers) {
  for (uint64_t seed = 0; seed < 10; ++seed) {
    Desk desk;
    const json matrix = random_matrix(seed + 50, 3 + seed % 3, 0.45, true, 9);
    desk("draw_graph", {{"matrix", matrix}, {"directed", true}, {"weighted", true}, {"marked", {0, 2}}, {"mark_colours", {"red", "blue"}}});
    const Observation seen = desk("read_graph");
    EXPECT_EQ(seen.data["adjacency_matrix"], matrix) << seed << ": " << seen.text;
    EXPECT_EQ(seen.data["nodes"][0]["colour"], "red");
    EXPECT_EQ(seen.data["nodes"][2]["colour"], "blue");
  }
}

TEST(ReadGraph, ReadsLettersToo) {
  Desk desk;
  desk("draw_graph", {{"matrix", {{0, 1, 0}, {1, 0, 1}, {0, 1, 0}}}, {"labels", {"S", "I", "T"}}, {"layout", "circular"}});
  EXPECT_EQ(desk("trace_path", {{"from_label", "S"}, {"to_label", "T"}}).data["path"], (json{"S", "I", "T"}));
}

// Neighbours of a node on the circle, joined past it: the line must clear the node.
TEST(ReadGraph, ReadsACrowdedCircle) {
  std::vector<std::vector<double>> matrix(15, std::vector<double>(15, 0));
  for (size_t i = 0; i < 15; ++i) matrix[i][(i + 2) % 15] = matrix[(i + 2) % 15][i] = 1;
  Desk desk;
  desk("draw_graph", {{"matrix", matrix}});
  const Observation seen = desk("read_graph");
  EXPECT_EQ(seen.data["adjacency_matrix"], json(matrix)) << seen.text;
  EXPECT_EQ(seen.data["nodes"][14]["label"], "14");
}

// What is reported is what is on the paper: a rubbed-out edge is gone, a drawn one is there.
TEST(ReadGraph, FollowsThePixelsNotTheData) {
  Desk desk;
  const json matrix = {{0, 1, 0, 0}, {1, 0, 1, 0}, {0, 1, 0, 0}, {0, 0, 0, 0}};
  const Observation drawn = desk("draw_graph", {{"matrix", matrix}});
  EXPECT_EQ(desk("trace_path", {{"from_label", "0"}, {"to_label", "2"}}).data["connected"], true);
  const json at = drawn.data["nodes"];
  const auto between = [&](const char* a, const char* b) { return json{(at[a][0].get<double>() + at[b][0].get<double>()) / 2,
      (at[a][1].get<double>() + at[b][1].get<double>()) / 2}; };
  desk("draw_point", {{"at", between("0", "1")}, {"colour", "white"}, {"radius", 0.03}});
  EXPECT_EQ(desk("trace_path", {{"from_label", "0"}, {"to_label", "2"}, {"picture", "canvas"}}).data["connected"], false);
  desk("draw_line", {{"a", at["0"]}, {"b", at["2"]}, {"width", 2}});
  desk("draw_circle", {{"centre", at["0"]}, {"radius", 0.036}, {"fill", "cream"}});
  desk("draw_circle", {{"centre", at["2"]}, {"radius", 0.036}, {"fill", "cream"}});
  const Observation again = desk("trace_path", {{"from", at["0"]}, {"to", at["2"]}, {"picture", "canvas"}});
  EXPECT_EQ(again.data["connected"], true) << again.text;
}

TEST(TracePath, GoesStraightThroughCrossingsAndAlongArrows) {
  Desk desk;
  // 0-2 and 1-3 cross in the middle of the circle.
  const json matrix = {{0, 0, 1, 0}, {0, 0, 0, 1}, {1, 0, 0, 0}, {0, 1, 0, 0}};
  const json at = desk("draw_graph", {{"matrix", matrix}, {"marked", {0, 3}}, {"mark_colours", {"gray"}}}).data["nodes"];
  const auto connected = [&](int a, int b, const char* crossings) {
    return desk("trace_path", {{"from", at[std::to_string(a)]}, {"to", at[std::to_string(b)]}, {"crossings", crossings}, {"picture",
        "canvas"}}).data["connected"] == true;
  };
  EXPECT_TRUE(connected(0, 2, "pass"));
  EXPECT_FALSE(connected(0, 3, "pass"));
  EXPECT_TRUE(connected(0, 3, "join"));
  Desk arrows;
  arrows("draw_graph", {{"matrix", {{0, 1, 0}, {0, 0, 1}, {0, 0, 0}}}, {"directed", true}});
  EXPECT_EQ(arrows("trace_path", {{"from_label", "0"}, {"to_label", "2"}}).data["connected"], true);
  EXPECT_EQ(arrows("trace_path", {{"from_label", "2"}, {"to_label", "0"}, {"picture", "canvas"}}).data["connected"], false);
  EXPECT_ERROR(arrows("trace_path", {{"from_label", "9"}, {"to_label", "0"}, {"picture", "canvas"}}), InvalidArgument,
      "no node with the label 9");
  EXPECT_ERROR(arrows("trace_path", {{"to_label", "0"}}), InvalidArgument, "give either from");
}

TEST(TracePath, FollowsBentLines) {
  Desk desk;
  desk("draw_circle", {{"centre", {0.2, 0.5}}, {"radius", 0.04}, {"fill", "cream"}});
  desk("draw_circle", {{"centre", {0.8, 0.5}}, {"radius", 0.04}, {"fill", "cream"}});
  desk("draw_circle", {{"centre", {0.5, 0.85}}, {"radius", 0.04}, {"fill", "cream"}});
  desk("draw_arc", {{"centre", {0.5, 0.5}}, {"radius", 0.3}, {"begin", 8}, {"sweep", 164}});  // over the top, from rim to rim
  desk("draw_line", {{"a", {0.5, 0.1}}, {"b", {0.5, 0.81}}});                                   // crosses it
  EXPECT_EQ(desk("trace_path", {{"from", {0.2, 0.5}}, {"to", {0.8, 0.5}}}).data["connected"], true);
  EXPECT_EQ(desk("trace_path", {{"from", {0.2, 0.5}}, {"to", {0.5, 0.85}}, {"picture", "canvas"}}).data["connected"], false);
}

TEST(ReadBoard, ReadsEveryPieceOnBothColours) {
  for (const char* fen : {"rnbqkbnr/pppppppp/8/8/8/8/PPPPPPPP/RNBQKBNR",
      "KQRBNPkq/rbnpKQRB/NPkqrbnp/8/1K1Q1R1B/N1P1k1q1/8/p1n1b1r1", "4k1nr/p1p3pp/2p5/1pN1b3/4P1b1/2P5/PP3PPP/R1BrK2R"})
    for (bool coordinates : {true, false}) {
      Desk desk;
      desk("draw_board", {{"fen", fen}, {"coordinates", coordinates}});
      const Observation seen = desk("read_board");
      EXPECT_EQ(seen.data["fen"], fen);
      EXPECT_TRUE(seen.data["unsure"].empty()) << seen.text;
    }
  Desk empty;
  empty("new_canvas");
  EXPECT_ERROR(empty("read_board"), InvalidArgument, "no chess board");
}

TEST(MeasureSymmetry, TellsEvenOddAndNeither) {
  const auto symmetry = [](const char* formula) {
    Desk desk;
    desk("plot_function", {{"formula", formula}, {"x_min", -3}, {"x_max", 3}});
    return desk("measure_symmetry").data["symmetry"].get<std::string>();
  };
  EXPECT_EQ(symmetry("(8*x**8 + 10*x**4 - 19.58)/(18*x**10 + 2*x**8 - 6*x**6 + 23.88)"), "even");
  EXPECT_EQ(symmetry("x**5*(6.0 - 8.0*x**2)/(10.0*x**10 + 6.0*x**8 - 2.0*x**4 + 11.04)"), "odd");
  EXPECT_EQ(symmetry("(-4*x**6 - 3*x**5 + 4*x**4 - 1.35)/(5*x**10 + 6*x**6 + 3*x**2 + 2.43)"), "neither");
  EXPECT_EQ(symmetry("x"), "odd");
  EXPECT_EQ(symmetry("x + 1"), "neither");
  Desk blank;
  blank("new_canvas");
  EXPECT_ERROR(blank("measure_symmetry"), InvalidArgument, "no coloured curve");
}

TEST(MeasureSymmetry, SeesAChangedCurve) {
  Desk desk;
  desk("plot_function", {{"formula", "x**2"}, {"x_min", -3}, {"x_max", 3}});
  EXPECT_EQ(desk("measure_symmetry").data["symmetry"], "even");
  desk("draw_line", {{"a", {0.6, 0.3}}, {"b", {0.9, 0.9}}, {"colour", "blue"}, {"width", 3}});
  EXPECT_EQ(desk("measure_symmetry", {{"picture", "canvas"}}).data["symmetry"], "neither");
}

TEST(MeasureCurvature, TellsConvexConcaveStraightAndBoth) {
  const auto curvature = [](const char* formula, double low, double high) {
    Desk desk;
    desk("plot_function", {{"formula", formula}, {"x_min", low}, {"x_max", high}});
    return desk("measure_curvature").data["curvature"].get<std::string>();
  };
  EXPECT_EQ(curvature("0.37*x**5 + 0.07*x**2 + exp(0.64*x) - 0.6*log(x) + 3.31", 0.05, 5), "convex");
  EXPECT_EQ(curvature("1.3 - exp(1.07*x)", -5, 5), "concave");
  EXPECT_EQ(curvature("1.58*log(x) + 18.21", 0.05, 5), "concave");
  EXPECT_EQ(curvature("1.05*Abs(x) - 1.68", -5, 5), "convex");
  EXPECT_EQ(curvature("2x + 1", -5, 5), "straight");
  EXPECT_EQ(curvature("sin(x)", -5, 5), "both");
}

TEST(Measure, LengthsAndAnglesOfAFigureToScale) {
  Desk desk;
  const Observation figure = desk("construct_figure", {{"relations", {"Equals(LengthOf(Line(A,B)),12)",
      "Equals(LengthOf(Line(A,C)),9)", "Equals(MeasureOf(Angle(B,A,C)),64)", "Equals(LengthOf(Line(B,C)),x)"}}});
  const json at = figure.data["points"];
  const double third = std::sqrt(144 + 81 - 2 * 12 * 9 * std::cos(64 * 3.14159265 / 180));
  EXPECT_NEAR(desk("measure_length", {{"a", at["B"]}, {"b", at["C"]}, {"unit", figure.data["unit"]}}).data["units"].get<double>(),
      third, 0.15);
  EXPECT_NEAR(desk("measure_angle", {{"a", at["B"]}, {"b", at["A"]}, {"c", at["C"]}}).data["degrees"].get<double>(), 64, 0.5);
  EXPECT_ERROR(desk("measure_length", {{"a", {0.01, 0.01}}, {"b", {0.5, 0.02}}}), InvalidArgument, "no straight line is drawn");
  EXPECT_ERROR(desk("measure_length", {{"a", {0.5, 0.5}}, {"b", {0.5, 0.5}}}), InvalidArgument, "same point");
  // The line itself is measured: another angle is drawn, the same points are given.
  Desk other;
  other("draw_line", {{"a", {0.2, 0.8}}, {"b", {0.8, 0.8}}});
  other("draw_line", {{"a", {0.2, 0.8}}, {"b", {0.8, 0.4}}});
  EXPECT_NEAR(other("measure_angle", {{"a", {0.8, 0.8}}, {"b", {0.2, 0.8}}, {"c", {0.79, 0.41}}}).data["degrees"].get<double>(),
      std::atan2(0.4, 0.6) * 180 / 3.14159265, 0.3);
}

TEST(Find, ShapesColoursRegionsAndCounts) {
  Desk desk;
  desk("draw_circle", {{"centre", {0.2, 0.2}}, {"radius", 0.1}, {"fill", "red"}, {"colour", "red"}});
  desk("draw_box", {{"box", {0.6, 0.1, 0.2, 0.2}}, {"fill", "blue"}, {"colour", "blue"}});
  desk("draw_polygon", {{"points", {{0.1, 0.9}, {0.4, 0.9}, {0.25, 0.6}}}, {"fill", "green"}, {"colour", "green"}});
  desk("draw_box", {{"box", {0.6, 0.6, 0.3, 0.15}}});  // an outline only
  const Observation shapes = desk("find_shapes", {{"picture", "canvas"}});
  std::vector<std::string> names;
  for (const json& f : shapes.data["found"]) names.push_back(f["what"]);
  std::sort(names.begin(), names.end());
  EXPECT_EQ(names, (std::vector<std::string>{"blue square", "green triangle", "red circle", "white rectangle"})) << shapes.text;
  const Observation red = desk("find_colour", {{"colour", "red"}, {"picture", "canvas"}});
  ASSERT_EQ(red.data["count"], 1);
  EXPECT_NEAR(red.data["found"][0]["centre"][0].get<double>(), 0.2, 0.01);
  EXPECT_NEAR(red.data["found"][0]["box"][2].get<double>(), 0.2, 0.02);
  EXPECT_EQ(desk("count", {{"what", "shapes"}, {"kind", "circle"}, {"picture", "canvas"}}).data["count"], 1);
  EXPECT_EQ(desk("count", {{"what", "colour"}, {"colour", "green"}, {"picture", "canvas"}}).data["count"], 1);
  EXPECT_ERROR(desk("count", {{"what", "colour"}, {"picture", "canvas"}}), InvalidArgument, "which colour");
  const Observation regions = desk("find_regions", {{"picture", "canvas"}});
  EXPECT_EQ(regions.data["found"][0]["colour"], "white");
  EXPECT_EQ(regions.data["largest"], "white");
  EXPECT_EQ(regions.data["count"], 5) << regions.text;  // paper, three shapes, the inside of the outline
  EXPECT_TRUE(regions.picture != nullptr && !regions.picture_name.empty());
}

// A thing of two parts is one; where nothing is between two things, they are two; a ground that fades is ground.
TEST(Find, ThingsOfSeveralPartsOnAFadingGround) {
  Desk desk;
  for (int i = 0; i < 40; ++i) {
    const auto level = static_cast<int>(165 + 90 * i / 39);
    desk("highlight", {{"box", {0, i / 40.0, 1, 1 / 40.0}}, {"colour", fmt::format("#{:02x}{:02x}ff", level, level)}, {"opacity", 1}});
  }
  const auto two_parts = [&](double x, double y, const char* colour) {
    for (double down : {0.0, 0.11}) desk("draw_box", {{"box", {x, y + down, 0.1, 0.1}}, {"fill", colour}, {"colour", colour}, {"width", 0.5}});
  };
  two_parts(0.1, 0.1, "red"), two_parts(0.5, 0.2, "green"), two_parts(0.7, 0.6, "red");
  const Observation all = desk("count", {{"what", "things"}, {"picture", "canvas"}});
  EXPECT_EQ(all.data["count"], 3) << all.text;
  EXPECT_NEAR(all.data["found"][0]["box"][3].get<double>(), 0.21, 0.02) << "both parts";
  EXPECT_EQ(desk("count", {{"what", "things"}, {"kind", "red"}, {"picture", "canvas"}}).data["count"], 2);
  EXPECT_EQ(desk("count", {{"what", "things"}, {"join", 0}, {"picture", "canvas"}}).data["count"], 6);
}

TEST(Parts, CropZoomOverlayAndWindows) {
  Desk desk;
  desk("new_canvas", {{"width", 200}, {"height", 100}});
  desk("draw_point", {{"at", {0.75, 0.5}}, {"radius", 0.1}, {"colour", "red"}});
  const Observation crop = desk("crop", {{"box", {0.5, 0, 0.5, 1}}, {"picture", "canvas"}});
  EXPECT_EQ(crop.picture->width, 100);
  EXPECT_EQ(crop.picture->at(50, 50)[1], 35);
  const Observation zoom = desk("zoom", {{"box", {0.7, 0.4, 0.1, 0.2}}, {"padding", 0}, {"picture", "canvas"}});
  EXPECT_EQ(zoom.picture->width, 240);  // 20 pixels, 12 times
  EXPECT_EQ(zoom.picture->at(120, 120)[1], 35);
  const Observation over = desk("overlay", {{"background", "canvas"}, {"picture", "crop_1"}, {"opacity", 1}, {"box", {0, 0, 0.5, 1}}});
  EXPECT_EQ(over.picture->at(50, 50)[1], 35);
  const Observation windows = desk("sliding_window", {{"columns", 2}, {"rows", 1}, {"overlap", 0}, {"picture", "canvas"}});
  ASSERT_EQ(windows.data["windows"].size(), 2U);
  EXPECT_EQ(windows.data["windows"][0]["contrast"], 0);
  EXPECT_GT(windows.data["windows"][1]["contrast"], 10);
  EXPECT_ERROR(desk("crop", {{"box", {0.5, 0, 0.6, 1}}}), InvalidArgument, "inside the picture");
  EXPECT_ERROR(desk("crop", {{"box", {0, 0, 1, 1}}, {"picture", "nothing"}}), InvalidArgument, "there are: canvas");
}

TEST(Compare, TakesThePieceThatContinuesThePicture) {
  // Slanted stripes over a slope of brightness; the lower right corner is missing.
  vision::Image whole(160, 120);
  for (int64_t y = 0; y < 120; ++y)
    for (int64_t x = 0; x < 160; ++x)
      for (int c = 0; c < 3; ++c) whole.at(x, y)[c] = static_cast<uint8_t>(60 + x / 2 + ((x + 2 * y) / 9 % 2 ? 70 : 0) + 10 * c);
  vision::Image torn = whole;
  for (int64_t y = 60; y < 120; ++y)
    for (int64_t x = 80; x < 160; ++x) std::fill_n(torn.at(x, y), 3, uint8_t{0});
  Desk desk;
  desk.sheet.put("torn", torn);
  desk.sheet.put("right", vision::crop(whole, 80, 60, 80, 60));
  desk.sheet.put("wrong", vision::crop(whole, 0, 53, 80, 60));
  const Observation out = desk("compare", {{"picture", "torn"}, {"pieces", {"wrong", "right"}}});
  EXPECT_EQ(out.data["best"], "right") << out.text;
  EXPECT_NEAR(out.data["part"][0].get<double>(), 0.5, 1e-6);
  // The same names with exchanged pixels: the answer goes with the pixels.
  desk.sheet.put("right", vision::crop(whole, 0, 53, 80, 60));
  desk.sheet.put("wrong", vision::crop(whole, 80, 60, 80, 60));
  EXPECT_EQ(desk("compare", {{"picture", "torn"}, {"pieces", {"wrong", "right"}}}).data["best"], "wrong");
  desk.sheet.put("whole", whole);
  EXPECT_ERROR(desk("compare", {{"picture", "whole"}, {"pieces", {"right"}}}), InvalidArgument, "missing part");
}

TEST(FindTemplate, FindsEachOccurrence) {
  Desk desk;
  for (const auto& at : {json{0.2, 0.2}, json{0.7, 0.6}}) desk("draw_text", {{"at", at}, {"text", "R5"}, {"height", 0.05}});
  desk("draw_text", {{"at", {0.3, 0.8}}, {"text", "K8"}, {"height", 0.05}});
  desk("crop", {{"box", {0.13, 0.15, 0.14, 0.1}}, {"picture", "canvas"}});
  const Observation found = desk("find_template", {{"picture", "canvas"}, {"template", "crop_1"}});
  EXPECT_EQ(found.data["count"], 2) << found.text;
  desk.sheet.put("even", vision::Image(10, 10));
  EXPECT_ERROR(desk("find_template", {{"picture", "canvas"}, {"template", "even"}}), InvalidArgument, "one even colour");
  EXPECT_ERROR(desk("find_template", {{"picture", "crop_1"}, {"template", "canvas"}}), InvalidArgument, "larger than the picture");
}

}  // namespace
}  // namespace atelier::sketchpad
