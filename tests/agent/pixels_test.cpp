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
  session.edit(step, 1, {std::move(drawing)});
  EXPECT_TRUE(session.trace().steps.back().seen.ok) << session.trace().steps.back().seen.text;
  session.run(planner);
  return session.trace().answer().value_or("none");
}

/// The program draws, somebody draws over its drawing, the program's look is taken again: what does it answer?
/// @param drawings  how many of its steps draw
std::string answer_to_drawn_over(const Problem& problem, size_t drawings, const std::function<std::vector<Move>(const Trace&)>& strokes, Move look) {
  Session session(problem, {}, all_tools());
  RulesPlanner planner;
  session.run(planner, [&](const Step&) { return session.trace().steps.size() < drawings; });
  for (Move& stroke : strokes(session.trace())) EXPECT_TRUE(session.take(std::move(stroke)).seen.ok) << session.trace().steps.back().seen.text;
  look.call->arguments["picture"] = "canvas";
  EXPECT_TRUE(session.take(std::move(look)).seen.ok) << session.trace().steps.back().seen.text;
  session.run(planner);
  return session.trace().answer().value_or("none");
}

/// A dab of white on the line between two drawn nodes. @param share  of the way
Move dab(const Trace& trace, const char* a, const char* b, double share = 0.5) {
  const json at = trace.steps.back().seen.data["nodes"];
  const auto between = [&](int axis) { return at[a][axis].get<double>() * (1 - share) + at[b][axis].get<double>() * share; };
  return calls("draw_point", {{"at", {between(0), between(1)}}, {"radius", 0.025}, {"colour", "white"}});
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
  EXPECT_EQ(answer_to_drawn_over(p, 1, [](const Trace& t) { return std::vector{dab(t, "1", "2")}; }, calls("trace_path", {{"from_label", "0"}, {"to_label", "2"}})), "no");
}

TEST(FollowsThePixels, Isomorphism) {
  const Problem p = problem("isomorphism", {{"graph_1", kPath}, {"graph_2", {{0, 0, 1, 0}, {0, 0, 1, 0}, {1, 1, 0, 0}, {0, 0, 0, 0}}}}, {"yes", "no"});
  EXPECT_EQ(answer(p), "yes");
  EXPECT_EQ(answer_to_other_drawing(p, 2, calls("draw_graph", {{"matrix", kTriangle}, {"area", {0.5, 0, 0.5, 1}}})), "no");
  EXPECT_EQ(answer_to_drawn_over(p, 3, [](const Trace& t) { return std::vector{dab(t, "0", "2")}; }, calls("match_graphs")), "no");
}

TEST(FollowsThePixels, Flow) {
  const Problem p = problem("maxflow", {{"graph", {{0, 7, 6}, {0, 0, 4}, {0, 0, 0}}}, {"source", 0}, {"sink", 2}});
  EXPECT_EQ(answer(p), "10");
  EXPECT_EQ(answer_to_other_drawing(p, 0, calls("draw_graph", {{"matrix", {{0, 7, 3}, {0, 0, 2}, {0, 0, 0}}}, {"directed", true}, {"weighted", true}})), "5");
  // The arrow from 0 to 2 is rubbed through, and its number is no arrow's any more.
  EXPECT_EQ(answer_to_drawn_over(p, 1, [](const Trace& t) { return std::vector{dab(t, "0", "2", 0.3)}; }, calls("measure_flow", {{"from_label", "0"}, {"to_label", "2"}})), "4");
}

TEST(FollowsThePixels, Parity) {
  const Problem p = problem("parity", {{"formula", "x**3"}}, {"even", "odd", "neither"});
  EXPECT_EQ(answer(p), "odd");
  EXPECT_EQ(answer_to_other_drawing(p, 0, calls("plot_function", {{"formula", "x**2"}, {"x_min", -3}, {"x_max", 3}})), "even");
  EXPECT_EQ(answer_to_other_drawing(p, 0, calls("plot_function", {{"formula", "x**2+x"}, {"x_min", -3}, {"x_max", 3}})), "neither");
  const auto stroke = [](const Trace&) { return std::vector{calls("draw_line", {{"a", {0.6, 0.3}}, {"b", {0.9, 0.9}}, {"colour", "blue"}, {"width", 3}})}; };
  EXPECT_EQ(answer_to_drawn_over(p, 1, stroke, calls("measure_symmetry")), "neither");
}

TEST(FollowsThePixels, Convexity) {
  const Problem p = problem("convexity", {{"formula", "exp(x)"}, {"domain", "all x"}}, {"convex", "concave"});
  EXPECT_EQ(answer(p), "convex");
  EXPECT_EQ(answer_to_other_drawing(p, 0, calls("plot_function", {{"formula", "-exp(x)"}, {"x_min", -2}, {"x_max", 2}})), "concave");
  // Another curve by hand over a white patch: a quarter of an ellipse that opens downwards.
  const auto bent = [](const Trace&) {
    json points = json::array();
    for (int i = 1; i <= 40; ++i) points.push_back({0.1 + 0.02 * i, 0.9 - 0.8 * std::sqrt(1 - std::pow(1 - i / 41.0, 2))});
    return std::vector{calls("draw_box", {{"box", {0, 0, 1, 1}}, {"colour", "white"}, {"fill", "white"}}),
                       calls("draw_polyline", {{"points", points}, {"colour", "blue"}, {"width", 3}})};
  };
  EXPECT_EQ(answer_to_drawn_over(p, 1, bent, calls("measure_curvature")), "concave");
}

TEST(FollowsThePixels, Chess) {
  // White is mated; with the black queen off the board White is ahead.
  const Problem p = problem("chess_winner", {{"fen", "4k3/8/8/8/8/8/5PPP/q5K1"}, {"turn", "white"}}, {"White", "Black", "Draw"});
  EXPECT_EQ(answer(p), "Black");
  EXPECT_EQ(answer_to_other_drawing(p, 0, calls("draw_board", {{"fen", "4k3/8/8/8/8/8/5PPP/6K1"}})), "White");
  // a1, a dark square, is painted over.
  const auto painted = [](const Trace& t) {
    const json board = t.steps.back().seen.data["board"];
    const double side = board[2].get<double>() / 8;
    const json square = {board[0], board[1].get<double>() + 7 * side, side, side};
    return std::vector{calls("draw_box", {{"box", square}, {"colour", "#b58863"}, {"fill", "#b58863"}, {"width", 0.5}})};
  };
  EXPECT_EQ(answer_to_drawn_over(p, 1, painted, calls("judge_board", {{"turn", "white"}})), "White");
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
  // The program draws BC; then both of its ends are rubbed off.
  Problem near = p;
  near.fields["choices"] = {9.65, 10};
  EXPECT_EQ(answer(near), "B");
  const auto shortened = [](const Trace& t) {
    const json at = t.steps[0].seen.data["points"];
    const auto off = [&](const char* name) { return calls("draw_point", {{"at", at[name]}, {"radius", 0.016}, {"colour", "white"}}); };
    return std::vector{off("B"), off("C")};
  };
  EXPECT_EQ(answer_to_drawn_over(near, 2, shortened, calls("measure_length", {{"a", "$points.B"}, {"b", "$points.C"}, {"unit", "$unit"}})), "A");
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
