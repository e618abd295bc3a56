// Questions about scenes, and the answers that follow from where things were put.
#include "corpus/english.h"
#include "corpus/scene_draft.h"
#include "corpus/words.h"

#include "base/error.h"

#include <algorithm>
#include <set>

namespace atelier::corpus {
namespace {

constexpr double kClearlyLarger = 1.4;  // of the sides, before one thing is called bigger than another
constexpr const char* kCannotTell = "cannot tell";

/// Asks one scene. Every method adds at most one question, and none where no exact one can be asked.
class Questioner {
 public:
  Questioner(const Stock& stock, const Draft& draft, const std::string& background, bool combinations_held_out, base::Random& random)
      : stock_(stock), draft_(draft), objects_(draft.objects), background_(background), held_out_allowed_(combinations_held_out), random_(random) {
    for (const Placed& object : objects_) {
      if (std::find(nouns_.begin(), nouns_.end(), object.noun) == nouns_.end()) nouns_.push_back(object.noun);
    }
  }

  std::vector<Question> ask() {
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
  void add(const char* kind, std::string question, std::string answer) {
    questions_.push_back({kind, std::move(question), std::move(answer)});
  }
  template <class... Choices>
  std::string one_of(Choices... choices) {
    const std::string all[] = {choices...};
    return all[random_.below(sizeof...(choices))];
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
      return add("what", fill(one_of("what is {}?", "what do you see {}?", "which thing is {}?"), kCells[i]), one(objects_[i]));
    }
    if (draft_.kind == SceneKind::single) {
      if (draft_.position >= 0 && random_.chance(0.5)) return add("what", fill("what is {}?", kPositions[draft_.position]), one(objects_[0]));
      return add("what", one_of("what is this?", "what is in the picture?", "what is shown?"), one(objects_[0]));
    }
    if (draft_.style && random_.chance(0.15)) return add("what", one_of("what style is it?", "in what style is this drawn?"), draft_.style->style);
    if (draft_.kind == SceneKind::count) {
      const Placed& object = objects_[0];
      const std::string colour = object.colour >= 0 ? fmt::format("{} ", kColours[object.colour].name) : "";
      return add("what", one_of("what is in the picture?", "what are these?"), colour + noun(object).plural);
    }
    if (objects_[0].colour >= 0 && random_.chance(0.5)) {
      const Placed& object = any();
      const auto same = std::count_if(objects_.begin(), objects_.end(), [&](const Placed& other) { return other.colour == object.colour; });
      if (same == 1) return add("what", fill("what is {}?", kColours[object.colour].name), one(object));
    }
    std::vector<std::string> things;
    if (nouns_.size() == objects_.size() || objects_[0].colour >= 0) {
      for (const Placed& object : objects_) things.push_back(one(object));
      std::sort(things.begin(), things.end());
      if (std::adjacent_find(things.begin(), things.end()) == things.end())
        add("what", one_of("what is in the picture?", "what things are there?", "what can be seen?"), list_in_order());
    }
  }

  /// The things as the caption's order has them.
  std::string list_in_order() const {
    std::vector<std::string> things;
    for (const Placed& object : objects_) things.push_back(one(object));
    return list(things);
  }

  static std::string fill(std::string pattern, std::string_view a, std::string_view b = "") {
    for (const std::string_view value : {a, b})
      if (const size_t hole = pattern.find("{}"); hole != std::string::npos) pattern.replace(hole, 2, value);
    return pattern;
  }

  void where() {
    if (draft_.kind == SceneKind::single && draft_.position >= 0)
      return add("where", fill(one_of("where is {}?", "where can {} be seen?"), the(objects_[0])), kPositions[draft_.position]);
    if (draft_.kind == SceneKind::grid) {
      const int64_t i = random_.below(4);
      return add("where", fill("where is {}?", the(objects_[i])), kCells[i]);
    }
    if (objects_.size() != 2 || nouns_.size() != 2) return;
    const int64_t i = random_.below(2);
    const std::optional<Relation> relation = clear_relation(objects_[i], objects_[1 - i]);
    if (relation) add("where", fill("where is {}?", the(objects_[i])), fmt::format("{} {}", words_of(*relation), the(objects_[1 - i])));
  }

  void count() {
    const Placed& object = any();
    const double luck = random_.uniform();
    if (luck < 0.2) return add("count", one_of("how many things are there?", "how many objects are in the picture?"), number_word(static_cast<int64_t>(objects_.size())));
    if (luck < 0.3) {
      const int64_t missing = absent_noun();
      if (missing >= 0) return add("count", fill("how many {} are there?", stock_.noun(missing).plural), "none");
    }
    if (object.colour >= 0 && luck < 0.5) {
      const auto n = std::count_if(objects_.begin(), objects_.end(), [&](const Placed& other) { return other.noun == object.noun && other.colour == object.colour; });
      return add("count", fmt::format("how many {} {} are there?", kColours[object.colour].name, noun(object).plural), number_word(n));
    }
    add("count", fill(one_of("how many {} are there?", "how many {} can you see?", "what is the number of {}?"), noun(object).plural), number_word(number_of(object.noun)));
  }

  void colour() {
    const Placed& object = any();
    if (object.colour >= 0 && !random_.chance(0.15)) {
      const std::string value = kColours[object.colour].name;
      if (unique(object)) return add("colour", fmt::format("what {} is the {}?", colour_word(), noun(object).word), value);
      if (draft_.kind == SceneKind::count) return add("colour", fmt::format("what {} are the {}?", colour_word(), noun(object).plural), value);
    }
    add("colour", fill(one_of("what {} is the background?", "which {} does the background have?"), colour_word()), background_);
  }

  void relation() {
    if (objects_.size() < 2 || draft_.kind == SceneKind::count || draft_.kind == SceneKind::two_counts) return;
    for (int tries = 0; tries < 6; ++tries) {
      const Placed& b = any();
      if (!nameable(b)) continue;
      const Relation relation = kRelations[random_.below(4)];
      if (const Placed* a = at(relation, b))
        return add("relation", fmt::format("what is {} {}?", words_for(relation), the(b)), one(*a));
      const bool nothing = std::none_of(objects_.begin(), objects_.end(), [&](const Placed& a) {
        return &a != &b && (reaches(a, relation, b) || clear_relation(a, b) == relation);
      });
      if (nothing && random_.chance(0.2)) return add("relation", fmt::format("what is {} {}?", words_for(relation), the(b)), "nothing");
    }
  }

  void comparison() {
    if (nouns_.size() < 2) return;
    const Noun& a = stock_.noun(nouns_[0]);
    const Noun& b = stock_.noun(nouns_[1]);
    const int64_t of_a = number_of(nouns_[0]), of_b = number_of(nouns_[1]);
    const double by_side = static_cast<double>(objects_[0].side) / static_cast<double>(objects_.back().side);
    if (objects_.size() == 2 && (by_side >= kClearlyLarger || by_side <= 1 / kClearlyLarger)) {
      const Placed& larger = by_side > 1 ? objects_[0] : objects_[1];
      const Placed& smaller = by_side > 1 ? objects_[1] : objects_[0];
      switch (random_.below(3)) {
        case 0: return add("comparison", fmt::format("which is bigger, {} or {}?", the(objects_[0]), the(objects_[1])), the(larger));
        case 1: return add("comparison", fmt::format("which is smaller, {} or {}?", the(objects_[1]), the(objects_[0])), the(smaller));
        default: {
          const bool yes = random_.chance(0.5);
          return add("comparison", fmt::format("is {} bigger than {}?", the(yes ? larger : smaller), the(yes ? smaller : larger)), yes ? "yes" : "no");
        }
      }
    }
    if (draft_.kind != SceneKind::two_counts && !random_.chance(0.3)) return;
    switch (random_.below(4)) {
      case 0: return add("comparison", fmt::format("are there more {} than {}?", a.plural, b.plural), of_a > of_b ? "yes" : "no");
      case 1: return add("comparison", fmt::format("are there fewer {} than {}?", a.plural, b.plural), of_a < of_b ? "yes" : "no");
      case 2: return add("comparison", fmt::format("are there as many {} as {}?", a.plural, b.plural), of_a == of_b ? "yes" : "no");
      default:
        return add("comparison", fmt::format("which are there more of, {} or {}?", b.plural, a.plural),
                   of_a == of_b ? "the same number of both" : of_a > of_b ? a.plural : b.plural);
    }
  }

  void yes_no(bool yes) {
    const Placed& a = any();
    const Placed& b = any();
    const std::optional<Relation> relation = nameable(a) && nameable(b) && &a != &b && a.noun != b.noun ? clear_relation(a, b) : std::nullopt;
    const double luck = random_.uniform();
    if (relation && luck < 0.45) {
      // The hard negative is the same two things the other way round.
      const Relation said = yes ? *relation : opposite(*relation);
      if (may_name(a, said, b)) return add("yesno", fmt::format("is {} {} {}?", the(a), words_for(said), the(b)), yes ? "yes" : "no");
    }
    if (a.colour >= 0 && luck < 0.75) {
      // The right thing in a colour that something else has, or that nothing has.
      int colour = a.colour;
      if (!yes) {
        colour = b.colour != a.colour && random_.chance(0.6) ? b.colour : static_cast<int>(random_.below(kColours.size()));
        const bool there = std::any_of(objects_.begin(), objects_.end(), [&](const Placed& other) { return other.noun == a.noun && other.colour == colour; });
        if (there || !may_name(colour, noun(a))) colour = -1;
      }
      if (colour >= 0)
        return add("yesno", fmt::format("is there {}?", with_article(fmt::format("{} {}", kColours[colour].name, noun(a).word))), yes ? "yes" : "no");
    }
    const int64_t n = number_of(a.noun);
    if (n > 1 && luck < 0.75) {
      const int64_t said = yes ? n : n == 2 || random_.chance(0.5) ? n + 1 : n - 1;
      return add("yesno", fmt::format("are there {} {}?", number_word(said), noun(a).plural), yes ? "yes" : "no");
    }
    if (yes) return add("yesno", n > 1 ? fmt::format("are there any {}?", noun(a).plural) : fmt::format("is there {}?", with_article(noun(a).word)), "yes");
    const int64_t missing = absent_noun();
    if (missing >= 0) add("yesno", random_.chance(0.7) ? fmt::format("is there {}?", with_article(stock_.noun(missing).word))
                                                       : fmt::format("are there any {}?", stock_.noun(missing).plural), "no");
  }

  void unanswerable() {
    const int64_t missing = absent_noun();
    if (missing < 0) return;
    const std::string& word = stock_.noun(missing).word;
    const Placed& there = any();
    switch (random_.below(4)) {
      case 0: return add("unanswerable", fmt::format("what {} is the {}?", colour_word(), word), kCannotTell);
      case 1: return add("unanswerable", fmt::format("where is the {}?", word), kCannotTell);
      case 2: return add("unanswerable", fmt::format("what is {} the {}?", words_for(kRelations[random_.below(4)]), word), kCannotTell);
      default: {
        const Relation relation = kRelations[random_.below(4)];
        if (!unique(there) || (!held_out_allowed_ && held_out(noun(there).word, relation, word)))
          return add("unanswerable", fmt::format("where is the {}?", word), kCannotTell);
        return add("unanswerable", fmt::format("is {} {} the {}?", the(there), words_for(relation), word), kCannotTell);
      }
    }
  }

  void knowledge() {
    // Kinds that every object surely is or surely is not.
    std::vector<std::pair<std::string, std::vector<const Placed*>>> certain;
    for (const std::string& kind : askable_kinds()) {
      std::vector<const Placed*> members;
      const bool sure = std::all_of(objects_.begin(), objects_.end(), [&](const Placed& object) {
        if (!is_a(noun(object), kind)) return surely_not(noun(object), kind);
        members.push_back(&object);
        return true;
      });
      if (sure) certain.emplace_back(kind, std::move(members));
    }
    if (certain.empty()) return;
    // Kinds with a member say more than the many without.
    std::vector<const std::pair<std::string, std::vector<const Placed*>>*> with_members;
    for (const auto& entry : certain)
      if (!entry.second.empty()) with_members.push_back(&entry);
    if (with_members.empty() || random_.chance(0.15)) {
      const auto& [kind, members] = certain[random_.below(static_cast<int64_t>(certain.size()))];
      return add("knowledge", any_of_kind(kind), members.empty() ? "no" : "yes");
    }
    const auto& [kind, members] = *with_members[random_.below(static_cast<int64_t>(with_members.size()))];
    if (members.size() == 1 && objects_.size() > 1 && nameable(*members[0])) {
      const Placed& object = *members[0];
      const double luck = random_.uniform();
      if (luck < 0.3 && objects_.size() == 2) {
        const Placed& other = &object == &objects_[0] ? objects_[1] : objects_[0];
        const std::optional<Relation> relation = clear_relation(object, other);
        if (relation) return add("knowledge", fmt::format("what is the {} {} {}?", kind, words_for(*relation), the(other)), one(object));
      }
      return add("knowledge", luck < 0.75 ? which_of_these(kind) : fmt::format("what is the {} in the picture?", kind), the(object));
    }
    if (kind != "food" && random_.chance(0.6))
      return add("knowledge", fmt::format("how many {} are there?", plural_of_kind(kind)), number_word(static_cast<int64_t>(members.size())));
    if (objects_.size() == 1) return add("knowledge", fmt::format("is this {}?", kind == "food" ? "food" : with_article(kind)), "yes");
    add("knowledge", any_of_kind(kind), "yes");
  }

  static std::string plural_of_kind(const std::string& kind) {
    if (kind.starts_with("piece of ")) return "pieces of " + kind.substr(9);
    return kind == "aircraft" || kind == "fish" ? kind : plural(kind);
  }
  std::string any_of_kind(const std::string& kind) {
    return kind == "food" ? one_of("is there any food?", "is there something to eat?") : fmt::format("is there {}?", with_article(kind));
  }
  std::string which_of_these(const std::string& kind) {
    if (kind == "food" && random_.chance(0.5)) return "which of these can be eaten?";
    if (kind == "piece of clothing" && random_.chance(0.5)) return "which of these can be worn?";
    if (kind == "musical instrument" && random_.chance(0.5)) return "which of these makes music?";
    return fmt::format("which of these is {}?", kind == "food" ? "food" : with_article(kind));
  }

  const Stock& stock_;
  const Draft& draft_;
  const std::vector<Placed>& objects_;
  const std::string& background_;
  const bool held_out_allowed_;
  base::Random& random_;
  std::vector<int64_t> nouns_;  // the different ones
  std::vector<Question> questions_;
};

}  // namespace

std::vector<Question> scene_questions(const Stock& stock, const Draft& draft, const std::string& background,
                                      bool combinations_held_out, base::Random& random) {
  return Questioner(stock, draft, background, combinations_held_out, random).ask();
}

}  // namespace atelier::corpus
