#pragma once
/// WordNet 3.0's nouns: what a word means and what it is a kind of (dict files: wndb(5WN)).
#include <filesystem>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

namespace atelier::corpus {

struct Sense {
  std::string lemma;                    // "apple"
  std::vector<std::string> hypernyms;   // "edible fruit", "produce", ..., nearest first
  std::string gloss;                    // the definition, without examples
};

class WordNet {
 public:
  /// Reads data.noun and the four index files of `dict`. @throws InvalidFile
  explicit WordNet(const std::filesystem::path& dict);

  /// The sense of a title's noun that suits its emoji subgroup: "bat" of "animal-mammal" flies. The longest end of
  /// the title that is a noun counts: "red apple" -> "apple"; what follows "of", "with", "in" does not.
  /// Nothing if no noun is found, or if the subgroup names a kind of thing and no sense is of it.
  std::optional<Sense> sense(std::string_view title, std::string_view subgroup) const;

  /// Whether this is an English word (any part of speech, plurals too).
  bool knows(std::string_view word) const;

 private:
  struct Synset {
    int file = 0;  // lexicographer file: 5 animals, 6 artifacts, 13 food, 20 plants, ...
    std::string first_word, gloss;
    int64_t hypernym = -1;
  };
  Synset synset(int64_t offset) const;

  std::string data_;                                           // data.noun
  std::map<std::string, std::vector<int64_t>, std::less<>> nouns_;  // lemma -> offsets, commonest first
  std::set<std::string, std::less<>> lemmas_;                  // of verbs, adjectives and adverbs
};

}  // namespace atelier::corpus
