#pragma once
/// Composed scenes with exact ground truth: sprites of the corpus on a background, with the caption, questions and
/// answers that follow from where things were put.
#include "corpus/corpus.h"

#include <functional>
#include <memory>

namespace atelier::base {
class Progress;
}

namespace atelier::corpus {

struct SceneObject {
  int64_t picture = -1;        // row of the corpus
  std::string noun;            // "apple"
  std::string colour;          // set only where it is exact (tinted one-colour icons): "red"
  double x = 0, y = 0, size = 0;  // centre and side, in [0, 1] of the canvas, origin top left
};

struct Question {
  std::string kind;      // what where count colour relation comparison yesno unanswerable knowledge
  std::string question;  // "what is left of the dog?"
  std::string answer;    // "a red apple"; "cannot tell"
};

struct Scene {
  vision::Image image;   // 128 x 128 RGB
  std::string kind;      // single pair relation colours count two_counts grid
  std::string caption;   // "a red apple left of a dog on a blue background"
  std::string background;
  std::vector<SceneObject> objects;
  std::vector<Question> questions;
};

class SceneComposer {
 public:
  /// Uses training pictures only (split train, clean), countable nouns, no held-out name. Held-out *combinations*
  /// (5 % of colour x noun and relation x pair, by a hash) appear only when `combinations_held_out` is asked for.
  /// @param split  heldout_style: pictures of that split instead, to test on
  explicit SceneComposer(const Corpus& corpus, Split split = Split::train);
  ~SceneComposer();

  /// The scene of this key: the same for the same (seed, index), whatever was composed before.
  Scene compose(uint64_t seed, uint64_t index, bool combinations_held_out = false) const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

/// Scenes 0 .. count-1 of this seed, one after the other, as every pack takes them; none: the corpus is not looked at.
/// @param progress  advanced by each @throws Cancelled between two
void for_each_scene(const Corpus& corpus, uint64_t seed, int64_t count, base::Progress& progress, const std::function<void(Scene scene)>& use);

/// What each of `count` scenes must weigh, such that `share` of all draws are scenes. @param pictures  all others' weight
double scene_weight(double pictures, double share, int64_t count);

/// Scenes 0 .. count-1 of this seed, six a row, and their captions in the same order.
std::pair<vision::Image, std::vector<std::string>> scene_sheet(const Corpus& corpus, uint64_t seed, int64_t count = 24);

}  // namespace atelier::corpus
