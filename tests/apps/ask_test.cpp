// `atelier caption` and `atelier ask` with the model that ships, alone and with a language model that is a script.
#include "tests/apps/program_fixture.h"

#include "base/json.h"
#include "tests/client/fake_server.h"
#include "vision/image.h"

namespace atelier::apps {
namespace {

class AboutPictures : public Program {
 protected:
  void SetUp() override {
    Program::SetUp();
    vision::Image picture(64, 64);
    for (int64_t y = 16; y < 48; ++y)
      for (int64_t x = 16; x < 48; ++x) picture.at(x, y)[1] = picture.at(x, y)[2] = 0;
    vision::write_image(folder / "red.png", picture);
    base::write_file(folder / "broken.png", "\x89PNG\r\n\x1a\nno picture");
  }
};

TEST_F(AboutPictures, CaptionSaysOneLineForEach) {
  const Outcome outcome = run({"caption", "red.png", "red.png", "--beams", "2", "--max-tokens", "12"});
  EXPECT_EQ(outcome.exit_code, 0) << outcome.err;
  const size_t line = outcome.out.find('\n');
  ASSERT_NE(line, std::string::npos);
  EXPECT_EQ(outcome.out, outcome.out.substr(0, line + 1) + outcome.out.substr(0, line + 1)) << "the same picture, the same caption";
  const base::json result = base::json::parse(run({"caption", "red.png", "--beams", "2", "--max-tokens", "12", "--json"}).out);
  EXPECT_EQ(result["caption"].get<std::string>() + "\n", outcome.out.substr(0, line + 1));
  EXPECT_LT(result["log_probability"].get<double>(), 0);
  const base::json both = base::json::parse(run({"caption", "red.png", "red.png", "--together", "--question", "what is it?", "--max-tokens", "4", "--json"}).out);
  EXPECT_EQ(both["pictures"].size(), 2u);
  EXPECT_EQ(both["question"], "what is it?");
}

TEST_F(AboutPictures, AskGoesToTheServerWithTheCaption) {
  const tests::FakeServer server({tests::chat_reply("A red square."), tests::chat_reply("(2)"), tests::chat_reply("Unknown")});
  const Outcome first = run({"ask", "red.png", "what is this?", "--lm-url", server.url(), "--lm-model", "m", "--json"});
  ASSERT_EQ(first.exit_code, 0) << first.err;
  const base::json answer = base::json::parse(first.out);
  EXPECT_EQ(answer["answer"], "A red square");
  EXPECT_EQ(answer["can_tell"], true);
  EXPECT_EQ(answer["model"], "m at " + server.url());
  const std::string prompt = server.body(0)["messages"][0]["content"];
  EXPECT_TRUE(prompt.starts_with("Please answer the question according to the above context.\n")) << prompt;
  EXPECT_TRUE(prompt.ends_with(fmt::format("===\nContext: {}\n===\nQ: what is this?\nA:", answer["caption"].get<std::string>()))) << prompt;
  EXPECT_EQ(run({"ask", "red.png", "which is it?", "--choices", "round,square", "--lm-url", server.url()}).out, "square\n");
  EXPECT_EQ(run({"ask", "red.png", "who drew it?", "--lm-url", server.url()}).out, "cannot tell\n");
}

TEST_F(AboutPictures, AskAnswersByItself) {
  const Outcome chosen = run({"ask", "red.png", "what color is it?", "--choices", "red,blue", "--json"});
  ASSERT_EQ(chosen.exit_code, 0) << chosen.err;
  const base::json answer = base::json::parse(chosen.out);
  EXPECT_TRUE(answer["answer"] == "red" || answer["answer"] == "blue");
  EXPECT_LT(answer["log_probability"].get<double>(), 0);
  const Outcome direct = run({"ask", "red.png", "what color is it?", "--choices", "red,blue", "--direct"});
  EXPECT_TRUE(direct.out == "red\n" || direct.out == "blue\n") << direct.out << direct.err;
}

TEST_F(AboutPictures, FailuresAreOneSentenceWithItsExitCode) {
  std::string down;
  { down = tests::FakeServer({tests::chat_reply("")}).url(); }
  const std::vector<std::tuple<std::vector<std::string>, int, std::string>> cases = {
      {{"ask", "red.png", "what?", "--lm-url", down}, 1, "the language model at " + down + " cannot be used: it accepts no connection"},
      {{"ask", "red.png", "what?", "--lm-url", "localhost:80"}, 2, "must begin with http:// or https://"},
      {{"ask", "red.png", " "}, 2, "there is no question"},
      {{"ask", "red.png", "what?", "--template", "none"}, 2, "there is no prompt template 'none'"},
      {{"ask", "red.png", "what?", "--shots", "99"}, 2, "shots must be 0 to 64, not 99"},
      {{"ask", "broken.png", "what?"}, 3, "broken.png"},
      {{"caption", "missing.png"}, 3, "missing.png"},
      {{"caption"}, 2, "pictures is required"},
      {{"caption", "red.png", "--memory", "nowhere"}, 3, "nowhere"}};
  for (const auto& [arguments, exit_code, message] : cases) {
    const Outcome outcome = run(arguments);
    EXPECT_EQ(outcome.exit_code, exit_code) << message << "\n" << outcome.err;
    EXPECT_NE(outcome.err.find(message), std::string::npos) << outcome.err;
    EXPECT_EQ(outcome.out, "");
  }
}

}  // namespace
}  // namespace atelier::apps
