#include "sketchpad/agent/rules_planner.h"

#include "base/error.h"
#include "sketchpad/agent/reply.h"

#include <cstdlib>
#include <map>

namespace atelier::sketchpad {

const Step* Turn::last(std::string_view tool) const {
  for (auto step = trace.steps.rbegin(); step != trace.steps.rend(); ++step)
    if (step->move.call && step->move.call->tool == tool && step->seen.ok) return &*step;
  return nullptr;
}

int Turn::failures() const {
  return static_cast<int>(std::count_if(trace.steps.begin(), trace.steps.end(), [](const Step& s) { return !s.seen.ok; }));
}

const std::string& Turn::one_of(const std::vector<std::string>& texts) {
  return texts[varied ? static_cast<size_t>(random.below(static_cast<int64_t>(texts.size()))) : 0];
}

Move Turn::call(const std::vector<std::string>& thoughts, std::string tool, json arguments) {
  return {.thought = one_of(thoughts), .call = Call{std::move(tool), std::move(arguments)}};
}

Move Turn::answer(const std::vector<std::string>& thoughts, std::string answer) {
  return {.thought = one_of(thoughts), .answer = std::move(answer)};
}

std::optional<double> number_after(std::string_view text, std::string_view words) {
  const size_t at = text.find(words);
  if (at == text.npos) return {};
  const std::string rest(text.substr(at + words.size(), 40));
  char* end = nullptr;
  const double value = std::strtod(rest.c_str(), &end);
  return end == rest.c_str() ? std::nullopt : std::optional(value);
}

namespace {

// Another layout on clean paper, where the picture could not be read or a call went wrong.
json redrawn(json arguments, int failures) {
  if (failures > 0) arguments["layout"] = failures % 2 ? "force" : "spectral", arguments["canvas"] = fmt::format("again_{}", failures);
  return arguments;
}

bool drew(const Turn& turn, std::string_view tool) { return turn.done() > 0 && turn.trace.steps.back().move.call && turn.trace.steps.back().move.call->tool == tool && turn.seen().ok; }

Move connectivity(Turn& turn) {
  if (turn.saw("not connected")) return turn.answer({"The lines from the first node do not reach the second.", "They are in different parts of the drawing.",
      "No way was found along the lines."}, "no");
  if (turn.saw("connected:")) return turn.answer({"The lines lead from one node to the other.", "A way was found in the drawing.", "The drawn lines connect them."}, "yes");
  if (drew(turn, "draw_graph")) return turn.call({"Follow the lines between the two nodes.", "Now trace the lines from one marked node to the other.",
      "Is there a way along the lines?"}, "trace_path", {{"from_label", "$node_1"}, {"to_label", "$node_2"}});
  json arguments = {{"matrix", "$graph"}};
  if (!turn.varied || turn.random.chance(0.8)) {
    arguments["marked"] = {"$node_1", "$node_2"};
    if (turn.trace.problem.fields.contains("colour")) arguments["mark_colours"] = {"$colour"};
  }
  return turn.call({"Draw the graph and mark the two nodes.", "The graph is easier to see than to read: draw it.", "First draw the graph."}, "draw_graph",
                   redrawn(arguments, turn.failures()));
}

Move isomorphism(Turn& turn) {
  if (turn.saw("not the same graph")) return turn.answer({"The drawings do not match.", "One cannot be laid on the other.", "They differ, so they are not isomorphic."}, "no");
  if (turn.saw("the same graph")) return turn.answer({"One drawing can be laid on the other.", "All nodes and lines match.", "They match, so they are isomorphic."}, "yes");
  const std::string paper = turn.failures() == 0 ? "canvas" : fmt::format("again_{}", turn.failures());
  int drawn = 0;
  bool made = false;
  for (const Step& s : turn.trace.steps) {
    if (!s.move.call || !s.seen.ok || s.move.call->arguments.value("canvas", "canvas") != paper) continue;
    made |= s.move.call->tool == "new_canvas", drawn += s.move.call->tool == "draw_graph";
  }
  const auto on_paper = [&](json arguments) {
    if (paper != "canvas") arguments["canvas"] = paper, arguments["layout"] = turn.failures() % 2 ? "force" : "spectral";
    return arguments;
  };
  if (!made) {
    json arguments = {{"width", 1280}, {"height", 640}};
    if (paper != "canvas") arguments["canvas"] = paper;
    return turn.call({"Make wide paper for both graphs.", "Both graphs go side by side on one sheet.", "Take a wide canvas."}, "new_canvas", arguments);
  }
  if (drawn == 0) return turn.call({"Draw the first graph on the left.", "The first graph goes to the left half."}, "draw_graph",
      on_paper({{"matrix", "$graph_1"}, {"area", {0, 0, 0.5, 1}}}));
  if (drawn == 1) return turn.call({"Draw the second graph on the right.", "The second graph goes to the right half."}, "draw_graph",
      on_paper({{"matrix", "$graph_2"}, {"area", {0.5, 0, 0.5, 1}}}));
  return turn.call({"Try to lay one on the other.", "Do the two drawings match?", "Now match the drawings."}, "match_graphs", json::object());
}

Move maxflow(Turn& turn) {
  if (turn.saw("flow "))
    return turn.answer({"The drawing shows how much flows.", "That is all that can flow.", "No more fits through the arrows."},
        "$flow");
  if (drew(turn, "draw_graph")) return turn.call({"See how much flows along the arrows.", "Send as much as possible along the arrows.", "Measure the flow from source to sink."},
      "measure_flow", {{"from_label", "$source"}, {"to_label", "$sink"}});
  json arguments = {{"matrix", "$graph"}, {"directed", true}, {"weighted", true}};
  if (!turn.varied || turn.random.chance(0.8)) arguments["marked"] = {"$source", "$sink"}, arguments["mark_colours"] = {"red", "blue"};
  return turn.call({"Draw the network with its capacities.", "Draw arrows with their numbers.", "First draw the directed graph with weights."}, "draw_graph",
                   redrawn(arguments, turn.failures()));
}

Move parity(Turn& turn) {
  for (const char* verdict : {"even", "odd", "neither"})
    if (turn.saw(std::string("symmetry: ") + verdict))
      return turn.answer({std::string("The curve looks ") + verdict + ".", std::string("Its symmetry is ") + verdict + ".",
                          std::string("The measured symmetry says ") + verdict + "."}, verdict);
  if (drew(turn, "plot_function")) return turn.call({"Is the curve its own mirror image?", "Measure the symmetry of the curve.", "Look at the symmetry."}, "measure_symmetry", json::object());
  return turn.call({"Plot the function on both sides of zero.", "Draw the curve around the origin.", "A plot shows symmetry."}, "plot_function",
                   {{"formula", "$formula"}, {"x_min", turn.failures() ? -2 : -3}, {"x_max", turn.failures() ? 2 : 3}});
}

Move convexity(Turn& turn) {
  if (turn.saw("curvature: ")) {
    const std::string& text = turn.seen().text;
    const double below = number_after(text, "at most ").value_or(0), above = number_after(text, "chord and ").value_or(0);
    const std::string verdict = below >= above ? "convex" : "concave";
    return turn.answer({"The curve bends " + std::string(below >= above ? "upwards." : "downwards."),
                        "It lies " + std::string(below >= above ? "below" : "above") + " its chords."}, verdict);
  }
  if (drew(turn, "plot_function")) return turn.call({"How does the curve bend?", "Compare the curve with its chords.", "Measure how it bends."}, "measure_curvature", json::object());
  const bool positive = turn.field("domain") != "all x";
  return turn.call({positive ? "Plot it where x is positive." : "Plot it on both sides of zero.", positive ? "The domain is x > 0: draw it there." : "Draw it over the line."},
                   "plot_function", {{"formula", "$formula"}, {"x_min", positive ? 0.1 : -2}, {"x_max", positive ? 3 : 2}});
}

Move chess(Turn& turn) {
  const bool white_moves = turn.field("turn") == "white";
  const std::string mover = white_moves ? "White" : "Black", other = white_moves ? "Black" : "White";
  if (turn.saw("checkmate")) return turn.answer({"The king of " + mover + " is mated.", "It is mate against " + mover + "."}, other);
  if (turn.saw("stalemate")) return turn.answer({"No move is left and there is no check.", "It is stalemate."}, "Draw");
  if (turn.saw("to move")) {
    // Without mate a game ends when whoever is to move gives up, and nobody does who is well ahead.
    const double ahead = turn.saw("is level") || turn.saw(": level") ? 0 : number_after(turn.seen().text, white_moves ? ": white is " : ": black is ").value_or(0);
    if (ahead >= 3) return turn.answer({mover + " is well ahead.", mover + " has much more on the board."}, mover);
    return turn.answer({mover + " is to move and not ahead: " + mover + " gave up.", mover + " has no more hope and gives up."}, other);
  }
  if (drew(turn, "draw_board")) return turn.call({"Look for mate and count the pieces.", "How does the position stand?", "Judge the position on the board."}, "judge_board", {{"turn", "$turn"}});
  return turn.call({"Set up the board.", "Draw the position.", "First draw the board."}, "draw_board", {{"fen", "$fen"}});
}

Move jigsaw(Turn& turn) {
  if (turn.saw("best: image_2")) return turn.answer({"The second picture goes on best at the seam.", "image_2 fits better."}, "A");
  if (turn.saw("best: image_3")) return turn.answer({"The third picture goes on best at the seam.", "image_3 fits better."}, "B");
  json arguments = {{"picture", "image_1"}, {"pieces", {"image_2", "image_3"}}};
  if (turn.failures() > 0) arguments["part"] = {0.5, 0.5, 0.5, 0.5};
  return turn.call({"Compare both pieces along the seam.", "Which piece continues the picture?", "Put both pieces in and look at the edges."}, "compare", arguments);
}

// After a few failures there is no use in going on.
Move give_up(Turn& turn) {
  const auto& choices = turn.trace.problem.choices;
  return turn.answer({"The drawing cannot be read; this is a guess."}, choices.empty() ? "unknown" : choices.front());
}

using Program = Move (*)(Turn&);

const std::map<std::string, Program>& programs() {
  static const std::map<std::string, Program> kPrograms = {
      {"connectivity", connectivity}, {"isomorphism", isomorphism}, {"maxflow", maxflow}, {"parity", parity},
      {"convexity", convexity}, {"chess_winner", chess}, {"jigsaw", jigsaw}, {"geometry", geometry_turn}};
  return kPrograms;
}

}  // namespace

bool RulesPlanner::knows(const std::string& task) const { return !hint_.is_null() || programs().contains(task); }

std::string RulesPlanner::reply(const Trace& trace, bool may_call) {
  const std::string& task = trace.problem.task;
  Turn turn{trace, base::Random(seed_, trace.steps.size()), seed_ != 0};
  if (!knows(task)) {
    std::string all;
    for (const auto& [name, program] : programs()) all += (all.empty() ? "" : ", ") + name;
    throw base::InvalidArgument(fmt::format("the rules are programs for problems of the tasks {}, not for {}; choose another planner", all,
        task.empty() ? "a question of its own" : "the task " + base::shown(task)));
  }
  const auto program = programs().find(task);
  if (program == programs().end()) {
    const Move move = pictures_turn(turn, hint_);
    return reply_text(move.call && !may_call ? give_up(turn) : move);
  }
  if (turn.failures() > 3) return reply_text(give_up(turn));
  const Move move = program->second(turn);
  return reply_text(move.call && !may_call ? give_up(turn) : move);
}

}  // namespace atelier::sketchpad
