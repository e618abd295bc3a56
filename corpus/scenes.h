#pragma once
/// Composed scenes with exact ground truth: sprites of the corpus on a background, with the caption, questions and
/// answers that follow from where things were put.
#include "corpus/corpus.h"

#include <functional>
#include <memory>

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

/// Scenes 0 .. count-1 of this seed, six a row, and their captions in the same order.
std::pair<vision::Image, std::vector<std::string>> scene_sheet(const Corpus& corpus, uint64_t seed, int64_t count = 24);

/// Training text for the text tower, a document a line, deterministic: WordNet glosses and relations, CLDR labels and
/// keywords in sentences, captions, scene descriptions, questions and answers. No held-out name in any line. Control
/// symbols (<caption>, <question>, <answer>) are written out: whoever packs the text parses them.
/// @param emit  called with each document: no line break in it, UTF-8
void write_text(const Corpus& corpus, const std::function<void(std::string_view document)>& emit);

/// write_text into a file, atomically. The text is a part of the corpus: text.txt in its folder.
/// @return documents by kind: "caption", "scene", "picture question", "keyword", "gloss", "relation", ...
std::map<std::string, int64_t> write_text_file(const Corpus& corpus, const std::filesystem::path& path);

}  // namespace atelier::corpus
