#include "png_builder.h"
#include "vision/image.h"

#include "base/error.h"

#include <gtest/gtest.h>

namespace atelier::vision {
namespace {

using base::InvalidArgument;
using base::InvalidFile;
using namespace testing;
using namespace std::string_literals;

std::string with_chunk(const std::string& type, const std::string& data) {
  return png_file(1, 1, 8, 0, "\0\0"s, png_chunk(type, data));
}

TEST(PngText, RoundTrip) {
  const std::vector<std::pair<std::string, std::string>> text = {
      {"parameters", "a red apple\nSteps: 25"}, {"latin", "naïve café"},      {"unicode", "日本語 👩‍👩‍👧 \xC4\x80"},
      {"empty", ""},                            {"tab", "a\tb"},              {"long", std::string(300000, 'x')},
      {"nel", "a\xC2\x85" "b"}};
  const Image image(3, 2);
  const std::string png = encode_png(image, text);
  const auto back = read_png_text(png, "test");
  EXPECT_EQ(back, (std::map<std::string, std::string>(text.begin(), text.end())));
  EXPECT_EQ(decode_image(png, "test").pixels, image.pixels);
  EXPECT_EQ(png, encode_png(image, text));
}

TEST(PngText, Latin1ValuesAreTextChunksOthersInternational) {
  const std::string png = encode_png(Image(1, 1), {{"a", "caf\xC3\xA9"}, {"b", "日"}});
  EXPECT_NE(png.find("tEXta\0caf\xE9"s), std::string::npos);
  EXPECT_NE(png.find("iTXtb\0\0\0\0\0日"s), std::string::npos);
}

TEST(PngText, CompressedChunksOfOtherProgramsAreRead) {
  EXPECT_EQ(read_png_text(with_chunk("zTXt", "k\0\0"s + stored_zlib("caf\xE9")), "t").at("k"), "café");
  EXPECT_EQ(read_png_text(with_chunk("iTXt", "k\0\1\0en\0k\0"s + stored_zlib("日本")), "t").at("k"), "日本");
}

TEST(PngText, BrokenChunksAreRefused) {
  EXPECT_THROW(read_png_text(with_chunk("tEXt", "no end of keyword"), "t"), InvalidFile);
  EXPECT_THROW(read_png_text(with_chunk("iTXt", "k\0\0"s), "t"), InvalidFile);
  EXPECT_THROW(read_png_text(with_chunk("iTXt", "k\0\2\0\0\0x"s), "t"), InvalidFile);
  EXPECT_THROW(read_png_text(with_chunk("iTXt", "k\0\0\0\0\0\xFF"s), "t"), InvalidFile);
  EXPECT_THROW(read_png_text(with_chunk("zTXt", "k\0\0garbage"s), "t"), InvalidFile);
  EXPECT_THROW(read_png_text(with_chunk("zTXt", "k\0\0"s + stored_zlib(std::string(5 << 20, 'x'))), "t"), InvalidFile);
  const std::string huge = with_chunk("iTXt", "k\0\0\0\0\0"s + std::string(5 << 20, 'x'));
  EXPECT_THROW(read_png_text(huge, "t"), InvalidFile);
  EXPECT_NO_THROW(decode_image(huge, "t")) << "the picture itself is sound";
}

TEST(PngText, OtherFormatsHaveNone) { EXPECT_TRUE(read_png_text(encode_jpeg(Image(8, 8)), "t").empty()); }

TEST(PngText, BadKeywordsAndValuesAreRefused) {
  EXPECT_THROW(encode_png(Image(1, 1), {{"", "x"}}), InvalidArgument);
  EXPECT_THROW(encode_png(Image(1, 1), {{std::string(80, 'k'), "x"}}), InvalidArgument);
  EXPECT_THROW(encode_png(Image(1, 1), {{" k", "x"}}), InvalidArgument);
  EXPECT_THROW(encode_png(Image(1, 1), {{"k", "\xFF"}}), InvalidArgument);
  EXPECT_THROW(encode_png(Image(1, 1), {{"k", "a\0b"s}}), InvalidArgument);
}

}  // namespace
}  // namespace atelier::vision
