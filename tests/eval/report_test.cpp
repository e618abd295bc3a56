#include "eval/plot.h"
#include "eval/report.h"

#include "base/error.h"
#include "base/files.h"
#include "tests/support.h"

namespace atelier::eval {
namespace {

Report report() {
  Report out = {"0123", "clip-4567", Size::quick};
  out.claims.push_back({"shots", "RA-CM3", "A picture is named after labelled ones.", "Held-out concepts.",
                        {{"1 shot", {0.78, 0.7, 0.85}, Unit::percent, 100, "78", "", true}, {"a | b", {0.5, 0.25, 0.75}, Unit::number, 9}},
                        {"a note"}, {"shots.png"}, 12});
  return out;
}

TEST(Report, HoldsEveryFigureInJson) {
  const base::json json = to_json(report());
  EXPECT_EQ(json.at("size"), "quick");
  const base::json& figure = json.at("claims").at(0).at("figures").at(0);
  EXPECT_EQ(figure.at("value"), 0.78);
  EXPECT_EQ(figure.at("low"), 0.7);
  EXPECT_EQ(figure.at("unit"), "percent");
  EXPECT_EQ(figure.at("samples"), 100);
}

TEST(Report, ShowsHeadlinesFirstAndAllFiguresBelow) {
  const std::string markdown = to_markdown(report());
  const size_t first = markdown.find("78.0 % [70.0, 85.0]"), second = markdown.find("78.0 % [70.0, 85.0]", first + 1);
  ASSERT_NE(second, std::string::npos);
  EXPECT_LT(first, markdown.find("## shots"));
  EXPECT_GT(second, markdown.find("## shots"));
  EXPECT_NE(markdown.find("a \\| b"), std::string::npos) << "a bar in a cell would end it";
  EXPECT_GT(markdown.find("0.500 [0.250, 0.750]"), markdown.find("## shots")) << "no headline";
  EXPECT_NE(markdown.find("![shots.png](shots.png)"), std::string::npos);
  EXPECT_NE(headlines(report()).find("RA-CM3  1 shot"), std::string::npos);
  EXPECT_EQ(shown({0.081, 0.05, 0.1}, Unit::points), "+8.1 [+5.0, +10.0]");
  EXPECT_EQ(shown({0.0125, 0.01, 0.015}, Unit::milliseconds), "12.5 ms [10.0, 15.0]");
}

TEST(Report, IsWrittenIntoItsFolder) {
  const tests::TemporaryFolder folder;
  write(report(), folder.path());
  EXPECT_EQ(base::read_json(folder / "eval.json"), to_json(report()));
  EXPECT_EQ(base::read_file(folder / "eval.md"), to_markdown(report()));
}

/// Whether a pixel within the box has this colour.
bool has_colour(const vision::Image& image, std::array<uint8_t, 3> colour, int64_t left = 0, int64_t right = 1 << 20) {
  for (int64_t y = 0; y < image.height; ++y)
    for (int64_t x = left; x < std::min(right, image.width); ++x)
      if (std::equal(colour.begin(), colour.end(), image.at(x, y))) return true;
  return false;
}

int64_t coloured_pixels(const vision::Image& image, std::array<uint8_t, 3> colour) {
  int64_t count = 0;
  for (int64_t y = 0; y < image.height; ++y)
    for (int64_t x = 0; x < image.width; ++x) count += std::equal(colour.begin(), colour.end(), image.at(x, y));
  return count;
}

TEST(Plot, BarsAreAsTallAsTheirValues) {
  const vision::Image image = bar_plot("title", {{"half", {0.5, 0.5, 0.5}}, {"whole", {1, 1, 1}}});
  const auto half = static_cast<double>(coloured_pixels(image, {32, 92, 200})), whole = static_cast<double>(coloured_pixels(image, {214, 84, 30}));
  EXPECT_NEAR(half / whole, 0.5, 0.03);
  EXPECT_ERROR(bar_plot("none", {}), base::InvalidArgument, "1 to 40 bars");
}

TEST(Plot, LinesShowEverySeriesInItsColour) {
  const vision::Image image = line_plot("t", "alpha", "similarity", {{"one", {0, 1}, {{1, 0.9, 1.1}, {2, 1.9, 2.1}}}, {"two", {0.5}, {{1.5, 1.5, 1.5}}, false}});
  EXPECT_TRUE(has_colour(image, {32, 92, 200}));
  EXPECT_TRUE(has_colour(image, {214, 84, 30}));
  EXPECT_ERROR(line_plot("t", "x", "y", {}), base::InvalidArgument, "at least one point");
}

TEST(Plot, ContactSheetsPutPicturesIntoTheirColumns) {
  vision::Image red(40, 40), blue(60, 30);
  for (int64_t i = 0; i < 40 * 40; ++i) red.pixels[3 * i + 1] = red.pixels[3 * i + 2] = 0;
  for (int64_t i = 0; i < 60 * 30; ++i) blue.pixels[3 * i] = blue.pixels[3 * i + 1] = 0;
  const vision::Image sheet = contact_sheet({"drawn", "nothing", "real"}, {{"a red square", {red, {}, blue}}, {"", {red}}}, 96);
  EXPECT_TRUE(has_colour(sheet, {255, 0, 0}, 0, 102));
  EXPECT_FALSE(has_colour(sheet, {255, 0, 0}, 110));
  EXPECT_FALSE(has_colour(sheet, {0, 0, 255}, 0, 200));
  EXPECT_TRUE(has_colour(sheet, {0, 0, 255}, 210));
  EXPECT_ERROR(contact_sheet({"a"}, {}), base::InvalidArgument, "1 to 100 rows");
}

}  // namespace
}  // namespace atelier::eval
