/// Things found in pictures and cut out.
#include "promptcap/things.h"

#include "tests/support.h"

#include <algorithm>

namespace atelier::promptcap {
namespace {

vision::Image with_square(int64_t width, int64_t height, int64_t left, int64_t top, int64_t side) {
  vision::Image image(width, height);
  for (int64_t y = 0; y < height; ++y)
    for (int64_t x = 0; x < width; ++x) {
      const bool inside = x >= left && x < left + side && y >= top && y < top + side;
      const std::array<uint8_t, 3> colour = inside ? std::array<uint8_t, 3>{180, 20, 20} : std::array<uint8_t, 3>{200, 220, 250};
      std::ranges::copy(colour, image.at(x, y));
    }
  return image;
}

void expect_near(const std::array<float, 4>& ink, const std::array<double, 4>& expected, double most) {
  for (size_t i = 0; i < 4; ++i) EXPECT_NEAR(ink[i], expected[i], most) << i;
}

TEST(Things, AThingIsCutOutWithALittleRoom) {
  const auto parts = things_in(with_square(128, 128, 20, 60, 40), 64);
  ASSERT_EQ(parts.size(), 1u);
  EXPECT_EQ(parts[0].image.width, 64);
  EXPECT_EQ(parts[0].image.height, 64);
  expect_near(parts[0].ink, {20 / 128., 60 / 128., 40 / 128., 40 / 128.}, 1e-6);
  EXPECT_EQ(parts[0].image.at(32, 32)[0], 180);
  EXPECT_EQ(parts[0].image.at(0, 32)[0], 200);
}

// Whatever shape the picture has; what lies at its edge has all its room on the other side.
TEST(Things, WhereTheyAreIsToldOfThePicturesOwnSides) {
  for (const bool wide : {true, false}) {
    const auto parts = wide ? things_in(with_square(200, 100, 0, 30, 40), 64) : things_in(with_square(100, 200, 30, 0, 40), 64);
    ASSERT_EQ(parts.size(), 1u);
    expect_near(parts[0].ink, wide ? std::array<double, 4>{0, 0.3, 0.2, 0.4} : std::array<double, 4>{0.3, 0, 0.4, 0.2}, 1e-6);
    const vision::Image& cut = parts[0].image;
    EXPECT_EQ(wide ? cut.at(0, 32)[0] : cut.at(32, 0)[0], 180) << "moved inside the picture";
    EXPECT_EQ(wide ? cut.at(63, 32)[0] : cut.at(32, 63)[0], 200);
  }
}

TEST(Things, TheLargestTwelve) {
  vision::Image image(256, 256);
  for (int64_t i = 0; i < 14; ++i)
    for (int64_t y = 0; y < 24 + i; ++y)
      for (int64_t x = 0; x < 24 + i; ++x) image.at(8 + (i % 4) * 64 + x, 8 + (i / 4) * 64 + y)[1] = 0;
  const auto parts = things_in(image, 32);
  ASSERT_EQ(parts.size(), 12u);
  for (size_t i = 0; i < 12; ++i) EXPECT_NEAR(parts[i].ink[2], static_cast<double>(37 - i) / 256, 1e-6);
}

TEST(Things, NoneWhereThereIsNothing) {
  EXPECT_TRUE(things_in(with_square(128, 128, 0, 0, 0), 64).empty());
  for (const auto& [width, height] : {std::pair(1, 1), std::pair(900, 1), std::pair(1, 900)}) EXPECT_TRUE(things_in(vision::Image(width, height), 64).empty());
}

// A photograph's many pixels are looked at from afar; alpha is laid over white, as everywhere.
TEST(Things, OfLargePicturesAndOfTransparentOnes) {
  const auto parts = things_in(with_square(4000, 3000, 1000, 1000, 600), 64);
  ASSERT_EQ(parts.size(), 1u);
  expect_near(parts[0].ink, {1000 / 4000., 1000 / 3000., 600 / 4000., 600 / 3000.}, 0.01);
  vision::Image clear(64, 64, 4, 0);
  for (int64_t y = 20; y < 40; ++y)
    for (int64_t x = 20; x < 40; ++x) clear.at(x, y)[3] = 255;
  EXPECT_EQ(things_in(clear, 64).size(), 1u);
}

}  // namespace
}  // namespace atelier::promptcap
