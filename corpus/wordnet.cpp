#include "corpus/wordnet.h"
#include "corpus/wordnet_lines.h"
#include "corpus/words.h"
#include "base/error.h"
#include "base/files.h"

#include <algorithm>

namespace atelier::corpus {

using wordnet::each_line, wordnet::fields, wordnet::kLargestFile, wordnet::number;

namespace {

std::string spaced(std::string_view word) {
  std::string out(word);
  std::replace(out.begin(), out.end(), '_', ' ');
  return out;
}

// Lexicographer files (lexnames(5WN)) that hold things of an emoji subgroup; empty: any.
std::vector<int> files_of(std::string_view subgroup) {
  if (subgroup.starts_with("animal")) return {5};
  if (subgroup.starts_with("plant")) return {20};
  if (subgroup == "food-fruit" || subgroup == "food-vegetable") return {13, 20};
  if (subgroup.starts_with("food") || subgroup == "drink") return {13, 6};
  if (subgroup == "dishware" || subgroup.starts_with("transport") || subgroup == "clothing" || subgroup == "tool" || subgroup == "computer" ||
      subgroup == "phone" || subgroup == "musical-instrument" || subgroup == "household" || subgroup == "office" || subgroup == "book-paper" ||
      subgroup == "light-video" || subgroup == "lock" || subgroup == "writing" || subgroup == "place-building" || subgroup == "science" ||
      subgroup == "medical" || subgroup == "sound" || subgroup == "time" || subgroup == "game")
    return {6, 10, 4, 13, 20, 27};
  if (subgroup == "body-parts") return {8};
  if (subgroup == "sky-weather") return {17, 19, 6, 11};
  if (subgroup == "sport") return {4, 6};
  if (subgroup.starts_with("person")) return {18};
  return {};
}

}  // namespace

WordNet::WordNet(const std::filesystem::path& dict) : data_(base::read_file(dict / "data.noun", kLargestFile)) {
  // lemma pos synset_cnt p_cnt [ptr_symbol...] sense_cnt tagsense_cnt synset_offset...
  each_line(base::read_file(dict / "index.noun", kLargestFile), [&](std::string_view line) {
    const std::vector<std::string_view> parts = fields(line);
    const int64_t count = parts.size() > 2 ? number(parts[2]) : -1;
    CHECK_FILE(count > 0 && parts.size() > static_cast<size_t>(count), (dict / "index.noun").string(), "'{}' is no line of an index", line);
    std::vector<int64_t> offsets;
    for (size_t i = parts.size() - count; i < parts.size(); ++i) offsets.push_back(number(parts[i]));
    nouns_.emplace(spaced(parts[0]), std::move(offsets));
  });
  for (const char* name : {"index.verb", "index.adj", "index.adv"})
    each_line(base::read_file(dict / name, kLargestFile),
              [&](std::string_view line) { lemmas_.insert(spaced(line.substr(0, line.find(' ')))); });
}

// offset lex_filenum ss_type w_cnt word lex_id [word lex_id...] p_cnt [ptr_symbol offset pos source/target]... | gloss
WordNet::Synset WordNet::synset(int64_t offset) const {
  CHECK_FILE(offset >= 0 && offset < static_cast<int64_t>(data_.size()), "data.noun", "has no synset at {}", offset);
  const std::string_view line = std::string_view(data_).substr(offset, data_.find('\n', offset) - offset);
  const size_t bar = line.find('|');
  const std::vector<std::string_view> parts = fields(line.substr(0, bar));
  CHECK_FILE(bar != std::string_view::npos && parts.size() > 6 && number(parts[0]) == offset, "data.noun", "has no synset at {}", offset);
  Synset out;
  out.file = static_cast<int>(number(parts[1]));
  out.first_word = spaced(parts[4]);
  size_t at = 4 + 2 * static_cast<size_t>(std::max<int64_t>(number(parts[3], 16), 0)) + 1;
  for (; at + 3 < parts.size() && out.hypernym < 0; at += 4)
    if (parts[at] == "@" || parts[at] == "@i") out.hypernym = number(parts[at + 1]);
  std::string_view gloss = line.substr(bar + 1);
  gloss = gloss.substr(0, gloss.find("; \""));  // examples follow in quotes
  while (!gloss.empty() && gloss.front() == ' ') gloss.remove_prefix(1);
  while (!gloss.empty() && (gloss.back() == ' ' || gloss.back() == ';')) gloss.remove_suffix(1);
  out.gloss = std::string(gloss);
  return out;
}

std::optional<Sense> WordNet::sense(std::string_view title, std::string_view subgroup) const {
  std::vector<std::string> all;
  for (const std::string& word : words(title)) {
    if (!all.empty() && (word == "of" || word == "with" || word == "in" || word == "on" || word == "without" || word == "at")) break;
    all.push_back(word);
  }
  const std::vector<int> files = files_of(subgroup);
  for (; !all.empty(); all.erase(all.begin())) {
    std::string lemma = join(all, " ");
    auto found = nouns_.find(lemma);
    if (found == nouns_.end()) found = nouns_.find(lemma = singular(lemma));
    if (found == nouns_.end()) continue;
    for (int64_t offset : found->second) {
      Synset meaning = synset(offset);
      if (!files.empty() && std::find(files.begin(), files.end(), meaning.file) == files.end()) continue;
      Sense out{lemma, {}, meaning.gloss};
      // The longest chain in WordNet has 19 links; a loop would be a broken file.
      for (int depth = 0; meaning.hypernym >= 0 && depth < 32; ++depth) {
        meaning = synset(meaning.hypernym);
        out.hypernyms.push_back(meaning.first_word);
      }
      return out;
    }
  }
  return std::nullopt;
}

bool WordNet::knows(std::string_view word) const {
  static const std::set<std::string, std::less<>> kSmall = {"a", "an", "the", "of", "with", "and", "in", "on", "for", "to", "from", "without", "by", "at"};
  const std::string one = singular(word);
  return kSmall.contains(word) || nouns_.contains(word) || lemmas_.contains(word) || nouns_.contains(one) || lemmas_.contains(one);
}

}  // namespace atelier::corpus
