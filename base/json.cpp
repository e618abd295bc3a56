#include "base/json.h"

#include "base/error.h"
#include "base/files.h"

#include <bit>
#include <cstring>

namespace atelier::base {

namespace {

/// Cuts in front of a whole character, so that what is left is still UTF-8.
std::string shorten(std::string text, size_t limit) {
  if (text.size() <= limit) return text;
  while (limit > 0 && (static_cast<unsigned char>(text[limit]) & 0xC0) == 0x80) --limit;
  return text.substr(0, limit) + "...";
}

/// Builds the document from the parser's events and refuses what must not get in before it is in.
class Builder {
 public:
  Builder(std::string_view what, int depth_limit) : what_(what), depth_limit_(depth_limit) {}

  json take() { return std::move(root_); }

  bool null() { return put(nullptr); }
  bool boolean(bool value) { return put(value); }
  bool number_integer(json::number_integer_t value) { return put(value); }
  bool number_unsigned(json::number_unsigned_t value) { return put(value); }
  bool number_float(json::number_float_t value, const std::string&) { return put(value); }
  bool string(std::string& value) { return put(std::move(value)); }
  bool binary(json::binary_t&) { return false; }  // JSON text has none

  bool start_object(size_t) { return open(json::object()); }
  bool end_object() { return close(); }
  bool start_array(size_t) { return open(json::array()); }
  bool end_array() { return close(); }

  bool key(std::string& name) {
    const auto [place, is_new] = open_.back()->get_ref<json::object_t&>().try_emplace(name);
    CHECK_FILE(is_new, what_, "has the key {} twice in one object", shown(name));
    slot_ = &place->second;
    return true;
  }

  bool parse_error(size_t, const std::string&, const nlohmann::detail::exception& error) {
    // "[json.exception.parse_error.101] parse error at line 1, column 5: ...": the bracket is of no use to a reader.
    std::string_view text = error.what();
    if (const size_t end = text.find("] "); text.starts_with('[') && end != text.npos) text.remove_prefix(end + 2);
    throw InvalidFile(fmt::format("{}: is not valid JSON: {}", what_, shorten(std::string(text), 240)));
  }

 private:
  /// Stores a value where the next one belongs: at the root, after a key, or at an array's end.
  json* store(json&& value) {
    if (open_.empty()) return &(root_ = std::move(value));
    if (open_.back()->is_object()) return &(*slot_ = std::move(value));
    return &open_.back()->get_ref<json::array_t&>().emplace_back(std::move(value));
  }

  bool put(json&& value) {
    store(std::move(value));
    return true;
  }

  bool open(json&& container) {
    CHECK_FILE(open_.size() < depth_limit_, what_, "is nested deeper than {} levels", depth_limit_);
    open_.push_back(store(std::move(container)));
    return true;
  }

  bool close() {
    open_.pop_back();
    return true;
  }

  std::string_view what_;
  size_t depth_limit_;
  json root_;
  std::vector<json*> open_;  // from the root to the innermost container; only the last one grows, so these stay valid
  json* slot_ = nullptr;     // the value of the key just read
};

}  // namespace

json parse_json(std::string_view text, std::string_view what, const JsonLimits& limits) {
  CHECK_FILE(text.size() <= limits.bytes, what, "holds {} bytes of JSON, at most {} are allowed", text.size(),
             limits.bytes);
  CHECK_FILE(!text.empty(), what, "is empty, not JSON");
  CHECK_FILE(is_utf8(text), what, "is not valid UTF-8");
  // nlohmann::json takes a zero byte for the end, so that anything could stand behind it.
  CHECK_FILE(text.find('\0') == text.npos, what, "is not valid JSON: it holds a zero byte");
  Builder builder(what, limits.depth);
  json::sax_parse(text.begin(), text.end(), &builder);
  return builder.take();
}

json read_json(const std::filesystem::path& path, const JsonLimits& limits) {
  return parse_json(read_file(path, static_cast<int64_t>(limits.bytes)), path.string(), limits);
}

std::string dump_json(const json& document, int indent) {
  return document.dump(indent, ' ', false, json::error_handler_t::replace);
}

void write_json(const std::filesystem::path& path, const json& document) {
  write_file(path, dump_json(document, 2) + "\n");
}

std::string shown(const json& value) { return shorten(dump_json(value), 80); }

bool is_utf8(std::string_view text) {
  const auto* next = reinterpret_cast<const unsigned char*>(text.data());
  const auto* const end = next + text.size();
  while (next < end) {
    uint64_t eight;
    if (end - next >= 8 && (std::memcpy(&eight, next, 8), (eight & 0x8080808080808080u) == 0)) {
      next += 8;  // eight ASCII characters
      continue;
    }
    if (*next < 0x80) {
      ++next;
      continue;
    }
    // The number of leading ones is the length; the smallest character of each length rules out overlong forms.
    const int length = std::countl_one(*next);
    if (length < 2 || length > 4 || end - next < length) return false;
    uint32_t character = *next & (0x7Fu >> length);
    for (int i = 1; i < length; ++i) {
      if ((next[i] & 0xC0) != 0x80) return false;
      character = character << 6 | (next[i] & 0x3Fu);
    }
    constexpr uint32_t kSmallest[] = {0, 0, 0x80, 0x800, 0x10000};
    if (character < kSmallest[length] || character > 0x10FFFF) return false;
    if (character >= 0xD800 && character <= 0xDFFF) return false;
    next += length;
  }
  return true;
}

}  // namespace atelier::base
