#pragma once
/// The little of ICU that public tokenizers need: pattern matching, NFC, lower case.
///
/// Without ICU (ATELIER_CORE_ONLY) every function here throws InvalidFile saying so; our own vocabulary needs none.
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

namespace atelier::text {

/// A compiled pattern; cheap to copy, safe to use from several threads.
class Pattern {
 public:
  /// @param literal   `pattern` is plain text to be found, no regular expression
  /// @param where     names the file in messages
  /// @throws InvalidFile if it does not compile or is longer than 16 KiB
  Pattern(std::string_view pattern, bool literal, const std::string& where);

  /// Calls emit(begin, end) with the byte range of each non-empty match in `text` (valid UTF-8), left to right.
  /// A match may use a bounded time and stack, so that a hostile pattern cannot hang or crash the process.
  /// @throws InvalidArgument if that is not enough or text is longer than 256 MiB
  void matches(std::string_view text, const std::function<void(size_t begin, size_t end)>& emit) const;

 private:
  struct Compiled;
  std::shared_ptr<const Compiled> compiled_;
};

/// Canonical composition.
std::string nfc(std::string_view text);
/// Each character's full lower case on its own: no context (final sigma) and no language rules.
std::string lower_case(std::string_view text);

}  // namespace atelier::text
