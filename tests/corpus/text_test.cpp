#include "corpus/text_corpus.h"
#include "synthetic.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <map>

namespace atelier::corpus {
namespace {

class TrainingText : public testing::Test {
 protected:
  static void SetUpTestSuite() {
    synthetic_ = new SyntheticCorpus;
    lines_ = new std::vector<std::string>;
    const Corpus corpus = synthetic_->open();
    const Documents documents = text_documents(corpus);
    for (int64_t i = 0; i < documents.size(); ++i) lines_->emplace_back(documents[i]);
  }
  static void TearDownTestSuite() {
    delete lines_;
    delete synthetic_;
  }
  static bool has(const std::string& line) { return std::find(lines_->begin(), lines_->end(), line) != lines_->end(); }
  static int64_t containing(const std::string& part) {
    return std::count_if(lines_->begin(), lines_->end(), [&](const std::string& line) { return line.find(part) != std::string::npos; });
  }
  static inline SyntheticCorpus* synthetic_ = nullptr;
  static inline std::vector<std::string>* lines_ = nullptr;
};

TEST_F(TrainingText, NamesNothingThatIsHeldOut) {
  // The bait: a held-out concept left in training by mistake, tags, a WordNet synset and its hypernyms, an example.
  for (const std::string& line : *lines_) ASSERT_FALSE(HeldOut::instance().names_one(line)) << line;
  for (const char* word : {"goat", "carrot", "banjo", "kites"}) EXPECT_EQ(containing(word), 0) << word;
}

TEST_F(TrainingText, IsOneDocumentALineInUtf8) {
  ASSERT_GT(lines_->size(), 10000u);
  for (const std::string& line : *lines_) {
    ASSERT_FALSE(line.empty());
    ASSERT_EQ(line.find('\n'), std::string::npos);
    ASSERT_TRUE(base::is_utf8(line)) << line;
  }
}

TEST_F(TrainingText, SaysWhatWordNetAndTheConceptsSay) {
  EXPECT_TRUE(has("a dog is a kind of canine"));
  EXPECT_TRUE(has("the dog barked all night"));
  EXPECT_TRUE(has("the opposite of hot is cold"));
  EXPECT_TRUE(has("The dogs barked"));
  EXPECT_GE(containing("any of various mammals with nonretractile claws"), 1);
  EXPECT_TRUE(has("one mouse, two mice"));
  EXPECT_TRUE(has("a penguin is a bird"));
  EXPECT_TRUE(has("a dog belongs to animals & nature"));
}

TEST_F(TrainingText, HoldsCaptionsOfTrainingPicturesOnly) {
  EXPECT_GT(containing("noto style"), 100);
  EXPECT_GT(containing("a helicopter, twemoji style"), 0);
  EXPECT_EQ(containing("openmoji"), 0);
}

TEST_F(TrainingText, QuestionsFollowTheirCaptions) {
  int64_t questions = 0;
  for (const std::string& line : *lines_) {
    if (!line.starts_with("<caption>")) continue;
    ++questions;
    const size_t question = line.find("<question>"), answer = line.find("<answer>");
    ASSERT_NE(question, std::string::npos) << line;
    ASSERT_NE(answer, std::string::npos) << line;
    EXPECT_LT(question, answer) << line;
  }
  EXPECT_GT(questions, 1000);
}

TEST_F(TrainingText, FileIsTheSameTextEveryTime) {
  const Corpus corpus = synthetic_->open();
  const std::filesystem::path path = synthetic_->folder() / "text.txt";
  const std::map<std::string, int64_t> counts = write_text_file(corpus, path);
  std::string expected;
  for (const std::string& line : *lines_) expected += line + '\n';
  EXPECT_TRUE(base::read_file(path) == expected);
  int64_t total = 0;
  for (const auto& [kind, count] : counts) total += count;
  EXPECT_EQ(total, static_cast<int64_t>(lines_->size()));
  for (const char* kind : {"caption", "picture question", "scene caption", "scene questions", "gloss", "relation", "example", "keyword", "knowledge"})
    EXPECT_GT(counts.at(kind), 0) << kind;
}

TEST_F(TrainingText, KindsAreMixed) {
  // A trainer that reads the first tenth must see every kind in its share.
  const auto is_scene = [](const std::string& line) { return line.find("<question>") != std::string::npos; };
  const auto tenth = static_cast<int64_t>(lines_->size() / 10);
  const double of_first = static_cast<double>(std::count_if(lines_->begin(), lines_->begin() + tenth, is_scene)) / tenth;
  const double of_all = static_cast<double>(std::count_if(lines_->begin(), lines_->end(), is_scene)) / lines_->size();
  EXPECT_NEAR(of_first, of_all, 0.02);
}

}  // namespace
}  // namespace atelier::corpus
