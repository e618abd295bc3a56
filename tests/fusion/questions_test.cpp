/// Training on questions: the layout that inference uses, and what is learnt from it.
#include "fusion/understanding.h"

#include "tests/fusion/tiny_model.h"
#include "tests/fusion/tiny_pack.h"
#include "tests/support.h"

#include <map>

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

std::vector<int32_t> words(const TextRows& text, int64_t row) {
  const Tensor ids = text.ids[row].slice(0, 0, text.lengths[row].item<int64_t>()).contiguous();
  return {ids.data_ptr<int64_t>(), ids.data_ptr<int64_t>() + ids.numel()};
}

TEST_F(Questions, HaveTheirShareOfABatchAndTheLayoutOfInference) {
  const Pack pack(folder_ / "pack.safetensors");
  const QuestionPack questions(folder_ / "questions.safetensors");
  const FusionBatch batch = make_batch(pack, config(0.5), kQuestionIds, 3, {}, &questions);
  int64_t pictures = 0, asked = 0;
  double weight = 0;
  std::map<std::vector<int32_t>, std::vector<int32_t>> captions, answers;
  for (const FusionPart& part : batch.parts) {
    pictures += part.latents.size(0);
    for (const TextRows& after : part.after) weight += after.weight.sum().item<double>();
    if (part.epsilon.defined()) continue;  // drawn, not read
    asked += part.latents.size(0);
    for (int64_t i = 0; i < part.latents.size(0); ++i) {
      const std::vector<int32_t> before = words(part.before, i), question(before.begin() + 2, before.end() - 1);
      EXPECT_EQ(part.latents[i][0][0][0].item<float>() > 0, question != std::vector<int32_t>({39, 40})) << "another picture's question";
      for (const TextRows& after : part.after) {
        std::vector<int32_t> reply = words(after, i);
        if (reply.size() == 1) {  // no reply of this kind
          EXPECT_EQ(after.weight[i].sum().item<double>(), 0);
          continue;
        }
        const Reply kind = reply[1] == kSymbols.caption ? Reply::caption : Reply::answer;
        const UnderstandingLayout layout = understanding_layout(question, kind, kSymbols);
        EXPECT_EQ(before, layout.before);
        EXPECT_EQ(std::vector<int32_t>(reply.begin(), reply.begin() + 2), layout.after);
        EXPECT_EQ(after.weight[i].sum().item<double>(), static_cast<double>(reply.size()) - 2) << "the reply and its end alone are learnt";
        reply.erase(reply.begin(), reply.begin() + 2);
        (kind == Reply::caption ? captions : answers)[question] = reply;
      }
    }
  }
  EXPECT_EQ(pictures, 20);
  EXPECT_EQ(asked, 10);
  EXPECT_EQ(batch.language_weight, weight);
  using Replies = std::map<std::vector<int32_t>, std::vector<int32_t>>;
  const int32_t eos = kSymbols.eos;
  EXPECT_EQ(captions, (Replies{{{30, 31, 32}, {33, 34, eos}}, {{39, 40}, {33, eos}}}));
  EXPECT_EQ(answers, (Replies{{{30, 31, 32}, {35, eos}}, {{36}, {37, 38, eos}}, {{39, 40}, {41, eos}}}));
}

// One number from two sides: the loss of a batch is what inference says of the same replies.
TEST_F(Questions, TheirLossIsTheLikelihoodThatInferenceGives) {
  const Pack pack(folder_ / "pack.safetensors");
  const QuestionPack questions(folder_ / "questions.safetensors");
  tests::TinyModel tiny;
  const FusionTrainConfig only = config(1);
  const FusionBatch batch = make_batch(pack, only, kQuestionIds, 0, {}, &questions);
  base::Optimizer optimizer(tiny.parameters, only.optimizer);
  const FusionLoss loss = accumulate_gradients(*tiny.model, only, batch, optimizer);
  EXPECT_EQ(loss.diffusion, 0);

  double sum = 0;
  for (const FusionPart& part : batch.parts)
    for (int64_t i = 0; i < part.latents.size(0); ++i)
      for (const TextRows& rows : part.after) {
        const std::vector<int32_t> after = words(rows, i);
        if (after.size() == 1) continue;  // no reply of this kind
        const UnderstandingLayout layout = {words(part.before, i), {}, {after.begin(), after.begin() + 2}};
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
  const std::vector<int64_t> before = {kSymbols.bos, kSymbols.boi}, after = {kSymbols.eoi, 33, 34, kSymbols.eos};
  int64_t read = 0;
  for (const FusionPart& part : batch.parts) {
    if (part.epsilon.defined()) continue;
    const int64_t n = part.latents.size(0);
    read += n;
    EXPECT_TRUE(at::equal(part.before.ids, at::tensor(before).expand({n, 2})));
    ASSERT_EQ(part.after.size(), 1u);
    EXPECT_TRUE(at::equal(part.after[0].ids, at::tensor(after).expand({n, 4})));
    EXPECT_EQ(part.after[0].weight.sum().item<double>(), static_cast<double>(3 * n));
  }
  EXPECT_EQ(read, 10);
}

TEST_F(Questions, WithoutAShareABatchIsAsItWas) {
  const Pack pack(folder_ / "pack.safetensors");
  const FusionBatch batch = make_batch(pack, config(0), kQuestionIds, 3, {});
  for (const FusionPart& part : batch.parts) EXPECT_TRUE(part.epsilon.defined());
}

}  // namespace
}  // namespace atelier::fusion
