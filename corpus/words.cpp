#include "corpus/words.h"

#include <algorithm>
#include <array>
#include <set>

namespace atelier::corpus {
namespace {

bool letter(char c) { return c >= 'a' && c <= 'z'; }
bool digit(char c) { return c >= '0' && c <= '9'; }
bool vowel(char c) { return c == 'a' || c == 'e' || c == 'i' || c == 'o' || c == 'u'; }

// U+00C0 to U+00FF without their accents.
constexpr std::string_view kLatin1 =
    "aaaaaa_ceeeeiiiidnooooo ouuuuy__aaaaaa_ceeeeiiiidnooooo ouuuuy_y";

// The code point that starts at text[i]; moves i behind it. Broken sequences give 0xFFFD.
uint32_t next_code_point(std::string_view text, size_t& i) {
  const auto lead = static_cast<unsigned char>(text[i++]);
  if (lead < 0x80) return lead;
  const int more = lead >= 0xF0 ? 3 : lead >= 0xE0 ? 2 : lead >= 0xC0 ? 1 : -1;
  if (more < 0) return 0xFFFD;
  uint32_t value = lead & (0x3F >> more);
  for (int k = 0; k < more; ++k) {
    if (i >= text.size() || (static_cast<unsigned char>(text[i]) & 0xC0) != 0x80) return 0xFFFD;
    value = value << 6 | (static_cast<unsigned char>(text[i++]) & 0x3F);
  }
  return value;
}

constexpr std::array<std::pair<std::string_view, std::string_view>, 15> kIrregular = {{
    {"ox", "oxen"}, {"man", "men"}, {"woman", "women"}, {"child", "children"}, {"mouse", "mice"}, {"goose", "geese"},
    {"foot", "feet"}, {"tooth", "teeth"}, {"person", "people"}, {"knife", "knives"}, {"leaf", "leaves"}, {"loaf", "loaves"},
    {"wolf", "wolves"}, {"scarf", "scarves"}, {"ski", "skis"},
}};

// Of a compound the last word bends: "fire engine" -> "fire engines".
std::pair<std::string, std::string> split_last(std::string_view noun) {
  const size_t space = noun.find_last_of(" -");
  const size_t begin = space == std::string_view::npos ? 0 : space + 1;
  return {std::string(noun.substr(0, begin)), std::string(noun.substr(begin))};
}

}  // namespace

std::string fold(std::string_view text) {
  std::string out;
  for (size_t i = 0; i < text.size();) {
    const uint32_t c = next_code_point(text, i);
    char plain = ' ';
    if (c < 0x80) plain = c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c < ' ' ? ' ' : static_cast<char>(c);
    else if (c == 0x2018 || c == 0x2019) plain = '\'';
    else if (c == 0x201C || c == 0x201D) plain = '"';
    else if (c >= 0x2010 && c <= 0x2015) plain = '-';
    else if (c >= 0xC0 && c <= 0xFF) plain = kLatin1[c - 0xC0];
    if (c == 0xE6 || c == 0xC6) out += "ae";
    else if (c == 0xDF) out += "ss";
    else if (plain == '_' && c >= 0x80) out += "th";
    else if (plain != ' ' || (!out.empty() && out.back() != ' ')) out += plain;
  }
  while (!out.empty() && out.back() == ' ') out.pop_back();
  return out;
}

std::vector<std::string> words(std::string_view text) {
  std::vector<std::string> out;
  bool inside = false;
  for (char c : fold(text)) {
    const bool part = letter(c) || digit(c);
    if (part && !inside) out.emplace_back();
    if (part) out.back() += c;
    inside = part;
  }
  return out;
}

std::string join(const std::vector<std::string>& parts, std::string_view between) {
  std::string out;
  for (size_t i = 0; i < parts.size(); ++i) {
    if (i) out += between;
    out += parts[i];
  }
  return out;
}

std::string squash(std::string_view text) { return join(words(text), ""); }

std::string_view article(std::string_view text) {
  const std::vector<std::string> all = words(text);
  if (all.empty()) return "a";
  const std::string& word = all.front();
  if (digit(word[0])) return word[0] == '8' || word == "11" || word == "18" ? "an" : "a";
  if (word.size() == 1) return std::string_view("aefhilmnorsx").find(word[0]) != std::string_view::npos ? "an" : "a";
  // Letters spoken one by one: no vowel in them.
  if (word.size() <= 4 && std::none_of(word.begin(), word.end(), [](char c) { return vowel(c) || c == 'y'; }))
    return std::string_view("fhlmnrsx").find(word[0]) != std::string_view::npos ? "an" : "a";
  if (word == "sos" || word == "hour" || word == "hourglass" || word.starts_with("honest") || word.starts_with("honor") || word.starts_with("heir"))
    return "an";
  for (std::string_view you : {"uni", "use", "usa", "usb", "uten", "uku", "uto", "ura", "uru", "uvu", "euro", "euc", "ewe"})
    if (word.starts_with(you) && !word.starts_with("unin") && !word.starts_with("unim") && !word.starts_with("unid")) return "a";
  if (word == "one" || word == "once" || word == "uk" || word == "us" || word == "ui" || word == "ufo" || word == "uv") return "a";
  return vowel(word[0]) ? "an" : "a";
}

bool takes_article(std::string_view title) {
  static const std::set<std::string> kUncounted = {
      "rice", "bread", "fire", "water", "snow", "rain", "cheese", "honey", "butter", "salt", "ice", "bacon", "money", "music",
      "hair", "corn", "garlic", "popcorn", "milk", "sand", "wood", "grass", "broccoli", "luggage", "chocolate", "meat",
      "spaghetti", "sushi", "sake", "bamboo", "ginger", "fog", "wind", "dust", "lightning", "people", "men", "women",
      "children", "pants", "scissors", "shorts", "jeans"};
  static const std::set<std::string> kInPlaceOfArticle = {"a", "an", "the", "no", "not", "on", "up", "ok", "keycap", "zero", "two", "three",
                                                          "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve"};
  const std::vector<std::string> all = words(title);
  if (all.empty() || kInPlaceOfArticle.contains(all.front())) return false;
  // The noun stands before "of", "with", "in": a slice of bread is counted, rice with curry is not.
  std::string head;
  for (const std::string& word : all) {
    if (!head.empty() && (word == "of" || word == "with" || word == "in" || word == "on" || word == "without" || word == "and" || word == "at")) break;
    head = word;
  }
  return !kUncounted.contains(head) && singular(head) == head;
}

std::string plural(std::string_view noun) {
  for (const std::string_view before : {" of ", " with "})  // "ears of corn"
    if (const size_t at = noun.find(before); at != noun.npos) return plural(noun.substr(0, at)) + std::string(noun.substr(at));
  auto [before, word] = split_last(noun);
  for (const auto& [one, many] : kIrregular)
    if (word == one) return before + std::string(many);
  if (word == "sheep" || word == "fish" || word == "moose" || word == "bison" || word == "deer") return before + word;
  if (word.ends_with("s") || word.ends_with("x") || word.ends_with("z") || word.ends_with("ch") || word.ends_with("sh"))
    return before + word + "es";
  if (word.size() > 1 && word.ends_with("y") && !vowel(word[word.size() - 2]))
    return before + word.substr(0, word.size() - 1) + "ies";
  if (word == "tomato" || word == "potato" || word == "mango" || word == "mosquito" || word == "volcano" || word == "hero")
    return before + word + "es";
  return before + word + "s";
}

std::string singular(std::string_view noun) {
  auto [before, word] = split_last(noun);
  for (const auto& [one, many] : kIrregular)
    if (word == many) return before + std::string(one);
  // Words that only look like plurals.
  static const std::set<std::string> kNoPlurals = {"lens", "christmas", "glasses", "sunglasses", "goggles", "gas", "canvas", "news",
                                                   "chess", "tennis", "mars", "venus", "compass", "atlas", "pancreas", "series", "chaos",
                                                   "asparagus", "always", "yes", "alias", "dos", "gps", "sos", "rss", "css", "ios", "kiss"};
  if (kNoPlurals.contains(word) || word.size() < 4 || !word.ends_with("s") || word.ends_with("ss") || word.ends_with("us") ||
      word.ends_with("is"))
    return std::string(noun);
  if (word.ends_with("ies")) return before + (word == "cookies" || word == "movies" || word == "ties" || word == "selfies"
                                                   ? word.substr(0, word.size() - 1)
                                                   : word.substr(0, word.size() - 3) + "y");
  for (std::string_view end : {"xes", "ches", "shes", "sses", "zes", "oes"})
    if (word.ends_with(end) && word != "shoes" && word != "axes" && word != "sizes" && word != "prizes")
      return before + word.substr(0, word.size() - 2);
  return before + word.substr(0, word.size() - 1);
}

}  // namespace atelier::corpus
