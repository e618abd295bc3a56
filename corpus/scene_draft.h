#pragma once
/// How a scene comes about: a draft says which things stand where, and everything else (picture, caption, questions)
/// is read off the draft. Internal to scenes.cpp, scene_*.cpp and their tests.
#include "corpus/nouns.h"
#include "corpus/palette.h"
#include "corpus/scenes.h"
#include "corpus/sprites.h"

#include <array>
#include <optional>
#include <string>
#include <vector>

namespace atelier::corpus {

inline constexpr int64_t kCanvas = 128;    // pixels of a scene's side
inline constexpr int64_t kSmallest = 24;   // pixels of the smallest object's side

enum class SceneKind { single, pair, relation, colours, count, two_counts, grid };
const char* name(SceneKind kind);

enum class Relation { left, right, above, below };
/// "left of"
const char* words_of(Relation relation);
Relation opposite(Relation relation);

/// Nine places on the canvas, row by row: "in the top left corner", "at the top", ...
inline constexpr std::array<const char*, 9> kPositions = {
    "in the top left corner",    "at the top",    "in the top right corner", "on the left", "in the middle", "on the right",
    "in the bottom left corner", "at the bottom", "in the bottom right corner"};
/// The four cells of a grid: "in the top left", ...
inline constexpr std::array<const char*, 4> kCells = {"in the top left", "in the top right", "in the bottom left",
                                                      "in the bottom right"};

struct Placed {
  int64_t noun = -1;      // into Nouns::all()
  int64_t picture = -1;   // row of the corpus
  int colour = -1;        // into kColours, or -1: as drawn
  int64_t left = 0, top = 0, side = 0;  // pixels
};

enum class Arrangement { scattered, row, column };

/// The pictures of one style, by noun.
struct StyleSet {
  std::string style;
  std::vector<int64_t> nouns;
  std::vector<std::vector<int64_t>> pictures;  // of nouns[i]
};

struct Draft {
  SceneKind kind = SceneKind::single;
  std::vector<Placed> objects;        // of counts: all of the first noun, then all of the second
  const StyleSet* style = nullptr;    // nullptr: every object from a style of its own
  int position = -1;                  // of a single object, into kPositions; -1: nowhere in particular
  Arrangement arrangement = Arrangement::scattered;  // of counts, and of three objects in a row or a column
};

/// How a stands to b if nobody could call it otherwise: the boxes apart along one axis and nearly level on the other.
std::optional<Relation> clear_relation(const Placed& a, const Placed& b);

/// True for the 5 % of colour x noun and of relation x pair that training scenes never show. Fixed by a hash of the
/// words alone. "a left of b" and "b right of a" are one combination.
bool held_out(std::string_view colour, std::string_view noun);
bool held_out(std::string_view a, Relation relation, std::string_view b);

/// The pictures of one split (of train: those that are trained on) by style and noun, and which nouns may stand together.
class Stock {
 public:
  explicit Stock(const Corpus& corpus, Split split = Split::train);

  const std::vector<StyleSet>& styles() const { return styles_; }  // drawn in colour
  const StyleSet& tintable() const { return tintable_; }           // one-colour icons; may be empty
  const Noun& noun(int64_t i) const { return Nouns::instance().all()[i]; }
  const std::vector<int64_t>& nouns() const { return nouns_; }     // every noun with a picture
  const std::vector<int64_t>& domain_of(int64_t noun) const { return domains_.at(this->noun(noun).domain()); }
  bool confusable(int64_t a, int64_t b) const { return confusable_[a][b]; }

  Draft draft(base::Random& random, SceneKind kind, bool tinted) const;
  /// How many of a draft's combinations of colour x noun and relation x pair are held out.
  int64_t held_out_combinations(const Draft& draft) const;

 private:
  const StyleSet& choose_style(base::Random& random) const;
  /// n nouns with a picture each, none confusable with another. @param style  nullptr: any style for each
  std::vector<Placed> choose(base::Random& random, const StyleSet* style, int64_t n) const;

  std::vector<StyleSet> styles_;
  std::vector<double> style_sums_;  // running sums of weights
  StyleSet tintable_;
  std::vector<int64_t> nouns_;
  std::map<std::string, std::vector<int64_t>> domains_;
  std::vector<std::vector<bool>> confusable_;
};

/// A draft of any kind, in the shares that training sees; with held-out combinations, only kinds that have some.
/// @throws InvalidArgument if the corpus has too few nouns for one
Draft draft_scene(const Stock& stock, base::Random& random, bool combinations_held_out);

struct Background {
  std::string name;  // "white", "light blue", "light blue fading to white"
  Rgb top, bottom;
};
Background choose_background(base::Random& random);

/// A caption, and what it tells beyond which things there are, how many and in which colour.
struct SaidScene {
  std::string caption;
  bool layout = false, background = false, style = false;
};
/// What the draft shows, exactly, in varying words: "a red key left of a blue cup on a white background, line icon".
/// @param background  its name
SaidScene say_scene(const Stock& stock, const Draft& draft, const std::string& background, base::Random& random);

/// What one must know to answer, beyond which things there are, how many and in which colour.
enum class Need { nothing, layout, size, background, style };

struct Asked {
  std::string kind, question, answer;
  Need need = Need::nothing;
};
inline constexpr const char* kCannotTell = "cannot tell";

/// @param combinations_held_out  false: no question may name a held-out combination
std::vector<Asked> scene_questions(const Stock& stock, const Draft& draft, const std::string& background,
                                   bool combinations_held_out, base::Random& random);

/// The answer of somebody who knows the caption alone: "cannot tell" where it does not say.
std::string answer_from_caption(const Asked& asked, const SaidScene& said);

/// "red key"
std::string colour_and_noun(const Stock& stock, const Placed& object);

}  // namespace atelier::corpus
