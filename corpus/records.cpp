#include "corpus/records.h"
#include "corpus/sources.h"
#include "corpus/words.h"
#include "base/error.h"

#include <algorithm>
#include <map>
#include <set>

namespace atelier::corpus {

using base::json;

json to_json(const Picture& p) {
  json line = {{"id", p.id},       {"source", p.source}, {"style", p.style}, {"family", p.family}, {"concept", p.concept_id},
               {"title", p.title}, {"tags", p.tags},     {"group", p.group}, {"kind", p.kind},     {"licence", p.licence},
               {"credit", p.credit}, {"split", split_name(p.split)}};
  if (!p.subgroup.empty()) line["subgroup"] = p.subgroup;
  if (!p.author.empty()) line["author"] = p.author;
  if (p.skin_tone) line["skin_tone"] = true;
  return line;
}

Picture picture_from_json(const json& line, const std::string& what) {
  try {
    Picture p;
    p.id = line.at("id").get<std::string>();
    p.source = line.at("source").get<std::string>();
    p.style = line.at("style").get<std::string>();
    p.family = line.at("family").get<std::string>();
    p.concept_id = line.at("concept").get<std::string>();
    p.title = line.at("title").get<std::string>();
    p.tags = line.at("tags").get<std::vector<std::string>>();
    p.group = line.at("group").get<std::string>();
    p.subgroup = line.value("subgroup", "");
    p.kind = line.at("kind").get<std::string>();
    p.skin_tone = line.value("skin_tone", false);
    p.licence = line.at("licence").get<std::string>();
    p.credit = line.at("credit").get<std::string>();
    p.author = line.value("author", "");
    p.split = split_of(line.at("split").get<std::string>());
    return p;
  } catch (const json::exception& error) {
    throw base::InvalidFile(fmt::format("{}: {}", what, error.what()));
  } catch (const base::InvalidArgument& error) {
    throw base::InvalidFile(fmt::format("{}: {}", what, error.what()));
  }
}

std::string knowledge_lines(const std::vector<Picture>& pictures, const WordNet& wordnet, const HeldOut& held_out) {
  struct Concept {
    std::vector<std::string> labels, tags;  // in the order of first use
    std::string group, subgroup;
  };
  std::map<std::string, Concept> concepts;
  const auto add = [](std::vector<std::string>& list, const std::string& text) {
    if (std::find(list.begin(), list.end(), text) == list.end()) list.push_back(text);
  };
  for (const Picture& picture : pictures) {
    if (picture.split != Split::train && picture.split != Split::combination) continue;
    Concept& entry = concepts[picture.concept_id];
    add(entry.labels, picture.title);
    for (const std::string& tag : picture.tags) add(entry.tags, tag);
    if (entry.group.empty()) entry.group = picture.group;
    if (entry.subgroup.empty()) entry.subgroup = picture.subgroup;
  }
  std::string out;
  for (const auto& [id, entry] : concepts) {
    json line = {{"concept", id}, {"labels", entry.labels}, {"tags", entry.tags}, {"group", entry.group}, {"subgroup", entry.subgroup}};
    if (std::optional<Sense> sense = wordnet.sense(entry.labels.front(), entry.subgroup)) {
      std::erase_if(sense->hypernyms, [&](const std::string& name) { return held_out.names_one(name); });
      line["noun"] = sense->lemma;
      line["hypernyms"] = sense->hypernyms;
      if (!held_out.names_one(sense->gloss)) line["gloss"] = sense->gloss;
    }
    out += base::dump_json(line) + '\n';
  }
  return out;
}

namespace {

/// Credits name people, not their mail boxes.
std::string without_address(const std::string& author) {
  std::vector<std::string> words;
  for (size_t begin = 0; begin < author.size();) {
    const size_t end = std::min(author.find(' ', begin), author.size());
    const std::string word = author.substr(begin, end - begin);
    if (!word.empty() && word.find('@') == word.npos) words.push_back(word);
    begin = end + 1;
  }
  if (!words.empty() && words.back() == "-") words.pop_back();
  return fmt::format("{}", fmt::join(words, " "));
}

}  // namespace

std::string attribution(const std::vector<Picture>& pictures) {
  std::map<std::string, int64_t> count;
  std::map<std::string, std::set<std::string>> authors;
  for (const Picture& picture : pictures) {
    ++count[picture.source];
    if (const std::string author = without_address(picture.author); !author.empty()) authors[picture.source].insert(author);
  }
  static const std::map<std::string, std::string> kTexts = {
      {"Apache-2.0", "https://www.apache.org/licenses/LICENSE-2.0"}, {"MIT", "https://opensource.org/license/mit"},
      {"CC-BY-4.0", "https://creativecommons.org/licenses/by/4.0/"}, {"CC-BY-3.0", "https://creativecommons.org/licenses/by/3.0/"},
      {"CC-BY-SA-4.0", "https://creativecommons.org/licenses/by-sa/4.0/"}};
  std::string out =
      "# Attribution\n\nThe pictures of this corpus were drawn by others. All of them were changed: rasterised, cropped to their ink and\n"
      "scaled; scenes are composites of them.\n\n| source | pictures | licence | credit |\n| --- | --- | --- | --- |\n";
  for (const Source& source : source_table().sources) {
    if (!count.contains(source.source)) continue;
    const auto text = kTexts.find(source.licence);
    const std::string licence = text == kTexts.end() ? source.licence : fmt::format("[{}]({})", source.licence, text->second);
    out += fmt::format("| {} | {} | {} | {} |\n", source.source, count[source.source], licence, source.credit);
  }
  out += "\nLabels, keywords and groups: emojibase (MIT), emojilib (MIT), Unicode CLDR data (Unicode licence). Meanings: WordNet 3.0,\n"
         "(c) 2006 Princeton University.\n";
  for (const auto& [source, names] : authors)
    out += fmt::format("\nArtists of {}: {}.\n", source, fmt::join(names, ", "));
  return out;
}

}  // namespace atelier::corpus
