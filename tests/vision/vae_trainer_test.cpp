#include "vision/train/vae_trainer.h"

#include "base/error.h"
#include "base/progress.h"

#include <gtest/gtest.h>

#include <algorithm>

namespace atelier::vision {
namespace {

namespace fs = std::filesystem;
using base::InvalidFile;

constexpr int64_t kSide = 16, kCount = 24;

// Discs of one colour on nothing; every fourth is of the held-out style, the last has no weight.
base::NamedTensors discs() {
  const Tensor pixels = at::zeros({kCount, kSide, kSide, 4}, at::kByte), split = at::zeros({kCount}, at::kByte);
  const Tensor weight = at::ones({kCount}, at::kFloat);
  base::Random random(5);
  for (int64_t n = 0; n < kCount; ++n) {
    const int64_t cx = random.between(5, 10), cy = random.between(5, 10), radius = random.between(3, 6);
    const uint8_t colour[4] = {static_cast<uint8_t>(random.below(256)), static_cast<uint8_t>(random.below(256)),
                               static_cast<uint8_t>(random.below(256)), 255};
    for (int64_t y = 0; y < kSide; ++y) {
      for (int64_t x = 0; x < kSide; ++x) {
        if ((x - cx) * (x - cx) + (y - cy) * (y - cy) > radius * radius) continue;
        std::copy_n(colour, 4, pixels.mutable_data_ptr<uint8_t>() + ((n * kSide + y) * kSide + x) * 4);
      }
    }
    split.mutable_data_ptr<uint8_t>()[n] = n % 4 == 3 ? 3 : 0;
  }
  weight.mutable_data_ptr<float>()[kCount - 2] = 0;
  return {{"pixels", pixels}, {"split", split}, {"weight", weight}};
}

class VaeTrainer : public ::testing::Test {
 protected:
  void SetUp() override {
    base::set_quiet(true);
    base::initialise_compute({"", "fp32", 1});  // pictures too small to share between threads
    folder_ = fs::temp_directory_path() /
              fmt::format("atelier_vae_{}_{}", ::testing::UnitTest::GetInstance()->current_test_info()->name(), getpid());
    fs::create_directories(folder_);
    base::write_safetensors(pictures(), discs());
  }
  void TearDown() override {
    base::initialise_compute({"", "fp32", 0});
    base::set_quiet(false);
    fs::remove_all(folder_);
  }
  fs::path pictures() const { return folder_ / "pictures.safetensors"; }

  VaeTrainOptions options(const std::string& run, int64_t steps) const {
    VaeTrainOptions o;
    o.pictures = pictures();
    o.run = folder_ / run;
    o.config.vae.block_out_channels = {16, 32};
    o.config.vae.layers_per_block = 1;
    o.config.vae.norm_num_groups = 8;
    o.config.vae.latent_channels = 4;
    o.config.vae.sample_size = kSide;
    o.config.batch = 4;
    o.config.optimizer.warmup_steps = 10;
    o.config.optimizer.total_steps = steps;
    o.config.optimizer.decay_fraction = 0;  // so that a shorter run is the beginning of a longer one
    o.config.optimizer.ema_decay = 0.9;
    return o;
  }

  void expect_resume_is_exact() {
    train_vae(options("whole", 8));
    train_vae(options("parts", 3));
    train_vae(options("parts", 8));
    const base::Safetensors whole(folder_ / "whole/checkpoint.safetensors");
    const base::Safetensors parts(folder_ / "parts/checkpoint.safetensors");
    ASSERT_GE(whole.tensors().size(), 3U);
    for (const auto& [name, info] : whole.tensors()) EXPECT_TRUE(at::equal(whole.read(name), parts.read(name))) << name;

    auto other = options("other", 8);
    other.config.seed = 1;
    train_vae(other);
    const base::Safetensors moved(folder_ / "other/checkpoint.safetensors");
    int differing = 0;
    for (const auto& [name, info] : whole.tensors()) differing += !at::equal(whole.read(name), moved.read(name));
    EXPECT_GT(differing, 0);
  }
  fs::path folder_;
};

TEST_F(VaeTrainer, AResumedRunEqualsAnUnbrokenOneBitForBit) { expect_resume_is_exact(); }

TEST_F(VaeTrainer, AResumedRunEqualsAnUnbrokenOneBitForBitInBf16) {
  if (!base::processor().avx512_bf16) GTEST_SKIP() << "this processor has no AVX512-BF16";
  base::initialise_compute({"", "bf16", 1});
  expect_resume_is_exact();
}

TEST_F(VaeTrainer, LearnsAndExportsWhatItLearned) {
  auto o = options("run", 1);
  o.export_folder = folder_ / "early";
  train_vae(o);
  o.config.optimizer.total_steps = 150;
  o.export_folder = folder_ / "late";
  train_vae(o);
  const PictureSet set(pictures());
  const std::vector<int64_t> rows = set.rows(PictureSet::kHeldoutStyle, 100);
  const VaeQuality early = evaluate_vae(Vae::load(folder_ / "early"), set, rows), late = evaluate_vae(Vae::load(folder_ / "late"), set, rows);
  EXPECT_EQ(late.pictures, kCount / 4);
  EXPECT_GT(late.psnr, early.psnr + 4);
  EXPECT_GT(late.ssim, early.ssim + 0.1);
  EXPECT_TRUE(fs::exists(folder_ / "run/reconstructions.png"));

  // What diffusion sees of the training pictures has zero mean and unit variance.
  const Vae vae = Vae::load(folder_ / "late");
  std::vector<Tensor> pixels;
  for (const int64_t i : set.rows(PictureSet::kTrain, 100)) pixels.push_back(to_tensor(set.image(i)));
  const Tensor latents = vae.normalise(vae.encode(at::stack(pixels)).mean);
  EXPECT_LT(latents.mean({0, 2, 3}).abs().max().item<double>(), 0.2);
  EXPECT_NEAR(latents.std({0, 2, 3}).mean().item<double>(), 1, 0.2);
}

// What was trained on an encoder's latents goes on with a better decoder.
TEST_F(VaeTrainer, FromWeightsOnlyTheDecoderLearns) {
  auto o = options("run", 40);
  o.export_folder = folder_ / "first";
  train_vae(o);
  o.from = folder_ / "first";
  o.run = folder_ / "more";
  o.config.optimizer.total_steps = 100;
  o.export_folder = folder_ / "second";
  train_vae(o);

  const base::Weights first(folder_ / "first"), second(folder_ / "second");
  int learnt = 0;
  for (const std::string& name : first.names()) {
    const bool same = at::equal(first.read(name), second.read(name));
    learnt += !same;
    EXPECT_TRUE(same || name.starts_with("decoder.")) << name;
  }
  EXPECT_GT(learnt, 0);
  EXPECT_EQ(base::read_json(folder_ / "first/config.json"), base::read_json(folder_ / "second/config.json"));
  const PictureSet set(pictures());
  const std::vector<int64_t> rows = set.rows(PictureSet::kTrain, 100);
  EXPECT_GT(evaluate_vae(Vae::load(folder_ / "second"), set, rows).psnr, evaluate_vae(Vae::load(folder_ / "first"), set, rows).psnr);
}

TEST_F(VaeTrainer, OnlyWeightedTrainingPicturesAreDrawn) {
  const PictureSet set(pictures());
  base::Random random(1);
  std::vector<int64_t> times(kCount, 0);
  for (int i = 0; i < 2000; ++i) ++times[set.draw(random)];
  for (int64_t n = 0; n < kCount; ++n) {
    if (n % 4 == 3 || n == kCount - 2) {
      EXPECT_EQ(times[n], 0) << n;
    } else {
      EXPECT_GT(times[n], 70) << n;  // 2000 / 17 = 118, six deviations below
    }
  }
}

TEST_F(VaeTrainer, BrokenSetsOfPicturesAreRefusedWithTheReason) {
  const auto refused = [&](const std::function<void(base::NamedTensors&)>& change, const std::string& message) {
    base::NamedTensors tensors = discs();
    change(tensors);
    base::write_safetensors(pictures(), tensors);
    try {
      PictureSet set(pictures());
      ADD_FAILURE() << "accepted where the message should be: " << message;
    } catch (const InvalidFile& error) {
      EXPECT_NE(std::string(error.what()).find(message), std::string::npos) << error.what();
    }
  };
  refused([](auto& t) { t.erase(t.begin()); }, "has no tensor pixels");
  refused([](auto& t) { t[0].second = t[0].second.to(at::kFloat); }, "pixels must be U8");
  refused([](auto& t) { t[0].second = t[0].second.narrow(3, 0, 3); }, "pixels must be (N, side, side, 4)");
  refused([](auto& t) { t[1].second = t[1].second.narrow(0, 0, 3); }, "split has 3 rows, pixels has 24");
  refused([](auto& t) { t[2].second = -t[2].second; }, "weight of picture 0 must be 0 or more");
  refused([](auto& t) { t[2].second = at::zeros({kCount}); }, "nothing to train on");
  EXPECT_THROW(PictureSet(folder_ / "none.safetensors"), InvalidFile);
}

TEST_F(VaeTrainer, AnotherConfigIsRefusedInTheSameFolder) {
  train_vae(options("run", 1));
  auto other = options("run", 2);
  other.config.batch = 3;
  EXPECT_THROW(train_vae(other), InvalidFile);
}

TEST(Augmentation, WithoutChanceItIsThePictureOnWhite) {
  AugmentationConfig none;
  none.affine = none.flip = none.background = none.recolour = 0;
  std::vector<uint8_t> rgba(4 * 4 * 4);
  base::Random random(3);
  for (uint8_t& value : rgba) value = static_cast<uint8_t>(random.below(256));
  std::vector<float> out(3 * 16), white(3 * 16);
  augment(none, rgba.data(), 4, base::Random(1), out.data());
  plain(rgba.data(), 4, white.data());
  EXPECT_EQ(out, white);
  for (int64_t i = 0; i < 16; ++i) {
    for (int64_t c = 0; c < 3; ++c) {
      const double alpha = rgba[4 * i + 3] / 255.0, colour = rgba[4 * i + c] / 255.0;
      EXPECT_NEAR(out[c * 16 + i], 2 * (alpha * colour + 1 - alpha) - 1, 1e-5);
    }
  }
}

// A white picture on white stays white however it is turned and mirrored, and never leaves [-1, 1].
TEST(Augmentation, TransparentEdgesTakeNoColour) {
  AugmentationConfig config;
  config.affine = 1;
  config.background = config.recolour = 0;
  std::vector<uint8_t> rgba(16 * 16 * 4, 0);  // transparent black, a white square inside
  for (int64_t y = 4; y < 12; ++y) std::fill_n(rgba.begin() + (y * 16 + 4) * 4, 8 * 4, 255);
  std::vector<float> out(3 * 256);
  for (uint64_t key = 0; key < 50; ++key) {
    augment(config, rgba.data(), 16, base::Random(key), out.data());
    EXPECT_GT(*std::min_element(out.begin(), out.end()), 1 - 1e-5);
    EXPECT_LT(*std::max_element(out.begin(), out.end()), 1 + 1e-5);
  }
}

TEST(Augmentation, MirrorsAndInverts) {
  AugmentationConfig config;
  config.affine = config.background = 0;
  config.flip = 1;
  config.recolour = 0;
  std::vector<uint8_t> rgba(2 * 2 * 4, 255);
  rgba[0] = 0;  // top left: cyan
  std::vector<float> out(12);
  augment(config, rgba.data(), 2, base::Random(1), out.data());
  EXPECT_FLOAT_EQ(out[0], 1);
  EXPECT_FLOAT_EQ(out[1], -1);

  config.flip = 0;
  config.recolour = 1;
  int inverted = 0, permuted = 0;
  for (uint64_t key = 0; key < 60; ++key) {
    augment(config, rgba.data(), 2, base::Random(key), out.data());
    const float sum = out[0] + out[4] + out[8];  // 1 + 1 - 1, in any order of channels
    (std::abs(sum + 1) < 1e-5 ? inverted : permuted) += 1;
  }
  EXPECT_GT(inverted, 5);
  EXPECT_GT(permuted, 20);
}

}  // namespace
}  // namespace atelier::vision
