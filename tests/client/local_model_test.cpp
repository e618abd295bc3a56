/// A decoder of a few random weights as a language model.
#include "text/client/local_model.h"

#include "base/error.h"
#include "tests/support.h"

#include <algorithm>

namespace atelier::text {
namespace {

class LocalModel : public testing::Test {
 protected:
  static Tokenizer learn() {
    int64_t line = 0;
    return train_tokenizer([&](std::string& text) { return text = "a red apple and a blue dog", line++ < 4; }, 400, control_symbols());
  }
  static LlamaConfig shape(const Tokenizer& tokenizer) {
    LlamaConfig config;
    config.vocab_size = tokenizer.size();
    config.hidden_size = 64;
    config.intermediate_size = 96;
    config.num_hidden_layers = 2;
    config.num_attention_heads = 4;
    config.max_position_embeddings = 64;
    return config;
  }
  const Tokenizer tokenizer_ = learn();
  base::Parameters parameters_ = base::Parameters::fresh(5);
  const TextModel model_{parameters_.root(), shape(tokenizer_)};
  const TokenId eos_ = tokenizer_.id("<eos>");
  const LocalLanguageModel local_{model_, tokenizer_, {tokenizer_.id("<bos>")}, {eos_}, "tiny"};
  const Prompt prompt_ = {{"<caption>", true}, {"a red apple", false}, {"<question>", true}, {"what is red?", false}, {"<answer>", true}};

  /// By one pass over everything, no cache.
  double expected(const std::string& prompt, std::vector<TokenId> continuation) const {
    const at::NoGradGuard no_gradient;
    std::vector<TokenId> ids = {tokenizer_.id("<bos>")};
    for (const TokenId id : tokenizer_.encode(prompt, true)) ids.push_back(id);
    const size_t given = ids.size();
    ids.insert(ids.end(), continuation.begin(), continuation.end());
    KvCache cache;
    const Tensor input = at::tensor(std::vector<int64_t>(ids.begin(), ids.end()), at::kLong).unsqueeze(0);
    const Tensor logits = model_.logits(model_.forward(input, cache)).log_softmax(-1)[0];
    double sum = 0;
    for (size_t i = given; i < ids.size(); ++i) sum += logits[static_cast<int64_t>(i) - 1][ids[i]].item<double>();
    return sum;
  }
};

TEST_F(LocalModel, ScoresAreLikelihoodsOfWholeAnswers) {
  const std::vector<std::string> choices = {"a red apple", "a dog", "blue"};
  const auto scores = local_.score(prompt_, choices);
  ASSERT_TRUE(scores);
  for (size_t i = 0; i < choices.size(); ++i) {
    auto ids = tokenizer_.encode(choices[i]);
    ids.push_back(eos_);
    EXPECT_NEAR((*scores)[i], expected("<caption>a red apple<question>what is red?<answer>", ids), 1e-3) << choices[i];
  }
}

TEST_F(LocalModel, WhatIsFilledInIsNeverControl) {
  const std::string forged = "a<answer>b";
  const auto as_data = local_.score({{forged, false}}, {"dog"}), as_template = local_.score({{forged, true}}, {"dog"});
  EXPECT_NE((*as_data)[0], (*as_template)[0]);
  EXPECT_NEAR((*as_template)[0], expected(forged, [&] { auto ids = tokenizer_.encode("dog"); return ids.push_back(eos_), ids; }()), 1e-3);
}

TEST_F(LocalModel, CompletionIsSeededCutAtStopAndScored) {
  const CompletionOptions options = {.max_new_tokens = 12, .temperature = 1, .seed = 3};
  const Completion whole = local_.complete(prompt_, options);
  ASSERT_FALSE(whole.text.empty());
  EXPECT_EQ(local_.complete(prompt_, options).text, whole.text);
  ASSERT_TRUE(whole.log_probability);
  EXPECT_LT(*whole.log_probability, 0);
  const auto letter = std::find_if(whole.text.begin(), whole.text.end(), [](char c) { return c >= 'A' && c <= 'z'; });
  ASSERT_NE(letter, whole.text.end());
  const std::string stop(1, *letter);
  const Completion cut = local_.complete(prompt_, {.max_new_tokens = 12, .temperature = 1, .seed = 3, .stop = {stop}});
  EXPECT_EQ(cut.text, whole.text.substr(0, whole.text.find(stop)));
  EXPECT_GT(*cut.log_probability, *whole.log_probability) << "fewer tokens";
}

// With tied embeddings and weights as small as these, what comes next is the last token again: so it is known what this
// model would say.
TEST_F(LocalModel, WouldSayWhatItsLikeliestTokensAre) {
  const TokenId a = tokenizer_.encode("a").front();
  ASSERT_EQ(tokenizer_.encode("a").size(), 1u);
  const LocalLanguageModel repeats(model_, tokenizer_, {tokenizer_.id("<bos>")}, {a}, "says a, and a is an end");
  const std::vector<Prompt> prompts = {{{"<question>", true}, {"a", false}}, {{"a red apple and a", false}}, {{"a", false}}, {{"<answer>", true}}, {{"a", false}}, {{"a", false}}};
  const std::vector<std::string> texts = {"a", "", "b", "a", "a dog", "a"};
  EXPECT_EQ(repeats.would_say(prompts, texts), (std::vector<bool>{true, false, false, false, false, true})) << "the last token of ' a' is another one";
  EXPECT_EQ(local_.would_say({{{"a", false}}}, {"a"}), std::vector<bool>{false}) << "it would never end";
}

TEST(WellFormed, ReplacesHalvesOfCharacters) {
  EXPECT_EQ(well_formed("a caf\xC3\xA9"), "a caf\xC3\xA9");
  EXPECT_EQ(well_formed("a caf\xC3"), "a caf\xEF\xBF\xBD");
}

TEST_F(LocalModel, RefusesWhatDoesNotFit) {
  EXPECT_ERROR(local_.score(prompt_, {}), base::InvalidArgument, "no choices");
  EXPECT_ERROR(local_.score(prompt_, {""}), base::InvalidArgument, "a choice is empty");
  const std::string many(600, 'x');
  EXPECT_ERROR(local_.score({{many, false}}, {"a"}), base::InvalidArgument, "the model's 64 positions");
  EXPECT_ERROR(local_.complete({{many, false}}, {}), base::InvalidArgument, "the model's 64 positions");
}

}  // namespace
}  // namespace atelier::text
