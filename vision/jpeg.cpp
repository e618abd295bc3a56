#include "vision/container.h"

#include "base/error.h"

namespace atelier::vision {
namespace {

uint8_t byte_at(std::string_view bytes, size_t at) { return static_cast<uint8_t>(bytes[at]); }

bool stands_alone(uint8_t marker) { return marker == 0x01 || (marker >= 0xD0 && marker <= 0xD7); }
bool starts_frame(uint8_t marker) {
  return marker >= 0xC0 && marker <= 0xCF && marker != 0xC4 && marker != 0xC8 && marker != 0xCC;
}

/// Behind a scan's header: the position of the next marker's 0xFF that is neither stuffing nor a restart.
size_t end_of_scan(std::string_view bytes, size_t at) {
  for (; at + 1 < bytes.size(); ++at) {
    const uint8_t next = byte_at(bytes, at + 1);
    if (byte_at(bytes, at) == 0xFF && next != 0x00 && next != 0xFF && !stands_alone(next)) return at;
  }
  return bytes.size();
}

/// The decoder fills a table of 256 codes by the counts that stand here, whatever their sum.
void check_huffman_tables(std::string_view segment, std::string_view what) {
  while (!segment.empty()) {
    CHECK_FILE(segment.size() >= 17, what, "this JPEG is damaged: a Huffman table is cut short");
    size_t codes = 0;
    for (size_t length = 1; length <= 16; ++length) codes += byte_at(segment, length);
    CHECK_FILE(codes <= 256, what, "this JPEG is damaged: a Huffman table has {} codes, at most 256 are possible", codes);
    CHECK_FILE(segment.size() - 17 >= codes, what, "this JPEG is damaged: a Huffman table is cut short");
    segment.remove_prefix(17 + codes);
  }
}

}  // namespace

bool is_jpeg(std::string_view bytes) { return bytes.substr(0, 3) == "\xFF\xD8\xFF"; }

Header read_jpeg_header(std::string_view bytes, std::string_view what) {
  Header header;
  header.scans = 0;
  size_t at = 2;
  for (;;) {
    CHECK_FILE(bytes.size() - at >= 2, what, "this JPEG is cut short: it ends before its end marker");
    CHECK_FILE(byte_at(bytes, at) == 0xFF, what, "this JPEG is damaged: there is no marker at byte {}", at);
    const uint8_t marker = byte_at(bytes, at + 1);
    if (marker == 0xFF) {  // fill bytes may precede a marker
      ++at;
      continue;
    }
    at += 2;
    if (marker == 0xD9) break;
    if (stands_alone(marker)) continue;
    CHECK_FILE(bytes.size() - at >= 2 && be16(bytes, at) >= 2 && be16(bytes, at) <= bytes.size() - at, what,
               "this JPEG is cut short: a segment at byte {} leaves the file", at);
    const std::string_view segment = bytes.substr(at + 2, be16(bytes, at) - 2);
    at += 2 + segment.size();
    if (starts_frame(marker)) {
      CHECK_FILE(header.width == 0, what, "this JPEG has two frame headers");
      CHECK_FILE(marker <= 0xC2, what, "this JPEG is of a kind that is not read (lossless or arithmetic coding)");
      CHECK_FILE(segment.size() >= 6 && byte_at(segment, 0) == 8, what, "this JPEG does not have 8 bits a sample");
      header.height = be16(segment, 1), header.width = be16(segment, 3);
      header.bits_per_pixel = 8 * byte_at(segment, 5);
      CHECK_FILE(header.width > 0 && header.height > 0, what, "this JPEG's size is {} x {}", header.width,
                 header.height);
    } else if (marker == 0xE1 && segment.substr(0, 6) == std::string_view("Exif\0\0", 6)) {
      header.orientation = exif_orientation(segment.substr(6));
    } else if (marker == 0xC4) {
      check_huffman_tables(segment, what);
    } else if (marker == 0xDA) {
      ++header.scans;
      at = end_of_scan(bytes, at);
    }
  }
  CHECK_FILE(header.width > 0 && header.scans > 0, what, "this JPEG holds no picture data");
  return header;
}

int exif_orientation(std::string_view tiff) {
  if (tiff.size() < 8) return 1;
  const bool little = tiff.substr(0, 2) == "II";
  if (!little && tiff.substr(0, 2) != "MM") return 1;
  const auto read16 = [&](size_t at) -> uint32_t {
    return little ? byte_at(tiff, at) | byte_at(tiff, at + 1) << 8 : be16(tiff, at);
  };
  const size_t directory = little ? read16(4) | read16(6) << 16 : be32(tiff, 4);
  if (directory + 2 > tiff.size()) return 1;
  const uint32_t entries = read16(directory);
  for (uint32_t i = 0; i < entries; ++i) {
    const size_t entry = directory + 2 + 12 * size_t{i};
    if (entry + 12 > tiff.size()) return 1;
    if (read16(entry) != 0x0112) continue;
    const uint32_t value = read16(entry + 8);
    return value >= 1 && value <= 8 ? static_cast<int>(value) : 1;
  }
  return 1;
}

}  // namespace atelier::vision
