#pragma once
/// Questions about one picture of the corpus: what it is, how it is drawn, what kind of thing it is (WordNet's and CLDR's
/// kinds, by corpus/nouns.h), and what nobody can tell from it.
#include "corpus/corpus.h"
#include "corpus/scenes.h"

#include <string>
#include <vector>

namespace atelier::promptcap {

/// A question, its answer, and captions that may tell it, from the one that tells least.
struct AskedPicture {
  corpus::Question question;
  std::vector<std::string> captions;
};

/// One question of each kind that this picture allows. No held-out name in any word, if there is none in its title.
std::vector<AskedPicture> picture_questions(const corpus::Picture& picture, base::Random& random);

}  // namespace atelier::promptcap
