#include "text/byte_alphabet.h"

#include <array>

namespace atelier::text {
namespace {

struct Alphabet {
  std::array<std::string, 256> symbol;
  std::array<int, 0x180> byte_of;  // by code point, -1: none

  Alphabet() {
    byte_of.fill(-1);
    int next = 0x100;
    for (int byte = 0; byte < 256; ++byte) {
      const bool printable = (byte >= '!' && byte <= '~') || (byte >= 0xA1 && byte <= 0xAC) || byte >= 0xAE;
      const int code = printable ? byte : next++;
      byte_of[code] = byte;
      if (code < 0x80) {
        symbol[byte] = std::string(1, static_cast<char>(code));
      } else {
        symbol[byte] = {static_cast<char>(0xC0 | (code >> 6)), static_cast<char>(0x80 | (code & 0x3F))};
      }
    }
  }
};

const Alphabet& alphabet() {
  static const Alphabet instance;
  return instance;
}

}  // namespace

const std::string& byte_symbol(unsigned char byte) { return alphabet().symbol[byte]; }

std::string to_byte_alphabet(std::string_view bytes) {
  std::string symbols;
  symbols.reserve(bytes.size() * 2);
  for (const char byte : bytes) symbols += byte_symbol(static_cast<unsigned char>(byte));
  return symbols;
}

std::optional<std::string> from_byte_alphabet(std::string_view symbols) {
  std::string bytes;
  for (size_t i = 0; i < symbols.size();) {
    const auto lead = static_cast<unsigned char>(symbols[i]);
    int code = lead;
    if (lead < 0x80) {
      i += 1;
    } else if ((lead & 0xE0) == 0xC0 && i + 1 < symbols.size()) {
      code = (lead & 0x1F) << 6 | (static_cast<unsigned char>(symbols[i + 1]) & 0x3F);
      i += 2;
    } else {
      return std::nullopt;  // three and more bytes: beyond the alphabet
    }
    if (code >= 0x180 || alphabet().byte_of[code] < 0) return std::nullopt;
    bytes += static_cast<char>(alphabet().byte_of[code]);
  }
  return bytes;
}

}  // namespace atelier::text
