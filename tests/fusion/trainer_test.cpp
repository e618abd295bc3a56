// Training: what is frozen, what learns, that a stop is no loss, and that ranks only divide the work.
#include "fusion/train/fusion_trainer.h"

#include "base/error.h"
#include "fusion/generate.h"
#include "tests/fusion/tiny_model.h"
#include "tests/fusion/tiny_pack.h"
#include "tests/support.h"

#include <gtest/gtest.h>

#include <cmath>
#include <set>

namespace atelier::fusion {
namespace {

using tests::kIds, tests::TinyModel, tests::write_tiny_pack;
using ::atelier::tests::TemporaryFolder;

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
  write_tiny_pack(folder / "pack.safetensors");
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
  write_tiny_pack(folder / "pack.safetensors");
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
  write_tiny_pack(folder / "pack.safetensors");
  const Pack pack(folder / "pack.safetensors");
  Training training;
  training.config.lambda = 0;
  training.config.picture_first = 1;
  accumulate_gradients(*training.tiny.model, training.config, make_batch(pack, training.config, kIds, 0, {}), training.optimizer);
  EXPECT_GT(training.optimizer.gradient("image_tower.layers.0.self_attn.k_proj.weight").abs().max().item<double>(), 0);
  EXPECT_GT(training.optimizer.gradient("unet_down.conv_in.weight").abs().max().item<double>(), 0);
  EXPECT_EQ(training.optimizer.gradient("unet_up.conv_out.weight").abs().max().item<double>(), 0);
}

// A model that draws as its teacher does has nothing to learn from it; another one does, behind documents, too.
TEST(FusionTrainer, ATeachersPredictionIsTheTarget) {
  const TemporaryFolder folder;
  write_tiny_pack(folder / "pack.safetensors");
  const Pack pack(folder / "pack.safetensors");
  Training training;
  training.config.documents = 2;
  const FusionBatch batch = make_batch(pack, training.config, kIds, 0, {});
  const auto loss = [&](const FusionModel* teacher) {
    return accumulate_gradients(*training.tiny.model, training.config, batch, training.optimizer, teacher).diffusion;
  };
  EXPECT_GT(loss(nullptr), 0.1);
  EXPECT_LT(loss(training.tiny.model.get()), 1e-9);
  const TinyModel other;
  for (const auto& [name, tensor] : other.parameters.all())
    if (name == "unet_up.conv_out.weight") tensor.mul_(2);
  EXPECT_GT(loss(other.model.get()), 1e-6);
}

TEST(FusionTrainer, LossFallsFarBelowThatOfPredictingTheMean) {
  const TemporaryFolder folder;
  write_tiny_pack(folder / "pack.safetensors");
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
  write_tiny_pack(folder / "pack.safetensors");
  const Pack pack(folder / "pack.safetensors");
  const Training training;
  double largest = 0, largest_caption_first = 0;
  for (int64_t step = 0; step < 100; ++step) {
    const FusionBatch batch = make_batch(pack, training.config, kIds, step, {});
    ASSERT_EQ(batch.parts.size(), 2u);
    EXPECT_EQ(batch.parts[0].latents.size(0), 2);
    EXPECT_EQ(batch.parts[0].after.size(), 1u);
    EXPECT_EQ(batch.parts[1].latents.size(0), 8);
    EXPECT_TRUE(batch.parts[1].after.empty());
    largest = std::max(largest, batch.parts[0].time.max().item<double>());
    largest_caption_first = std::max(largest_caption_first, batch.parts[1].time.max().item<double>());
  }
  EXPECT_LE(largest, 500);
  EXPECT_GT(largest_caption_first, 800);
}

// A batch is a function of (seed, step) alone.
TEST(FusionTrainer, BatchesDoNotDependOnWhatCameBefore) {
  const TemporaryFolder folder;
  write_tiny_pack(folder / "pack.safetensors");
  const Pack pack(folder / "pack.safetensors");
  const Training training;
  make_batch(pack, training.config, kIds, 3, {});
  const FusionBatch a = make_batch(pack, training.config, kIds, 7, {}), b = make_batch(pack, training.config, kIds, 7, {});
  EXPECT_TRUE(at::equal(a.parts[1].before.ids, b.parts[1].before.ids));
  EXPECT_TRUE(at::equal(a.parts[1].epsilon, b.parts[1].epsilon));
  EXPECT_FALSE(at::equal(a.parts[1].epsilon, make_batch(pack, training.config, kIds, 8, {}).parts[1].epsilon));
}

/// A picture's number, from its flat latents.
int64_t picture_of(const Tensor& latents) { return std::llround((latents.mean().item<double>() + 1.2) / 0.3); }

// RA-CM3: K documents of 0, 1 and 2, the best first, never the picture itself; their captions' loss weighs 0.1.
TEST(FusionTrainer, DocumentsStandBeforeThePicture) {
  const TemporaryFolder folder;
  write_tiny_pack(folder / "pack.safetensors");
  const Pack pack(folder / "pack.safetensors");
  Training training;
  training.config.documents = 2;
  training.config.batch = 12;
  training.config.picture_first = 0;
  const FusionBatch batch = make_batch(pack, training.config, kIds, 5, {});
  ASSERT_EQ(batch.parts.size(), 3u);
  double weight = 0;
  for (size_t k = 0; k < 3; ++k) {
    const FusionPart& part = batch.parts[k];
    EXPECT_EQ(part.latents.size(0), 4);
    ASSERT_EQ(part.documents.size(), k);
    for (int64_t i = 0; i < 4; ++i) {
      for (size_t d = 0; d < k; ++d) {
        const TextRows& caption = part.documents[d].caption;
        const int64_t length = caption.lengths[i].item<int64_t>();
        EXPECT_EQ(picture_of(part.documents[d].latents[i]), (picture_of(part.latents[i]) + 1 + static_cast<int64_t>(d)) % 8);
        EXPECT_EQ(caption.ids[i][length - 1].item<int64_t>(), 3) << "<boi> before the document's picture";
        EXPECT_EQ(caption.ids[i][d == 0 ? 0 : 1].item<int64_t>(), 1);
        EXPECT_NEAR(caption.weight[i].max().item<double>(), d == 0 ? 0 : 0.1, 1e-7) << "the first caption has no picture before it";
      }
      EXPECT_EQ(part.before.weight[i].max().item<double>(), k == 0 || part.before.lengths[i].item<int64_t>() == 3 ? 0 : 1);
    }
    for (const auto& document : part.documents) weight += document.caption.weight.sum().item<double>();
    weight += part.before.weight.sum().item<double>();
  }
  EXPECT_NEAR(batch.language_weight, weight, 1e-5);
}

// The same token, once in a retrieved caption and once in the document itself: a tenth of the gradient.
TEST(FusionTrainer, RetrievedCaptionsWeighATenth) {
  const TemporaryFolder folder;
  write_tiny_pack(folder / "pack.safetensors");
  const Pack pack(folder / "pack.safetensors");
  const auto gradient_with = [&](float weight) {
    Training training;
    training.config.documents = 2;
    training.config.lambda = 0;
    training.config.picture_first = 0;
    FusionBatch batch = make_batch(pack, training.config, kIds, 5, {});
    batch.parts = {batch.parts.back()};  // K = 2
    FusionPart& part = batch.parts[0];
    part.before.weight.zero_();
    Tensor& w = part.documents[1].caption.weight;
    w.copy_((w > 0) * weight);
    accumulate_gradients(*training.tiny.model, training.config, batch, training.optimizer);
    return training.optimizer.gradient("image_tower.layers.0.self_attn.k_proj.weight").clone();
  };
  const Tensor whole = gradient_with(1), tenth = gradient_with(0.1f);
  EXPECT_GT(whole.norm().item<double>(), 0);
  EXPECT_LT(((tenth * 10 - whole).norm() / whole.norm()).item<double>(), 1e-4);
}

// CM3 over a picture: masks stand in the caption, their words behind the picture.
TEST(FusionTrainer, MaskedCaptionsAreFilledBehindThePicture) {
  const TemporaryFolder folder;
  write_tiny_pack(folder / "pack.safetensors");
  const Pack pack(folder / "pack.safetensors");
  Training training;
  training.config.picture_first = 0;
  training.config.infill = 1;
  const FusionBatch batch = make_batch(pack, training.config, kIds, 2, {});
  ASSERT_EQ(batch.parts.size(), 1u);
  const FusionPart& part = batch.parts[0];
  EXPECT_LE(part.time.max().item<double>(), 500);
  for (int64_t i = 0; i < part.latents.size(0); ++i) {
    const auto words = [&](const TextRows& rows) {
      const Tensor real = rows.ids[i].narrow(0, 0, rows.lengths[i].item<int64_t>());
      return std::vector<int32_t>(real.const_data_ptr<int64_t>(), real.const_data_ptr<int64_t>() + real.numel());
    };
    std::vector<int32_t> before = words(part.before), after = words(part.after.front());
    EXPECT_EQ(before.front(), 1);
    EXPECT_EQ(before.back(), 3);
    EXPECT_EQ(after.front(), 4);
    EXPECT_EQ(after[1], 44) << "<mask:0>";
    EXPECT_EQ(part.after.front().weight[i][1].item<float>(), 0);
    EXPECT_EQ(part.after.front().weight[i][2].item<float>(), 1);
    std::vector<int32_t> rotated(before.begin() + 1, before.end() - 1);
    rotated.insert(rotated.end(), after.begin() + 1, after.end());
    const auto caption = text::restore_spans(rotated, kIds.spans);
    EXPECT_TRUE(caption.size() == 1 || (caption.size() == 3 && caption[0] == 40 && caption[2] == 41));
    EXPECT_EQ(caption[caption.size() / 2], 10 + picture_of(part.latents[i]));
  }
  const FusionLoss loss = accumulate_gradients(*training.tiny.model, training.config, batch, training.optimizer);
  EXPECT_GT(loss.language, 0);
}

}  // namespace
}  // namespace atelier::fusion
