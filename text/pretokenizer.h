#pragma once
/// From text to the pieces inside which byte pairs may merge: tokenizer.json's "normalizer" and "pre_tokenizer".
///
/// Understood: NFC, Lowercase and white space clean-up; ByteLevel, Split, Digits, and Sequences of these. That covers the
/// byte-level BPE family (GPT-2, Llama 3, Qwen 2, CLIP, ours). Anything else is refused by name, never skipped:
/// skipping would change ids silently.
#include "base/json.h"
#include "text/unicode.h"

#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace atelier::text {

/// GPT-2's pattern, the one that ByteLevel uses.
extern const std::string_view kGpt2Pattern;
/// CLIP's.
extern const std::string_view kClipPattern;
/// Ours: a run of letters (ASCII letters and everything beyond ASCII), one digit, or a run of other marks, each with an
/// optional space before it; white space runs leave their last character to what follows. Digits stand alone so that
/// numbers are spelled, not memorised. Plain enough for scan_own(), and written without property escapes so
/// that every regex engine reads it alike.
extern const std::string_view kOwnPattern;

using Emit = std::function<void(std::string_view piece)>;

/// Cuts `text` as kOwnPattern does, by hand and without ICU.
void scan_own(std::string_view text, const Emit& emit);

class Normalizer {
 public:
  /// @throws InvalidFile naming what is not understood
  static Normalizer read(const base::json& document, const std::string& where);
  base::json write() const;

  bool empty() const { return steps_.empty(); }
  std::string apply(std::string_view text) const;

 private:
  enum class Step { nfc, lower_case, white_space };
  void add(const base::json& document, const std::string& where, int depth);
  std::vector<std::pair<Step, std::optional<Pattern>>> steps_;
};

class Pretokenizer {
 public:
  /// @throws InvalidFile naming what is not understood, or if no step is ByteLevel
  static Pretokenizer read(const base::json& document, const std::string& where);
  base::json write() const;

  /// Calls `emit` with the pieces in order; their bytes may be read during the call only.
  void split(std::string_view text, const Emit& emit) const;

 private:
  struct Step {
    enum Kind { prefix_space, own, isolate, keep_matches, drop_matches } kind;
    std::optional<Pattern> pattern;
  };
  void add(const base::json& document, const std::string& where, int depth);
  void run(size_t step, std::string_view text, const Emit& emit) const;

  std::vector<Step> steps_;
  bool byte_level_ = false;
  base::json document_;
};

}  // namespace atelier::text
