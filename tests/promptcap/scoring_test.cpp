#include "promptcap/scoring.h"

#include "base/error.h"
#include "base/json.h"
#include "tests/support.h"

#include <filesystem>

namespace atelier::promptcap {
namespace {

// pycocoevalcap's figures; 1e-6 is the fixture's own tolerance.
TEST(Cider, EqualsThePublishedCode) {
  const base::json expected = base::read_json(std::filesystem::path(ATELIER_TEST_DATA) / "metrics.json")["cider"];
  std::vector<std::string> captions;
  std::vector<std::vector<std::string>> references;
  for (size_t i = 0; i < expected["hyp"].size(); ++i) {
    captions.push_back(expected["hyp"][std::to_string(i)][0]);
    references.push_back(expected["refs"][std::to_string(i)].get<std::vector<std::string>>());
  }
  const auto scores = cider(captions, references);
  ASSERT_EQ(scores.size(), expected["per"].size());
  double sum = 0;
  for (size_t i = 0; i < scores.size(); ++i) {
    EXPECT_NEAR(scores[i], expected["per"][i].get<double>(), 1e-6) << captions[i];
    sum += scores[i];
  }
  EXPECT_NEAR(sum / static_cast<double>(scores.size()), expected["score"].get<double>(), 1e-6);
}

TEST(Scoring, NormalisesAsPromptCapDoes) {
  EXPECT_EQ(normalise_answer(" The Red  apple. "), "red apple");
  EXPECT_EQ(normalise_answer("1,000"), "1000");
  EXPECT_EQ(normalise_answer("a"), "");
}

TEST(Scoring, FindsTheChoiceThatWordsMean) {
  const std::vector<std::string> choices = {"gloves", "red socks", "shoes"};
  const std::vector<std::pair<std::string, size_t>> cases = {
      {"Gloves.", 0}, {"(2) red socks", 1}, {"3", 2}, {"2.", 1}, {"the boy is putting on red socks", 1}, {"shoe", 2}, {"9", 2}, {"socks", 1}};
  for (const auto& [said, choice] : cases) EXPECT_EQ(closest_choice(said, choices), choice) << said;
}

TEST(Scoring, HearsThatNothingCanBeTold) {
  for (const char* answer : {"cannot tell", "Unknown.", "It is not mentioned in the context", "I don't know"}) EXPECT_TRUE(is_cannot_tell(answer)) << answer;
  for (const char* answer : {"a can", "no", "tell"}) EXPECT_FALSE(is_cannot_tell(answer)) << answer;
}

}  // namespace
}  // namespace atelier::promptcap
