#pragma once
/// PNG files of any kind, honest or not, from raw rows.
#include "vision/container.h"

#include <string>
#include <string_view>

namespace atelier::vision::testing {

inline std::string be32_bytes(uint32_t value) {
  std::string bytes;
  for (int shift = 24; shift >= 0; shift -= 8) bytes += static_cast<char>(value >> shift & 0xFF);
  return bytes;
}

/// zlib with stored blocks only.
inline std::string stored_zlib(std::string_view data) {
  std::string out = "\x78\x01";
  uint32_t a = 1, b = 0;
  for (const char c : data) a = (a + static_cast<uint8_t>(c)) % 65521, b = (b + a) % 65521;
  do {
    const std::string_view block = data.substr(0, 65535);
    data.remove_prefix(block.size());
    const auto size = static_cast<uint16_t>(block.size());
    out += data.empty() ? '\1' : '\0';
    for (const uint16_t number : {size, static_cast<uint16_t>(~size)}) {
      out += static_cast<char>(number & 0xFF);
      out += static_cast<char>(number >> 8);
    }
    out += block;
  } while (!data.empty());
  return out + be32_bytes(b << 16 | a);
}

inline const std::string kPngSignature = "\x89PNG\r\n\x1a\n";

inline std::string ihdr(uint32_t width, uint32_t height, int depth, int colour) {
  return png_chunk("IHDR", be32_bytes(width) + be32_bytes(height) + static_cast<char>(depth) + static_cast<char>(colour) +
                               std::string(3, '\0'));
}

/// @param rows   each with its filter byte
inline std::string png_file(uint32_t width, uint32_t height, int depth, int colour, std::string_view rows,
                            const std::string& before_data = "") {
  return kPngSignature + ihdr(width, height, depth, colour) + before_data + png_chunk("IDAT", stored_zlib(rows)) +
         png_chunk("IEND", "");
}

}  // namespace atelier::vision::testing
