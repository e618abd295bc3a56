#pragma once
/// GPT-2's printable stand-ins for the 256 bytes: what tokens look like inside a vocabulary file.
///
/// Printable Latin-1 characters stand for themselves, every other byte for a character from U+0100 on, in byte order
/// (so a space is "Ġ" and a newline "Ċ").
#include <optional>
#include <string>
#include <string_view>

namespace atelier::text {

/// The character (UTF-8) that stands for `byte`.
const std::string& byte_symbol(unsigned char byte);

/// Bytes to stand-ins.
std::string to_byte_alphabet(std::string_view bytes);

/// Stand-ins to bytes; nothing if `symbols` (UTF-8) has a character that is none.
std::optional<std::string> from_byte_alphabet(std::string_view symbols);

}  // namespace atelier::text
