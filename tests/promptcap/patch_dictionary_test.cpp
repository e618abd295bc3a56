/// Small pictures as numbers.
#include "promptcap/patch_dictionary.h"

#include "tests/support.h"

namespace atelier::promptcap {
namespace {

constexpr int64_t kSide = PatchDictionary::kSide;

/// Bars, upright or lying, in random places and colours.
Tensor bars(int64_t n, bool upright) {
  Tensor pictures = at::ones({n, 3, kSide, kSide});
  for (int64_t i = 0; i < n; ++i) pictures[i].narrow(upright ? 2 : 1, 3 + i % 12, 3).copy_(at::rand({3, 1, 1}) * 1.6 - 1);
  return pictures;
}

TEST(PatchDictionary, OneIsThatWhichIsWrittenDown) {
  const Tensor pictures = at::rand({3, 3, kSide, kSide}) * 2 - 1, filters = at::randn({5, PatchDictionary::kValues}), offsets = at::randn({5});
  const PatchDictionary patches(filters, offsets);
  const Tensor features = patches.features_of(pictures);
  ASSERT_EQ(features.sizes(), (std::vector<int64_t>{3, 2 * 5 * 9}));
  // The lower right ninth of picture 1, entry 2 and its opposite, patch by patch.
  double like = 0, unlike = 0;
  for (int64_t y = 10; y < 15; ++y)
    for (int64_t x = 10; x < 15; ++x) {
      Tensor patch = pictures[1].narrow(1, y, 6).narrow(2, x, 6).flatten();
      patch = patch - patch.mean();
      patch = patch / (patch.square().mean() + 0.012).sqrt();
      const double z = (patch.dot(filters[2]) + offsets[2]).item<double>();
      like += std::max(0.0, z - 0.25) / 25, unlike += std::max(0.0, -z - 0.25) / 25;
    }
  EXPECT_NEAR(features[1][2 * 9 + 8].item<double>(), std::sqrt(like), 1e-4);
  EXPECT_NEAR(features[1][(5 + 2) * 9 + 8].item<double>(), std::sqrt(unlike), 1e-4);
}

TEST(PatchDictionary, WhatItLearntTellsBarsApartWhateverTheirColourAndBrightness) {
  at::manual_seed(4);
  const Tensor upright = bars(48, true), lying = bars(48, false);
  const PatchDictionary patches = PatchDictionary::learn(at::cat({upright, lying}), 7);
  EXPECT_EQ(patches.features(), patches.filters().size(0) * 18);
  EXPECT_TRUE(at::equal(patches.filters(), PatchDictionary::learn(at::cat({upright, lying}), 7).filters())) << "the same for the same seed";
  const auto all_places = [&](const Tensor& pictures) { return patches.features_of(pictures).view({pictures.size(0), -1, 9}).mean(2); };
  const Tensor a = all_places(upright).mean(0), b = all_places(lying).mean(0);
  at::manual_seed(5);
  const Tensor seen = all_places(0.5 * bars(12, true));  // darker, in other colours
  EXPECT_TRUE((seen - a).norm(2, 1).lt((seen - b).norm(2, 1)).all().item<bool>());
}

TEST(PatchDictionary, OfOneColourNothingIsSeen) {
  at::manual_seed(4);
  const PatchDictionary patches = PatchDictionary::learn(bars(48, true), 7);
  const Tensor features = patches.features_of(at::full({1, 3, kSide, kSide}, 0.3));
  EXPECT_TRUE(at::allclose(features, patches.features_of(at::full({1, 3, kSide, kSide}, -0.9)), 1e-4, 1e-5));
  EXPECT_TRUE(features.isfinite().all().item<bool>());
}

}  // namespace
}  // namespace atelier::promptcap
