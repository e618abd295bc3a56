// What must be true of the joint model whatever its weights are (papers.md 1.6).
#include "fusion/model.h"

#include "base/error.h"
#include "tests/fusion/tiny_model.h"
#include "tests/support.h"

#include <gtest/gtest.h>
#include <torch/csrc/autograd/autograd.h>

namespace atelier::fusion {
namespace {

using tests::ids;
using tests::TinyModel;

// Frozen means frozen: no picture in the sequence, not one bit of the logits may move.
TEST(FusionModel, TextOnlyLogitsEqualTheTextTowerBitForBit) {
  const at::NoGradGuard no_gradient;
  const TinyModel tiny;
  const Tensor prompt = ids({1, 7, 9, 30, 31, 2});
  text::KvCache cache;
  const Tensor alone = tiny.text->logits(tiny.text->forward(prompt, cache));
  Context context = tiny.model->begin(1);
  EXPECT_TRUE(at::equal(tiny.text->logits(tiny.model->append_text(context, prompt)), alone));
}

TEST(FusionModel, TextBehindAPictureSeesIt) {
  const at::NoGradGuard no_gradient;
  const TinyModel tiny;
  const auto after = [&](uint64_t seed) {
    Context context = tiny.model->begin(1);
    tiny.model->append_text(context, ids({1, 3}));
    tiny.model->append_picture(context, tiny.picture(seed));
    return tiny.model->append_text(context, ids({4, 8, 9}));
  };
  EXPECT_GT((after(1) - after(2)).abs().max().item<double>(), 1e-4);
}

TEST(FusionModel, APredictionLeavesTheContextAsItWas) {
  const at::NoGradGuard no_gradient;
  const TinyModel tiny;
  Context context = tiny.model->begin(1);
  tiny.model->append_text(context, ids({1, 8, 3}));
  const Tensor keys = context.cache.contents().keys.clone(), next = context.next.clone(), time = at::full({1}, 300.0);
  const Tensor first = tiny.model->predict(context, tiny.picture(1), time);
  tiny.model->predict(context, tiny.picture(2), at::full({1}, 900.0));
  EXPECT_TRUE(at::equal(first, tiny.model->predict(context, tiny.picture(1), time)));
  EXPECT_EQ(context.cache.length(), 3);
  EXPECT_TRUE(at::equal(keys, context.cache.contents().keys));
  EXPECT_TRUE(at::equal(next, context.next));
}

// A picture's prediction depends on the words before it, on the time, and on the picture.
TEST(FusionModel, PredictionsFollowCaptionAndTime) {
  const at::NoGradGuard no_gradient;
  const TinyModel tiny;
  const auto predict = [&](std::vector<int64_t> prompt, double time) {
    Context context = tiny.model->begin(1);
    tiny.model->append_text(context, ids(std::move(prompt)));
    return tiny.model->predict(context, tiny.picture(5), at::full({1}, time));
  };
  const Tensor base = predict({1, 8, 3}, 500);
  EXPECT_GT((base - predict({1, 9, 3}, 500)).abs().max().item<double>(), 1e-4);
  EXPECT_GT((base - predict({1, 8, 3}, 501)).abs().max().item<double>(), 1e-6);
}

TEST(FusionModel, AppendingWordByWordEqualsAppendingAtOnce) {
  const at::NoGradGuard no_gradient;
  const TinyModel tiny;
  const std::vector<int64_t> prompt = {1, 7, 9, 30, 31, 3};
  Context whole = tiny.model->begin(1), pieces = tiny.model->begin(1);
  const Tensor expected = tiny.model->append_text(whole, ids(prompt));
  std::vector<Tensor> states;
  for (const int64_t token : prompt) states.push_back(tiny.model->append_text(pieces, ids({token})));
  EXPECT_LT((at::cat(states, 1) - expected).abs().max().item<double>(), 1e-5);
  // The caption vector is the latest segment's, so only the attention is compared: with the caption set equal.
  pieces.caption = whole.caption;
  pieces.words = whole.words;
  pieces.share = whole.share;
  const Tensor time = at::full({1}, 400.0);
  EXPECT_LT((tiny.model->predict(whole, tiny.picture(1), time) - tiny.model->predict(pieces, tiny.picture(1), time)).abs().max().item<double>(), 1e-5);
}

// Captions of different lengths share a batch, whatever stands before them; each must be what it is alone.
TEST(FusionModel, PaddedBatchEqualsSingles) {
  const at::NoGradGuard no_gradient;
  const TinyModel tiny;
  const Tensor time = at::tensor(std::vector<float>{200, 800});
  const Tensor x = tiny.picture(3, 2), document = tiny.picture(4, 2);
  const std::vector<std::vector<int64_t>> captions = {{1, 12, 3}, {1, 13, 14, 15, 3}}, prompts = {{4, 1, 7, 9, 30, 3}, {4, 1, 3}};
  Context both = tiny.model->begin(2);
  tiny.model->append_text(both, at::cat({ids({1, 12, 3, 0, 0}), ids(captions[1])}), at::tensor(std::vector<int64_t>{3, 5}, at::kLong));
  tiny.model->append_picture(both, document);
  const Tensor hidden = tiny.model->append_text(both, at::cat({ids(prompts[0]), ids({4, 1, 3, 0, 0, 0})}), at::tensor(std::vector<int64_t>{6, 3}, at::kLong));
  const Tensor together = tiny.model->predict(both, x, time);
  for (int64_t i = 0; i < 2; ++i) {
    Context alone = tiny.model->begin(1);
    tiny.model->append_text(alone, ids(captions[i]));
    tiny.model->append_picture(alone, document.narrow(0, i, 1));
    const Tensor h = tiny.model->append_text(alone, ids(prompts[i]));
    EXPECT_LT((hidden[i].narrow(0, 0, h.size(1)) - h[0]).abs().max().item<double>(), 2e-5);
    const Tensor single = tiny.model->predict(alone, x.narrow(0, i, 1), time.narrow(0, i, 1));
    EXPECT_LT((together.narrow(0, i, 1) - single).abs().max().item<double>(), 2e-5);
  }
}

// What is computed through the moved rows must be differentiated through them.
TEST(FusionModel, GradientsOfAPaddedBatchAreThoseOfSingles) {
  TinyModel tiny;
  const auto loss_of = [&](const Tensor& document, const Tensor& tokens, const Tensor& lengths) {
    Context context = tiny.model->begin(document.size(0));
    tiny.model->append_text(context, ids({1, 3}).expand({document.size(0), -1}));
    tiny.model->append_picture(context, document);
    tiny.model->append_text(context, tokens, lengths);
    const Tensor time = at::full({document.size(0)}, 300.0);
    return tiny.model->predict(context, tiny.picture(3, 1).expand_as(document), time).square().sum();
  };
  const Tensor document = tiny.picture(4, 2);
  const auto& all = tiny.parameters.all();
  const Tensor key = std::find_if(all.begin(), all.end(), [](const auto& p) { return p.first == "image_tower.layers.0.self_attn.k_proj.weight"; })->second;
  Tensor(key).requires_grad_(true);
  const auto gradient_of = [&](const Tensor& loss) { return torch::autograd::grad({loss}, {key})[0]; };
  const Tensor both = gradient_of(loss_of(document, at::cat({ids({4, 7, 8, 3}), ids({4, 3, 0, 0})}), at::tensor(std::vector<int64_t>{4, 2}, at::kLong)));
  const Tensor singles = gradient_of(loss_of(document.narrow(0, 0, 1), ids({4, 7, 8, 3}), {})) +
                         gradient_of(loss_of(document.narrow(0, 1, 1), ids({4, 3}), {}));
  EXPECT_LT(((both - singles).norm() / singles.norm()).item<double>(), 1e-4);
}

// LMFusion starts the image tower as a copy of the text tower: fed the same, both say the same.
TEST(FusionModel, RightAfterInitialisationBothTowersAgree) {
  const at::NoGradGuard no_gradient;
  TinyModel tiny;
  const ::atelier::tests::TemporaryFolder folder;
  base::write_safetensors(folder / "model.safetensors", tiny.text_parameters.all());
  copy_text_tower(tiny.parameters, base::Weights(folder / "model.safetensors"));
  const Tensor x = at::randn({1, 6, tiny.text_config.hidden_size}, base::generator(4), at::kFloat);
  const base::Rope rope = text::make_rope(tiny.text_config, at::arange(6).unsqueeze(0));
  text::KvCache a, b;
  const auto &words = tiny.text->transformer(), &patches = tiny.model->image_tower();
  EXPECT_TRUE(at::equal(words.norm(words.forward(x, rope, true, a)), patches.norm(patches.forward(x, rope, true, b))));
}

// Pictures must not depend on where in raster order anything was computed: moving a patch's content moves its output.
TEST(FusionModel, KeepingAPictureAdvancesThePositionByItsSide) {
  const at::NoGradGuard no_gradient;
  const TinyModel tiny;
  Context context = tiny.model->begin(1);
  tiny.model->append_text(context, ids({1, 3}));
  tiny.model->append_picture(context, tiny.picture(1));
  EXPECT_EQ(context.next.item<int64_t>(), 2 + tiny.config.latent_size / 2);
  EXPECT_EQ(context.cache.length(), 2 + tiny.model->patches());
}

TEST(FusionModel, RefusesSizesThatCannotBe) {
  TinyModel tiny;
  FusionConfig config = tiny.config;
  config.latent_size = 7;
  base::Parameters parameters = base::Parameters::fresh(3);
  EXPECT_ERROR(FusionModel(parameters.root(), config, tiny.text), base::InvalidArgument, "latent_size must be even, not 7");
}

}  // namespace
}  // namespace atelier::fusion
