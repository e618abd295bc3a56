// Readers of Iconify sets (one JSON file of SVG bodies each) and of Fluent's 3D renders.
#include "corpus/drawings.h"
#include "corpus/words.h"
#include "base/error.h"

#include <algorithm>
#include <set>

namespace atelier::corpus {
namespace {

namespace fs = std::filesystem;
using base::json;

bool is_tone_name(const std::string& name, const EmojiTable& emoji) {
  // Fluent shortens "-medium-light-skin-tone" to "-medium-light"; "police-car-light" is an emoji of that name.
  for (std::string_view end : {"-dark", "-light", "-medium"})
    if (name.ends_with(end)) return emoji.by_name(name) == nullptr;
  return name.find("skin-tone") != std::string::npos || name.find("skintone") != std::string::npos;
}

std::string svg_of(const json& icon, const json& set) {
  const auto size = [&](const char* key, double otherwise) {
    return icon.contains(key) ? icon.at(key).get<double>() : set.contains(key) ? set.at(key).get<double>() : otherwise;
  };
  const double width = size("width", 16), height = size("height", 16);
  return fmt::format(R"(<svg xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink" width="{0}" height="{1}" viewBox="{2} {3} {0} {1}">{4}</svg>)",
                     width, height, size("left", 0), size("top", 0), icon.at("body").get_ref<const std::string&>());
}

// Name -> category, of sets whose metadata has them.
std::map<std::string, std::string> categories(const fs::path& folder) {
  std::map<std::string, std::string> out;
  if (!fs::exists(folder / "metadata.json")) return out;
  const json metadata = base::read_json(folder / "metadata.json");
  if (!metadata.contains("categories")) return out;
  for (const auto& [category, names] : metadata.at("categories").items()) {
    // "ArtificialIntelligence" -> "artificial intelligence"
    std::string words;
    for (size_t i = 0; i < category.size(); ++i) {
      const auto c = static_cast<unsigned char>(category[i]);
      if (i > 0 && std::isupper(c) && std::islower(static_cast<unsigned char>(category[i - 1]))) words += ' ';
      words += static_cast<char>(std::tolower(c));
    }
    for (const json& name : names) out.emplace(name.get<std::string>(), words);
  }
  return out;
}

const Emoji* flag_of(const std::string& code, const EmojiTable& emoji) {
  const auto letters = [](std::string_view text) {
    return std::all_of(text.begin(), text.end(), [](char c) { return c >= 'a' && c <= 'z'; });
  };
  if (code.size() == 2 && letters(code)) {
    return emoji.by_hex(fmt::format("{:X}-{:X}", 0x1F1E6 + code[0] - 'a', 0x1F1E6 + code[1] - 'a'));
  }
  if (code == "gb-eng" || code == "gb-sct" || code == "gb-wls") {
    std::string hex = "1F3F4";
    for (char c : code)
      if (c != '-') hex += fmt::format("-{:X}", 0xE0000 + c);
    return emoji.by_hex(hex + "-E007F");
  }
  return nullptr;
}

}  // namespace

std::string icon_title(std::string_view name) {
  static const std::set<std::string> kVariants = {"duo", "flat", "fill", "low", "alternate", "one", "two", "three", "four", "five", "six"};
  std::vector<std::string> all = words(name);
  const auto numbered = [](const std::string& word) { return std::all_of(word.begin(), word.end(), [](char c) { return c >= '0' && c <= '9'; }); };
  while (all.size() > 1 && (numbered(all.back()) || kVariants.contains(all.back()))) all.pop_back();
  return join(all, " ");
}

Picture picture_of(const Source& source, const std::string& name) {
  Picture picture;
  picture.id = source.source + ":" + name;
  picture.source = source.source;
  picture.style = source.style;
  picture.family = source.family;
  picture.kind = source.kind;
  picture.licence = source.licence;
  picture.credit = source.credit;
  picture.split = split_of(source.split);
  return picture;
}

void describe(Picture& picture, const Emoji& emoji) {
  picture.concept_id = "emoji:" + emoji.hex;
  picture.title = emoji.label;
  picture.tags = emoji.tags;
  picture.group = emoji.group;
  picture.subgroup = emoji.subgroup;
  if (emoji.group == "Flags") picture.kind = "flag";
}

std::vector<Drawing> read_iconify(const Source& source, const fs::path& corpus_folder, const EmojiTable& emoji, LeftOut& left_out) {
  const fs::path folder = fetched(corpus_folder, source.package) / "package";
  const json set = base::read_json(folder / "icons.json");
  const std::map<std::string, std::string> category_of = categories(folder);
  std::map<std::string, std::string> hex_of;
  const json characters = base::read_json(folder / "chars.json");
  for (const auto& [hex, name] : characters.items()) hex_of.emplace(name.get<std::string>(), hex);
  std::multimap<std::string, std::string> also;
  if (set.contains("aliases"))
    for (const auto& [alias, entry] : set.at("aliases").items())
      if (entry.size() == 1) also.emplace(entry.at("parent").get<std::string>(), alias);

  // The emoji that a drawing of an emoji set shows: by code point, else by any of its names. Among the flags "turkey"
  // is no bird.
  const auto find = [&](const std::string& name, const std::string& group) -> const Emoji* {
    if (const auto hex = hex_of.find(name); hex != hex_of.end()) return emoji.by_hex(hex->second);
    if (group == "flags")
      if (const Emoji* flag = emoji.by_name("flag of " + name)) return flag;
    std::vector<std::string> names = {name};
    for (auto [at, end] = also.equal_range(name); at != end; ++at) names.push_back(at->second);
    for (const std::string& one : std::vector<std::string>(names)) {
      if (one.starts_with("flag-for-")) names.push_back("flag-" + one.substr(9));
      names.push_back(icon_title(one));
    }
    for (const std::string& one : names)
      if (const Emoji* found = emoji.by_name(one)) return found;
    for (const std::string& one : names)
      if (one.size() > 3)
        if (const Emoji* found = emoji.by_shortcode(one)) return found;
    return nullptr;
  };

  std::vector<Drawing> out;
  for (const auto& [name, icon] : set.at("icons").items()) {
    if (icon.contains("hidden")) continue;
    Drawing drawing;
    drawing.picture = picture_of(source, name);
    Picture& picture = drawing.picture;
    const auto category = category_of.find(name);
    const std::string group = category == category_of.end() ? "" : category->second;
    const std::string title = icon_title(name);
    if (source.reader == "icon") {
      if (group == "brand") {
        ++left_out["brand"];
        continue;
      }
      const Emoji* same = emoji.by_name(title);
      picture.concept_id = same ? "emoji:" + same->hex : "word:" + title;
      picture.title = title;
      picture.group = same ? same->group : group;
      picture.subgroup = same ? same->subgroup : "";
      if (const Emoji* alike = emoji.by_shortcode(title)) drawing.other_concept = "emoji:" + alike->hex;
    } else {
      const auto hex = hex_of.find(name);
      if (source.reader == "emoji" && (hex != hex_of.end() ? has_tone(hex->second) : is_tone_name(name, emoji))) {
        ++left_out["skin tone"];
        continue;
      }
      const Emoji* found = source.reader == "flags" ? flag_of(name, emoji) : find(name, group);
      if (found) {
        describe(picture, *found);
      } else if (source.reader == "flags" || source.source == "fxemoji") {
        ++left_out["no name"];  // FxEmoji runs old names together ("blackhardshellfloppy")
        continue;
      } else {
        picture.concept_id = "word:" + title;
        picture.title = title;
        picture.group = group;
      }
    }
    drawing.svg = svg_of(icon, set);
    out.push_back(std::move(drawing));
  }
  return out;
}

std::vector<Drawing> read_fluent_3d(const Source& source, const fs::path& corpus_folder, const EmojiTable& emoji, LeftOut& left_out) {
  std::vector<fs::path> files;
  for (const auto& entry : fs::directory_iterator(fetched(corpus_folder, source.package) / "package/assets"))
    if (entry.path().extension() == ".webp") files.push_back(entry.path());
  std::sort(files.begin(), files.end());
  std::vector<Drawing> out;
  for (const fs::path& file : files) {
    const std::string hex = file.stem().string();
    const Emoji* found = has_tone(hex) ? nullptr : emoji.by_hex(hex);
    if (!found) {
      ++left_out[has_tone(hex) ? "skin tone" : "no name"];
      continue;
    }
    Drawing drawing;
    drawing.picture = picture_of(source, hex);
    describe(drawing.picture, *found);
    drawing.file = file;
    out.push_back(std::move(drawing));
  }
  return out;
}

}  // namespace atelier::corpus
