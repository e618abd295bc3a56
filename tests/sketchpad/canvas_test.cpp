#include "sketchpad/canvas.h"
#include "sketchpad/stroke_font.h"
#include "base/error.h"
#include "../support.h"

#include <set>

namespace atelier::sketchpad {
namespace {

int dark(const vision::Image& image, int64_t x, int64_t y) { return 255 - image.at(x, y)[1]; }

int64_t ink(const vision::Image& image) {
  int64_t sum = 0;
  for (uint8_t v : image.pixels) sum += v < 128;
  return sum;
}

TEST(Canvas, ShapesLieWhereTheirCoordinatesSay) {
  Canvas canvas(200, 100);
  canvas.line({0.1, 0.5}, {0.9, 0.5}, {.width = 4});
  canvas.box({0.0, 0.0, 0.1, 0.2}, {.width = 0, .fill = parse_colour("red")});
  const vision::Image image = canvas.render();
  EXPECT_EQ(image.width, 200);
  EXPECT_EQ(dark(image, 100, 50), 255);
  EXPECT_EQ(dark(image, 100, 60), 0);
  EXPECT_EQ(dark(image, 195, 50), 0);
  EXPECT_EQ(image.at(5, 5)[0], 225);
  EXPECT_EQ(image.at(5, 5)[1], 35);
  EXPECT_EQ(image.at(25, 5)[1], 255);
}

TEST(Canvas, ACircleIsRoundOnACanvasThatIsNotSquare) {
  Canvas canvas(400, 200);
  canvas.circle({0.5, 0.5}, 0.25, {.width = 2});  // 50 pixels
  const vision::Image image = canvas.render();
  for (auto [x, y] : {std::pair{250, 100}, {149, 100}, {200, 150}, {200, 49}}) EXPECT_GT(dark(image, x, y), 100) << x << " " << y;
  EXPECT_EQ(dark(image, 200, 100), 0);
}

TEST(Canvas, AnglesOfArcsRunAnticlockwiseFromTheRight) {
  Canvas canvas(100, 100);
  canvas.arc({0.5, 0.5}, 0.4, 0, 90, {.width = 3});
  const vision::Image image = canvas.render();
  EXPECT_GT(dark(image, 50 + 28, 50 - 28), 150);  // up and right
  EXPECT_EQ(dark(image, 50 + 28, 50 + 28), 0);
}

TEST(Canvas, AnArrowsTipIsItsEnd) {
  Canvas canvas(200, 200);
  canvas.arrow({0.1, 0.5}, {0.75, 0.5});
  const vision::Image image = canvas.render();
  EXPECT_GT(dark(image, 148, 99) + dark(image, 148, 100), 100);
  EXPECT_EQ(dark(image, 152, 100), 0);
  EXPECT_GT(dark(image, 138, 97), 200);  // the head is thicker than the shaft
  EXPECT_EQ(dark(image, 100, 97), 0);
}

TEST(Canvas, HiddenAndClearedLayersAreNotDrawn) {
  Canvas canvas(64, 64);
  canvas.layer("help");
  canvas.line({0, 0.5}, {1, 0.5}, {.width = 6});
  canvas.layer("drawing");
  EXPECT_GT(ink(canvas.render()), 0);
  canvas.show("help", false);
  EXPECT_EQ(ink(canvas.render()), 0);
  EXPECT_EQ(canvas.svg().find("<path"), std::string::npos);
  canvas.show("help", true);
  EXPECT_NE(canvas.svg().find("data-layer=\"help\""), std::string::npos);
  canvas.clear("help");
  EXPECT_EQ(ink(canvas.render()), 0);
  EXPECT_EQ(canvas.shapes(), 0);
  EXPECT_ERROR(canvas.show("none", true), base::InvalidArgument, "no layer");
}

TEST(Canvas, DrawsOverAPicture) {
  auto picture = std::make_shared<const vision::Image>(32, 32, 3, uint8_t{90});
  Canvas canvas(picture);
  canvas.point({0.5, 0.5}, {.colour = kWhite}, 0.1);
  const vision::Image image = canvas.render();
  EXPECT_EQ(image.at(2, 2)[0], 90);
  EXPECT_EQ(image.at(16, 16)[0], 255);
  EXPECT_NE(canvas.svg().find("data:image/png;base64,"), std::string::npos);
}

TEST(Canvas, PngIsTheRenderedPictureAndTheSameEachTime) {
  Canvas canvas(120, 80);
  canvas.text({0.5, 0.5}, "Ab 19", {}, 0.2);
  const std::string png = canvas.png();
  EXPECT_EQ(png, canvas.png());
  EXPECT_EQ(vision::decode_image(png, "png").pixels, canvas.render().pixels);
}

TEST(Canvas, ATextIsCentredAndAsHighAsAsked) {
  Canvas canvas(200, 200);
  canvas.text({0.5, 0.5}, "H", {}, 0.4);  // 80 pixels
  const vision::Image image = canvas.render();
  int64_t top = 200, bottom = 0, left = 200, right = 0;
  for (int64_t y = 0; y < 200; ++y)
    for (int64_t x = 0; x < 200; ++x)
      if (dark(image, x, y) > 128) top = std::min(top, y), bottom = std::max(bottom, y), left = std::min(left, x),
          right = std::max(right, x);
  EXPECT_NEAR(static_cast<double>(top + bottom) / 2, 99.5, 1);
  EXPECT_NEAR(static_cast<double>(left + right) / 2, 99.5, 1);
  EXPECT_NEAR(static_cast<double>(bottom - top), 80 + 10, 3);  // and the pen's width
}

TEST(Canvas, LimitsAreKept) {
  EXPECT_ERROR(Canvas(8, 100), base::InvalidArgument, "16 to 2048");
  EXPECT_ERROR(Canvas(100, 4096), base::InvalidArgument, "16 to 2048");
  Canvas canvas(64, 64);
  canvas.allow(2);
  canvas.line({0, 0}, {1, 1});
  canvas.line({0, 0}, {1, 1});
  EXPECT_ERROR(canvas.line({0, 0}, {1, 1}), base::InvalidArgument, "no more than 2 shapes");
  canvas.allow(100);
  EXPECT_ERROR(canvas.text({0, 0}, std::string(500, 'a')), base::InvalidArgument, "1 to 400 bytes");
  EXPECT_ERROR(canvas.line({0, NAN}, {1, 1}), base::InvalidArgument, "finite");
  EXPECT_NO_THROW(canvas.line({-1e30, 0}, {1e30, 1}));  // far outside is cut off, not wrapped around
  EXPECT_NO_THROW(canvas.render());
}

TEST(StrokeFont, HasEveryPrintableAsciiCharacterAndNoTwoAreEqual) {
  std::set<std::string> seen;
  for (char32_t c = U'!'; c <= U'~'; ++c) {
    std::string shape;
    for (const auto& stroke : glyph(c).strokes) {
      for (FontPoint p : stroke) {
        shape += fmt::format("{},{} ", p.x, p.y);
        EXPECT_LE(p.y, 8);
      }
      shape += "| ";
    }
    EXPECT_TRUE(seen.insert(shape).second) << static_cast<char>(c);
  }
  EXPECT_FALSE(seen.contains("0,0 4,0 4,6 0,6 0,0 | ")) << "a printable character is missing";
}

TEST(StrokeFont, ReadsUtf8AndKeepsGoingAtBrokenBytes) {
  EXPECT_EQ(characters("a\u00B0\u03C0"), U"a\u00B0\u03C0");
  EXPECT_EQ(characters("a\xFF" "b\xC3"), U"a\uFFFD" U"b\uFFFD");
}

TEST(Colours, AreNamesOrHexadecimal) {
  EXPECT_EQ(parse_colour("#0a10FF"), (Colour{10, 16, 255}));
  EXPECT_EQ(parse_colour("Light Grey"), parse_colour("light_gray"));
  for (const char* bad : {"", "redd", "#12345", "#12345g", "rgb(1,2,3)"}) EXPECT_ERROR(parse_colour(bad), base::InvalidArgument,
      "a colour is");
  for (const char* name : {"red", "green", "blue", "gray", "yellow", "orange",
      "purple"}) EXPECT_EQ(nearest_colour_name(parse_colour(name)), name);
}

}  // namespace
}  // namespace atelier::sketchpad
