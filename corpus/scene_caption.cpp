// Captions of scenes: varied words, one meaning.
#include "corpus/english.h"
#include "corpus/scene_draft.h"

#include "base/error.h"

namespace atelier::corpus {
namespace {

constexpr double kNameStyle = 0.85;       // where all objects share one
constexpr double kNameBackground = 0.85;  // where it is not white
constexpr double kNameWhite = 0.1;

/// One of some sentences.
std::string one_of(base::Random& random, std::initializer_list<std::string> choices) {
  return *(choices.begin() + random.below(static_cast<int64_t>(choices.size())));
}

std::string relation_words(Relation relation, base::Random& random) {
  switch (relation) {
    case Relation::left: return one_of(random, {"left of", "left of", "to the left of"});
    case Relation::right: return one_of(random, {"right of", "right of", "to the right of"});
    case Relation::above: return one_of(random, {"above", "above", "over"});
    case Relation::below: return one_of(random, {"below", "below", "under"});
  }
  ASSERT(false);
}

std::string two_related(const std::string& a, Relation relation, const std::string& b, base::Random& random) {
  const bool across = relation == Relation::left || relation == Relation::right;
  const bool a_first = relation == Relation::left || relation == Relation::above;
  const std::string& first = a_first ? a : b;
  const std::string& second = a_first ? b : a;
  switch (random.below(6)) {
    case 0:
      return across ? fmt::format("{} on the left and {} on the right", first, second)
                    : fmt::format("{} at the top and {} at the bottom", first, second);
    case 1:
      return fmt::format("{} with {} {}", a, b,
                         across ? a_first ? "on its right" : "on its left" : a_first ? "below it" : "above it");
    default:
      return fmt::format("{} {} {}", a, relation_words(relation, random), b);
  }
}

std::string three_in_line(const std::vector<std::string>& things, Arrangement arrangement, base::Random& random) {
  const bool row = arrangement == Arrangement::row;
  switch (random.below(3)) {
    case 0:
      return fmt::format("{} between {} {} and {} {}", things[1], things[0], row ? "on the left" : "above", things[2],
                         row ? "on the right" : "below");
    case 1:
      return fmt::format("{} in a {}{}", list(things), row ? "row" : "column", row ? " from left to right" : " from top to bottom");
    default:
      return fmt::format("{}, from {}: {}", row ? "a row" : "a column", row ? "left to right" : "top to bottom", list(things));
  }
}

std::string counted(const Stock& stock, const Placed& object, int64_t n) {
  const std::string colour = object.colour >= 0 ? fmt::format("{} ", kColours[object.colour].name) : "";
  if (n == 1) return with_article(colour_and_noun(stock, object));
  return fmt::format("{} {}{}", number_word(n), colour, stock.noun(object.noun).plural);
}

/// @param layout  set if the words tell where each thing stands
std::string what_is_shown(const Stock& stock, const Draft& draft, bool& layout, base::Random& random) {
  std::vector<std::string> things;
  for (const Placed& object : draft.objects) things.push_back(with_article(colour_and_noun(stock, object)));
  const auto n = static_cast<int64_t>(things.size());
  switch (draft.kind) {
    case SceneKind::single: {
      if (draft.position < 0) return things[0];
      const std::string where = kPositions[draft.position];
      return random.chance(0.8) ? fmt::format("{} {}", things[0], where) : fmt::format("{}, {}", where, things[0]);
    }
    case SceneKind::pair:
      return n == 2 ? one_of(random, {list(things), list(things), fmt::format("{} next to {}", things[0], things[1]),
                                      fmt::format("{} with {}", things[0], things[1])})
                    : list(things);
    case SceneKind::relation:
    case SceneKind::colours: {
      if (n == 3 && draft.arrangement != Arrangement::scattered) {
        layout = true;
        return three_in_line(things, draft.arrangement, random);
      }
      const std::optional<Relation> relation = n == 2 ? clear_relation(draft.objects[0], draft.objects[1]) : std::nullopt;
      if (!relation || (draft.kind == SceneKind::colours && random.chance(0.4))) return list(things);
      layout = true;
      // Either may be spoken of first.
      return random.chance(0.5) ? two_related(things[0], *relation, things[1], random)
                                : two_related(things[1], opposite(*relation), things[0], random);
    }
    case SceneKind::count: {
      const std::string many = counted(stock, draft.objects[0], n);
      if (draft.arrangement == Arrangement::row && random.chance(0.7)) return fmt::format("{} in a row", many);
      if (draft.arrangement == Arrangement::column && random.chance(0.7)) return fmt::format("{} in a column", many);
      return one_of(random, {many, many, many, fmt::format("a group of {}", many), fmt::format("there are {}", many)});
    }
    case SceneKind::two_counts: {
      int64_t first = 0;
      while (first < n && draft.objects[first].noun == draft.objects[0].noun) ++first;
      std::string a = counted(stock, draft.objects[0], first), b = counted(stock, draft.objects[first], n - first);
      if (random.chance(0.5)) std::swap(a, b);
      return fmt::format("{} and {}", a, b);
    }
    case SceneKind::grid:
      layout = true;
      switch (random.below(4)) {
        case 0: return fmt::format("top row: {} and {}; bottom row: {} and {}", things[0], things[1], things[2], things[3]);
        case 1: return fmt::format("{} above {} on the left and {} above {} on the right", things[0], things[2], things[1], things[3]);
        case 2: layout = false; return fmt::format("a grid of {}", list(things));
        default: {
          std::vector<std::string> placed;
          for (size_t i = 0; i < 4; ++i) placed.push_back(fmt::format("{} {}", things[i], kCells[i]));
          return list(placed);
        }
      }
  }
  ASSERT(false);
}

}  // namespace

std::string colour_and_noun(const Stock& stock, const Placed& object) {
  const std::string& word = stock.noun(object.noun).word;
  return object.colour >= 0 ? fmt::format("{} {}", kColours[object.colour].name, word) : word;
}

SaidScene say_scene(const Stock& stock, const Draft& draft, const std::string& background, base::Random& random) {
  SaidScene said;
  said.caption = what_is_shown(stock, draft, said.layout, random);
  if (random.chance(background == "white" ? kNameWhite : kNameBackground)) {
    said.background = true;
    said.caption += background.find(" fading to ") == std::string::npos ? fmt::format(" on {} background", with_article(background))
                                                                         : fmt::format(" on a background of {}", background);
  }
  if (draft.style && random.chance(kNameStyle)) {
    said.style = true;
    said.caption = random.chance(0.85) ? fmt::format("{}, {}", said.caption, draft.style->style)
                                       : fmt::format("{}: {}", draft.style->style, said.caption);
  }
  return said;
}

}  // namespace atelier::corpus
