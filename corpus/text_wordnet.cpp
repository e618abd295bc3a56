// WordNet in sentences. The format: wndb(5WN), a synset a line:
// offset lex_filenum ss_type w_cnt word lex_id [word lex_id...] p_cnt [symbol offset pos source/target]... [frames] | gloss
#include "corpus/english.h"
#include "corpus/text_corpus.h"
#include "corpus/wordnet_lines.h"
#include "corpus/words.h"
#include "base/error.h"
#include "base/files.h"

#include <algorithm>
#include <array>
#include <set>

namespace atelier::corpus {

using wordnet::each_line, wordnet::fields, wordnet::kLargestFile, wordnet::number;

namespace {

constexpr uint64_t kWordNetSeed = 30303;
constexpr size_t kLongestGloss = 240;
constexpr double kAbstract = 0.5;  // share of the meanings kept of words that no picture shows: captions are to fill the text
constexpr double kNames = 0.25;    // of famous people, places and Latin families

struct Pointer {
  std::string_view symbol;
  int64_t target;
  char part_of_speech;
  int source_word, target_word;  // from 1; 0: the whole synset
};

struct Synset {
  int file = 0;  // lexicographer file: 5 animals, 6 artifacts, 13 food, ...
  std::vector<std::string> words;
  std::vector<Pointer> pointers;
  std::string_view gloss;  // definition and examples
};

/// "hot(p)" -> "hot", "ice_cream" -> "ice cream"
std::string readable(std::string_view word) {
  std::string out(word.substr(0, word.find('(')));
  std::replace(out.begin(), out.end(), '_', ' ');
  return out;
}

std::map<int64_t, Synset> parse(std::string_view text, const std::string& path) {
  std::map<int64_t, Synset> synsets;
  each_line(text, [&](std::string_view line) {
    const size_t bar = line.find('|');
    const std::vector<std::string_view> parts = fields(line.substr(0, bar));
    CHECK_FILE(bar != std::string_view::npos && parts.size() > 6, path, "'{}' is no synset", line.substr(0, 60));
    const int64_t word_count = number(parts[3], 16);
    const size_t after_words = 4 + 2 * static_cast<size_t>(std::max<int64_t>(word_count, 0));
    CHECK_FILE(word_count >= 1 && after_words < parts.size(), path, "synset {} has {} words", parts[0], parts[3]);
    const int64_t pointer_count = number(parts[after_words]);
    CHECK_FILE(pointer_count >= 0 && after_words + 1 + 4 * static_cast<size_t>(pointer_count) <= parts.size(), path, "synset {} has {} pointers",
               parts[0], parts[after_words]);
    Synset synset;
    synset.file = static_cast<int>(number(parts[1]));
    for (int64_t i = 0; i < word_count; ++i) synset.words.push_back(readable(parts[4 + 2 * i]));
    for (int64_t i = 0; i < pointer_count; ++i) {
      const std::string_view* p = &parts[after_words + 1 + 4 * i];
      synset.pointers.push_back({p[0], number(p[1]), p[2].empty() ? ' ' : p[2][0], static_cast<int>(number(p[3].substr(0, 2), 16)),
                                 p[3].size() >= 4 ? static_cast<int>(number(p[3].substr(2, 2), 16)) : 0});
    }
    synset.gloss = line.substr(bar + 1);
    synsets.emplace(number(parts[0]), std::move(synset));
  });
  return synsets;
}

std::string trimmed(std::string_view text) {
  const size_t begin = text.find_first_not_of(" ;");
  if (begin == std::string_view::npos) return {};
  return std::string(text.substr(begin, text.find_last_not_of(" ;") - begin + 1));
}

/// What a gloss says before its quoted examples, and the examples.
std::pair<std::string, std::vector<std::string>> definition_and_examples(std::string_view gloss) {
  const size_t quote = gloss.find('"');
  std::string definition = trimmed(gloss.substr(0, quote));
  std::vector<std::string> examples;
  for (size_t open = quote; open != std::string_view::npos;) {
    const size_t close = gloss.find('"', open + 1);
    if (close == std::string_view::npos) break;
    examples.emplace_back(gloss.substr(open + 1, close - open - 1));
    open = gloss.find('"', close + 1);
  }
  return {std::move(definition), std::move(examples)};
}

bool is_name(const std::string& word) { return word[0] >= 'A' && word[0] <= 'Z'; }
bool starts_with_article(const std::string& text) {
  return text.starts_with("a ") || text.starts_with("an ") || text.starts_with("the ") || text.starts_with("any ") || text.starts_with("one ");
}

/// Animals, artifacts, the body, food, things of nature, plants, substances, shapes: what pictures show.
bool is_concrete(int file) {
  static const std::set<int> kFiles = {5, 6, 8, 13, 17, 19, 20, 25, 27};
  return kFiles.contains(file);
}

/// WordNet's examples and glosses are taken from everywhere; these words are not for a picture book.
bool is_fit(std::string_view text) {
  static const std::set<std::string, std::less<>> kUnfit = {
      "sex", "sexual", "sexually", "intercourse", "penis", "vagina", "vulva", "semen", "rape", "raped", "fuck", "fucking", "fucker", "shit", "shitty", "bitch",
      "whore", "slut", "cunt", "asshole", "arse", "nigger", "negro", "nigga", "faggot", "dyke", "kike", "spic", "chink", "wop", "dago", "orgasm",
      "masturbation", "copulation", "prostitute", "pornography", "incest", "obscene", "ethnic", "offensive", "disparaging", "slur"};
  const std::vector<std::string> all = words(text);
  return std::none_of(all.begin(), all.end(), [](const std::string& word) { return kUnfit.contains(word); });
}

/// Files whose words mostly name single things: animals, artifacts, body parts, natural objects, people, plants.
bool is_counted(int file) {
  static const std::set<int> kFiles = {5, 6, 8, 17, 18, 20};
  return kFiles.contains(file);
}

class Writer {
 public:
  explicit Writer(Documents& documents) : documents_(documents) {}

  void nouns(const std::map<int64_t, Synset>& synsets) {
    for (const auto& [offset, synset] : synsets) {
      base::Random random(kWordNetSeed, 1, static_cast<uint64_t>(offset));
      if (!is_fit(synset.gloss) || !is_fit(join(synset.words, " "))) continue;
      const auto [definition, examples] = definition_and_examples(synset.gloss);
      const bool name = is_name(synset.words[0]);
      const bool concrete = is_concrete(synset.file) && !name;
      if (name && !random.chance(kNames)) continue;
      if (concrete || random.chance(kAbstract)) meaning(synset, definition, name, concrete, random);
      for (const std::string& example : examples) documents_.add("example", example);
      for (const Pointer& pointer : synset.pointers) {
        if (pointer.part_of_speech != 'n') continue;
        const auto other = synsets.find(pointer.target);
        if (other == synsets.end()) continue;
        relation(synset, pointer, other->second, name, concrete, random);
      }
    }
  }

  void verbs(const std::map<int64_t, Synset>& synsets) {
    for (const auto& [offset, synset] : synsets) {
      base::Random random(kWordNetSeed, 2, static_cast<uint64_t>(offset));
      if (!is_fit(synset.gloss) || !is_fit(join(synset.words, " "))) continue;
      const auto [definition, examples] = definition_and_examples(synset.gloss);
      const std::string& word = synset.words[random.below(static_cast<int64_t>(synset.words.size()))];
      if (!definition.empty() && definition.size() <= kLongestGloss && random.chance(kAbstract))
        documents_.add("gloss", random.chance(0.5) ? fmt::format("to {} means to {}", word, definition) : fmt::format("to {}: {}", word, definition));
      for (const std::string& example : examples) documents_.add("example", example);
    }
  }

  void modifiers(const std::map<int64_t, Synset>& synsets, const char* kind_of_word, uint64_t stream) {
    for (const auto& [offset, synset] : synsets) {
      base::Random random(kWordNetSeed, stream, static_cast<uint64_t>(offset));
      if (!is_fit(synset.gloss) || !is_fit(join(synset.words, " "))) continue;
      const auto [definition, examples] = definition_and_examples(synset.gloss);
      const std::string& word = synset.words[0];
      if (!definition.empty() && definition.size() <= kLongestGloss && random.chance(kAbstract))
        documents_.add("gloss", random.chance(0.7) ? fmt::format("{}: {}", word, definition) : fmt::format("the {} {} means {}", kind_of_word, word, definition));
      for (const std::string& example : examples) documents_.add("example", example);
      for (const Pointer& pointer : synset.pointers) {
        const auto other = synsets.find(pointer.target);
        if (pointer.symbol != "!" || other == synsets.end() || pointer.source_word < 1 || pointer.target_word < 1) continue;
        if (pointer.source_word > static_cast<int>(synset.words.size()) || pointer.target_word > static_cast<int>(other->second.words.size())) continue;
        documents_.add("relation", fmt::format("the opposite of {} is {}", synset.words[pointer.source_word - 1], other->second.words[pointer.target_word - 1]));
      }
    }
  }

 private:
  static std::string called(const Synset& synset, const std::string& word) {
    return is_name(word) || !is_counted(synset.file) || !takes_article(word) ? word : with_article(word);
  }

  void meaning(const Synset& synset, const std::string& definition, bool name, bool concrete, base::Random& random) {
    const std::string& word = synset.words[random.below(static_cast<int64_t>(synset.words.size()))];
    if (!definition.empty() && definition.size() <= kLongestGloss) {
      const std::string sentence = starts_with_article(definition) ? fmt::format("{} is {}", name ? word : called(synset, word), definition)
                                                                    : fmt::format("{}: {}", word, definition);
      documents_.add("gloss", sentence);
      if (concrete && random.chance(0.6))
        documents_.add("gloss", random.chance(0.5) ? fmt::format("<question>what is {}?<answer>{}", called(synset, synset.words[0]), definition)
                                                   : fmt::format("{}: {}", synset.words[0], definition));
    }
    if (synset.words.size() >= 2 && (concrete || random.chance(0.3)))
      documents_.add("relation", random.chance(0.5) ? fmt::format("{} is also called {}", called(synset, synset.words[0]), synset.words[1])
                                                    : fmt::format("another word for {} is {}", synset.words[1], synset.words[0]));
  }

  void relation(const Synset& synset, const Pointer& pointer, const Synset& other, bool name, bool concrete, base::Random& random) {
    const std::string& word = synset.words[0];
    const std::string& wider = other.words[0];
    if (pointer.symbol == "@") {
      if (!concrete && random.chance(0.5)) return;
      documents_.add("relation", fmt::format("{} is a kind of {}", called(synset, word), wider));
      if (concrete && random.chance(0.4))
        documents_.add("relation", fmt::format("<question>what kind of thing is {}?<answer>{}", called(synset, word), called(other, wider)));
    } else if (pointer.symbol == "@i") {
      if (name) documents_.add("relation", fmt::format("{} is {}", word, with_article(wider)));
    } else if (pointer.symbol == "#p" && !name) {
      documents_.add("relation", random.chance(0.5) ? fmt::format("{} is a part of {}", called(synset, word), called(other, wider))
                                                    : fmt::format("{} has {}", called(other, wider), called(synset, word)));
    } else if (pointer.symbol == "#s" && !name) {
      documents_.add("relation", fmt::format("{} is made of {}", called(other, wider), word));
    }
  }

  Documents& documents_;
};

}  // namespace

void add_wordnet(const std::filesystem::path& dict, Documents& documents) {
  Writer writer(documents);
  const auto read = [&](const char* name) { return base::read_file(dict / name, kLargestFile); };
  const auto path = [&](const char* name) { return (dict / name).string(); };
  const std::string nouns = read("data.noun"), verbs = read("data.verb"), adjectives = read("data.adj"), adverbs = read("data.adv");
  writer.nouns(parse(nouns, path("data.noun")));
  writer.verbs(parse(verbs, path("data.verb")));
  writer.modifiers(parse(adjectives, path("data.adj")), "adjective", 3);
  writer.modifiers(parse(adverbs, path("data.adv")), "adverb", 4);
}

}  // namespace atelier::corpus
