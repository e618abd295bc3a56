/// What an answer rests on: a drawing that is changed behind the planner's back changes the answer, the data unchanged.
#include "desk.h"
#include "sketchpad/agent/rules_planner.h"
#include "sketchpad/problems/random_problems.h"

namespace atelier::sketchpad {
namespace {

std::string answer(const Problem& problem, json hint = nullptr) {
  Session session(problem, {}, all_tools());
  RulesPlanner planner(0, std::move(hint));
  session.run(planner);
  return session.trace().answer().value_or("none");
}

/// The program's answer where the drawing of a step shows something else.
std::string answer_to_other_drawing(const Problem& problem, size_t step, Move drawing) {
  Session session(problem, {}, all_tools());
  RulesPlanner planner;
  session.run(planner, [&](const Step&) { return session.trace().steps.size() < step + 1; });
  session.replace(step, std::move(drawing));
  EXPECT_TRUE(session.trace().steps.back().seen.ok) << session.trace().steps.back().seen.text;
  session.run(planner);
  return session.trace().answer().value_or("none");
}

Problem problem(std::string task, json fields, std::vector<std::string> choices = {}) {
  Problem out{.task = std::move(task), .question = "?"};
  out.fields = std::move(fields), out.choices = std::move(choices);
  return out;
}

const json kPath = {{0, 1, 0, 0}, {1, 0, 1, 0}, {0, 1, 0, 0}, {0, 0, 0, 0}};
const json kTriangle = {{0, 1, 1, 0}, {1, 0, 1, 0}, {1, 1, 0, 0}, {0, 0, 0, 0}};

TEST(FollowsThePixels, Connectivity) {
  const Problem p = path_problem();
  EXPECT_EQ(answer(p), "yes");
  const json marked = {{"matrix", {{0, 1, 0, 0}, {1, 0, 0, 0}, {0, 0, 0, 0}, {0, 0, 0, 0}}}};
  EXPECT_EQ(answer_to_other_drawing(p, 0, calls("draw_graph", marked)), "no");
  // A dab of white on the line between 1 and 2.
  Session session(p, {}, all_tools());
  RulesPlanner planner;
  session.run(planner, [](const Step&) { return false; });
  const json at = session.trace().steps[0].seen.data["nodes"];
  const auto middle = [&](int axis) { return (at["1"][axis].get<double>() + at["2"][axis].get<double>()) / 2; };
  session.take(calls("draw_point", {{"at", {middle(0), middle(1)}}, {"radius", 0.03}, {"colour", "white"}}));
  session.take(calls("trace_path", {{"from_label", "0"}, {"to_label", "2"}, {"picture", "canvas"}}));
  session.run(planner);
  EXPECT_EQ(session.trace().answer(), "no");
}

TEST(FollowsThePixels, Isomorphism) {
  const Problem p = problem("isomorphism", {{"graph_1", kPath}, {"graph_2", {{0, 0, 1, 0}, {0, 0, 1, 0}, {1, 1, 0, 0}, {0, 0, 0, 0}}}}, {"yes", "no"});
  EXPECT_EQ(answer(p), "yes");
  EXPECT_EQ(answer_to_other_drawing(p, 2, calls("draw_graph", {{"matrix", kTriangle}, {"area", {0.5, 0, 0.5, 1}}})), "no");
}

TEST(FollowsThePixels, Flow) {
  const Problem p = problem("maxflow", {{"graph", {{0, 7, 6}, {0, 0, 4}, {0, 0, 0}}}, {"source", 0}, {"sink", 2}});
  EXPECT_EQ(answer(p), "10");
  EXPECT_EQ(answer_to_other_drawing(p, 0, calls("draw_graph", {{"matrix", {{0, 7, 3}, {0, 0, 2}, {0, 0, 0}}}, {"directed", true}, {"weighted", true}})), "5");
}

TEST(FollowsThePixels, Parity) {
  const Problem p = problem("parity", {{"formula", "x**3"}}, {"even", "odd", "neither"});
  EXPECT_EQ(answer(p), "odd");
  EXPECT_EQ(answer_to_other_drawing(p, 0, calls("plot_function", {{"formula", "x**2"}, {"x_min", -3}, {"x_max", 3}})), "even");
  EXPECT_EQ(answer_to_other_drawing(p, 0, calls("plot_function", {{"formula", "x**2+x"}, {"x_min", -3}, {"x_max", 3}})), "neither");
}

TEST(FollowsThePixels, Convexity) {
  const Problem p = problem("convexity", {{"formula", "exp(x)"}, {"domain", "all x"}}, {"convex", "concave"});
  EXPECT_EQ(answer(p), "convex");
  EXPECT_EQ(answer_to_other_drawing(p, 0, calls("plot_function", {{"formula", "-exp(x)"}, {"x_min", -2}, {"x_max", 2}})), "concave");
}

TEST(FollowsThePixels, Chess) {
  // White is mated; with the black queen off the board White is ahead.
  const Problem p = problem("chess_winner", {{"fen", "4k3/8/8/8/8/8/5PPP/q5K1"}, {"turn", "white"}}, {"White", "Black", "Draw"});
  EXPECT_EQ(answer(p), "Black");
  EXPECT_EQ(answer_to_other_drawing(p, 0, calls("draw_board", {{"fen", "4k3/8/8/8/8/8/5PPP/6K1"}})), "White");
}

TEST(FollowsThePixels, Jigsaw) {
  Problem p = random_problem("jigsaw", 3).problem;
  const std::string right = p.answer, wrong = right == "A" ? "B" : "A", piece = right == "A" ? "image_2" : "image_3";
  EXPECT_EQ(answer(p), right);
  Session session(p, {}, all_tools());
  session.take(calls("new_canvas", {{"canvas", piece}, {"over", piece}}));
  for (int i = 0; i < 8; ++i)
    session.take(calls("draw_box", {{"box", {0, i / 8.0, 1, 0.125}}, {"colour", i % 2 ? "red" : "cyan"}, {"fill", i % 2 ? "red" : "cyan"}, {"canvas", piece}}));
  RulesPlanner planner;
  session.run(planner);
  EXPECT_EQ(session.trace().answer(), wrong);
}

TEST(FollowsThePixels, Geometry) {
  json relations = {"Equals(LengthOf(Line(A,B)),6)", "Equals(LengthOf(Line(A,C)),8)", "Perpendicular(Line(A,B),Line(A,C))"};
  const Problem p = problem("geometry", {{"relations", relations}, {"goal", "LengthOf(Line(B,C))"}, {"choices", {8.5, 10, 14}}}, {"A", "B", "C"});
  EXPECT_EQ(answer(p), "B");
  relations[0] = "Equals(LengthOf(Line(A,B)),11.5)";
  EXPECT_EQ(answer_to_other_drawing(p, 0, calls("construct_figure", {{"relations", relations}})), "C");
}

TEST(FollowsThePixels, Pictures) {
  Problem p = problem("pictures", json::object());
  Canvas canvas(480, 480);
  canvas.circle({0.3, 0.3}, 0.1, {.colour = {255, 0, 0}, .width = 0, .fill = Colour{255, 0, 0}});
  p.pictures = {{"image_1", std::make_shared<const vision::Image>(canvas.render())}};
  const json hint = {{"asks", "count"}, {"first", "red circle"}};
  EXPECT_EQ(answer(p, hint), "1");
  canvas.circle({0.7, 0.7}, 0.1, {.colour = {255, 0, 0}, .width = 0, .fill = Colour{255, 0, 0}});
  p.pictures = {{"image_1", std::make_shared<const vision::Image>(canvas.render())}};
  EXPECT_EQ(answer(p, hint), "2");
}

}  // namespace
}  // namespace atelier::sketchpad
