#pragma once
/// Concepts that no training saw, and who may know what about them when they are drawn and judged.
#include "eval/workbench.h"

namespace atelier::eval {

/// A held-out concept of the development half, its artists in two parts: pictures of one part may be handed to the
/// generator, those of the other are what its drawings are judged by. A copy of what it was shown is no artist's
/// drawing that the judge knows.
struct HeldOutConcept {
  std::string id, label;
  std::vector<int64_t> shown, judged;  // rows of the corpus, neither empty
};

/// At most `count` concepts. Emoji of every artist are used, those under other licences, too: nothing is trained here.
/// @throws InvalidArgument if the corpus has fewer than two
std::vector<HeldOutConcept> heldout_concepts(Workbench& bench, int64_t count);

}  // namespace atelier::eval
