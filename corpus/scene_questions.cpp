// Questions about scenes, and the answers that follow from where things were put.
#include "corpus/english.h"
#include "corpus/scene_draft.h"

#include "base/error.h"

#include <algorithm>

namespace atelier::corpus {
namespace {

constexpr double kClearlyLarger = 1.4;  // of the sides, before one thing is called bigger than another
constexpr double kAskWhite = 0.3;       // how often the colour of a white background is asked for

/// Asks one scene. Every method adds at most one question, and none where no exact one can be asked.
class Questioner {
 public:
  Questioner(const Stock& stock, const Draft& draft, const std::string& background, bool combinations_held_out, base::Random& random)
      : stock_(stock), draft_(draft), objects_(draft.objects), background_(background), held_out_allowed_(combinations_held_out), random_(random) {
    for (const Placed& object : objects_) {
      if (std::find(nouns_.begin(), nouns_.end(), object.noun) == nouns_.end()) nouns_.push_back(object.noun);
    }
  }

  std::vector<Asked> ask() {
    what();
    where();
    count();
    colour();
    relation();
    comparison();
    yes_no(true);
    yes_no(false);
    unanswerable();
    knowledge();
    return std::move(questions_);
  }

 private:
  // Braced lists are evaluated from left to right, calls' arguments in any order: the words that chance chooses must
  // not depend on the compiler. So questions are built of braced lists.
  void add(Asked question) { questions_.push_back(std::move(question)); }
  std::string one_of(std::initializer_list<const char*> choices) {
    return *(choices.begin() + random_.below(static_cast<int64_t>(choices.size())));
  }
  /// {"is {} above {}?", "the cat", "the dog"} -> "is the cat above the dog?"
  static std::string fill(std::initializer_list<std::string> pattern_and_values) {
    std::string text = *pattern_and_values.begin();
    size_t at = 0;
    for (auto value = pattern_and_values.begin() + 1; value != pattern_and_values.end(); ++value) {
      const size_t hole = text.find("{}", at);
      ASSERT(hole != std::string::npos);
      text.replace(hole, 2, *value);
      at = hole + value->size();
    }
    return text;
  }
  const Placed& any() { return objects_[random_.below(static_cast<int64_t>(objects_.size()))]; }
  const Noun& noun(const Placed& object) const { return stock_.noun(object.noun); }
  int64_t number_of(int64_t noun) const {
    return std::count_if(objects_.begin(), objects_.end(), [&](const Placed& object) { return object.noun == noun; });
  }
  bool unique(const Placed& object) const { return number_of(object.noun) == 1; }
  /// True if a name with its colour means one object.
  bool nameable(const Placed& object) const {
    return std::count_if(objects_.begin(), objects_.end(), [&](const Placed& other) {
             return other.noun == object.noun && other.colour == object.colour;
           }) == 1;
  }
  std::string one(const Placed& object) const { return with_article(colour_and_noun(stock_, object)); }
  /// "the key", or "the red key" where there are others, and now and then without need.
  std::string the(const Placed& object) {
    const bool with_colour = object.colour >= 0 && (!unique(object) || random_.chance(0.4));
    return "the " + (with_colour ? colour_and_noun(stock_, object) : noun(object).word);
  }
  const char* colour_word() { return random_.chance(0.5) ? "color" : "colour"; }

  /// A noun that is not there and that nothing there could be called; mostly of the same domain as something there.
  int64_t absent_noun() {
    const bool near = random_.chance(0.7);
    const std::vector<int64_t>& from = near ? stock_.domain_of(any().noun) : stock_.nouns();
    for (int tries = 0; tries < 20; ++tries) {
      const std::vector<int64_t>& pool = tries < 10 ? from : stock_.nouns();
      const int64_t candidate = pool[random_.below(static_cast<int64_t>(pool.size()))];
      if (std::none_of(nouns_.begin(), nouns_.end(), [&](int64_t there) { return stock_.confusable(candidate, there); })) return candidate;
    }
    return -1;
  }
  bool may_name(const Placed& a, Relation relation, const Placed& b) const {
    return held_out_allowed_ || !held_out(noun(a).word, relation, noun(b).word);
  }
  bool may_name(int colour, const Noun& noun) const { return held_out_allowed_ || !held_out(kColours[colour].name, noun.word); }

  /// The one object that stands so to b, if no other could be meant.
  const Placed* at(Relation relation, const Placed& b) const {
    const Placed* found = nullptr;
    for (const Placed& a : objects_) {
      if (&a == &b) continue;
      if (clear_relation(a, b) == relation) {
        if (found) return nullptr;
        found = &a;
      } else if (draft_.kind != SceneKind::grid && reaches(a, relation, b)) {
        return nullptr;  // neither clearly there nor clearly not; a grid's diagonals are clear
      }
    }
    return found;
  }
  /// True unless the middle of a lies clearly on the other side of b or level with it.
  static bool reaches(const Placed& a, Relation relation, const Placed& b) {
    const int64_t dx = (a.left * 2 + a.side) - (b.left * 2 + b.side), dy = (a.top * 2 + a.side) - (b.top * 2 + b.side);
    switch (relation) {
      case Relation::left: return dx < -b.side / 2;
      case Relation::right: return dx > b.side / 2;
      case Relation::above: return dy < -b.side / 2;
      case Relation::below: return dy > b.side / 2;
    }
    return true;
  }
  static constexpr Relation kRelations[] = {Relation::left, Relation::right, Relation::above, Relation::below};
  /// "right of", "to the right of"
  std::string words_for(Relation relation) {
    const bool across = relation == Relation::left || relation == Relation::right;
    return across && random_.chance(0.3) ? fmt::format("to the {}", words_of(relation)) : words_of(relation);
  }

  void what() {
    if (draft_.kind == SceneKind::grid) {
      const int64_t i = random_.below(4);
      return add({"what", fill({one_of({"what is {}?", "what do you see {}?", "which thing is {}?"}), kCells[i]}), one(objects_[i]), Need::layout});
    }
    if (draft_.kind == SceneKind::single) {
      if (draft_.position >= 0 && random_.chance(0.5)) return add({"what", fill({"what is {}?", kPositions[draft_.position]}), one(objects_[0])});
      return add({"what", one_of({"what is this?", "what is in the picture?", "what is shown?"}), one(objects_[0])});
    }
    if (draft_.style && random_.chance(0.15)) return add({"what", one_of({"what style is it?", "in what style is this drawn?"}), draft_.style->style, Need::style});
    if (draft_.kind == SceneKind::count) {
      const Placed& object = objects_[0];
      const std::string colour = object.colour >= 0 ? fmt::format("{} ", kColours[object.colour].name) : "";
      return add({"what", one_of({"what is in the picture?", "what are these?"}), colour + noun(object).plural});
    }
    if (objects_[0].colour >= 0 && random_.chance(0.5)) {
      const Placed& object = any();
      const auto same = std::count_if(objects_.begin(), objects_.end(), [&](const Placed& other) { return other.colour == object.colour; });
      if (same == 1) return add({"what", fill({"what is {}?", kColours[object.colour].name}), with_article(noun(object).word)});
    }
    std::vector<std::string> things;
    for (const Placed& object : objects_) things.push_back(one(object));
    const std::string all = list(things);
    std::sort(things.begin(), things.end());
    if (std::adjacent_find(things.begin(), things.end()) == things.end())
      add({"what", one_of({"what is in the picture?", "what things are there?", "what can be seen?"}), all});
  }

  void where() {
    if (draft_.kind == SceneKind::single && draft_.position >= 0)
      return add({"where", fill({one_of({"where is {}?", "where can {} be seen?"}), the(objects_[0])}), kPositions[draft_.position]});
    if (draft_.kind == SceneKind::grid) {
      const int64_t i = random_.below(4);
      return add({"where", fill({"where is {}?", the(objects_[i])}), kCells[i], Need::layout});
    }
    if (objects_.size() != 2 || nouns_.size() != 2) return;
    const int64_t i = random_.below(2);
    const std::optional<Relation> relation = clear_relation(objects_[i], objects_[1 - i]);
    // Nothing in the question says whether an answer names colours: it does not.
    if (relation) add({"where", fill({"where is {}?", the(objects_[i])}), fill({"{} the {}", words_of(*relation), noun(objects_[1 - i]).word}), Need::layout});
  }

  void count() {
    const Placed& object = any();
    const double luck = random_.uniform();
    if (luck < 0.2) return add({"count", one_of({"how many things are there?", "how many objects are in the picture?"}), number_word(static_cast<int64_t>(objects_.size()))});
    if (luck < 0.3) {
      const int64_t missing = absent_noun();
      if (missing >= 0) return add({"count", fill({"how many {} are there?", stock_.noun(missing).plural}), "none"});
    }
    if (object.colour >= 0 && luck < 0.5) {
      const auto n = std::count_if(objects_.begin(), objects_.end(), [&](const Placed& other) { return other.noun == object.noun && other.colour == object.colour; });
      return add({"count", fill({"how many {} {} are there?", kColours[object.colour].name, noun(object).plural}), number_word(n)});
    }
    add({"count", fill({one_of({"how many {} are there?", "how many {} can you see?", "what is the number of {}?"}), noun(object).plural}), number_word(number_of(object.noun))});
  }

  void colour() {
    const Placed& object = any();
    if (object.colour >= 0 && !random_.chance(0.15)) {
      const std::string value = kColours[object.colour].name;
      if (unique(object)) return add({"colour", fill({"what {} is the {}?", colour_word(), noun(object).word}), value});
      if (draft_.kind == SceneKind::count) return add({"colour", fill({"what {} are the {}?", colour_word(), noun(object).plural}), value});
    }
    if (background_ == "white" && !random_.chance(kAskWhite)) return;
    add({"colour", fill({one_of({"what {} is the background?", "which {} does the background have?"}), colour_word()}), background_, Need::background});
  }

  void relation() {
    if (objects_.size() < 2 || draft_.kind == SceneKind::count || draft_.kind == SceneKind::two_counts) return;
    for (int tries = 0; tries < 6; ++tries) {
      const Placed& b = any();
      if (!nameable(b)) continue;
      const Relation relation = kRelations[random_.below(4)];
      if (const Placed* a = at(relation, b))
        return add({"relation", fill({"what is {} {}?", words_for(relation), the(b)}), one(*a), Need::layout});
      const bool nothing = std::none_of(objects_.begin(), objects_.end(), [&](const Placed& a) {
        return &a != &b && (reaches(a, relation, b) || clear_relation(a, b) == relation);
      });
      if (nothing && random_.chance(0.2)) return add({"relation", fill({"what is {} {}?", words_for(relation), the(b)}), "nothing", Need::layout});
    }
  }

  void comparison() {
    if (nouns_.size() < 2) return;
    const double by_side = static_cast<double>(objects_[0].side) / static_cast<double>(objects_.back().side);
    if (objects_.size() == 2 && (by_side >= kClearlyLarger || by_side <= 1 / kClearlyLarger)) {
      const Placed& larger = by_side > 1 ? objects_[0] : objects_[1];
      const Placed& smaller = by_side > 1 ? objects_[1] : objects_[0];
      switch (random_.below(3)) {
        case 0: return add({"comparison", fill({"which is bigger, {} or {}?", the(objects_[0]), the(objects_[1])}), the(larger), Need::size});
        case 1: return add({"comparison", fill({"which is smaller, {} or {}?", the(objects_[1]), the(objects_[0])}), the(smaller), Need::size});
        default: {
          const bool yes = random_.chance(0.5);
          return add({"comparison", fill({"is {} bigger than {}?", the(yes ? larger : smaller), the(yes ? smaller : larger)}), yes ? "yes" : "no", Need::size});
        }
      }
    }
    if (draft_.kind != SceneKind::two_counts && !random_.chance(0.3)) return;
    const bool swap = random_.chance(0.5);
    const int64_t first = nouns_[swap ? 1 : 0], second = nouns_[swap ? 0 : 1];
    const std::string &a = stock_.noun(first).plural, &b = stock_.noun(second).plural;
    const int64_t of_a = number_of(first), of_b = number_of(second);
    switch (random_.below(4)) {
      case 0: return add({"comparison", fill({"are there more {} than {}?", a, b}), of_a > of_b ? "yes" : "no"});
      case 1: return add({"comparison", fill({"are there fewer {} than {}?", a, b}), of_a < of_b ? "yes" : "no"});
      case 2: return add({"comparison", fill({"are there as many {} as {}?", a, b}), of_a == of_b ? "yes" : "no"});
      default:
        return add({"comparison", fill({"which are there more of, {} or {}?", a, b}), of_a == of_b ? "the same number of both" : of_a > of_b ? a : b});
    }
  }

  void yes_no(bool yes) {
    const Placed& a = any();
    const Placed& b = any();
    const std::string answer = yes ? "yes" : "no";
    const std::optional<Relation> relation = clear_relation(a, b);
    const double luck = random_.uniform();
    if (relation && nameable(a) && nameable(b) && a.noun != b.noun && luck < 0.45) {
      // The hard negative is the same two things the other way round.
      const Relation said = yes ? relation.value() : opposite(relation.value());
      if (may_name(a, said, b)) return add({"yesno", fill({"is {} {} {}?", the(a), words_for(said), the(b)}), answer, Need::layout});
    }
    if (a.colour >= 0 && luck < 0.75) {
      // The right thing in a colour that something else has, or that nothing has.
      int colour = a.colour;
      if (!yes) {
        colour = b.colour != a.colour && random_.chance(0.6) ? b.colour : static_cast<int>(random_.below(kColours.size()));
        const bool there = std::any_of(objects_.begin(), objects_.end(), [&](const Placed& other) { return other.noun == a.noun && other.colour == colour; });
        if (there || !may_name(colour, noun(a))) colour = -1;
      }
      if (colour >= 0) return add({"yesno", fill({"is there {}?", with_article(fmt::format("{} {}", kColours[colour].name, noun(a).word))}), answer});
    }
    const int64_t n = number_of(a.noun);
    if (n > 1 && luck < 0.75) {
      const int64_t said = yes ? n : n == 2 || random_.chance(0.5) ? n + 1 : n - 1;
      return add({"yesno", fill({"are there {} {}?", number_word(said), noun(a).plural}), answer});
    }
    const int64_t asked = yes ? a.noun : absent_noun();
    if (asked < 0) return;
    const Noun& thing = stock_.noun(asked);
    if (random_.chance(n > 1 ? 0.7 : 0.3)) add({"yesno", fill({"are there any {}?", thing.plural}), answer});
    else add({"yesno", fill({"is there {}?", with_article(thing.word)}), answer});
  }

  void unanswerable() {
    const int64_t missing = absent_noun();
    if (missing < 0) return;
    const std::string& word = stock_.noun(missing).word;
    const Placed& there = any();
    const Relation relation = kRelations[random_.below(4)];
    switch (random_.below(4)) {
      case 0: return add({"unanswerable", fill({"what {} is the {}?", colour_word(), word}), kCannotTell});
      case 1: return add({"unanswerable", fill({"what is {} the {}?", words_for(relation), word}), kCannotTell});
      case 2:
        if (unique(there) && (held_out_allowed_ || !held_out(noun(there).word, relation, word)))
          return add({"unanswerable", fill({"is {} {} the {}?", the(there), words_for(relation), word}), kCannotTell});
        [[fallthrough]];
      default: return add({"unanswerable", fill({"where is the {}?", word}), kCannotTell});
    }
  }

  void knowledge() {
    // Kinds that every object surely is or surely is not.
    struct Kind {
      std::string name;
      std::vector<const Placed*> members;
    };
    std::vector<Kind> with_members, without;
    for (const std::string& name : askable_kinds()) {
      Kind kind{name, {}};
      const bool sure = std::all_of(objects_.begin(), objects_.end(), [&](const Placed& object) {
        if (!is_a(noun(object), name)) return surely_not(noun(object), name);
        kind.members.push_back(&object);
        return true;
      });
      if (sure) (kind.members.empty() ? without : with_members).push_back(std::move(kind));
    }
    if (!without.empty() && (with_members.empty() || random_.chance(0.15))) {
      const std::string& name = without[random_.below(static_cast<int64_t>(without.size()))].name;
      return add({"knowledge", any_of_kind(name), "no"});
    }
    if (with_members.empty()) return;
    const auto& [kind, members] = with_members[random_.below(static_cast<int64_t>(with_members.size()))];
    if (members.size() == 1 && objects_.size() > 1) {
      const Placed& object = *members[0];
      const double luck = random_.uniform();
      if (luck < 0.3 && objects_.size() == 2) {
        const Placed& other = &object == &objects_[0] ? objects_[1] : objects_[0];
        const std::optional<Relation> relation = clear_relation(object, other);
        if (relation) return add({"knowledge", fill({"what is the {} {} {}?", kind, words_for(*relation), the(other)}), one(object), Need::layout});
      }
      return add({"knowledge", luck < 0.75 ? which_of_these(kind) : fill({"what is the {} in the picture?", kind}), the(object)});
    }
    if (kind != "food" && random_.chance(0.6))
      return add({"knowledge", fill({"how many {} are there?", plural_of_kind(kind)}), number_word(static_cast<int64_t>(members.size()))});
    if (objects_.size() == 1) return add({"knowledge", fill({"is this {}?", kind == "food" ? kind : with_article(kind)}), "yes"});
    add({"knowledge", any_of_kind(kind), "yes"});
  }

  std::string any_of_kind(const std::string& kind) {
    return kind == "food" ? one_of({"is there any food?", "is there something to eat?"}) : fill({"is there {}?", with_article(kind)});
  }
  std::string which_of_these(const std::string& kind) {
    if (kind == "food" && random_.chance(0.5)) return "which of these can be eaten?";
    if (kind == "piece of clothing" && random_.chance(0.5)) return "which of these can be worn?";
    if (kind == "musical instrument" && random_.chance(0.5)) return "which of these makes music?";
    return fill({"which of these is {}?", kind == "food" ? kind : with_article(kind)});
  }

  const Stock& stock_;
  const Draft& draft_;
  const std::vector<Placed>& objects_;
  const std::string& background_;
  const bool held_out_allowed_;
  base::Random& random_;
  std::vector<int64_t> nouns_;  // the different ones
  std::vector<Asked> questions_;
};

}  // namespace

std::vector<Asked> scene_questions(const Stock& stock, const Draft& draft, const std::string& background,
                                      bool combinations_held_out, base::Random& random) {
  return Questioner(stock, draft, background, combinations_held_out, random).ask();
}

std::string answer_from_caption(const Asked& asked, const SaidScene& said) {
  const bool told = asked.need == Need::nothing || (asked.need == Need::layout && said.layout) ||
                    (asked.need == Need::background && said.background) || (asked.need == Need::style && said.style);
  return told ? asked.answer : kCannotTell;
}

}  // namespace atelier::corpus
