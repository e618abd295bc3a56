#include "base/error.h"
#include "base/files.h"
#include "desk.h"
#include "sketchpad/agent/page.h"

#include <fstream>

namespace atelier::sketchpad {
namespace {

using base::InvalidArgument;

std::string reply(const json& call) { return "THOUGHT: so\nACTION: " + call.dump(); }
const std::string kDraw = reply({{"tool", "draw_graph"}, {"arguments", {{"matrix", "$graph"}}}});
const std::string kTrace = reply({{"tool", "trace_path"}, {"arguments", {{"from_label", "$node_1"}, {"to_label", "$node_2"}}}});

TEST(Session, ThinksDrawsLooksAndAnswers) {
  Session session(path_problem(), {}, all_tools());
  ScriptedPlanner planner({kDraw, kTrace, "THOUGHT: seen\nANSWER: yes"});
  std::vector<std::string> seen;
  session.run(planner, [&](const Step& step) { return seen.push_back(step.seen.text), true; });
  ASSERT_EQ(seen.size(), 3u);
  EXPECT_NE(seen[1].find("connected: 0 - 1 - 2"), std::string::npos) << seen[1];
  EXPECT_EQ(session.trace().answer(), "yes");
  EXPECT_EQ(session.trace().outcome, Outcome::answered);
  EXPECT_TRUE(session.trace().problem.answer.empty()) << "a planner could have read it";
}

TEST(Session, AFailedCallSaysWhatToMendAndTheRunGoesOn) {
  Session session(path_problem(), {}, all_tools());
  EXPECT_NE(session.take(calls("draw_grph")).seen.text.find("near it: draw_graph"), std::string::npos);
  EXPECT_NE(session.take(calls("draw_graph", {{"matrix", "$grap"}})).seen.text.find("$graph"), std::string::npos);
  EXPECT_NE(session.take(calls("draw_graph", {{"matrix", 5}})).seen.text.find("matrix must be"), std::string::npos);
  for (const Step& step : session.trace().steps) EXPECT_FALSE(step.seen.ok);
  EXPECT_TRUE(session.take(calls("draw_graph", {{"matrix", "$graph"}})).seen.ok);
}

TEST(Session, QuotesReachIntoListsObservationsAndTexts) {
  Session session(path_problem(), {}, all_tools());
  EXPECT_TRUE(session.take(calls("draw_graph", {{"matrix", "$graph"}, {"marked", {"$node_1", "$node_2"}}})).seen.ok);
  // Places come from what the drawing reported; a number stands where a label is a text.
  const Seen& by_place = session.take(calls("trace_path", {{"from", "$nodes.0"}, {"to", "$nodes.2"}})).seen;
  EXPECT_TRUE(by_place.ok) << by_place.text;
  const Seen& by_label = session.take(calls("trace_path", {{"from_label", "$node_1"}, {"to_label", "$node_2"}, {"picture", "canvas"}})).seen;
  EXPECT_EQ(by_label.data["connected"], true) << by_label.text;
}

TEST(Session, AnAnswerMayQuoteWhatWasSeenAndFollowsIt) {
  Session session(path_problem(), {}, all_tools());
  session.take(calls("calculate", {{"expression", "2*x"}, {"x", 8}, {"choices", {1, 16}}}));
  session.take({.answer = "$value"});
  EXPECT_EQ(session.trace().answer(), "16");
  session.keep(1);
  session.take({.answer = "$choice"});
  EXPECT_EQ(session.trace().answer(), "B");
  session.keep(1);
  session.take({.answer = "$5"});  // names nothing, so it is meant
  EXPECT_EQ(session.trace().answer(), "$5");
}

TEST(Session, BudgetsEndARun) {
  Session steps(path_problem(), {.steps = 2}, all_tools());
  ScriptedPlanner again({kDraw, kDraw, kDraw, kDraw});
  steps.run(again);
  EXPECT_EQ(steps.trace().outcome, Outcome::out_of_steps);
  EXPECT_EQ(steps.trace().steps.size(), 2u);

  // The last turn may still answer.
  Session answered(path_problem(), {.steps = 1}, all_tools());
  ScriptedPlanner planner({kDraw, "ANSWER: no"});
  answered.run(planner);
  EXPECT_EQ(answered.trace().answer(), "no");

  Session pixels(path_problem(), {.pixels = 500'000}, all_tools());
  pixels.run(again);
  EXPECT_EQ(pixels.trace().outcome, Outcome::out_of_pixels);
  EXPECT_EQ(pixels.trace().steps.size(), 2u);  // 640 x 640 twice

  Session time(path_problem(), {.seconds = 1e-6}, all_tools());
  time.run(again);
  EXPECT_EQ(time.trace().outcome, Outcome::out_of_time);
  EXPECT_EQ(time.trace().steps.size(), 1u);
  EXPECT_ERROR(Session(path_problem(), {.steps = -1}, all_tools()), InvalidArgument, "0 to 1000 steps");
}

TEST(Session, UnreadableRepliesCountAsSteps) {
  Session session(path_problem(), {.steps = 3}, all_tools());
  ScriptedPlanner planner({"hello", "\xff\xfe{", "ACTION: {\"tool\": 3}", "still nothing"});
  session.run(planner);
  EXPECT_EQ(session.trace().outcome, Outcome::out_of_steps);
  for (const Step& step : session.trace().steps) EXPECT_NE(step.seen.text.find("ACTION"), std::string::npos) << step.seen.text;
}

TEST(Session, AnEditedStepChangesWhatFollows) {
  Session session(path_problem(), {}, all_tools());
  session.take(calls("draw_graph", {{"matrix", "$graph"}}));
  session.take(calls("trace_path", {{"from_label", "0"}, {"to_label", "2"}, {"picture", "canvas"}}));
  session.take(answers("yes"));
  const Trace before = session.trace();

  Session branch(before, all_tools());
  branch.edit(0, 1, {calls("draw_graph", {{"matrix", {{0, 1, 0}, {1, 0, 0}, {0, 0, 0}}}})});
  EXPECT_EQ(branch.trace().steps[1].seen.data["connected"], false);
  EXPECT_EQ(before.steps[1].seen.data["connected"], true) << "the branch changed its origin";

  branch = Session(before, all_tools());
  branch.keep(2);
  branch.edit(1, 0, {calls("draw_circle", {{"centre", "$nodes.1"}, {"radius", 0.07}, {"colour", "white"}, {"fill", "white"}})});
  EXPECT_EQ(branch.trace().steps.size(), 3u);
  EXPECT_FALSE(branch.trace().steps[2].seen.data.value("connected", false));
  branch.edit(1, 1, {});
  EXPECT_EQ(branch.trace().steps[1].seen.data["connected"], true);
  EXPECT_ERROR(branch.edit(2, 1, {}), InvalidArgument, "the trace has 2 steps; 1 behind the first 2 cannot go");
  EXPECT_ERROR(Session(before, all_tools()).take(answers("no")), InvalidArgument, "its answer already");
}

TEST(Trace, ComesBackFromItsFolderAndReplaysBitForBit) {
  const tests::TemporaryFolder folder;
  Problem problem = path_problem();
  problem.pictures = {{"image_1", std::make_shared<const vision::Image>(30, 20, 3, 90)}};
  Session session(problem, {}, all_tools());
  session.take(calls("draw_graph", {{"matrix", "$graph"}}));
  session.take({.complaint = "no sense", .reply = "\x01 <b>"});
  session.take(calls("trace_path", {{"from_label", "0"}, {"to_label", "3"}}));
  session.take(answers("no"));
  save(session.trace(), folder / "run");

  const Trace loaded = load_trace(folder / "run");
  ASSERT_EQ(loaded.steps.size(), 4u);
  EXPECT_EQ(loaded.answer(), "no");
  EXPECT_EQ(loaded.steps[2].seen.data, session.trace().steps[2].seen.data);
  EXPECT_EQ(loaded.problem.pictures[0].image->pixels, problem.pictures[0].image->pixels);
  EXPECT_EQ(replay(loaded, all_tools()), std::nullopt);

  // One pixel, one word: it is seen.
  Trace pixel = loaded;
  auto changed = std::make_shared<vision::Image>(*pixel.steps[2].seen.picture);
  changed->pixels[1000] ^= 1;
  pixel.steps[2].seen.picture = changed;
  EXPECT_EQ(replay(pixel, all_tools()), 2u);
  Trace word = loaded;
  word.steps[0].seen.text += ".";
  EXPECT_EQ(replay(word, all_tools()), 0u);
}

TEST(Trace, FoldersFromElsewhereAreChecked) {
  const tests::TemporaryFolder folder;
  const auto with = [&](const std::string& text) {
    std::ofstream(folder / "trace.json") << text;
    return [&] { return load_trace(folder.path()); };
  };
  EXPECT_ERROR(with("{}")(), base::InvalidFile, "no trace");
  EXPECT_ERROR(with(R"({"format": "atelier sketch trace 1"})")(), base::InvalidFile, "trace.json");
  EXPECT_ERROR(with(R"({"format": "atelier sketch trace 1", "problem": {"question": "q"}, "budget": {"steps": 1, "seconds": 1, "pixels": 1},
      "steps": [{"thought": "", "call": {"tool": "t"}, "observation": {"ok": true, "text": "", "data": null, "picture": "p", "file": "../../etc/passwd"}}],
      "outcome": "open"})")(), base::InvalidFile, "outside");
}

TEST(Page, EscapesEverythingAndLoadsNothing) {
  Problem problem{.question = "<script>alert(1)</script> \"&'"};
  problem.fields = {{"evil", "</pre><img src=x onerror=alert(1)>"}};
  Session session(problem, {}, all_tools());
  session.take(calls("<b>", {{"x", "<i>"}}, "</article><script>"));
  session.take({.complaint = "c", .reply = "<iframe>"});
  session.take(answers("<u>"));
  const std::string page = trace_page(session.trace());
  for (const char* evil : {"<script", "<b>", "<i>", "<iframe", "<u>", "<img src=x", "onerror=alert(1)>"})
    EXPECT_EQ(page.find(evil), std::string::npos) << evil;
  EXPECT_NE(page.find("&lt;script&gt;alert(1)&lt;/script&gt; &quot;&amp;&#39;"), std::string::npos);
  EXPECT_NE(page.find("default-src 'none'"), std::string::npos);
  EXPECT_EQ(page.find("http://"), std::string::npos);
  EXPECT_EQ(page.find("https://"), std::string::npos);
}

}  // namespace
}  // namespace atelier::sketchpad
