#include "png_builder.h"
#include "vision/image.h"
#include "vision/stb.h"

#include "base/error.h"
#include "base/files.h"

#include <gtest/gtest.h>

#include <chrono>
#include <cstring>
#include <memory>

namespace atelier::vision {
namespace {

using base::InvalidFile;
using namespace testing;
using namespace std::string_literals;

Image gradient(int64_t width, int64_t height, int64_t channels = 3) {
  Image image(width, height, channels);
  for (int64_t y = 0; y < height; ++y)
    for (int64_t x = 0; x < width; ++x)
      for (int64_t c = 0; c < channels; ++c) image.at(x, y)[c] = static_cast<uint8_t>(x * 5 + y * 3 * (c + 1));
  return image;
}

std::string refusal(std::string_view bytes, const ImageLimits& limits = {}) {
  try {
    decode_image(bytes, "the picture", false, limits);
  } catch (const InvalidFile& error) {
    return error.what();
  }
  return "accepted";
}

std::vector<int> first_pixel(const Image& image) {
  return {image.pixels.begin(), image.pixels.begin() + image.channels};
}

TEST(DecodeImage, PngRoundTripIsExact) {
  for (const int64_t channels : {3, 4}) {
    const Image image = gradient(37, 21, channels);
    const Image back = decode_image(encode_png(image), "test", channels == 4);
    EXPECT_EQ(back.width, 37);
    EXPECT_EQ(back.height, 21);
    EXPECT_EQ(back.pixels, image.pixels);
  }
}

TEST(DecodeImage, JpegRoundTripIsClose) {
  Image smooth(64, 48);
  for (int64_t y = 0; y < 48; ++y)
    for (int64_t x = 0; x < 64; ++x) smooth.at(x, y)[0] = static_cast<uint8_t>(x * 4), smooth.at(x, y)[2] = 90;
  EXPECT_GT(psnr(decode_image(encode_jpeg(smooth, 95), "test"), smooth), 35);
}

TEST(DecodeImage, AlphaIsLaidOverWhite) {
  Image image(1, 1, 4);
  image.pixels = {200, 0, 100, 51};  // 20 % opaque
  const std::string png = encode_png(image);
  EXPECT_EQ(first_pixel(decode_image(png, "test")), (std::vector{244, 204, 224}));
  EXPECT_EQ(first_pixel(decode_image(png, "test", true)), (std::vector{200, 0, 100, 51}));
}

TEST(DecodeImage, EveryKindOfPngIsRead) {
  EXPECT_EQ(first_pixel(decode_image(png_file(1, 1, 8, 0, "\0\x80"s), "grey")), (std::vector{128, 128, 128}));
  EXPECT_EQ(first_pixel(decode_image(png_file(1, 1, 16, 0, "\0\x80\x01"s), "grey 16")), (std::vector{128, 128, 128}));
  EXPECT_EQ(first_pixel(decode_image(png_file(1, 1, 16, 2, "\0\x10\xFF\x20\xFF\x30\xFF"s), "rgb 16")),
            (std::vector{16, 32, 48}));
  EXPECT_EQ(first_pixel(decode_image(png_file(1, 1, 1, 0, "\0\x80"s), "1 bit")), (std::vector{255, 255, 255}));
  const std::string palette = png_chunk("PLTE", "\1\2\3\xFF\0\0"s), transparent = png_chunk("tRNS", "\xFF\0"s);
  EXPECT_EQ(first_pixel(decode_image(png_file(1, 1, 8, 3, "\0\1"s, palette), "palette")), (std::vector{255, 0, 0}));
  EXPECT_EQ(first_pixel(decode_image(png_file(1, 1, 8, 3, "\0\1"s, palette + transparent), "tRNS", true)),
            (std::vector{255, 0, 0, 0}));
}

TEST(DecodeImage, ExifOrientationIsApplied) {
  // a picture whose quarters differ: red top left, green top right, blue bottom left, white bottom right
  Image image(32, 16);
  for (int64_t y = 0; y < 16; ++y)
    for (int64_t x = 0; x < 32; ++x) {
      const bool right = x >= 16, low = y >= 8;
      image.at(x, y)[0] = right == low ? 255 : 0;
      image.at(x, y)[1] = right ? 255 : 0;
      image.at(x, y)[2] = low ? 255 : 0;
    }
  const std::string jpeg = encode_jpeg(image, 95);
  const std::string expected[] = {"rg", "gr", "wb", "bw", "rb", "br", "wg", "gw"};  // the top row, for 1 to 8
  for (int orientation = 1; orientation <= 8; ++orientation) {
    std::string segment = "Exif\0\0MM\0\x2A\0\0\0\x08\0\1\x01\x12\0\3\0\0\0\1\0?\0\0\0\0\0\0"s;
    segment[segment.find('?')] = static_cast<char>(orientation);
    const std::string marked = jpeg.substr(0, 2) + "\xFF\xE1"s + be32_bytes(segment.size() + 2).substr(2) + segment + jpeg.substr(2);
    const Image turned = decode_image(marked, "test");
    EXPECT_EQ(turned.width, orientation < 5 ? 32 : 16);
    const auto colour = [&](int64_t x, int64_t y) {
      const uint8_t* p = turned.at(x, y);
      return p[0] > 128 ? (p[1] > 128 ? 'w' : 'r') : (p[1] > 128 ? 'g' : 'b');
    };
    EXPECT_EQ((std::string{colour(3, 3), colour(turned.width - 4, 3)}), expected[orientation - 1]) << orientation;
  }
}

TEST(DecodeImage, CutFilesAreRefusedAtEveryLength) {
  for (const std::string& whole : {encode_png(gradient(9, 7), {{"k", "v"}}), encode_jpeg(gradient(9, 7))}) {
    for (size_t size = 0; size < whole.size(); ++size)
      ASSERT_NE(refusal(std::string_view(whole).substr(0, size)), "accepted") << size << " of " << whole.size();
  }
}

TEST(DecodeImage, BytesBehindTheEndAreIgnored) {
  const Image image = gradient(9, 7);
  EXPECT_EQ(decode_image(encode_png(image) + std::string(1000, 'x'), "test").pixels, image.pixels);
  EXPECT_EQ(refusal(encode_jpeg(image) + std::string(1000, 'x')), "accepted");
}

TEST(DecodeImage, ABombIsRefusedByItsHeader) {
  const std::string bomb = kPngSignature + ihdr(40000, 40000, 8, 6) + png_chunk("IDAT", "x") + png_chunk("IEND", "");
  ASSERT_LT(bomb.size(), 80u);
  EXPECT_EQ(refusal(bomb), "the picture: the picture is 40000 x 40000, its sides must be 1 to 8192 pixels");
  const std::string wide = kPngSignature + ihdr(8000, 8000, 8, 2) + png_chunk("IDAT", "x") + png_chunk("IEND", "");
  EXPECT_EQ(refusal(wide), "the picture: the picture has 64000000 pixels, at most 33554432 are read");
  std::string jpeg = encode_jpeg(gradient(16, 16));
  const size_t frame = jpeg.find("\xFF\xC0"s);
  jpeg.replace(frame + 5, 4, "\x9C\x40\x9C\x40");
  EXPECT_NE(refusal(jpeg).find("40000 x 40000"), std::string::npos);
  EXPECT_NE(refusal(encode_png(gradient(9, 7)), {.bytes = 20}).find("at most 20 are read"), std::string::npos);
}

// 1 x 1 by its header, megabytes of zeros in its data: what is inflated is bounded by the header and the file's size.
TEST(DecodeImage, ADataBombIsRefused) {
  // One block with fixed Huffman codes: a literal zero, then matches of length 258 at distance 1, then the end.
  std::string bits = "110" + std::string("00110000");
  for (int i = 0; i < 30000; ++i) bits += "11000101" + std::string("00000");
  bits += "0000000";
  std::string data = "\x78\x01"s;
  for (size_t i = 0; i < bits.size(); i += 8) {
    int byte = 0;
    for (size_t k = 0; k < 8 && i + k < bits.size(); ++k) byte |= (bits[i + k] - '0') << k;
    data += static_cast<char>(byte);
  }
  data += "\0\0\0\0"s;
  std::string inflated;
  ASSERT_TRUE(stb::inflate(data, 10 << 20, inflated)) << "the data themselves are sound";
  ASSERT_EQ(inflated.size(), 1 + 30000u * 258);

  const std::string bomb = kPngSignature + ihdr(1, 1, 8, 0) + png_chunk("IDAT", data) + png_chunk("IEND", "");
  ASSERT_LT(bomb.size(), 60000u);
  EXPECT_EQ(refusal(bomb), "the picture: the picture's data are damaged");
}

TEST(DecodeImage, AJpegThatRepeatsItsScanIsRefused) {
  const std::string jpeg = encode_jpeg(gradient(16, 16));
  const size_t scan = jpeg.find("\xFF\xDA"s);
  std::string repeated = jpeg.substr(0, jpeg.size() - 2);
  for (int i = 0; i < 200; ++i) repeated += jpeg.substr(scan, jpeg.size() - 2 - scan);
  EXPECT_EQ(refusal(repeated + "\xFF\xD9"s), "the picture: this JPEG has 201 scans, at most 100 are read");
}

TEST(DecodeImage, AJpegWithTooManyHuffmanCodesIsRefused) {
  const std::string jpeg = encode_jpeg(gradient(16, 16));
  const size_t table = jpeg.find("\xFF\xC4"s);
  std::string crowded = jpeg;
  crowded[table + 2 + 2 + 1 + 15] = '\xFF', crowded[table + 2 + 2 + 1 + 14] = '\xFF';  // 510 codes of 15 and 16 bits
  EXPECT_NE(refusal(crowded).find("codes, at most 256 are possible"), std::string::npos) << refusal(crowded);
  std::string short_table = jpeg;
  short_table[table + 3] = 2 + 17 + 3;  // its codes do not fit into the segment
  EXPECT_NE(refusal(short_table).find("a Huffman table is cut short"), std::string::npos) << refusal(short_table);
}

// What the decoder finds where a table should be is zero, not what its memory held before.
TEST(DecodeImage, AJpegWithoutItsTablesIsOneColour) {
  std::string jpeg = encode_jpeg(gradient(32, 32));
  for (size_t table; (table = jpeg.find("\xFF\xC4"s)) != std::string::npos;)
    jpeg.erase(table, 2 + (static_cast<uint8_t>(jpeg[table + 2]) << 8 | static_cast<uint8_t>(jpeg[table + 3])));
  jpeg = jpeg.substr(0, jpeg.find("\xFF\xDA"s) + 14) + "data\xFF\xD9"s;  // the scan's header has 14 bytes
  for (int i = 0; i < 3; ++i) {
    std::vector<std::unique_ptr<char[]>> used;
    for (size_t size = 1024; size <= 32 << 10; size += 256) {
      used.push_back(std::make_unique<char[]>(size));
      std::memset(used.back().get(), 17 * i + 7, size);
    }
    used.clear();
    const Image image = decode_image(jpeg, "test");
    for (size_t j = 3; j < image.pixels.size(); ++j) ASSERT_EQ(image.pixels[j], image.pixels[j - 3]);
  }
}

TEST(DecodeImage, WrongFilesAreNamed) {
  EXPECT_EQ(refusal(""), "the picture: not a PNG or JPEG picture");
  EXPECT_EQ(refusal("GIF89a" + std::string(100, '\0')), "the picture: not a PNG or JPEG picture");
  EXPECT_EQ(refusal("BM" + std::string(100, '\0')), "the picture: not a PNG or JPEG picture");
  EXPECT_NE(refusal(png_file(0, 5, 8, 2, "")).find("0 x 5"), std::string::npos);
  EXPECT_NE(refusal(png_file(1, 1, 8, 5, "\0\0"s)).find("unknown colour type 5"), std::string::npos);
  std::string flipped = encode_png(gradient(9, 7));
  flipped[60] = static_cast<char>(flipped[60] ^ 1);
  EXPECT_NE(refusal(flipped).find("wrong checksum"), std::string::npos);
  EXPECT_NE(refusal(kPngSignature + png_chunk("IEND", "")).find("does not start with its IHDR"), std::string::npos);
  EXPECT_NE(refusal(kPngSignature + ihdr(1, 1, 8, 0) + png_chunk("IEND", "")).find("no picture data"), std::string::npos);
  const std::string huge = kPngSignature + ihdr(1, 1, 8, 0) + "\xFF\xFF\xFF\xF0iTXt"s + std::string(50, 'x');
  EXPECT_NE(refusal(huge).find("claims 4294967280 bytes"), std::string::npos);
}

// No byte may make the decoder crash or run away; what is accepted has the size that the header promised.
TEST(DecodeImage, RandomDamageNeverCrashes) {
  uint64_t state = 1;
  const auto random = [&] { return state = state * 6364136223846793005u + 1442695040888963407u, state >> 33; };
  const std::string jpeg = encode_jpeg(gradient(33, 17));
  for (int i = 0; i < 3000; ++i) {
    std::string damaged = jpeg;
    for (uint64_t k = 0; k <= random() % 8; ++k) damaged[random() % damaged.size()] = static_cast<char>(random());
    try {
      decode_image(damaged, "damaged", false, {.bytes = 1 << 20, .side = 512, .pixels = 1 << 16});
    } catch (const InvalidFile&) {
    }
  }
  for (int i = 0; i < 3000; ++i) {  // PNG: damage inside the data, checksums right
    std::string rows(7 * 28, '\3');
    for (int k = 0; k < 20; ++k) rows[random() % rows.size()] = static_cast<char>(random());
    std::string data = stored_zlib(rows);
    for (uint64_t k = 0; k <= random() % 8; ++k) data[random() % data.size()] = static_cast<char>(random());
    const std::string png = kPngSignature + ihdr(9, 7, 8, 2) + png_chunk("IDAT", data) + png_chunk("IEND", "");
    try {
      decode_image(png, "damaged");
    } catch (const InvalidFile&) {
    }
  }
}

TEST(WriteImage, ChoosesByExtensionAndRefusesTheRest) {
  const std::filesystem::path folder = std::filesystem::temp_directory_path() / "atelier_write_image";
  std::filesystem::create_directories(folder);
  write_image(folder / "a.png", gradient(9, 7));
  write_image(folder / "a.JPG", gradient(9, 7));
  EXPECT_EQ(read_image(folder / "a.png").pixels, gradient(9, 7).pixels);
  EXPECT_EQ(base::read_file(folder / "a.JPG").substr(0, 2), "\xFF\xD8");
  EXPECT_THROW(write_image(folder / "a.webp", gradient(9, 7)), base::InvalidArgument);
  EXPECT_THROW(write_image(folder / "none" / "a.png", gradient(9, 7)), base::InvalidArgument);
  EXPECT_THROW(read_image(folder / "missing.png"), InvalidFile);
  std::filesystem::remove_all(folder);
}

}  // namespace
}  // namespace atelier::vision
