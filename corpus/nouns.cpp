#include "corpus/nouns.h"

#include "base/error.h"
#include "corpus/english.h"
#include "corpus/words.h"

#include <algorithm>

namespace atelier::corpus {
namespace {

constexpr std::string_view kNouns =
#include "corpus/nouns.inc"
    ;

std::string trim(std::string_view text) {
  const size_t begin = text.find_first_not_of(" \t\r"), end = text.find_last_not_of(" \t\r");
  return begin == std::string_view::npos ? std::string() : std::string(text.substr(begin, end - begin + 1));
}

std::vector<std::string> split(std::string_view text, char separator) {
  std::vector<std::string> parts;
  size_t begin = 0;
  for (;;) {
    const size_t end = std::min(text.find(separator, begin), text.size());
    if (std::string part = trim(text.substr(begin, end - begin)); !part.empty()) parts.push_back(std::move(part));
    if (end == text.size()) return parts;
    begin = end + 1;
  }
}

/// Cuts off and returns what follows `mark`, or "" if there is none.
std::string cut_after(std::string& text, char mark) {
  const size_t at = text.find(mark);
  if (at == std::string::npos) return {};
  std::string rest = trim(std::string_view(text).substr(at + 1));
  text = trim(std::string_view(text).substr(0, at));
  return rest;
}

bool contains(const std::vector<std::string>& list, std::string_view item) {
  return std::find(list.begin(), list.end(), item) != list.end();
}

/// Made things and places that nobody takes for an animal, a plant or food.
const std::vector<std::string>& plain_domains() {
  static const std::vector<std::string> domains = {
      "kitchen thing",   "building",           "vehicle",        "clock",      "award",         "piece of clothing",
      "musical instrument", "electric thing",  "tool",           "paper thing", "office thing", "piece of furniture",
      "key or lock",     "weapon",             "medical thing",  "mail thing", "street thing",  "light",
      "sky thing",       "place"};
  return domains;
}

/// For each kind that is asked for: the living and edible domains that are surely not it, and the plain domains that
/// might be.
struct KindRule {
  std::vector<std::string> also_not, perhaps;
};

const std::map<std::string, KindRule>& kind_rules() {
  static const std::map<std::string, KindRule> rules = [] {
    const std::vector<std::string> living = {"animal", "plant", "food", "drink"};
    std::map<std::string, KindRule> table = {
        {"animal", {{"plant", "drink"}, {}}},
        {"plant", {{"animal", "drink"}, {}}},
        {"food", {{}, {}}},
        {"drink", {{"animal", "plant"}, {"kitchen thing"}}},
        {"vehicle", {living, {"vehicle", "street thing", "sky thing"}}},
        {"building", {living, {"building", "place", "street thing"}}},
        {"piece of clothing", {living, {"piece of clothing", "clock", "award", "medical thing"}}},
        {"musical instrument", {living, {"musical instrument"}}},
        {"tool", {living, {"tool", "weapon", "kitchen thing", "office thing", "key or lock", "paper thing",
                           "medical thing", "light", "electric thing", "clock"}}},
        {"weapon", {living, {"weapon", "tool", "kitchen thing"}}},
        {"piece of furniture", {living, {"piece of furniture", "light", "clock", "kitchen thing", "electric thing"}}},
        {"clock", {living, {"clock", "electric thing", "sky thing"}}},
    };
    for (const char* narrow : {"mammal", "bird", "bug", "fish", "reptile"}) table[narrow] = {{"plant", "drink"}, {}};
    for (const char* narrow : {"flower", "tree"}) table[narrow] = {{"animal", "drink", "food"}, {}};
    for (const char* narrow : {"fruit", "vegetable"}) table[narrow] = {{"animal", "drink"}, {}};
    table["aircraft"] = table["vehicle"];
    return table;
  }();
  return rules;
}

/// Classes of animals exclude each other.
const std::vector<std::string>& animal_classes() {
  static const std::vector<std::string> classes = {"mammal", "bird", "amphibian", "reptile", "fish", "bug", "sea animal"};
  return classes;
}

}  // namespace

const Nouns& Nouns::instance() {
  static const Nouns nouns(kNouns);
  return nouns;
}

Nouns::Nouns(std::string_view text) {
  std::vector<std::string> kinds;
  for (const std::string& line : split(text, '\n')) {
    if (line[0] == '#') continue;
    if (line[0] == '[') {
      kinds = split(std::string_view(line).substr(1, line.size() - 2), ',');
      continue;
    }
    ASSERT(!kinds.empty());
    std::string word = line[0] == '*' ? trim(std::string_view(line).substr(1)) : line;
    std::vector<std::string> also = split(cut_after(word, '<'), ',');
    std::string many = cut_after(word, ':');
    std::string key;
    if (line[0] == '*') {
      std::string called = cut_after(word, '=');
      key = "icon:" + word;
      if (!called.empty()) word = std::move(called);
    } else {
      const size_t space = word.find(' ');
      ASSERT(space != std::string::npos);
      key = "emoji:" + word.substr(0, space);
      word = trim(std::string_view(word).substr(space));
    }
    add(key, std::move(word), std::move(many), std::move(also), kinds);
  }
}

void Nouns::add(const std::string& key, std::string word, std::string many, std::vector<std::string> also,
                const std::vector<std::string>& kinds) {
  const auto [found, is_new] = index_.try_emplace(word, static_cast<int64_t>(nouns_.size()));
  if (is_new) {
    if (many.empty()) many = corpus::plural(word);
    std::vector<std::string> parts = words(word);
    std::erase_if(parts, [](const std::string& part) { return part.size() < 3 || part == "and" || part == "with" || part == "the"; });
    nouns_.push_back({std::move(word), std::move(many), std::move(also), kinds, std::move(parts)});
  } else {
    Noun& noun = nouns_[found->second];
    for (std::string& other : also)
      if (!contains(noun.also, other)) noun.also.push_back(std::move(other));
  }
  const bool unique = by_key_.emplace(key, found->second).second;
  ASSERT(unique);
}

bool tintable(const Picture& picture) { return picture.kind == "mono" && picture.source == "game-icons"; }

int64_t Nouns::of(const Picture& picture) const {
  if (picture.kind == "mono" && !tintable(picture)) return -1;
  const auto found = by_key_.find(tintable(picture) ? "icon:" + lower(picture.title) : picture.concept_id);
  return found == by_key_.end() ? -1 : found->second;
}

bool Nouns::confusable(const Noun& a, const Noun& b) {
  if (a.word == b.word || contains(a.also, b.word) || contains(b.also, a.word)) return true;
  if (contains(a.kinds, b.word) || contains(b.kinds, a.word)) return true;
  for (const std::string& other : a.also)
    if (contains(b.also, other) || contains(b.kinds, other)) return true;
  for (const std::string& other : b.also)
    if (contains(a.kinds, other)) return true;
  return std::any_of(a.parts.begin(), a.parts.end(), [&](const std::string& part) { return contains(b.parts, part); });
}

bool is_a(const Noun& noun, const std::string& kind) { return contains(noun.kinds, kind) || contains(noun.also, kind); }

bool surely_not(const Noun& noun, const std::string& kind) {
  if (is_a(noun, kind)) return false;
  if (contains(animal_classes(), kind) && noun.kinds.size() >= 2 && contains(animal_classes(), noun.kinds[0])) return true;
  const auto found = kind_rules().find(kind);
  ASSERT(found != kind_rules().end());
  const KindRule& rule = found->second;
  if (contains(rule.also_not, noun.domain())) return true;
  return contains(plain_domains(), noun.domain()) && !contains(rule.perhaps, noun.domain());
}

const std::vector<std::string>& askable_kinds() {
  static const std::vector<std::string> kinds = [] {
    std::vector<std::string> names;
    for (const auto& [name, rule] : kind_rules()) names.push_back(name);
    return names;
  }();
  return kinds;
}

std::string plural_of_kind(const std::string& kind) {
  if (kind.starts_with("piece of ")) return "pieces of " + kind.substr(9);
  return kind == "aircraft" || kind == "fish" || kind == "food" ? kind : plural(kind);
}

}  // namespace atelier::corpus
