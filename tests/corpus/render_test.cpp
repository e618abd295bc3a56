#include "corpus/render.h"
#include "tiny_sources.h"

#include <gtest/gtest.h>

#include <thread>

namespace atelier::corpus {
namespace {

struct Ink {
  int left = kSide, top = kSide, right = -1, bottom = -1;
};

Ink ink_of(const Pixels& pixels) {
  Ink ink;
  for (int y = 0; y < kSide; ++y)
    for (int x = 0; x < kSide; ++x)
      if (pixels[(y * kSide + x) * 4 + 3] > 10) {
        ink.left = std::min(ink.left, x), ink.right = std::max(ink.right, x);
        ink.top = std::min(ink.top, y), ink.bottom = std::max(ink.bottom, y);
      }
  return ink;
}

// A figure of a fiftieth of its canvas, in a corner, fills the square like any other.
TEST(Render, InkFillsTheSquareButForTheMargin) {
  for (const char* shape : {R"(x="90" y="3" width="2" height="2")", R"(x="0" y="0" width="100" height="100")", R"(x="40" y="70" width="13.3" height="13.3")"}) {
    const std::optional<Pixels> pixels = render_svg(square_svg(shape));
    ASSERT_TRUE(pixels) << shape;
    ASSERT_EQ(pixels->size(), 128u * 128 * 4);
    const Ink ink = ink_of(*pixels);
    EXPECT_NEAR(ink.left, kMargin, 1) << shape;
    EXPECT_NEAR(ink.top, kMargin, 1) << shape;
    EXPECT_NEAR(ink.right, kSide - 1 - kMargin, 1) << shape;
    EXPECT_NEAR(ink.bottom, kSide - 1 - kMargin, 1) << shape;
  }
}

TEST(Render, KeepsTheAspectAndCentres) {
  const std::optional<Pixels> pixels = render_svg(square_svg(R"(x="5" y="5" width="40" height="10")"));
  ASSERT_TRUE(pixels);
  const Ink ink = ink_of(*pixels);
  EXPECT_NEAR(ink.right - ink.left + 1, 118, 1);
  EXPECT_NEAR(ink.bottom - ink.top + 1, 118 / 4.0, 1.5);
  EXPECT_NEAR(ink.top + ink.bottom, kSide - 1, 1.5);
}

TEST(Render, AlphaIsStraight) {
  const std::optional<Pixels> pixels = render_svg(square_svg(R"(width="100" height="100" fill="#ff8000" fill-opacity="0.5")"));
  ASSERT_TRUE(pixels);
  const uint8_t* p = pixels->data() + (64 * kSide + 64) * 4;
  EXPECT_NEAR(p[0], 255, 1);
  EXPECT_NEAR(p[1], 128, 2);
  EXPECT_NEAR(p[2], 0, 1);
  EXPECT_NEAR(p[3], 128, 1);
  EXPECT_EQ((*pixels)[3], 0);
}

TEST(Render, BlankAndBrokenFilesGiveNothing) {
  EXPECT_FALSE(render_svg(square_svg(R"(width="0" height="5")")));
  EXPECT_FALSE(render_svg(square_svg(R"(width="50" height="50" opacity="0.01")")));
  EXPECT_FALSE(render_svg("<svg xmlns='http://www.w3.org/2000/svg'><rect"));
  EXPECT_FALSE(render_svg("no svg"));
  EXPECT_FALSE(render_svg(""));
  EXPECT_FALSE(render_webp("RIFF\4\0\0\0WEBP"));
  EXPECT_FALSE(render_webp(""));
}

TEST(Render, WebpIsCroppedToo) {
  std::vector<uint8_t> rgba(100 * 100 * 4, 0);
  for (int y = 10; y < 30; ++y)
    for (int x = 60; x < 80; ++x)
      for (int c = 0; c < 4; ++c) rgba[(y * 100 + x) * 4 + c] = c == 1 ? 0 : 255;
  const std::optional<Pixels> pixels = render_webp(webp_of(100, 100, rgba));
  ASSERT_TRUE(pixels);
  const Ink ink = ink_of(*pixels);
  EXPECT_NEAR(ink.left, kMargin, 2);  // the blown-up edge is soft
  EXPECT_NEAR(ink.bottom, kSide - 1 - kMargin, 2);
  const uint8_t* p = pixels->data() + (64 * kSide + 64) * 4;
  EXPECT_EQ(std::vector<uint8_t>(p, p + 4), (std::vector<uint8_t>{255, 0, 255, 255}));
}

// Threads share nothing: what one draws does not depend on the others.
TEST(Render, ThreadsDrawTheSame) {
  const std::string svg = square_svg(R"svg(width="31" height="77" transform="rotate(20)" fill="#123456")svg");
  const std::optional<Pixels> alone = render_svg(svg);
  std::vector<std::optional<Pixels>> out(8);
  std::vector<std::thread> threads;
  for (auto& slot : out) threads.emplace_back([&] { slot = render_svg(svg); });
  for (std::thread& thread : threads) thread.join();
  for (const auto& pixels : out) EXPECT_EQ(pixels, alone);
}

TEST(Thumbnail, IsTheMeanOfEachSquare) {
  Pixels pixels(128 * 128 * 4, 0);
  for (int y = 0; y < 16; ++y)
    for (int x = 0; x < 8; ++x) pixels[(y * 128 + x) * 4] = 200, pixels[(y * 128 + x) * 4 + 3] = 255;
  const std::vector<uint8_t> small = thumbnail(pixels);
  ASSERT_EQ(small.size(), 256u);
  EXPECT_EQ(std::vector<uint8_t>(small.begin(), small.begin() + 8), (std::vector<uint8_t>{100, 0, 0, 127, 0, 0, 0, 0}));
}

}  // namespace
}  // namespace atelier::corpus
