/// Tools that judge a drawing: from pixels to a verdict.
#include "base/error.h"
#include "run.h"

namespace atelier::sketchpad {
namespace {

using base::InvalidArgument;

TEST(MatchGraphs, FindsTheSameGraphUnderOtherNumbers) {
  const auto same = [](const json& second) {
    Desk desk;
    // A triangle with a tail, 3 - 0.
    desk("new_canvas", {{"width", 1280}, {"height", 640}});
    desk("draw_graph", {{"matrix", {{0, 1, 1, 1}, {1, 0, 1, 0}, {1, 1, 0, 0}, {1, 0, 0, 0}}}, {"area", {0, 0, 0.5, 1}}});
    desk("draw_graph", {{"matrix", second}, {"area", {0.5, 0, 0.5, 1}}});
    return desk("match_graphs");
  };
  EXPECT_EQ(same({{0, 1, 0, 0}, {1, 0, 1, 1}, {0, 1, 0, 1}, {0, 1, 1, 0}}).data["same"], true);
  const Observation cycle = same({{0, 1, 0, 1}, {1, 0, 1, 0}, {0, 1, 0, 1}, {1, 0, 1, 0}});
  EXPECT_EQ(cycle.data["same"], false);
  EXPECT_NE(cycle.text.find("numbers of lines at the nodes differ"), std::string::npos) << cycle.text;
  const Observation fewer = same({{0, 1, 0, 0}, {1, 0, 1, 1}, {0, 1, 0, 0}, {0, 1, 0, 0}});
  EXPECT_NE(fewer.text.find("4 and 3 lines; the counts differ"), std::string::npos) << fewer.text;
  Desk empty;
  empty("new_canvas");
  EXPECT_ERROR(empty("match_graphs"), InvalidArgument, "no graph is seen");
  EXPECT_ERROR(empty("match_graphs", {{"first", {0, 0, 2, 1}}}), InvalidArgument, "first must be");
}

// Equal numbers of lines everywhere, and yet not the same: two triangles and a ring of six.
TEST(MatchGraphs, TellsTrianglesFromARing) {
  std::vector<std::vector<int>> ring(6, std::vector<int>(6, 0)), triangles = ring;
  for (int i = 0; i < 6; ++i) {
    const int next = (i + 1) % 6, beside = i / 3 * 3 + (i + 1) % 3;
    ring[i][next] = ring[next][i] = 1, triangles[i][beside] = triangles[beside][i] = 1;
  }
  Desk desk;
  desk("new_canvas", {{"width", 1280}, {"height", 640}});
  desk("draw_graph", {{"matrix", ring}, {"area", {0, 0, 0.5, 1}}});
  desk("draw_graph", {{"matrix", triangles}, {"area", {0.5, 0, 0.5, 1}}});
  EXPECT_NE(desk("match_graphs").text.find("no way of laying one on the other"), std::string::npos);
}

TEST(MeasureFlow, SendsWhatFitsThroughTheDrawnArrows) {
  Desk desk;
  desk("draw_graph", {{"matrix", {{0, 7, 8, 9}, {0, 0, 0, 8}, {0, 8, 0, 8}, {0, 0, 0, 0}}}, {"directed", true}, {"weighted", true}});
  const Observation flow = desk("measure_flow", {{"from_label", "0"}, {"to_label", "3"}});
  EXPECT_EQ(flow.data["flow"], 24) << flow.text;
  EXPECT_EQ(desk("measure_flow", {{"from_label", "3"}, {"to_label", "0"}, {"picture", "canvas"}}).data["flow"], 0);
  EXPECT_ERROR(desk("measure_flow", {{"from_label", "0"}, {"to_label", "0"}, {"picture", "canvas"}}), InvalidArgument, "the same node");
  EXPECT_ERROR(desk("measure_flow", {{"from_label", "0"}, {"to_label", "8"}, {"picture", "canvas"}}), InvalidArgument, "no node with the label 8");
  Desk plain;
  plain("draw_graph", {{"matrix", {{0, 1}, {1, 0}}}});
  EXPECT_ERROR(plain("measure_flow", {{"from_label", "0"}, {"to_label", "1"}}), InvalidArgument, "no number is read");
}

TEST(JudgeBoard, SeesMateAndMaterial) {
  const auto judged = [](const char* fen, const char* turn) {
    Desk desk;
    desk("draw_board", {{"fen", fen}});
    return desk("judge_board", {{"turn", turn}});
  };
  const Observation mate = judged("rnb1kbnr/pppp1ppp/8/4p3/6Pq/5P2/PPPPP2P/RNBQKBNR", "white");
  EXPECT_EQ(mate.data["state"], "checkmate");
  const Observation other = judged("rnb1kbnr/pppp1ppp/8/4p3/6Pq/5P2/PPPPP2P/RNBQKBNR", "black");
  EXPECT_EQ(other.data["state"], "no check");
  EXPECT_EQ(judged("7k/5Q2/6K1/8/8/8/8/8", "black").text, "black to move: stalemate; white 9 points, black 0: white is 9 ahead");
  Desk empty;
  empty("new_canvas");
  EXPECT_ERROR(empty("judge_board", {{"turn", "white"}}), InvalidArgument, "no chess board");
  EXPECT_ERROR(empty("judge_board", {{"turn", "red"}}), InvalidArgument, "turn must be");
}

TEST(MeasurePolygon, GoesAroundWhatIsDrawn) {
  Desk desk;
  const json corners = {{0.2, 0.2}, {0.8, 0.2}, {0.8, 0.6}, {0.2, 0.6}};
  desk("draw_polygon", {{"points", corners}});
  const Observation seen = desk("measure_polygon", {{"corners", corners}, {"unit", 0.1}});
  EXPECT_NEAR(seen.data["perimeter_units"].get<double>(), 20, 0.2);
  EXPECT_NEAR(seen.data["area_units"].get<double>(), 24, 0.4);
  EXPECT_ERROR(desk("measure_polygon", {{"corners", {{0.2, 0.2}, {0.8, 0.2}, {0.5, 0.9}}}, {"picture", "canvas"}}), InvalidArgument, "no straight line");
  EXPECT_ERROR(desk("measure_polygon", {{"corners", {{0.2, 0.2}}}}), InvalidArgument, "corners must be");
}

TEST(Calculate, TakesNumbersAndChoices) {
  Desk desk;
  EXPECT_EQ(desk("calculate", {{"expression", "2*pi*3"}}).text, "18.8496");
  EXPECT_EQ(desk("calculate", {{"expression", "(57.0-(5))/2"}, {"choices", {10, 26.5, 40}}}).data["choice"], "B");
  EXPECT_EQ(desk("calculate", {{"expression", "(x-(5))/2"}, {"x", 57}}).data["value"], 26);
  EXPECT_ERROR(desk("calculate", {{"expression", "x+1"}}), InvalidArgument, "no finite number");
  EXPECT_ERROR(desk("calculate", {{"expression", "1/0"}}), InvalidArgument, "no finite number");
  EXPECT_ERROR(desk("calculate", {{"expression", "system(1)"}}), InvalidArgument, "system");
}

}  // namespace
}  // namespace atelier::sketchpad
