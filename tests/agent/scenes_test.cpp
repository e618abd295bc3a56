/// Questions over pictures of things: what is generated, who answers it, and what of it a planner learns.
#include "base/error.h"
#include "desk.h"
#include "sketchpad/agent/quotes.h"
#include "sketchpad/agent/reply.h"
#include "sketchpad/agent/rules_planner.h"
#include "sketchpad/agent/training_text.h"
#include "sketchpad/models.h"
#include "sketchpad/problems/random_problems.h"

#include <set>

namespace atelier::sketchpad {
namespace {

using base::InvalidArgument;

// What is counted, compared and named in a scene is what was drawn: the program reads it off the pixels.
TEST(Scenes, AreAnsweredByTheirProgram) {
  std::set<std::string> asked;
  int right = 0;
  constexpr int kCount = 80;
  for (uint64_t seed = 0; seed < kCount; ++seed) {
    const RandomProblem made = random_problem("scenes", seed);
    EXPECT_TRUE(made.told.is_null());
    asked.insert(made.hint["asks"]);
    Session session(made.problem, {}, all_tools());
    RulesPlanner planner(seed, made.hint);
    session.run(planner);
    const std::string answer = session.trace().answer().value_or("none");
    right += is_right(made.problem, answer);
    if (!is_right(made.problem, answer)) std::printf("%d: %s %s instead of %s\n", static_cast<int>(seed), made.problem.question.c_str(), answer.c_str(), made.problem.answer.c_str());
  }
  EXPECT_GE(right, kCount * 95 / 100);
  for (const char* one : {"count", "background", "more", "either", "which", "any"}) EXPECT_TRUE(asked.contains(one)) << one;
}

// The same question, another picture: the answer goes with the pixels.
TEST(Scenes, TheAnswerFollowsThePixels) {
  Problem p{.task = "scenes", .question = "How many red keys are there?"};
  Canvas canvas(256, 256);
  const auto key = [&](double x, const char* colour) {
    const Pen pen{.colour = parse_colour(colour), .width = 0, .fill = parse_colour(colour)};
    canvas.circle({x, 0.4}, 0.05, pen), canvas.box({x - 0.02, 0.46, 0.04, 0.12}, pen);  // two parts, nearly touching
  };
  const auto answer = [&] {
    p.pictures = {{"image_1", std::make_shared<const vision::Image>(canvas.render())}};
    Session session(p, {}, all_tools());
    RulesPlanner planner(0, {{"asks", "count"}, {"first", "red"}, {"things", true}});
    session.run(planner);
    return session.trace().answer().value_or("none");
  };
  key(0.2, "red"), key(0.5, "blue");
  EXPECT_EQ(answer(), "1");
  key(0.8, "red");
  EXPECT_EQ(answer(), "2");
}

struct Says : Models {
  std::string asked;
  Answered answer(const vision::Image&, const std::string& question) override { return asked = question, Answered{"a pear", "a pear on a plate"}; }
  std::vector<double> similarities(const vision::Image&, const std::vector<std::shared_ptr<const vision::Image>>&, const std::vector<std::string>&) override { return {}; }
  std::vector<Recalled> recall(const std::string*, const vision::Image*, int64_t) override { return {}; }
  vision::Image imagine(const std::string&, int64_t, uint64_t, const std::function<void()>&) override { return {}; }
};

// What no tool measures a model is asked, in the question's own words, and its answer is the answer.
TEST(Asking, PassesTheQuestionOnAndQuotesTheAnswer) {
  const auto models = std::make_shared<Says>();
  const Toolbox tools = sketch_tools(models);
  const RandomProblem made = random_problem("asking", 5);
  Session session(made.problem, {}, tools);
  RulesPlanner planner(1, made.hint);
  session.run(planner);
  EXPECT_EQ(models->asked, made.problem.question);
  EXPECT_EQ(session.trace().answer(), "a pear");
  Session without(made.problem, {}, all_tools());
  without.run(planner);
  EXPECT_EQ(without.trace().answer(), "cannot tell");
}

TEST(Asking, IsTaughtWithoutAModel) {
  std::vector<std::string> lines;
  const auto counts = write_training_text({.documents = 12, .seed = 2, .tasks = {"asking", "scenes"}, .at_once = 0}, all_tools(),
                                          [&](const std::string& task, const std::string& line) {
                                            if (task == "asking") lines.push_back(line);
                                          });
  EXPECT_EQ(counts.tasks.at("asking").right, counts.tasks.at("asking").runs);
  ASSERT_FALSE(lines.empty());
  for (const std::string& line : lines) {
    EXPECT_NE(line.find("<act>{\"tool\":\"ask\",\"picture\":\"image_1\",\"question\":\"$question\"}"), line.npos) << line;
    EXPECT_TRUE(line.ends_with("<answer>$answer")) << line;
  }
  EXPECT_EQ(std::count(tasks().begin(), tasks().end(), "asking"), 0) << "its pictures show nothing of what it asks";
}

TEST(Quotes, TheQuestionIsOneUnlessSomethingElseHasItsName) {
  Problem p = path_problem();
  Session session(p, {}, all_tools());
  session.take(calls("draw_text", {{"at", {0.5, 0.5}}, {"text", "$question"}}));
  EXPECT_EQ(session.trace().steps[0].seen.text, "written: " + p.question);
  session.take(calls("draw_text", {{"at", {0.5, 0.5}}, {"text", "$nothing"}}));
  EXPECT_NE(session.trace().steps[1].seen.text.find("$question"), std::string::npos);
  p.fields["question"] = "mine";
  Session other(p, {}, all_tools());
  other.take(calls("draw_text", {{"at", {0.5, 0.5}}, {"text", "$question"}}));
  EXPECT_EQ(other.trace().steps[0].seen.text, "written: mine");
  EXPECT_FALSE(Quotes(session.trace()).fit_answer("$question", {}, true)) << "no question is its own answer";
}

TEST(RulesPlanner, NamesTheTasksThatItKnows) {
  Problem p{.question = "Why?"};
  Session session(p, {}, all_tools());
  RulesPlanner rules;
  EXPECT_ERROR(session.run(rules), InvalidArgument, "chess_winner, connectivity, convexity, geometry, isomorphism, jigsaw, maxflow, parity, not for a question of its own");
  p.task = "poetry";
  Session other(p, {}, all_tools());
  EXPECT_ERROR(other.run(rules), InvalidArgument, "not for the task \"poetry\"");
}

}  // namespace
}  // namespace atelier::sketchpad
