#pragma once
/// JSON from outside, checked before it becomes a document: depth, duplicate keys, UTF-8, size.
///
/// nlohmann::json alone copies and dumps recursively (100,000 nested brackets overflow the stack), keeps the last of
/// two equal keys silently, and throws on cut UTF-8 only when it writes.
#include <nlohmann/json.hpp>

#include <filesystem>
#include <string>
#include <string_view>

namespace atelier::base {

using nlohmann::json;

struct JsonLimits {
  int depth = 64;
  size_t bytes = size_t{256} << 20;
};

/// Parses one document. NaN, Infinity, comments, duplicate keys, invalid UTF-8, trailing bytes are refused.
/// @param what   names the source in messages, a path or "request body"
/// @throws InvalidFile
json parse_json(std::string_view text, std::string_view what, const JsonLimits& limits = {});
json read_json(const std::filesystem::path& path, const JsonLimits& limits = {});

/// Serialises with invalid UTF-8 replaced by U+FFFD: a model may stop in the middle of a character.
std::string dump_json(const json& document, int indent = -1);
/// Atomic; pretty-printed with two spaces and a final newline.
void write_json(const std::filesystem::path& path, const json& document);

/// A value as messages show it: JSON on one line, cut to 80 bytes, control characters escaped.
std::string shown(const json& value);

/// True if `text` is well-formed UTF-8 (no overlong forms, no surrogates, nothing above U+10FFFF).
bool is_utf8(std::string_view text);

}  // namespace atelier::base
