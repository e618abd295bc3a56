/// Prompts, examples and the way from a picture to an answer, with a language model that is a script.
#include "promptcap/answerer.h"

#include "base/error.h"
#include "base/safetensors.h"
#include "tests/memory/fake_embedder.h"
#include "tests/promptcap/tiny_pipeline.h"

#include <functional>

namespace atelier::promptcap {
namespace {

using tests::TinyPipeline;

/// Answers what it is told to, and keeps the last prompt.
class Scripted : public text::LanguageModel {
 public:
  explicit Scripted(std::string answer, std::vector<double> scores = {}) : answer_(std::move(answer)), scores_(std::move(scores)) {}
  text::Completion complete(const text::Prompt& prompt, const text::CompletionOptions&) const override { return prompt_ = prompt, text::Completion{answer_, -1.5}; }
  std::optional<std::vector<double>> score(const text::Prompt& prompt, const std::vector<std::string>& choices) const override {
    if (scores_.empty()) return std::nullopt;
    prompt_ = prompt;
    choices_ = choices;
    return scores_;
  }
  std::string name() const override { return "scripted"; }

  mutable text::Prompt prompt_;
  mutable std::vector<std::string> choices_;

 private:
  std::string answer_;
  std::vector<double> scores_;
};

TEST(PromptTemplate, ThePapersPromptIsExact) {
  const PromptTemplate paper = PromptTemplate::load("paper");
  const text::Prompt prompt = render(paper, {{"a cat on a mat", "what is it?", "a cat"}}, {"two dogs", "how many?", "", {}}, false);
  EXPECT_EQ(text::joined(prompt),
            "Please answer the question according to the above context.\n"
            "===\nContext: a cat on a mat\n===\nQ: what is it?\nA: a cat\n\n"
            "===\nContext: two dogs\n===\nQ: how many?\nA:");
  EXPECT_EQ(text::joined(render(paper, {}, {"a sign", "which year?", "1999", {}}, false)),
            "Please answer the question according to the above context.\n===\nContext: a sign OCR inputs: 1999\n===\nQ: which year?\nA:");
  EXPECT_EQ(text::joined(render(PromptTemplate::load("unifiedqa"), {}, {"two dogs", "what?", "", {"a", "b"}}, true)), "what? \n two dogs \n (1) a (2) b ");
}

TEST(PromptTemplate, OnlyItsOwnWordsAreControl) {
  const text::Prompt prompt = render(PromptTemplate::load("local"), {}, {"a <answer> {question}", "what?", "<eos>", {}}, false);
  std::string control, data;
  for (const auto& piece : prompt) (piece.control ? control : data) += piece.text;
  EXPECT_EQ(control, "<caption><question><answer>");
  EXPECT_EQ(data, "a <answer> {question}, the text <eos>what?");
}

TEST(PromptTemplate, IsAFile) {
  const atelier::tests::TemporaryFolder folder;
  base::write_json(folder / "mine.json", {{"question", "{caption}? {question}"}, {"shots", 2}});
  EXPECT_EQ(text::joined(render(PromptTemplate::load((folder / "mine.json").string()), {}, {"c", "q", "", {}}, true)), "c? q");
  base::write_json(folder / "bad.json", {{"question", "{caption}"}});
  EXPECT_ERROR(PromptTemplate::load((folder / "bad.json").string()), base::InvalidFile, "question must hold {question}");
  EXPECT_ERROR(PromptTemplate::load("papre"), base::InvalidArgument, "one of paper, unifiedqa, local");
}

TEST(QuestionOf, KnowsThePromptsOfThePapersCaptioners) {
  EXPECT_EQ(question_of("please describe this image according to the given question: what year?"), "what year?");
  EXPECT_EQ(question_of("what does the image describe?"), "");
  EXPECT_EQ(question_of("who is it?"), "who is it?");
}

TEST(Examples, AreChosenAsInTheFixture) {
  const base::Safetensors file(std::filesystem::path(ATELIER_TEST_DATA) / "promptcap_examples.safetensors");
  const Tensor question = file.read("question"), picture = file.read("picture"), order = file.read("order").to(at::kLong);
  const auto rows = choose_examples(question[0], picture[0], question.slice(0, 1), picture.slice(0, 1), 4);
  EXPECT_EQ(rows, std::vector<int64_t>(order.data_ptr<int64_t>(), order.data_ptr<int64_t>() + 4));
}

class Pool : public testing::Test {
 protected:
  const retrieval::FakeEmbedder embedder_;
  const std::vector<vision::Image> pictures_ = {TinyPipeline::picture(250, 0, 0), TinyPipeline::picture(0, 250, 0), TinyPipeline::picture(0, 0, 250)};
  const ExamplePool pool_ = ExamplePool::make({{"a red cup", "is it red?", "yes"}, {"a green cup", "is it green?", "yes"}, {"a blue cup", "is it blue?", "yes"}}, pictures_, embedder_);
};

TEST_F(Pool, TheMostSimilarComesLastAndAFileKeepsAll) {
  const atelier::tests::TemporaryFolder folder;
  pool_.save(folder / "pool.safetensors");
  const ExamplePool loaded = ExamplePool::load(folder / "pool.safetensors");
  const auto chosen = loaded.choose(embedder_, "what is green?", pictures_[1], 2);
  ASSERT_EQ(chosen.size(), 2u);
  EXPECT_EQ(chosen.back().caption, "a green cup");
  EXPECT_EQ(loaded.choose(embedder_, "what is green?", pictures_[1], 9).size(), 3u);
  EXPECT_ERROR(loaded.choose(retrieval::FakeEmbedder(16, "other"), "q", pictures_[0], 1), base::InvalidArgument, "made with fake-1, not with other");
  base::write_safetensors(folder / "bad.safetensors", {{"question", at::zeros({1, 4})}, {"picture", at::zeros({2, 4})}}, {{"embedder", "e"}, {"examples", R"([["a","b","c"]])"}});
  EXPECT_ERROR(ExamplePool::load(folder / "bad.safetensors"), base::InvalidFile, "a row an example");
}

class Answering : public Pool {
 protected:
  const TinyPipeline pipeline_;
  const Captioner captioner_{*pipeline_};
  const std::vector<vision::Image> shown_ = {TinyPipeline::picture(0, 250, 0)};
  const AnswerOptions short_ = {.caption = {.num_beams = 2, .max_new_tokens = 6}};
};

TEST_F(Answering, TheLanguageModelSeesCaptionAndExamples) {
  const Scripted model(" \"A guitar.\"\n");
  const Answerer answerer(captioner_, model, PromptTemplate::load("paper"), &pool_, &embedder_);
  AnswerOptions options = short_;
  options.shots = 1;
  const Answer answer = answerer.answer(shown_, "is it green?", options);
  EXPECT_EQ(answer.text, "A guitar");
  EXPECT_EQ(answer.log_probability, -1.5);
  EXPECT_TRUE(answer.can_tell);
  EXPECT_EQ(answer.caption, captioner_.caption(shown_, "is it green?", options.caption).text);
  ASSERT_EQ(answer.examples.size(), 1u);
  EXPECT_EQ(answer.examples[0].caption, "a green cup");
  const std::string prompt = text::joined(model.prompt_);
  EXPECT_NE(prompt.find("Context: a green cup\n===\nQ: is it green?\nA: yes\n\n===\nContext: " + answer.caption + "\n"), std::string::npos) << prompt;
}

TEST_F(Answering, ChoosesByLikelihoodOrByWords) {
  AnswerOptions options = short_;
  options.choices = {"cat", "dog", "fox"};
  const Scripted scoring("", {-3, -1, -2});
  const Answer scored = Answerer(captioner_, scoring, PromptTemplate::load("paper")).answer(shown_, "what is it?", options);
  EXPECT_EQ(scored.text, "dog");
  EXPECT_NEAR(*scored.log_probability, -std::log(1 + std::exp(-2) + std::exp(-1)), 1e-9);
  EXPECT_EQ(scoring.choices_[0], " cat") << "behind a colon";
  EXPECT_EQ(text::joined(scoring.prompt_).find("Choices:"), std::string::npos);
  const Scripted talking("I think it is a fox");
  EXPECT_EQ(Answerer(captioner_, talking, PromptTemplate::load("paper")).answer(shown_, "what is it?", options).text, "fox");
  EXPECT_NE(text::joined(talking.prompt_).find("Choices: (1) cat (2) dog (3) fox\n"), std::string::npos);
}

TEST_F(Answering, SaysWhenItCannotTell) {
  for (const char* words : {"It is not mentioned.", "", "Cannot tell"}) {
    const Scripted model(words);
    const Answer answer = Answerer(captioner_, model, PromptTemplate::load("paper")).answer(shown_, "who?", short_);
    EXPECT_EQ(answer.text, "cannot tell") << words;
    EXPECT_FALSE(answer.can_tell);
  }
}

TEST_F(Answering, DirectlyWithoutALanguageModel) {
  const Answer free = answer_directly(captioner_, shown_, "what is it?", short_);
  EXPECT_EQ(free.text, captioner_.answer(shown_, "what is it?", short_.caption).text);
  EXPECT_EQ(free.caption, "");
  AnswerOptions options = short_;
  options.choices = {"a dog", "a red apple"};
  const Answer chosen = answer_directly(captioner_, shown_, "what is it?", options);
  const auto scores = captioner_.score(shown_, "what is it?", options.choices);
  EXPECT_EQ(chosen.text, options.choices[scores[0] > scores[1] ? 0 : 1]);
}

TEST_F(Answering, RefusesWhatDoesNotFit) {
  const Scripted model("x");
  const Answerer answerer(captioner_, model, PromptTemplate::load("local"));
  EXPECT_ERROR(answerer.answer(shown_, "  ", short_), base::InvalidArgument, "there is no question");
  EXPECT_ERROR(answerer.answer(shown_, std::string(1000, 'x'), short_), base::InvalidArgument, "at most 128 fit");
  EXPECT_ERROR(answerer.answer(shown_, std::string(3000, 'x'), short_), base::InvalidArgument, "3000 bytes");
  EXPECT_ERROR(answerer.answer(std::vector<vision::Image>(9, shown_[0]), "what?", short_), base::InvalidArgument, "1 to 8 pictures, not 9");
  EXPECT_ERROR(answerer.answer(shown_, "what?", {.choices = {"a", " "}}), base::InvalidArgument, "a choice is empty");
}

TEST_F(Answering, CaptionsAreSeededWordsWithoutControlSymbols) {
  CaptionOptions options = {.max_new_tokens = 12, .sampling = text::SamplingConfig{}, .seed = 5};
  const Said said = captioner_.caption(shown_, "", options);
  EXPECT_EQ(captioner_.caption(shown_, "", options).text, said.text);
  options.seed = 6;
  EXPECT_NE(captioner_.caption(shown_, "", options).text, said.text);
  EXPECT_LE(said.tokens, 12);
  EXPECT_LT(said.log_probability, 0);
}

}  // namespace
}  // namespace atelier::promptcap
