#include "base/error.h"
#include "base/random.h"
#include "desk.h"
#include "sketchpad/agent/call_grammar.h"
#include "sketchpad/agent/reply.h"

namespace atelier::sketchpad {
namespace {

TEST(Reply, ReadsTheFormsThatModelsWrite) {
  for (const char* text : {"THOUGHT: draw it\nACTION: {\"tool\": \"draw_graph\", \"arguments\": {\"matrix\": \"$graph\"}}",
                           "**THOUGHT 0:** draw it\n\n**ACTION 0:**\n```json\n{\"tool\": \"draw_graph\", \"matrix\": \"$graph\"}\n```",
                           "draw it\nACTION: {\"name\": \"draw_graph\", \"parameters\": {\"matrix\": \"$graph\"}} and then I will look",
                           "THOUGHT: draw it\nACTION: {\"tool\": \"draw_graph\", \"matrix\": \"$graph\"}\nANSWER: yes TERMINATE"}) {
    const Move move = parse_reply(text);
    ASSERT_TRUE(move.call) << text << ": " << move.complaint;
    EXPECT_EQ(move.thought, "draw it");
    EXPECT_EQ(*move.call, (Call{"draw_graph", {{"matrix", "$graph"}}}));
    EXPECT_FALSE(move.answer);
  }
  const Move answer = parse_reply("THOUGHT 3: clear\nACTION 3: No action needed.\nANSWER: (B) 12. TERMINATE");
  EXPECT_EQ(answer.answer, "(B) 12.");
  EXPECT_EQ(answer.thought, "clear");
  EXPECT_EQ(parse_reply("ANSWER: no\nTHOUGHT: but then").answer, "no");
  // Words inside a sentence are no marks.
  EXPECT_EQ(parse_reply("THOUGHT: the ACTION: is next\nANSWER: 3").answer, "3");
}

TEST(Reply, SaysWhatIsWrong) {
  const auto complaint = [](std::string_view text) { return parse_reply(text).complaint; };
  EXPECT_NE(complaint("").find("neither an ACTION nor an ANSWER"), std::string::npos);
  EXPECT_NE(complaint("ACTION: {\"tool\": \"a\", }").find("not JSON"), std::string::npos);
  EXPECT_NE(complaint("ACTION: {\"tool\": \"a\"").find("not JSON"), std::string::npos);
  EXPECT_NE(complaint("ACTION: draw_graph(matrix)").find("no JSON object"), std::string::npos);
  EXPECT_NE(complaint("ACTION: {\"arguments\": {}}").find("names no tool"), std::string::npos);
  EXPECT_NE(complaint("ACTION: {\"tool\": \"a\", \"arguments\": [1]}").find("must be a JSON object"), std::string::npos);
  EXPECT_NE(complaint("ANSWER:  \n").find("empty"), std::string::npos);
  EXPECT_NE(complaint(std::string(100'000, 'x')).find("100000 bytes"), std::string::npos);
  EXPECT_NE(complaint("ACTION: " + std::string(5000, '{') + std::string(5000, '}')).find("not JSON"), std::string::npos);
}

// Any bytes give one of three things, and text that can be written to JSON.
TEST(Reply, TakesAnyBytes) {
  const std::vector<std::string> pieces = {"THOUGHT:", "ACTION:", "ANSWER:", "\n", "{", "}", "\"tool\"", ":", "\"", "\\", "draw_graph", "\xff", "\xc3", "\0", "```", "**", "[", "1e999", "TERMINATE", " "};
  base::Random random(5);
  for (int i = 0; i < 4000; ++i) {
    std::string text;
    for (int64_t k = random.between(0, 20); k > 0; --k) {
      if (random.chance(0.2)) text += static_cast<char>(random.below(256));
      else text += pieces[static_cast<size_t>(random.below(static_cast<int64_t>(pieces.size())))];
    }
    const Move move = parse_reply(text);
    EXPECT_EQ(move.call.has_value() + move.answer.has_value() + !move.complaint.empty(), 1) << text;
    EXPECT_TRUE(base::is_utf8(move.thought + move.answer.value_or("") + move.reply + move.complaint)) << text;
  }
}

TEST(Reply, IsReadBackAsItIsWritten) {
  const Move call = calls("crop", {{"box", {0, 0, 0.5, 1}}, {"picture", "a \"b\""}}, "look closer");
  EXPECT_EQ(parse_reply(reply_text(call)).call, call.call);
  EXPECT_EQ(parse_reply("ACTION: " + call_text(*call.call)).call, call.call);
  EXPECT_EQ(parse_reply(reply_text(answers("42"))).answer, "42");
}

TEST(CallGrammar, TakesTheCallsOfOurPrograms) {
  for (const Call& call : {Call{"draw_graph", {{"matrix", "$graph"}, {"marked", {"$node_1", 3}}, {"directed", true}}}, Call{"match_graphs", json::object()},
                           Call{"measure_angle", {{"a", "$points.A"}, {"b", {0.5, -1.25}}, {"c", "$points.B"}}}, Call{"construct_figure", {{"near", {{"A", {1, 2}}, {"B'", {0, 0}}}}, {"relations", {"Line(A,B)"}}}}}) {
    const auto end = CallGrammar(all_tools()).after(call_text(call));
    ASSERT_TRUE(end) << call_text(call);
    EXPECT_TRUE(end->complete());
  }
}

TEST(CallGrammar, RefusesTheFirstWrongSign) {
  const CallGrammar start(all_tools());
  const std::vector<std::pair<std::string, char>> cases = {
      {"{", ' '},                                             // no spaces
      {"{\"tool\":\"draw_g", 'x'},                            // no such tool
      {"{\"tool\":\"draw", '"'},                              // only the beginning of some
      {"{\"tool\":\"crop\",\"b", 'x'},                        // no such argument
      {"{\"tool\":\"crop\",\"box\":[0,0,1,1],\"", 'b'},       // given already
      {"{\"tool\":\"crop\"", '}'},                            // the box is missing
      {"{\"tool\":\"crop\",\"box\":", '1'},                   // a box is a list
      {"{\"tool\":\"crop\",\"box\":\"", 'a'},                 // or a quote
      {"{\"tool\":\"crop\",\"box\":[0,", ']'},               // an entry is missing
      {"{\"tool\":\"crop\",\"box\":[0", '1'},                // no number
      {"{\"tool\":\"draw_graph\",\"directed\":tru", 'x'},    // no word
      {"{\"tool\":\"draw_graph\",\"layout\":\"c", 'x'},       // not one of the choices
      {"{\"tool\":\"crop\",\"picture\":\"a", '\n'},          // not inside a text
      {"{\"tool\":\"crop\",\"box\":[0,0,1,1]}", '}'},        // nothing behind the end
  };
  for (const auto& [prefix, next] : cases) {
    EXPECT_TRUE(start.after(prefix)) << prefix;
    EXPECT_FALSE(start.after(prefix + next)) << prefix + next;
  }
}

// A quote stands for something of the argument's type, and what is not there cannot be quoted.
TEST(CallGrammar, QuotesByType) {
  Trace trace;
  trace.problem.fields = {{"relations", {"Line(A,B)"}}, {"node_1", 3}};
  trace.steps.push_back({.seen = {.data = {{"points", {{"A", {0.1, 0.2}}, {"B", {0.5, 0.5}}}}, {"unit", 0.04}}}});
  const Quotes quotes(trace);
  const CallGrammar start(all_tools(), &quotes);
  for (const char* call : {R"({"tool":"measure_angle","a":"$points.A","b":"$points.B","c":[0,1]})", R"({"tool":"measure_length","a":"$points.A","b":"$points.B","unit":"$unit"})",
                           R"({"tool":"measure_polygon","corners":["$points.A","$points.B",[1,1]]})", R"({"tool":"construct_figure","relations":"$relations","near":"$points"})"}) {
    const auto end = start.after(call);
    ASSERT_TRUE(end) << call;
    EXPECT_TRUE(end->complete());
  }
  for (const char* begun : {R"({"tool":"measure_angle","a":"$u)", R"({"tool":"measure_angle","a":"$points")", R"({"tool":"measure_angle","a":"$points.C)",
                            R"({"tool":"measure_length","a":"$points.A","b":"$points.B","unit":"$p)", R"({"tool":"measure_polygon","corners":["$r)", R"({"tool":"draw_graph","matrix":"$)"})
    EXPECT_FALSE(start.after(begun)) << begun;
}

TEST(Quotes, AnAnswerIsOneOfTheChoices) {
  Trace trace;
  trace.steps.push_back({.seen = {.data = {{"choice", "B"}, {"value", 7.5}}}});
  const Quotes quotes(trace);
  const std::vector<std::string> letters = {"A", "B"};
  for (const char* good : {"A", "B", "$choice"}) EXPECT_TRUE(quotes.fit_answer(good, letters, true)) << good;
  for (const char* bad : {"C", "", "$value", "$choic"}) EXPECT_FALSE(quotes.fit_answer(bad, letters, true)) << bad;
  EXPECT_TRUE(quotes.fit_answer("$ch", letters, false));
  for (const char* free : {"anything", "$value"}) EXPECT_TRUE(quotes.fit_answer(free, {}, true)) << free;
}

// Whatever a model prefers, what the grammar lets through is a call that the parser reads and a tool that exists.
TEST(CallGrammar, RandomWalksEndInCalls) {
  base::Random random(9);
  int whole = 0;
  for (int i = 0; i < 300; ++i) {
    CallGrammar state(all_tools());
    std::string text;
    for (int n = 0; n < 400 && !state.complete(); ++n) {
      std::vector<char> possible;
      for (int c = 1; c < 256; ++c)
        if (state.after(std::string(1, static_cast<char>(c)))) possible.push_back(static_cast<char>(c));
      ASSERT_FALSE(possible.empty()) << text;
      // Closing signs are preferred, or walks would never end.
      char c = possible[static_cast<size_t>(random.below(static_cast<int64_t>(possible.size())))];
      for (const char closing : {'}', ']', '"'})
        if (random.chance(0.5) && std::find(possible.begin(), possible.end(), closing) != possible.end()) c = closing;
      state = *state.after(std::string(1, c)), text += c;
    }
    if (!state.complete()) continue;
    ++whole;
    const Move move = parse_reply("ACTION: " + text);
    // Equal names inside an argument's object are the parser's to refuse.
    if (move.call) {
      EXPECT_NO_THROW(all_tools().find(move.call->tool)) << text;
    } else {
      EXPECT_NE(move.complaint.find("twice"), std::string::npos) << text << ": " << move.complaint;
    }
  }
  EXPECT_GT(whole, 200);
}

}  // namespace
}  // namespace atelier::sketchpad
