/// Where text stands around pictures, and decoding behind them.
#include "fusion/understanding.h"

#include "tests/fusion/tiny_model.h"
#include "tests/support.h"

#include <c10/core/InferenceMode.h>

namespace atelier::fusion {
namespace {

const UnderstandingSymbols kSymbols = {.bos = 1, .eos = 2, .boi = 3, .eoi = 4, .question = 24, .caption = 26, .answer = 25};

using Ids = std::vector<int32_t>;

TEST(UnderstandingLayout, QuestionsStandBeforeThePicture) {
  const auto generic = understanding_layout({}, Reply::caption, kSymbols);
  EXPECT_EQ(generic.before, (Ids{1, 3}));
  EXPECT_EQ(generic.after, (Ids{4})) << "as the generator's picture-first rows";
  const auto caption = understanding_layout({40, 41}, Reply::caption, kSymbols), answer = understanding_layout({40, 41}, Reply::answer, kSymbols);
  EXPECT_EQ(caption.before, (Ids{1, 24, 40, 41, 3}));
  EXPECT_EQ(answer.before, caption.before) << "one encoding of the picture serves both";
  EXPECT_EQ(caption.after, (Ids{4, 26}));
  EXPECT_EQ(answer.after, (Ids{4, 25}));
  EXPECT_EQ(caption.between, (Ids{4, 3}));
}

class Decoding : public testing::Test {
 protected:
  const tests::TinyModel tiny_;
  const FusionModel& model_ = *tiny_.model;
  const UnderstandingLayout layout_ = understanding_layout({40, 41}, Reply::caption, kSymbols);
  const Context context_ = read_pictures(model_, layout_, {tiny_.picture(1)}, {}, kSymbols);
  const Tensor all_ = at::ones({60}, at::kBool);

  /// Log-probabilities of the next token behind some ids, without any cache but the pictures'.
  Tensor next(const Context& context, const Ids& ids) const {
    const c10::InferenceMode inference;
    Context copy = context;
    return model_.text().logits(model_.append_text(copy, as_ids(model_, ids)))[0][-1].log_softmax(0);
  }
};

TEST_F(Decoding, OneBeamIsTheLikeliestTokenEachTime) {
  const auto beams = Decoder(model_, context_, layout_.after, all_).beams({.num_beams = 1, .max_new_tokens = 6, .eos = 2});
  ASSERT_EQ(beams.size(), 1u);
  Ids ids = layout_.after;
  double sum = 0;
  for (const int32_t token : beams[0].tokens) {
    const Tensor scores = next(context_, ids);
    EXPECT_EQ(scores.argmax().item<int64_t>(), token);
    sum += scores[token].item<double>();
    ids.push_back(token);
  }
  EXPECT_NEAR(beams[0].score * static_cast<double>(beams[0].tokens.size()), sum, 1e-4);
}

TEST_F(Decoding, FiveBeamsFindNoWorseOne) {
  const Decoder decoder(model_, context_, layout_.after, all_);
  const auto one = decoder.beams({.num_beams = 1, .max_new_tokens = 5, .eos = -1}), five = decoder.beams({.num_beams = 5, .max_new_tokens = 5, .eos = -1});
  EXPECT_GE(five.front().score, one.front().score - 1e-5);
  // Its score is the likelihood of its tokens: beams and their caches were not mixed up.
  EXPECT_NEAR(decoder.log_likelihoods({five.front().tokens}).front(), 5 * five.front().score, 1e-4);
}

TEST_F(Decoding, LikelihoodsOfABatchEqualThoseOfSingles) {
  const Decoder decoder(model_, context_, layout_.after, all_);
  const std::vector<Ids> continuations = {{30, 31, 2}, {45, 2}, {33, 34, 35, 36, 2}};
  const auto together = decoder.log_likelihoods(continuations);
  for (size_t i = 0; i < continuations.size(); ++i) {
    Ids ids = layout_.after;
    double sum = 0;
    for (const int32_t token : continuations[i]) {
      sum += next(context_, ids)[token].item<double>();
      ids.push_back(token);
    }
    EXPECT_NEAR(together[i], sum, 1e-4);
  }
}

TEST_F(Decoding, SamplesAreSeededAndForbiddenTokensNeverCome) {
  Tensor allowed = at::zeros({60}, at::kBool);
  for (const int64_t id : {2, 50, 51}) allowed[id] = true;
  const Decoder decoder(model_, context_, layout_.after, allowed);
  const auto a = decoder.sample({}, 20, 2, 7), again = decoder.sample({}, 20, 2, 7);
  EXPECT_EQ(a.tokens, again.tokens);
  EXPECT_NE(decoder.sample({}, 20, 2, 8).tokens, a.tokens);
  for (const auto& beam : decoder.beams({.num_beams = 3, .max_new_tokens = 6, .eos = 2}))
    for (const int32_t token : beam.tokens) EXPECT_TRUE(token == 2 || token == 50 || token == 51) << token;
  for (const int32_t token : a.tokens) EXPECT_TRUE(token == 2 || token == 50 || token == 51) << token;
  EXPECT_NEAR(decoder.log_likelihoods({a.tokens}).front(), a.log_probability, 1e-4);
}

TEST_F(Decoding, WhatIsSeenDecidesWhatIsSaid) {
  const std::vector<Ids> said = {{30, 31, 32, 2}};
  const auto likelihood = [&](const UnderstandingLayout& layout, const std::vector<Tensor>& pictures, const std::vector<ContextDocument>& documents) {
    const Context context = read_pictures(model_, layout, pictures, documents, kSymbols);
    return Decoder(model_, context, layout.after, all_).log_likelihoods(said).front();
  };
  const double first = likelihood(layout_, {tiny_.picture(1)}, {});
  EXPECT_EQ(first, likelihood(layout_, {tiny_.picture(1)}, {}));
  EXPECT_NE(first, likelihood(layout_, {tiny_.picture(2)}, {})) << "another picture";
  EXPECT_NE(first, likelihood(layout_, {tiny_.picture(2), tiny_.picture(1)}, {})) << "two pictures";
  EXPECT_NE(first, likelihood(layout_, {tiny_.picture(1)}, {{{30, 31}, tiny_.picture(3)}})) << "a document before it";
  const auto other = understanding_layout({42, 43}, Reply::caption, kSymbols);
  const double for_other = likelihood(other, {tiny_.picture(1)}, {});
  EXPECT_NE(first, for_other) << "another question";
}

}  // namespace
}  // namespace atelier::fusion
