#include "promptcap/data/conditioned.h"

#include "corpus/english.h"
#include "corpus/nouns.h"

#include "base/error.h"

#include <algorithm>
#include <array>
#include <cctype>
#include <map>
#include <numeric>
#include <optional>

namespace atelier::promptcap {
namespace {

using corpus::with_article;

const corpus::Noun& noun_of(const std::string& word) {
  static const std::map<std::string, const corpus::Noun*> by_word = [] {
    std::map<std::string, const corpus::Noun*> map;
    for (const corpus::Noun& noun : corpus::Nouns::instance().all()) map[noun.word] = &noun;
    return map;
  }();
  const auto found = by_word.find(word);
  ASSERT(found != by_word.end());
  return *found->second;
}

/// Objects that one phrase counts: "two red keys".
struct Thing {
  std::string noun, colour;
  int64_t count;

  std::string said() const {
    const std::string before = colour.empty() ? "" : colour + " ";
    return count == 1 ? with_article(before + noun) : fmt::format("{} {}{}", corpus::number_word(count), before, noun_of(noun).plural);
  }
};

std::vector<Thing> things_of(const corpus::Scene& scene) {
  std::vector<Thing> things;
  for (const corpus::SceneObject& object : scene.objects) {
    const auto same = [&](const Thing& thing) { return thing.noun == object.noun && thing.colour == object.colour; };
    if (const auto found = std::find_if(things.begin(), things.end(), same); found != things.end()) ++found->count;
    else things.push_back({object.noun, object.colour, 1});
  }
  return things;
}

std::string list_of(const std::vector<Thing>& things) {
  std::vector<std::string> said;
  for (const Thing& thing : things) said.push_back(thing.said());
  return corpus::list(said);
}

bool has_words(const std::string& text, const std::string& words) {
  for (size_t at = text.find(words); at != text.npos; at = text.find(words, at + 1)) {
    const size_t end = at + words.size();
    const auto letter = [&](size_t i) { return i < text.size() && std::isalnum(static_cast<unsigned char>(text[i])); };
    if ((at == 0 || !letter(at - 1)) && !letter(end)) return true;
  }
  return false;
}

/// What stands between two strings, the first at the text's beginning, the second at its end.
std::optional<std::string> between(const std::string& text, std::string_view before, std::string_view after) {
  if (!text.starts_with(before) || !text.ends_with(after) || text.size() < before.size() + after.size()) return std::nullopt;
  return text.substr(before.size(), text.size() - before.size() - after.size());
}

/// "the red key" -> "a red key"; anything else stays.
std::string indefinite(const std::string& phrase) { return phrase.starts_with("the ") ? with_article(phrase.substr(4)) : phrase; }

struct Split {
  std::string before, words, after;
};

/// At the first of the words for a relation: "the cat to the left of the dog" -> "the cat", "left of", "the dog".
std::optional<Split> at_relation(const std::string& phrase) {
  for (const char* words : {" to the left of ", " to the right of ", " left of ", " right of ", " above ", " below "}) {
    const std::string pattern = words;
    const size_t at = phrase.find(pattern);
    if (at == phrase.npos) continue;
    std::string plain = pattern.substr(1, pattern.size() - 2);
    if (plain.starts_with("to the ")) plain.erase(0, 7);
    return Split{phrase.substr(0, at), plain, phrase.substr(at + pattern.size())};
  }
  return std::nullopt;
}

std::string opposite(const std::string& words) {
  return words == "left of" ? "right of" : words == "right of" ? "left of" : words == "above" ? "below" : "above";
}

/// One question about one scene. Each method returns captions from the one that tells least, or none.
class Teller {
 public:
  Teller(const corpus::Scene& scene, const corpus::Question& question)
      : question_(question.question), answer_(question.answer), things_(things_of(scene)), all_(list_of(things_)) {}

  std::vector<std::string> tell(const std::string& kind) const {
    if (kind == "what") return what();
    if (kind == "where") return where();
    if (kind == "count") return count();
    if (kind == "colour") return colour();
    if (kind == "comparison") return comparison();
    if (kind == "yesno") return yes_no();
    if (kind == "relation" || kind == "knowledge") return related();
    return {};  // of what is not there, only a list of what is can tell that
  }

 private:
  std::vector<std::string> what() const {
    for (const char* place : {" in the top left corner?", " in the top right corner?", " in the bottom left corner?", " in the bottom right corner?", " in the top left?",
                              " in the top right?", " in the bottom left?", " in the bottom right?", " at the top?", " at the bottom?", " on the left?", " on the right?", " in the middle?"})
      if (question_.ends_with(place)) return {answer_ + std::string(place, std::string_view(place).size() - 1)};
    if (has_words(question_, "style") || question_.ends_with("drawn?")) return {fmt::format("{}, {}", all_, answer_)};
    // "what is red?"
    if (const auto colour = between(question_, "what is ", "?"))
      for (const Thing& thing : things_)
        if (thing.colour == *colour) return {thing.said()};
    return {};
  }

  std::vector<std::string> where() const {
    for (const auto& subject : {between(question_, "where is ", "?"), between(question_, "where can ", " be seen?")}) {
      if (!subject) continue;
      const auto relation = at_relation(" " + answer_);  // "left of the dog"
      return {fmt::format("{} {}", indefinite(*subject), relation ? fmt::format("{} {}", relation->words, indefinite(relation->after)) : answer_)};
    }
    return {};
  }

  /// The things that a question names, in the colours that it names if it does.
  std::vector<Thing> named() const {
    std::vector<Thing> nouns, coloured;
    for (const Thing& thing : things_) {
      const std::string& plural = noun_of(thing.noun).plural;
      if (!has_words(question_, thing.noun) && !has_words(question_, plural)) continue;
      nouns.push_back(thing);
      if (!thing.colour.empty() && (has_words(question_, thing.colour + " " + thing.noun) || has_words(question_, thing.colour + " " + plural))) coloured.push_back(thing);
    }
    return coloured.empty() ? nouns : coloured;
  }

  std::vector<std::string> count() const {
    const std::vector<Thing> asked = named();
    if (asked.empty()) return {};  // "how many things?", or none of them is there
    if (asked.size() == 1) return {asked[0].said()};
    // In several colours, which are not asked for.
    const Thing together = {asked[0].noun, "", std::accumulate(asked.begin(), asked.end(), int64_t{0}, [](int64_t n, const Thing& thing) { return n + thing.count; })};
    return {together.said(), list_of(asked)};
  }

  std::vector<std::string> colour() const {
    if (has_words(question_, "background")) {
      const bool fades = answer_.find(" fading to ") != answer_.npos;
      const std::string ground = fades ? "a background of " + answer_ : with_article(answer_) + " background";
      return {ground, fmt::format("{} on {}", all_, ground)};
    }
    const std::vector<Thing> asked = named();
    return asked.empty() ? std::vector<std::string>() : std::vector<std::string>{list_of(asked)};
  }

  std::vector<std::string> comparison() const {
    // "which is bigger, the cat or the dog?"
    for (const char* word : {"bigger", "smaller"}) {
      const auto pair = between(question_, fmt::format("which is {}, ", word), "?");
      const size_t middle = pair ? pair->find(" or ") : std::string::npos;
      if (middle == std::string::npos) continue;
      const std::string a = pair->substr(0, middle), b = pair->substr(middle + 4);
      return {fmt::format("{} {} than {}", indefinite(answer_), word, indefinite(answer_ == a ? b : a))};
    }
    // "is the cat bigger than the dog?"
    const auto pair = between(question_, "is ", "?");
    const size_t middle = pair ? pair->find(" bigger than ") : std::string::npos;
    if (middle != std::string::npos) {
      const std::string a = pair->substr(0, middle), b = pair->substr(middle + 13);
      return {fmt::format("{} bigger than {}", indefinite(answer_ == "yes" ? a : b), indefinite(answer_ == "yes" ? b : a))};
    }
    const std::vector<Thing> asked = named();
    return asked.empty() ? std::vector<std::string>() : std::vector<std::string>{list_of(asked)};
  }

  std::vector<std::string> yes_no() const {
    if (const auto said = between(question_, "is ", "?"))
      if (const auto relation = at_relation(*said)) {
        // A wrong relation is always the opposite of the right one.
        const std::string words = answer_ == "yes" ? relation->words : opposite(relation->words);
        return {fmt::format("{} {} {}", indefinite(relation->before), words, indefinite(relation->after))};
      }
    const std::vector<Thing> asked = named();
    return asked.empty() ? std::vector<std::string>() : std::vector<std::string>{list_of(asked)};
  }

  /// "what is left of the dog?", "what is the animal above the cup?"
  std::vector<std::string> related() const {
    const auto relation = question_.starts_with("what is ") ? at_relation(question_.substr(7, question_.size() - 8)) : std::nullopt;
    if (!relation || answer_ == "nothing") return {};
    return {fmt::format("{} {} {}", answer_, relation->words, indefinite(relation->after))};
  }

  const std::string& question_;
  const std::string& answer_;
  const std::vector<Thing> things_;
  const std::string all_;
};

}  // namespace

std::vector<std::string> conditioned_captions(const corpus::Scene& scene, const corpus::Question& question) {
  std::vector<std::string> captions = Teller(scene, question).tell(question.kind);
  for (std::string more : {list_of(things_of(scene)), scene.caption})  // everything that is there, counted: "a red key, two cups and a dog"
    if (std::find(captions.begin(), captions.end(), more) == captions.end()) captions.push_back(std::move(more));
  return captions;
}

}  // namespace atelier::promptcap
