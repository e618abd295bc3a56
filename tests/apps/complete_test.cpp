// `atelier complete` with the text tower that ships.
#include "tests/apps/program_fixture.h"

namespace atelier::apps {
namespace {

TEST_F(Program, CompleteContinuesThePrompt) {
  const Outcome outcome = run({"complete", "a dog is", "--max-tokens", "12", "--seed", "3"});
  EXPECT_EQ(outcome.exit_code, 0) << outcome.err;
  EXPECT_TRUE(outcome.out.starts_with("a dog is ")) << outcome.out;
  EXPECT_GT(outcome.out.size(), 12u);
  EXPECT_EQ(run({"complete", "a dog is", "--max-tokens", "12", "--seed", "3"}).out, outcome.out) << "the same seed, the same text";
  const std::string greedy = run({"complete", "a dog is", "--max-tokens", "12", "--temperature", "0"}).out;
  EXPECT_EQ(run({"complete", "a dog is", "--max-tokens", "12", "--temperature", "0", "--seed", "9"}).out, greedy)
      << "no draws, no seed";
}

TEST_F(Program, CompleteFillsMasksInPlace) {
  const Outcome outcome = run({"complete", "a <mask> is a young <mask>.", "--max-tokens", "6", "--temperature", "0"});
  EXPECT_EQ(outcome.exit_code, 0) << outcome.err;
  EXPECT_TRUE(outcome.out.starts_with("a ")) << outcome.out;
  EXPECT_NE(outcome.out.find(" is a young "), std::string::npos) << outcome.out;
  EXPECT_EQ(outcome.out.find("<mask"), std::string::npos) << outcome.out;
}

TEST_F(Program, CompleteRefusesWhatItCannotDo) {
  std::string many;
  for (int i = 0; i < 17; ++i) many += "a <mask> ";
  const std::vector<std::pair<std::vector<std::string>, std::string>> cases = {
      {{"complete", "a\xFF"}, "not valid UTF-8"},
      {{"complete", std::string(70000, 'a')}, "has 70000 bytes; at most 65536"},
      {{"complete", many}, "may have 16 masks"},
      {{"complete", "a", "--seed", "-1"}, "seed must be 0 or more"},
      {{"complete", "a", "--top-p", "2"}, "top-p"}};
  for (const auto& [arguments, message] : cases) {
    const Outcome outcome = run(arguments);
    EXPECT_EQ(outcome.exit_code, 2) << message << "\n" << outcome.err;
    EXPECT_NE(outcome.err.find(message), std::string::npos) << outcome.err;
    EXPECT_EQ(outcome.out, "");
  }
  const Outcome missing = run({"complete", "a", "--model", "missing"});
  EXPECT_EQ(missing.exit_code, 3) << missing.err;
  EXPECT_NE(missing.err.find("missing"), std::string::npos) << missing.err;
}

}  // namespace
}  // namespace atelier::apps
