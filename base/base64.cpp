#include "base/base64.h"

#include "base/error.h"

#include <array>
#include <cstdint>

namespace atelier::base {
namespace {

constexpr std::string_view kAlphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

constexpr std::array<int8_t, 256> values() {
  std::array<int8_t, 256> table{};
  table.fill(-1);
  for (size_t i = 0; i < kAlphabet.size(); ++i) table[static_cast<uint8_t>(kAlphabet[i])] = static_cast<int8_t>(i);
  return table;
}
constexpr std::array<int8_t, 256> kValues = values();

}  // namespace

std::string encode_base64(std::string_view bytes) {
  std::string text((bytes.size() + 2) / 3 * 4, '=');
  for (size_t i = 0, out = 0; i < bytes.size(); i += 3, out += 4) {
    const size_t left = bytes.size() - i;
    uint32_t group = 0;
    for (size_t k = 0; k < 3; ++k) group = group << 8 | (k < left ? static_cast<uint8_t>(bytes[i + k]) : 0u);
    for (size_t k = 0; k <= (left < 3 ? left : 3); ++k) text[out + k] = kAlphabet[group >> (18 - 6 * k) & 63];
  }
  return text;
}

std::string decode_base64(std::string_view text, size_t limit, std::string_view what) {
  REQUIRE(text.size() % 4 == 0, "{} is not base64: its length {} is no multiple of 4", what, text.size());
  if (text.empty()) return {};
  const size_t padding = text.ends_with("==") ? 2 : text.ends_with('=') ? 1 : 0;
  const size_t size = text.size() / 4 * 3 - padding;
  REQUIRE(size <= limit, "{} has {} bytes, at most {} are read", what, size, limit);
  std::string bytes;
  bytes.reserve(size);
  const size_t digits = text.size() - padding;
  uint32_t group = 0;
  for (size_t i = 0; i < text.size(); ++i) {
    const int8_t value = i < digits ? kValues[static_cast<uint8_t>(text[i])] : int8_t{0};
    REQUIRE(value >= 0, "{} is not base64: the character at {} is none of its alphabet", what, i + 1);
    group = group << 6 | static_cast<uint32_t>(value);
    if (i % 4 != 3) continue;
    const size_t whole = i + 1 < text.size() ? 3 : 3 - padding;
    REQUIRE(whole == 3 || (group & (whole == 2 ? 0xFFu : 0xFFFFu)) == 0, "{} is not base64: bits are left over at its end", what);
    for (size_t k = 0; k < whole; ++k) bytes += static_cast<char>(group >> (16 - 8 * k) & 0xFF);
    group = 0;
  }
  return bytes;
}

}  // namespace atelier::base
