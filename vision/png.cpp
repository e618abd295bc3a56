#include "vision/container.h"
#include "vision/image.h"
#include "vision/stb.h"

#include "base/error.h"
#include "base/json.h"

#include <array>

namespace atelier::vision {
namespace {

constexpr std::string_view kSignature = "\x89PNG\r\n\x1a\n";
constexpr size_t kTextLimit = 4 << 20;  // a text chunk, inflated; the largest seen in use hold some 100 KB

uint32_t crc32(std::string_view a, std::string_view b) {
  static const std::array<uint32_t, 256> table = [] {
    std::array<uint32_t, 256> entries;
    for (uint32_t i = 0; i < 256; ++i) {
      uint32_t c = i;
      for (int bit = 0; bit < 8; ++bit) c = c & 1 ? 0xEDB88320u ^ (c >> 1) : c >> 1;
      entries[i] = c;
    }
    return entries;
  }();
  uint32_t crc = 0xFFFFFFFFu;
  for (const std::string_view part : {a, b})
    for (const char byte : part) crc = table[(crc ^ static_cast<uint8_t>(byte)) & 0xFF] ^ (crc >> 8);
  return ~crc;
}

std::string from_latin1(std::string_view text) {
  std::string utf8;
  for (const char byte : text) {
    const auto c = static_cast<uint8_t>(byte);
    if (c < 0x80) {
      utf8 += byte;
    } else {
      utf8 += static_cast<char>(0xC0 | c >> 6);
      utf8 += static_cast<char>(0x80 | (c & 0x3F));
    }
  }
  return utf8;
}

/// Splits at the next zero byte and moves `rest` behind it.
std::string_view take_string(std::string_view& rest, std::string_view what, std::string_view type) {
  const size_t end = rest.find('\0');
  CHECK_FILE(end != std::string_view::npos, what, "a {} chunk of this PNG has no end of its keyword", type);
  const std::string_view taken = rest.substr(0, end);
  rest.remove_prefix(end + 1);
  return taken;
}

std::string inflate_text(std::string_view compressed, std::string_view what, std::string_view type) {
  std::string text;
  CHECK_FILE(stb::inflate(compressed, kTextLimit, text), what,
             "a {} chunk of this PNG is damaged or holds more than {} bytes", type, kTextLimit);
  return text;
}

}  // namespace

bool is_png(std::string_view bytes) { return bytes.substr(0, kSignature.size()) == kSignature; }

void for_each_png_chunk(std::string_view bytes, std::string_view what,
                        const std::function<void(std::string_view, std::string_view)>& visit) {
  size_t at = kSignature.size();
  for (std::string_view type; type != "IEND";) {
    CHECK_FILE(bytes.size() - at >= 12, what, "this PNG is cut short: it ends before its IEND chunk");
    const size_t length = be32(bytes, at);
    CHECK_FILE(length <= bytes.size() - at - 12, what, "this PNG is cut short: a chunk at byte {} claims {} bytes", at,
               length);
    type = bytes.substr(at + 4, 4);
    const std::string_view data = bytes.substr(at + 8, length);
    CHECK_FILE(crc32(type, data) == be32(bytes, at + 8 + length), what,
               "this PNG is damaged: the chunk at byte {} has a wrong checksum", at);
    visit(type, data);
    at += 12 + length;
  }
}

Header read_png_header(std::string_view bytes, std::string_view what) {
  Header header;
  bool first = true, has_data = false;
  for_each_png_chunk(bytes, what, [&](std::string_view type, std::string_view data) {
    if (first) {
      CHECK_FILE(type == "IHDR" && data.size() == 13, what, "this PNG does not start with its IHDR chunk");
      static constexpr int kSamples[] = {1, 0, 3, 1, 2, 0, 4};  // by colour type
      const uint32_t depth = be16(data, 8) >> 8, colour = be16(data, 8) & 0xFF;
      CHECK_FILE(colour <= 6 && kSamples[colour] > 0 && depth >= 1 && depth <= 16, what,
                 "this PNG has the unknown colour type {} with {} bits", colour, depth);
      header.width = be32(data, 0), header.height = be32(data, 4);
      header.bits_per_pixel = static_cast<int64_t>(depth) * kSamples[colour];
    }
    first = false;
    has_data |= type == "IDAT";
    if (type == "eXIf") header.orientation = exif_orientation(data);
  });
  CHECK_FILE(has_data, what, "this PNG holds no picture data");
  return header;
}

std::string png_chunk(std::string_view type, std::string_view data) {
  const auto append_be32 = [](std::string& to, uint32_t value) {
    for (int shift = 24; shift >= 0; shift -= 8) to += static_cast<char>(value >> shift & 0xFF);
  };
  std::string chunk;
  append_be32(chunk, static_cast<uint32_t>(data.size()));
  chunk.append(type).append(data);
  append_be32(chunk, crc32(type, data));
  return chunk;
}

std::map<std::string, std::string> read_png_text(std::string_view bytes, std::string_view what) {
  std::map<std::string, std::string> text;
  if (!is_png(bytes)) return text;
  for_each_png_chunk(bytes, what, [&](std::string_view type, std::string_view rest) {
    if (type != "tEXt" && type != "zTXt" && type != "iTXt") return;
    CHECK_FILE(rest.size() <= kTextLimit, what, "a {} chunk of this PNG holds {} bytes, at most {} are read", type,
               rest.size(), kTextLimit);
    const std::string keyword = from_latin1(take_string(rest, what, type));
    std::string value;
    if (type == "tEXt") {
      value = from_latin1(rest);
    } else if (type == "zTXt") {
      CHECK_FILE(!rest.empty() && rest[0] == 0, what, "a zTXt chunk of this PNG has an unknown compression");
      value = from_latin1(inflate_text(rest.substr(1), what, type));
    } else {
      CHECK_FILE(rest.size() >= 2 && (rest[0] == 0 || (rest[0] == 1 && rest[1] == 0)), what,
                 "an iTXt chunk of this PNG has an unknown compression");
      const bool compressed = rest[0] == 1;
      rest.remove_prefix(2);
      take_string(rest, what, type);  // language
      take_string(rest, what, type);  // translated keyword
      value = compressed ? inflate_text(rest, what, type) : std::string(rest);
      CHECK_FILE(base::is_utf8(value), what, "an iTXt chunk of this PNG is not valid UTF-8");
    }
    text.emplace(keyword, std::move(value));
  });
  return text;
}

}  // namespace atelier::vision
