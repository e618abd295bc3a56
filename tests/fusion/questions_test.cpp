/// Training on questions: the layout that inference uses, and what is learnt from it.
#include "fusion/understanding.h"

#include "tests/fusion/tiny_model.h"
#include "tests/fusion/tiny_pack.h"
#include "tests/support.h"

namespace atelier::fusion {
namespace {

const UnderstandingSymbols kSymbols = {.bos = 1, .eos = 2, .boi = 3, .eoi = 4, .question = 24, .caption = 26, .answer = 25};
constexpr ControlIds kQuestionIds = {0, 1, 2, 3, 4, {44, 2}, 24, 26, 25};

class Questions : public testing::Test {
 protected:
  Questions() {
    tests::write_tiny_pack(folder_ / "pack.safetensors");
    QuestionPackWriter writer;
    writer.add(at::full({4, 8, 8}, 0.5), {{{30, 31, 32}, {33, 34}, {35}}, {{36}, {}, {37, 38}}});
    writer.add(at::full({4, 8, 8}, -0.5), {{{39, 40}, {33}, {41}}});
    writer.write(folder_ / "questions.safetensors");
  }
  FusionTrainConfig config(double questions) const {
    FusionTrainConfig config;
    config.batch = 20;
    config.picture_first = 0;
    config.questions = questions;
    return config;
  }
  const atelier::tests::TemporaryFolder folder_;
};

TEST_F(Questions, HaveTheirShareOfABatchAndTheLayoutOfInference) {
  const Pack pack(folder_ / "pack.safetensors");
  const QuestionPack questions(folder_ / "questions.safetensors");
  const FusionBatch batch = make_batch(pack, config(0.5), kQuestionIds, 3, {}, &questions);
  int64_t pictures = 0;
  double weight = 0;
  for (const FusionPart& part : batch.parts) {
    pictures += part.latents.size(0);
    if (part.after.ids.defined()) weight += part.after.weight.sum().item<double>();
  }
  EXPECT_EQ(pictures, 20);
  EXPECT_EQ(batch.language_weight, weight);
  const FusionPart& part = batch.parts.back();
  ASSERT_EQ(part.latents.size(0), 10);
  EXPECT_FALSE(part.epsilon.defined()) << "read, not drawn";
  bool captions = false, answers = false;
  for (int64_t i = 0; i < 10; ++i) {
    const auto row = [&](const TextRows& text) {
      const Tensor ids = text.ids[i].slice(0, 0, text.lengths[i].item<int64_t>()).contiguous();
      return std::vector<int32_t>(ids.data_ptr<int64_t>(), ids.data_ptr<int64_t>() + ids.numel());
    };
    const auto before = row(part.before), after = row(part.after);
    const std::vector<int32_t> question(before.begin() + 2, before.end() - 1);
    const Reply reply = after[1] == kSymbols.caption ? Reply::caption : Reply::answer;
    (reply == Reply::caption ? captions : answers) = true;
    EXPECT_FALSE(reply == Reply::caption && question == std::vector<int32_t>{36}) << "it has no caption";
    const UnderstandingLayout layout = understanding_layout(question, reply, kSymbols);
    EXPECT_EQ(before, layout.before);
    EXPECT_EQ(std::vector<int32_t>(after.begin(), after.begin() + 2), layout.after);
    EXPECT_EQ(after.back(), kSymbols.eos);
    EXPECT_EQ(part.after.weight[i].sum().item<double>(), static_cast<double>(after.size()) - 2) << "the reply and its end alone are learnt";
  }
  EXPECT_TRUE(captions && answers);
}

// One number from two sides: the loss of a batch is what inference says of the same replies.
TEST_F(Questions, TheirLossIsTheLikelihoodThatInferenceGives) {
  const Pack pack(folder_ / "pack.safetensors");
  const QuestionPack questions(folder_ / "questions.safetensors");
  tests::TinyModel tiny;
  const FusionTrainConfig only = config(1);
  const FusionBatch batch = make_batch(pack, only, kQuestionIds, 0, {}, &questions);
  ASSERT_EQ(batch.parts.size(), 1u);
  base::Optimizer optimizer(tiny.parameters, only.optimizer);
  const FusionLoss loss = accumulate_gradients(*tiny.model, only, batch, optimizer);
  EXPECT_EQ(loss.diffusion, 0);

  const FusionPart& part = batch.parts[0];
  double sum = 0;
  for (int64_t i = 0; i < part.latents.size(0); ++i) {
    const auto row = [&](const TextRows& text) {
      const Tensor ids = text.ids[i].slice(0, 0, text.lengths[i].item<int64_t>()).contiguous();
      return std::vector<int32_t>(ids.data_ptr<int64_t>(), ids.data_ptr<int64_t>() + ids.numel());
    };
    const auto after = row(part.after);
    const UnderstandingLayout layout = {row(part.before), {}, {after.begin(), after.begin() + 2}};
    const Context context = read_pictures(*tiny.model, layout, {part.latents.narrow(0, i, 1)}, {}, kSymbols);
    sum += Decoder(*tiny.model, context, layout.after, at::ones({60}, at::kBool)).log_likelihoods({{after.begin() + 2, after.end()}}).front();
  }
  EXPECT_NEAR(loss.language, -sum / batch.language_weight, 1e-4);
  // What describes learns; what draws does not.
  EXPECT_GT(optimizer.gradient("image_tower.layers.0.self_attn.k_proj.weight").abs().max().item<double>(), 0);
  EXPECT_GT(optimizer.gradient("unet_down.conv_in.weight").abs().max().item<double>(), 0);
  EXPECT_EQ(optimizer.gradient("unet_up.conv_out.weight").abs().max().item<double>(), 0);
}

// Without a question the caption stands alone, as `atelier caption` reads it, and never an answer to nothing.
TEST_F(Questions, NoQuestionIsAGenericCaption) {
  QuestionPackWriter writer;
  writer.add(at::full({4, 8, 8}, 0.5), {{{}, {33, 34}, {}}});
  writer.write(folder_ / "generic.safetensors");
  const Pack pack(folder_ / "pack.safetensors");
  const QuestionPack generic(folder_ / "generic.safetensors");
  const FusionBatch batch = make_batch(pack, config(0.5), kQuestionIds, 3, {}, &generic);
  const FusionPart& part = batch.parts.back();
  const std::vector<int64_t> before = {kSymbols.bos, kSymbols.boi}, after = {kSymbols.eoi, 33, 34, kSymbols.eos};
  EXPECT_TRUE(at::equal(part.before.ids, at::tensor(before).expand({10, 2})));
  EXPECT_TRUE(at::equal(part.after.ids, at::tensor(after).expand({10, 4})));
  EXPECT_EQ(part.after.weight.sum().item<double>(), 30);
}

TEST_F(Questions, WithoutAShareABatchIsAsItWas) {
  const Pack pack(folder_ / "pack.safetensors");
  const FusionBatch batch = make_batch(pack, config(0), kQuestionIds, 3, {});
  for (const FusionPart& part : batch.parts) EXPECT_TRUE(part.epsilon.defined());
}

}  // namespace
}  // namespace atelier::fusion
