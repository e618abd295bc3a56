/// Captions that are made for questions, the filter, and the four ways of answering.
#include "promptcap/data/conditioned.h"
#include "promptcap/data/evaluation.h"
#include "promptcap/data/filter.h"
#include "promptcap/data/picture_questions.h"

#include "base/error.h"
#include "tests/corpus/synthetic.h"
#include "tests/promptcap/tiny_pipeline.h"

#include <map>

namespace atelier::promptcap {
namespace {

using corpus::Question, corpus::Scene;
using tests::TinyPipeline;

Scene scene_of(std::vector<corpus::SceneObject> objects, std::string caption = "the generic caption") {
  Scene scene;
  scene.caption = std::move(caption);
  scene.objects = std::move(objects);
  return scene;
}

corpus::SceneObject object(const std::string& noun, const std::string& colour = "") {
  corpus::SceneObject one;
  one.noun = noun;
  one.colour = colour;
  return one;
}

TEST(ConditionedCaption, TellsWhatTheQuestionNeedsAndNoMore) {
  const Scene pair = scene_of({object("cat"), object("dog")});
  const Scene keys = scene_of({object("key", "red"), object("key", "red"), object("key", "blue"), object("crab", "green")});
  const Scene three = scene_of({object("pear"), object("pear"), object("pear"), object("hammer")});
  struct Case {
    const Scene& scene;
    Question question;
    std::string caption;
  };
  const std::vector<Case> cases = {
      {pair, {"what", "what is in the top left?", "a cat"}, "a cat in the top left"},
      {pair, {"what", "what is at the bottom?", "a dog"}, "a dog at the bottom"},
      {pair, {"what", "what is in the picture?", "a cat and a dog"}, "a cat and a dog"},
      {pair, {"what", "in what style is this drawn?", "noto style"}, "a cat and a dog, noto style"},
      {keys, {"what", "what is green?", "a crab"}, "a green crab"},
      {pair, {"where", "where is the cat?", "left of the dog"}, "a cat left of a dog"},
      {pair, {"where", "where can the cat be seen?", "in the middle"}, "a cat in the middle"},
      {three, {"count", "how many pears can you see?", "three"}, "three pears"},
      {three, {"count", "how many things are there?", "four"}, "three pears and a hammer"},
      {three, {"count", "how many dogs are there?", "none"}, "three pears and a hammer"},
      {keys, {"count", "how many red keys are there?", "two"}, "two red keys"},
      {keys, {"count", "how many keys are there?", "three"}, "three keys"},
      {keys, {"colour", "what color is the crab?", "green"}, "a green crab"},
      {pair, {"colour", "what colour is the background?", "light blue"}, "a light blue background"},
      {pair, {"colour", "what colour is the background?", "cream fading to white"}, "a background of cream fading to white"},
      {pair, {"relation", "what is to the right of the cat?", "a dog"}, "a dog right of a cat"},
      {keys, {"relation", "what is above the blue key?", "a green crab"}, "a green crab above a blue key"},
      {pair, {"relation", "what is above the cat?", "nothing"}, "a cat and a dog"},
      {pair, {"comparison", "which is bigger, the cat or the dog?", "the dog"}, "a dog bigger than a cat"},
      {pair, {"comparison", "is the cat bigger than the dog?", "no"}, "a dog bigger than a cat"},
      {three, {"comparison", "are there more pears than hammers?", "yes"}, "three pears and a hammer"},
      {pair, {"yesno", "is the dog left of the cat?", "no"}, "a dog right of a cat"},
      {pair, {"yesno", "is the cat to the left of the dog?", "yes"}, "a cat left of a dog"},
      {keys, {"yesno", "is there a green key?", "no"}, "two red keys and a blue key"},
      {keys, {"yesno", "is there a blue key?", "yes"}, "a blue key"},
      {three, {"yesno", "are there four pears?", "no"}, "three pears"},
      {pair, {"yesno", "is there a guitar?", "no"}, "a cat and a dog"},
      {pair, {"unanswerable", "where is the guitar?", "cannot tell"}, "a cat and a dog"},
      {pair, {"knowledge", "what is the mammal left of the dog?", "a cat"}, "a cat left of a dog"},
      {three, {"knowledge", "which of these can be eaten?", "the pear"}, "three pears and a hammer"},
  };
  for (const Case& c : cases) {
    const auto captions = conditioned_captions(c.scene, c.question);
    EXPECT_EQ(captions.front(), c.caption) << c.question.question;
    EXPECT_EQ(captions.back(), "the generic caption");
  }
}

TEST(ConditionedCaption, EveryQuestionOfTheComposerHasOne) {
  const corpus::SyntheticCorpus synthetic;
  const corpus::Corpus corpus = synthetic.open();
  const corpus::SceneComposer composer(corpus);
  std::map<std::string, int64_t> kinds;
  for (uint64_t i = 0; i < 60; ++i) {
    const Scene scene = composer.compose(3, i);
    for (const Question& question : scene.questions) {
      ++kinds[question.kind];
      const auto captions = conditioned_captions(scene, question);
      for (const std::string& caption : captions) EXPECT_TRUE(!caption.empty() && caption.find('?') == caption.npos && caption.find("the the") == caption.npos) << question.question << ": " << caption;
      // What is asked for and can be said in a word is in the caption, where a word alone is the answer.
      if (question.kind == "colour" || question.kind == "where") {
        EXPECT_NE(captions.front().find(question.answer.substr(0, question.answer.find(" the "))), std::string::npos) << question.question << ": " << captions.front();
      }
    }
  }
  EXPECT_EQ(kinds.size(), 9u);
}

TEST(PictureQuestions, AreExact) {
  corpus::Picture apple;
  apple.concept_id = "emoji:1F415";
  apple.title = "dog";
  apple.style = "noto style";
  apple.kind = "emoji";
  std::map<std::string, int64_t> kinds;
  for (uint64_t seed = 0; seed < 40; ++seed) {
    base::Random random(seed);
    for (const AskedPicture& asked : picture_questions(apple, random)) {
      ++kinds[asked.question.kind];
      const Question& q = asked.question;
      if (q.question == "is this an animal?" || q.question == "is there a dog?") { EXPECT_EQ(q.answer, "yes"); }
      if (q.question == "is this a vehicle?") { EXPECT_EQ(q.answer, "no"); }
      if (q.kind == "what") { EXPECT_TRUE(q.answer == "a dog" || q.answer == "noto style") << q.answer; }
      EXPECT_TRUE(asked.captions.front().starts_with("a dog"));
    }
  }
  EXPECT_EQ(kinds.size(), 4u);
  apple.concept_id = "word:thing without a noun";
  base::Random random(1);
  EXPECT_EQ(picture_questions(apple, random).size(), 2u);
}

// A model that repeats the last token (its weights are as they were drawn, its embeddings tied) and takes "a" for an end:
// it answers "a" to whatever ends in "a".
TEST(Filter, KeepsTheFirstCaptionThatIsAnsweredRightly) {
  const TinyPipeline pipeline;
  const text::Tokenizer& tokenizer = pipeline->tokenizer();
  const text::LocalLanguageModel model(pipeline->model().text(), tokenizer, {}, {tokenizer.encode("a").front()}, "repeats");
  PromptTemplate form;
  form.question = "{question} {caption}";
  const std::vector<Candidates> questions = {{{"what", "q", "a"}, {"b", "?a", "a"}}, {{"what", "q", "b"}, {"c"}}, {{"where", "q", "a"}, {"?a"}}};
  const auto kept = filter_captions(model, form, questions);
  EXPECT_EQ(kept, (std::vector<int64_t>{1, -1, 0}));
  std::map<std::string, FilterCount> counts;
  count_kept(questions, kept, counts);
  EXPECT_EQ(counts["what"].questions, 2);
  EXPECT_EQ(counts["what"].kept, 1);
  EXPECT_EQ(counts["what"].first, 0);
  EXPECT_EQ(counts["where"].first, 1);
}

// Case, articles and stops aside.
TEST(Evaluation, RightIsEqualAfterNormalising) {
  Evaluated result;
  result.question = {"what", "q", "a dog"};
  result.answers = {"a cat", "the dog", "A dog.", ""};
  EXPECT_FALSE(result.right(Way::blind));
  EXPECT_TRUE(result.right(Way::generic));
  EXPECT_TRUE(result.right(Way::conditioned));
  EXPECT_FALSE(result.right(Way::direct));
}

TEST(Evaluation, AsksEachQuestionInFourWays) {
  const TinyPipeline pipeline;
  const Captioner captioner(*pipeline);
  const text::Tokenizer& tokenizer = pipeline->tokenizer();
  const text::LocalLanguageModel model(pipeline->model().text(), tokenizer, {tokenizer.id("<bos>")}, {tokenizer.id("<eos>")}, "tiny");
  PromptTemplate form = PromptTemplate::load("local");
  form.max_new_tokens = 4;
  Evaluation evaluation(captioner, model, form, {.num_beams = 2, .max_new_tokens = 5});
  const vision::Image picture = TinyPipeline::picture(9, 9, 9);
  evaluation.ask(picture, {{"what", "what is it?", "a dog"}, {"where", "where is it?", "here"}}, 7);
  ASSERT_EQ(evaluation.results().size(), 2u);
  const Evaluated& first = evaluation.results()[0];
  EXPECT_EQ(first.picture, 7);
  EXPECT_EQ(first.generic, evaluation.results()[1].generic);
  EXPECT_EQ(first.conditioned, captioner.caption({&picture, 1}, "what is it?", {.num_beams = 2, .max_new_tokens = 5}).text);
  EXPECT_EQ(first.answers[3], captioner.answer({&picture, 1}, "what is it?", {.num_beams = 2, .max_new_tokens = 5}).text);
  EXPECT_EQ(evaluation.seconds().captions, 3);
  EXPECT_EQ(evaluation.seconds().answers, 6);
}

}  // namespace
}  // namespace atelier::promptcap
