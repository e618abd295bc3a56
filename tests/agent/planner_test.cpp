#include "base/error.h"
#include "desk.h"
#include "sketchpad/agent/document.h"
#include "sketchpad/agent/endpoint_planner.h"
#include "sketchpad/agent/local_planner.h"
#include "sketchpad/agent/planners.h"
#include "sketchpad/agent/reply.h"
#include "tests/client/fake_server.h"

namespace atelier::sketchpad {
namespace {

using base::InvalidArgument;

TEST(Document, ShowsWhatATowerMaySeeAndNoMore) {
  Session session(path_problem(), {}, all_tools());
  session.take(calls("draw_graph", {{"matrix", "$graph"}}, "Draw."));
  session.take({.thought = "Hm <answer>", .complaint = "mend it"});
  session.take(answers("yes"));
  EXPECT_EQ(document_line(document(session.trace())),
            "<doc>graph: 4 x 4 matrix; node_1: 0; node_2: 2<question>Are 0 and 2 connected?<think>Draw.<act>{\"tool\":\"draw_graph\",\"matrix\":\"$graph\"}"
            "<obs>drawn: a graph with 4 nodes, circular layout<think>Hm < answer><obs>mend it<think>seen<answer>yes");
  // At once everything is shown, and there is nothing to think about.
  Trace at_once = session.trace();
  at_once.budget.steps = 0, at_once.steps = {Step{.move = answers("yes")}};
  EXPECT_EQ(document_line(document(at_once)), "<doc>graph: 4 x 4 matrix: 0-1 1-2; node_1: 0; node_2: 2<question>Are 0 and 2 connected?<answer>yes");
  EXPECT_EQ(field_words({{0, 7}, {0, 0}}, true), "2 x 2 matrix: 0>1=7");
}

TEST(Document, CutsAtCharactersAndStaysOnOneLine) {
  Trace trace{.problem = path_problem(), .budget = {}};
  trace.problem.question = "a\nb " + std::string(300, 'x') + "\xe2\x82\xac\xe2\x82\xac";
  const auto parts = document(trace, {.question = 306});
  EXPECT_TRUE(base::is_utf8(parts[1].text)) << parts[1].text;
  EXPECT_EQ(parts[1].text.find('\n'), std::string::npos);
}

class TinyTower : public testing::Test {
 protected:
  static std::shared_ptr<const text::TextComponent> make(uint64_t seed) {
    int64_t line = 0;
    text::Tokenizer tokenizer = text::train_tokenizer(
        [&](std::string& text) { return text = "{\"tool\":\"draw_graph\",\"matrix\":\"$graph\"} draw the graph", line++ < 4; }, 400, text::control_symbols());
    text::LlamaConfig config;
    config.vocab_size = tokenizer.size();
    config.hidden_size = 32, config.intermediate_size = 48, config.num_hidden_layers = 1, config.num_attention_heads = 2;
    config.max_position_embeddings = 1024;
    base::Parameters parameters = base::Parameters::fresh(seed);
    text::TextModel model(parameters.root(), config);
    std::vector<text::TokenId> begin = {tokenizer.id("<bos>")}, end = {tokenizer.id("<eos>")};
    return std::make_shared<const text::TextComponent>(text::TextComponent{std::move(tokenizer), std::move(model), begin, end});
  }
};

// Weights that never learnt anything still write nothing but calls of tools that exist.
TEST_F(TinyTower, WritesNothingThatIsNoTurn) {
  int called = 0;
  for (uint64_t seed = 0; seed < 6; ++seed) {
    LocalPlanner planner(make(seed), all_tools(), "tiny", {.thought = 8, .call = 160, .answer = 4});
    Session session(path_problem(), {.steps = 1}, all_tools());
    const std::string reply = planner.reply(session.trace(), true);
    EXPECT_EQ(planner.reply(session.trace(), true), reply);
    const size_t action = reply.find("ACTION: {\"tool\":\"");
    if (action != reply.npos) {
      ++called;
      const size_t begin = action + 17, end = reply.find('"', begin);
      EXPECT_NO_THROW(all_tools().find(reply.substr(begin, end - begin))) << reply;
    }
    const Move last = parse_reply(planner.reply(session.trace(), false));
    EXPECT_FALSE(last.call);
    Session at_once(path_problem(), {.steps = 0}, all_tools());
    EXPECT_EQ(planner.reply(at_once.trace(), false).find("ACTION"), std::string::npos);
  }
  EXPECT_GT(called, 0);
}

TEST_F(TinyTower, RefusesATraceThatDoesNotFit) {
  LocalPlanner planner(make(1), all_tools(), "tiny");
  Problem problem = path_problem();
  for (int i = 0; i < 20; ++i) problem.fields["text_" + std::to_string(i)] = std::string(400, 'z');
  EXPECT_ERROR(planner.reply(Session(problem, {}, all_tools()).trace(), true), InvalidArgument, "too long for the local planner");
}

TEST(EndpointPlanner, ShowsTheTraceAsADialogueWithItsLatestPictures) {
  Problem problem = path_problem();
  problem.pictures = {{"image_1", std::make_shared<const vision::Image>(8, 8)}};
  Session session(problem, {}, all_tools());
  session.take(calls("draw_graph", {{"matrix", "$graph"}}));
  session.take(calls("draw_grph"));
  session.take(calls("trace_path", {{"from_label", "0"}, {"to_label", "2"}}));
  const auto messages = dialogue(session.trace(), false, "system", {.pictures = 1});
  ASSERT_EQ(messages.size(), 8u);
  EXPECT_EQ(messages[0].role, "system");
  EXPECT_NE(messages[1].parts[0].text.find("DATA $graph = [[0,1,0,0]"), std::string::npos);
  EXPECT_TRUE(messages[1].parts[1].picture);
  EXPECT_EQ(messages[2].role, "assistant");
  EXPECT_EQ(messages[3].parts.size(), 1u) << "an old picture was sent";
  EXPECT_NE(messages[5].parts[0].text.find("Mend it"), std::string::npos);
  EXPECT_TRUE(messages[7].parts[1].picture);
  EXPECT_NE(messages[7].parts.back().text.find("ANSWER now"), std::string::npos);
  for (const auto& message : messages)
    for (const auto& part : message.parts) EXPECT_EQ(part.text.find("\"answer\""), std::string::npos);
}

// The examples in the prompt are true: their calls run, and the tools say what the examples say they say.
// Small models leave the word out where only an answer can follow; what may still be a call stays as it is.
TEST(EndpointPlanner, ABareLineIsTheAnswerWhereNothingElseCanFollow) {
  const tests::FakeServer server(std::vector<std::string>{tests::chat_reply("green"), tests::chat_reply("green"), tests::chat_reply("THOUGHT: so"), tests::chat_reply("{}")});
  EndpointPlanner planner({.url = server.url()}, all_tools());
  Session session(path_problem(), {}, all_tools());
  session.take(calls("draw_grph"));
  EXPECT_EQ(planner.reply(session.trace(), true), "green");
  EXPECT_EQ(planner.reply(session.trace(), false), "ANSWER: green");
  EXPECT_EQ(planner.reply(session.trace(), false), "THOUGHT: so");
  EXPECT_EQ(planner.reply(session.trace(), false), "{}");
  EXPECT_NE(server.body(0).dump().find("Mend it"), std::string::npos);
  EXPECT_EQ(server.body(1).dump().find("Mend it in the next ACTION"), std::string::npos);
}

TEST(EndpointPlanner, WorkedExamplesAreTrue) {
  for (const json& example : base::parse_json(worked_examples(), "examples")) {
    const Problem problem = parse_problem(example["problem"], {});
    Session session(problem, {}, all_tools());
    for (const json& step : example["steps"]) {
      json move = step;
      move.erase("observation");
      const Seen& seen = session.take(parse_move(move)).seen;
      EXPECT_TRUE(seen.ok) << seen.text;
      if (step.contains("call")) {
        // How well a figure fits is rounding, and differs from machine to machine.
        const std::string told = step["observation"];
        const size_t fit = told.find("; relations fit");
        EXPECT_EQ(seen.text.substr(0, fit), told.substr(0, fit)) << problem.question;
      }
    }
    EXPECT_TRUE(is_right(problem, session.trace().answer().value_or("")));
  }
  const std::string prompt = sketch_prompt(all_tools());
  for (const Tool& tool : all_tools().tools()) EXPECT_NE(prompt.find(tool.name() + "("), std::string::npos);
  EXPECT_EQ(prompt.find("{tools}"), std::string::npos);
}

TEST(Planners, AreNamedByAWord) {
  EXPECT_EQ(make_planner({.which = "rules", .local_folder = {}}, all_tools())->name(), "rules");
  EXPECT_EQ(make_planner({.which = "http://127.0.0.1:9/v1", .local_folder = {}, .model = "m"}, all_tools())->name(), "m at http://127.0.0.1:9/v1");
  EXPECT_ERROR(make_planner({.which = "local", .local_folder = "/nowhere"}, all_tools()), InvalidArgument, "no local planner");
  EXPECT_ERROR(make_planner({.which = "magic", .local_folder = {}}, all_tools()), InvalidArgument, "must be local, rules");
}

}  // namespace
}  // namespace atelier::sketchpad
