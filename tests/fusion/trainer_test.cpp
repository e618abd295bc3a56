// Training: what is frozen, what learns, that a stop is no loss, and that ranks only divide the work.
#include "fusion/train/fusion_trainer.h"

#include "base/error.h"
#include "fusion/generate.h"
#include "tests/fusion/tiny_model.h"
#include "tests/support.h"

#include <gtest/gtest.h>

namespace atelier::fusion {
namespace {

using tests::TinyModel;
using ::atelier::tests::TemporaryFolder;

constexpr ControlIds kIds = {0, 1, 2, 3, 4};

// Eight "pictures" of one flat value each, named by a token of their own.
void write_pack(const std::filesystem::path& path) {
  PackWriter writer;
  for (int i = 0; i < 10; ++i)
    writer.add(at::full({4, 8, 8}, 0.3 * i - 1.2), {{10 + i}, {40, 10 + i, 41}}, 1, /*validation=*/i >= 8);
  writer.write(path, {"noto style", "line icon"});
}

FusionTrainConfig tiny_config(const TinyModel& tiny) {
  FusionTrainConfig config;
  config.model = tiny.config;
  config.batch = 10;
  config.optimizer.total_steps = 60;
  config.optimizer.warmup_steps = 5;
  config.optimizer.clip_norm = 5;
  return config;
}

struct Training {
  TinyModel tiny;
  FusionTrainConfig config = tiny_config(tiny);
  base::Optimizer optimizer{tiny.parameters, config.optimizer,
                            [](const std::string& n) { return n.starts_with("image_tower.layers.") && n.find("layernorm") == std::string::npos; }};
  double step(const Pack& pack) {
    const FusionBatch batch = make_batch(pack, config, kIds, optimizer.steps(), {});
    const FusionLoss loss = accumulate_gradients(*tiny.model, config, batch, optimizer);
    optimizer.step();
    return loss.diffusion;
  }
};

TEST(Pack, ReadsBackWhatWasWritten) {
  const TemporaryFolder folder;
  write_pack(folder / "pack.safetensors");
  const Pack pack(folder / "pack.safetensors");
  EXPECT_EQ(pack.size(), 10);
  EXPECT_EQ(pack.styles(), (std::vector<std::string>{"noto style", "line icon"}));
  EXPECT_EQ(pack.validation_rows(), (std::vector<int64_t>{8, 9}));
  base::Random random(1);
  std::set<int64_t> drawn;
  for (int i = 0; i < 300; ++i) drawn.insert(pack.draw(random));
  EXPECT_EQ(drawn, (std::set<int64_t>{0, 1, 2, 3, 4, 5, 6, 7})) << "validation rows are never drawn, all others are";
  std::set<std::vector<int32_t>> captions;
  for (int i = 0; i < 50; ++i) captions.insert(pack.caption(3, random));
  EXPECT_EQ(captions, (std::set<std::vector<int32_t>>{{13}, {40, 13, 41}}));
}

TEST(Pack, RefusesPartsThatContradictEachOther) {
  const TemporaryFolder folder;
  const auto write = [&](const Tensor& offsets) {
    base::write_safetensors(folder / "bad.safetensors", {{"latents", at::zeros({1, 4, 8, 8}, at::kBFloat16)}, {"caption_tokens", at::zeros({3}, at::kInt)},
        {"caption_offsets", offsets}, {"picture_captions", at::tensor(std::vector<int64_t>{0, 1}, at::kLong)},
        {"weight", at::ones({1})}, {"validation", at::zeros({1}, at::kByte)}});
  };
  write(at::tensor(std::vector<int64_t>{0, 9}, at::kLong));
  EXPECT_ERROR(Pack(folder / "bad.safetensors"), base::InvalidFile, "caption_offsets must rise from 0 to 3");
  write(at::tensor(std::vector<int64_t>{0, 3, 2, 3}, at::kLong));
  EXPECT_ERROR(Pack(folder / "bad.safetensors"), base::InvalidFile, "caption_offsets must rise");
}

// eta_text = 0: the gradient of the losses with respect to every text parameter is exactly none.
TEST(FusionTrainer, TextParametersGetNoGradientAndDoNotMove) {
  const TemporaryFolder folder;
  write_pack(folder / "pack.safetensors");
  const Pack pack(folder / "pack.safetensors");
  Training training;
  std::vector<Tensor> before;
  for (const auto& [name, tensor] : training.tiny.text_parameters.all()) before.push_back(tensor.clone());
  for (int i = 0; i < 3; ++i) training.step(pack);
  size_t i = 0;
  for (const auto& [name, tensor] : training.tiny.text_parameters.all()) {
    EXPECT_FALSE(tensor.grad().defined()) << name;
    EXPECT_TRUE(at::equal(tensor, before[i++])) << name;
  }
}

// The language loss trains the image side through the keys and values that the frozen text tower reads.
TEST(FusionTrainer, TheLanguageLossReachesTheImageTower) {
  const TemporaryFolder folder;
  write_pack(folder / "pack.safetensors");
  const Pack pack(folder / "pack.safetensors");
  Training training;
  training.config.lambda = 0;
  training.config.picture_first = 1;
  accumulate_gradients(*training.tiny.model, training.config, make_batch(pack, training.config, kIds, 0, {}), training.optimizer);
  EXPECT_GT(training.optimizer.gradient("image_tower.layers.0.self_attn.k_proj.weight").abs().max().item<double>(), 0);
  EXPECT_GT(training.optimizer.gradient("unet_down.conv_in.weight").abs().max().item<double>(), 0);
  EXPECT_EQ(training.optimizer.gradient("unet_up.conv_out.weight").abs().max().item<double>(), 0);
}

TEST(FusionTrainer, LossFallsFarBelowThatOfPredictingTheMean) {
  const TemporaryFolder folder;
  write_pack(folder / "pack.safetensors");
  const Pack pack(folder / "pack.safetensors");
  Training training;
  training.config.optimizer.total_steps = 60;
  double first = 0, last = 0;
  for (int i = 0; i < 60; ++i) {
    const double loss = training.step(pack);
    (i < 10 ? first : last) += i < 10 || i >= 50 ? loss / 10 : 0;
  }
  EXPECT_LT(last, 0.6 * first);
}

TEST(FusionTrainer, PictureFirstIsAtMostHalfNoised) {
  const TemporaryFolder folder;
  write_pack(folder / "pack.safetensors");
  const Pack pack(folder / "pack.safetensors");
  const Training training;
  double largest = 0, largest_caption_first = 0;
  for (int64_t step = 0; step < 100; ++step) {
    const FusionBatch batch = make_batch(pack, training.config, kIds, step, {});
    EXPECT_EQ(batch.picture_first.latents.size(0), 2);
    EXPECT_EQ(batch.caption_first.latents.size(0), 8);
    largest = std::max(largest, batch.picture_first.time.max().item<double>());
    largest_caption_first = std::max(largest_caption_first, batch.caption_first.time.max().item<double>());
  }
  EXPECT_LE(largest, 500);
  EXPECT_GT(largest_caption_first, 800);
}

// A batch is a function of (seed, step) alone.
TEST(FusionTrainer, BatchesDoNotDependOnWhatCameBefore) {
  const TemporaryFolder folder;
  write_pack(folder / "pack.safetensors");
  const Pack pack(folder / "pack.safetensors");
  const Training training;
  make_batch(pack, training.config, kIds, 3, {});
  const FusionBatch a = make_batch(pack, training.config, kIds, 7, {}), b = make_batch(pack, training.config, kIds, 7, {});
  EXPECT_TRUE(at::equal(a.caption_first.ids, b.caption_first.ids));
  EXPECT_TRUE(at::equal(a.caption_first.epsilon, b.caption_first.epsilon));
  EXPECT_FALSE(at::equal(a.caption_first.epsilon, make_batch(pack, training.config, kIds, 8, {}).caption_first.epsilon));
}

}  // namespace
}  // namespace atelier::fusion
