#include "corpus/emoji.h"
#include "corpus/sources.h"
#include "corpus/words.h"
#include "base/error.h"
#include "base/json.h"

#include <algorithm>
#include <set>

namespace atelier::corpus {
namespace {

namespace fs = std::filesystem;
using base::json;

template <class Visit>
void each_code_point(std::string_view hex, const Visit& visit) {
  for (size_t begin = 0; begin <= hex.size();) {
    const size_t end = std::min(hex.find('-', begin), hex.size());
    std::string part(hex.substr(begin, end - begin));
    for (char& c : part) c = static_cast<char>(std::toupper(static_cast<unsigned char>(c)));
    part.erase(0, std::min(part.find_first_not_of('0'), part.size()));
    if (part.size() < 4 && !part.empty()) part.insert(0, 4 - part.size(), '0');
    visit(part);
    begin = end + 1;
  }
}

std::string replace(std::string text, std::string_view from, std::string_view to) {
  const size_t at = text.find(from);
  if (at != std::string::npos) text.replace(at, from.size(), to);
  return text;
}

const std::set<std::string, std::less<>>& slang() {
  static const std::set<std::string, std::less<>> words = {
      "lol", "omg", "bro", "bae", "yolo", "lmao", "rofl", "lmfao", "fml", "wtf", "smh", "xoxo", "ily", "brb", "btw", "dude", "nsfw", "tbh", "imho",
      "imo", "omw", "ttyl", "jk", "idk", "hbu", "wfh", "goat", "slay", "sus", "simp", "fomo", "bff", "bffs", "tgif", "noob", "lit", "yas", "yaas", "meh",
      "duh", "uwu", "dope", "yeet", "gtfo", "stfu", "pog", "kthx", "mfw", "nvm", "rip", "ffs", "bruh", "twerk", "yikes", "zzz", "bday", "luv", "xxx"};
  return words;
}

}  // namespace

std::string normal_hex(std::string_view hex) {
  std::string out;
  each_code_point(hex, [&](const std::string& part) {
    if (part == "FE0F" || part.empty()) return;
    if (!out.empty()) out += '-';
    out += part;
  });
  return out;
}

bool has_tone(std::string_view hex) {
  bool found = false;
  each_code_point(hex, [&](const std::string& part) { found |= part >= "1F3FB" && part <= "1F3FF" && part.size() == 5; });
  return found;
}

std::string spoken_label(std::string_view label) {
  const std::string text = fold(label);
  const size_t colon = text.find(": ");
  if (colon == std::string::npos) return text;
  const std::string head = text.substr(0, colon);
  if (head == "keycap") return replace(text, ": ", " ");
  if (head == "flag" || head == "family") return replace(text, ": ", " of ");
  if (text.ends_with("bald")) return "bald " + head;
  if (text.ends_with("hair") || text.ends_with("beard")) return replace(text, ": ", " with ");
  return replace(text, ": ", ", ");
}

std::vector<std::string> clean_tags(const std::vector<std::string>& tags, std::string_view title) {
  std::vector<std::string> out;
  for (const std::string& tag : tags) {
    const std::vector<std::string> parts = words(tag);
    const std::string text = join(parts, " ");
    const bool plain = std::all_of(text.begin(), text.end(), [](char c) { return (c >= 'a' && c <= 'z') || c == ' '; });
    const std::string folded = fold(tag);
    const bool emoticon = folded.find_first_of(":;=<>|/\\()[]{}*+@#$%^~") != std::string::npos;
    const bool rude = std::any_of(parts.begin(), parts.end(), [](const std::string& word) { return slang().contains(word); });
    if (text.size() < 3 || text.size() > 40 || !plain || emoticon || rude || text == title) continue;
    if (std::find(out.begin(), out.end(), text) == out.end()) out.push_back(text);
  }
  return out;
}

EmojiTable::EmojiTable(const fs::path& corpus_folder) {
  read_emojibase(fetched(corpus_folder, "emojibase-data") / "package");
  read_emojilib(fetched(corpus_folder, "emojilib") / "package");
  for (const char* set : {"@iconify-json/noto", "@iconify-json/twemoji", "@iconify-json/openmoji", "@iconify-json/fluent-emoji-flat"})
    read_iconify_names(fetched(corpus_folder, set) / "package");
  read_shortcodes(fetched(corpus_folder, "emojibase-data") / "package/en/shortcodes");
  read_foreign_names(fetched(corpus_folder, "emojibase-data") / "package");
}

void EmojiTable::read_emojibase(const fs::path& folder) {
  const fs::path path = folder / "en/data.json";
  std::map<int, std::string> groups, subgroups;
  const json meta = base::read_json(folder / "meta/groups.json");
  for (const auto& [number, key] : meta.at("subgroups").items()) subgroups[std::stoi(number)] = key.get<std::string>();
  const json messages = base::read_json(folder / "en/messages.json");
  for (const json& group : messages.at("groups")) {
    std::string name = group.at("message").get<std::string>();
    for (size_t i = 0; i < name.size(); ++i)
      if (i == 0 || name[i - 1] == ' ') name[i] = static_cast<char>(std::toupper(static_cast<unsigned char>(name[i])));
    groups[group.at("order").get<int>()] = name;
  }
  const json emojis = base::read_json(path);
  for (const json& entry : emojis) {
    Emoji emoji;
    emoji.hex = normal_hex(entry.at("hexcode").get<std::string>());
    const std::string label = entry.at("label").get<std::string>();
    emoji.label = spoken_label(label);
    if (entry.contains("tags")) emoji.tags = entry.at("tags").get<std::vector<std::string>>();
    // Regional indicators have no group: letters are symbols.
    emoji.group = entry.contains("group") ? groups.at(entry.at("group").get<int>()) : "Symbols";
    emoji.subgroup = entry.contains("subgroup") ? subgroups.at(entry.at("subgroup").get<int>()) : "alphanum";
    names_.emplace(squash(label), emoji.hex);
    names_.emplace(squash(emoji.label), emoji.hex);
    emoji_.emplace(emoji.hex, std::move(emoji));
  }
}

void EmojiTable::read_emojilib(const fs::path& folder) {
  std::map<std::string, std::string> hex_of;  // by UTF-8 bytes without variation selectors
  const auto key = [](std::string text) {
    for (size_t at; (at = text.find("\xEF\xB8\x8F")) != std::string::npos;) text.erase(at, 3);
    return text;
  };
  for (const auto& [hex, emoji] : emoji_) {
    std::string utf8;
    each_code_point(hex, [&](const std::string& part) {
      const uint32_t c = static_cast<uint32_t>(std::stoul(part, nullptr, 16));
      if (c < 0x80) utf8 += static_cast<char>(c);
      else if (c < 0x800) utf8 += {static_cast<char>(0xC0 | c >> 6), static_cast<char>(0x80 | (c & 63))};
      else if (c < 0x10000) utf8 += {static_cast<char>(0xE0 | c >> 12), static_cast<char>(0x80 | (c >> 6 & 63)), static_cast<char>(0x80 | (c & 63))};
      else utf8 += {static_cast<char>(0xF0 | c >> 18), static_cast<char>(0x80 | (c >> 12 & 63)), static_cast<char>(0x80 | (c >> 6 & 63)), static_cast<char>(0x80 | (c & 63))};
    });
    hex_of[utf8] = hex;
  }
  const json keywords = base::read_json(folder / "dist/emoji-en-US.json");
  for (const auto& [symbol, list] : keywords.items()) {
    const auto found = hex_of.find(key(symbol));
    if (found == hex_of.end()) continue;
    std::vector<std::string>& tags = emoji_.at(found->second).tags;
    for (const json& word : list) tags.push_back(word.get<std::string>());
  }
  for (auto& [hex, emoji] : emoji_) emoji.tags = clean_tags(emoji.tags, emoji.label);
}

void EmojiTable::read_iconify_names(const fs::path& folder) {
  std::multimap<std::string, std::string> also;  // parent -> alias
  const json icons = base::read_json(folder / "icons.json");
  if (icons.contains("aliases"))
    for (const auto& [alias, entry] : icons.at("aliases").items())
      if (entry.size() == 1) also.emplace(entry.at("parent").get<std::string>(), alias);  // neither turned nor mirrored
  const json characters = base::read_json(folder / "chars.json");
  for (const auto& [hex, value] : characters.items()) {
    const Emoji* emoji = by_hex(hex);
    if (!emoji) continue;
    const std::string name = value.get<std::string>();
    names_.emplace(squash(name), emoji->hex);
    for (auto [at, end] = also.equal_range(name); at != end; ++at) names_.emplace(squash(at->second), emoji->hex);
  }
}

void EmojiTable::read_shortcodes(const fs::path& folder) {
  std::vector<fs::path> files;
  for (const auto& entry : fs::directory_iterator(folder))
    if (entry.path().extension() == ".json" && entry.path().stem() != "cldr-native") files.push_back(entry.path());
  std::sort(files.begin(), files.end());
  for (const fs::path& file : files) {
    const json codes = base::read_json(file);
    for (const auto& [hex, names] : codes.items()) {
      const Emoji* emoji = by_hex(hex);
      if (!emoji) continue;
      for (const json& name : names.is_array() ? names : json::array({names}))
        shortcodes_.emplace(squash(name.get<std::string>()), emoji->hex);
    }
  }
}

void EmojiTable::read_foreign_names(const fs::path& folder) {
  for (const char* language : {"fr", "de", "it", "es", "pt"}) {
    const json entries = base::read_json(folder / language / "compact.json");
    for (const json& entry : entries) {
      const Emoji* emoji = by_hex(entry.at("hexcode").get<std::string>());
      const std::vector<std::string> label = words(entry.at("label").get<std::string>());
      if (emoji && label.size() == 1 && label[0].size() > 3) foreign_.emplace(label[0], emoji->hex);
    }
  }
}

const Emoji* EmojiTable::by_hex(std::string_view hex) const {
  const auto found = emoji_.find(normal_hex(hex));
  return found == emoji_.end() ? nullptr : &found->second;
}

const Emoji* EmojiTable::by_name(std::string_view name) const {
  const auto found = names_.find(squash(name));
  return found == names_.end() ? nullptr : by_hex(found->second);
}

const Emoji* EmojiTable::by_shortcode(std::string_view name) const {
  if (const Emoji* emoji = by_name(name)) return emoji;
  const auto found = shortcodes_.find(squash(name));
  return found == shortcodes_.end() ? nullptr : by_hex(found->second);
}

const Emoji* EmojiTable::by_foreign_name(std::string_view word) const {
  const auto found = foreign_.find(squash(word));
  return found == foreign_.end() ? nullptr : by_hex(found->second);
}

}  // namespace atelier::corpus
