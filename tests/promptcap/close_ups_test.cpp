/// Things found in pictures and cut out.
#include "promptcap/close_ups.h"

#include "tests/support.h"

namespace atelier::promptcap {
namespace {

vision::Image with_square(int64_t width, int64_t height, int64_t left, int64_t top, int64_t side, std::array<uint8_t, 3> background = {200, 220, 250}) {
  vision::Image image(width, height);
  for (int64_t y = 0; y < height; ++y)
    for (int64_t x = 0; x < width; ++x) {
      const bool inside = x >= left && x < left + side && y >= top && y < top + side;
      for (int c = 0; c < 3; ++c) image.at(x, y)[c] = inside ? static_cast<uint8_t>(c == 0 ? 180 : 20) : background[c];
    }
  return image;
}

TEST(CloseUps, AThingIsCutOutWithALittleRoom) {
  const auto parts = close_ups(with_square(128, 128, 20, 60, 40), 64);
  ASSERT_EQ(parts.size(), 1u);
  EXPECT_EQ(parts[0].image.width, 64);
  EXPECT_EQ(parts[0].image.height, 64);
  const auto [x, y, width, height] = parts[0].box;
  EXPECT_NEAR(x, 18 / 128., 1e-6);
  EXPECT_NEAR(y, 58 / 128., 1e-6);
  EXPECT_NEAR(width, 44 / 128., 1e-6);
  EXPECT_NEAR(height, 44 / 128., 1e-6);
  EXPECT_EQ(parts[0].image.at(32, 32)[0], 180);
  EXPECT_EQ(parts[0].image.at(0, 32)[0], 200);
}

// The model sees pictures fitted to a square on white; boxes are in that square.
TEST(CloseUps, BoxesAreInTheSquareThatThePictureIsFittedTo) {
  for (const bool wide : {true, false}) {
    const auto parts = wide ? close_ups(with_square(200, 100, 0, 30, 40), 64) : close_ups(with_square(100, 200, 30, 0, 40), 64);
    ASSERT_EQ(parts.size(), 1u);
    const size_t along = wide ? 0 : 1, across = 1 - along;
    EXPECT_NEAR(parts[0].box[along], 0, 1e-6) << "moved inside the picture";
    EXPECT_NEAR(parts[0].box[across], (50 + 28) / 200., 1e-6);
    EXPECT_NEAR(parts[0].box[2], 44 / 200., 1e-6);
  }
}

TEST(CloseUps, TheLargestFour) {
  vision::Image image(128, 128);
  for (int64_t i = 0; i < 6; ++i)
    for (int64_t y = 0; y < 10 + 2 * i; ++y)
      for (int64_t x = 0; x < 10 + 2 * i; ++x) image.at(4 + (i % 3) * 42 + x, 4 + (i / 3) * 60 + y)[1] = 0;
  const auto parts = close_ups(image, 32);
  ASSERT_EQ(parts.size(), 4u);
  for (size_t i = 1; i < 4; ++i) EXPECT_LT(parts[i].box[2], parts[i - 1].box[2]);
}

TEST(CloseUps, NothingWhereThereIsNothingOrItFillsThePicture) {
  EXPECT_TRUE(close_ups(with_square(128, 128, 0, 0, 0), 64).empty());
  EXPECT_TRUE(close_ups(with_square(128, 128, 10, 10, 108), 64).empty());
  for (const auto& [width, height] : {std::pair(1, 1), std::pair(900, 1), std::pair(1, 900)}) EXPECT_TRUE(close_ups(vision::Image(width, height), 64).empty());
  EXPECT_EQ(boxes_of({}).sizes(), (std::vector<int64_t>{0, 4}));
}

// A photograph's many pixels are looked at from afar; alpha is laid over white, as everywhere.
TEST(CloseUps, OfLargePicturesAndOfTransparentOnes) {
  const auto parts = close_ups(with_square(4000, 3000, 1000, 1000, 600), 64);
  ASSERT_EQ(parts.size(), 1u);
  EXPECT_NEAR(parts[0].box[0], 970 / 4000., 0.005);
  EXPECT_NEAR(parts[0].box[1], (970 + 500) / 4000., 0.005);
  vision::Image clear(64, 64, 4, 0);
  for (int64_t y = 20; y < 40; ++y)
    for (int64_t x = 20; x < 40; ++x) clear.at(x, y)[3] = 255;
  EXPECT_EQ(close_ups(clear, 64).size(), 1u);
}

}  // namespace
}  // namespace atelier::promptcap
