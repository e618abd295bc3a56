#pragma once
/// The things that scenes are made of: countable nouns picked by hand for emoji and for one-colour icons (nouns.inc).
#include "corpus/corpus.h"

#include <map>
#include <string>
#include <vector>

namespace atelier::corpus {

struct Noun {
  std::string word;                // "guide dog"
  std::string plural;              // "guide dogs"
  std::vector<std::string> also;   // wider or other words for the same thing: "dog"
  std::vector<std::string> kinds;  // what it is, the most special first, the domain last: "mammal", "animal"
  std::vector<std::string> parts;  // of word, lower case, without little words: "guide", "dog"
  const std::string& domain() const { return kinds.back(); }
};

class Nouns {
 public:
  static const Nouns& instance();

  const std::vector<Noun>& all() const { return nouns_; }
  /// Index into all() of what a picture shows, by its emoji concept or by its title if it is a one-colour icon that may
  /// be tinted; -1 if it is not in the list.
  int64_t of(const Picture& picture) const;

  /// True if a picture of one might be called the other: the same thing, a wider word, a shared word. A question
  /// about one must never be asked where the other could be meant.
  static bool confusable(const Noun& a, const Noun& b);

 private:
  explicit Nouns(std::string_view text);
  void add(const std::string& key, std::string word, std::string plural, std::vector<std::string> also,
           const std::vector<std::string>& kinds);
  std::vector<Noun> nouns_;
  std::map<std::string, int64_t> index_;   // by word
  std::map<std::string, int64_t> by_key_;  // by "emoji:1F415" or "icon:cow head"
};

/// True if a picture is a one-colour icon whose ink may be given another colour.
bool tintable(const Picture& picture);

/// True if a thing is surely not of this kind, so that "no" is an exact answer and "which of these is a fruit?" has one
/// answer. False also means that nobody can tell: a chicken may be food.
/// @param kind  one of askable_kinds()
bool surely_not(const Noun& noun, const std::string& kind);
bool is_a(const Noun& noun, const std::string& kind);
/// The kinds that knowledge questions ask for: "animal", "bird", "food", "piece of clothing", ...
const std::vector<std::string>& askable_kinds();
/// "pieces of clothing", "aircraft"
std::string plural_of_kind(const std::string& kind);

}  // namespace atelier::corpus
