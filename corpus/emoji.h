#pragma once
/// Unicode's emoji as concepts: labels, keywords and groups of CLDR (emojibase), more keywords (emojilib), and the
/// many names by which sets of pictures call them.
#include <filesystem>
#include <map>
#include <string>
#include <vector>

namespace atelier::corpus {

struct Emoji {
  std::string hex;    // "1F34E", code points joined by "-", without the variation selector FE0F
  std::string label;  // "red apple", "flag of france"
  std::vector<std::string> tags;
  std::string group, subgroup;  // "Food & Drink", "food-fruit"
};

/// Upper case, without variation selectors: "2764-fe0f" -> "2764".
std::string normal_hex(std::string_view hex);

/// Whether a code point sequence has a skin tone modifier.
bool has_tone(std::string_view hex);

/// "flag: France" -> "flag of france", "man: red hair" -> "man with red hair", "keycap: 3" -> "keycap 3".
std::string spoken_label(std::string_view label);

/// Lower case and folded; without duplicates, the title itself, numbers, emoticons, slang and what has under three letters.
std::vector<std::string> clean_tags(const std::vector<std::string>& tags, std::string_view title);

class EmojiTable {
 public:
  /// Reads the fetched packages. @throws InvalidFile, InvalidArgument if one is missing
  explicit EmojiTable(const std::filesystem::path& corpus_folder);

  const Emoji* by_hex(std::string_view hex) const;
  /// By any spelling of its CLDR label or of the names that Noto, Twemoji and OpenMoji give it, or nullptr.
  const Emoji* by_name(std::string_view name) const;
  /// Chat shortcodes too ("tv", "hocho"): too loose to join pictures of everyday icons, good for emoji sets.
  const Emoji* by_shortcode(std::string_view name) const;
  /// By its label in French, German, Italian, Spanish or Portuguese, if that is one word.
  const Emoji* by_foreign_name(std::string_view word) const;

 private:
  void read_emojibase(const std::filesystem::path& folder);
  void read_emojilib(const std::filesystem::path& folder);
  void read_iconify_names(const std::filesystem::path& folder);
  void read_shortcodes(const std::filesystem::path& folder);
  void read_foreign_names(const std::filesystem::path& folder);

  std::map<std::string, Emoji, std::less<>> emoji_;
  std::map<std::string, std::string, std::less<>> names_, shortcodes_, foreign_;  // squashed name -> hex
};

}  // namespace atelier::corpus
