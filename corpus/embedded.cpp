#include "corpus/embedded.h"

#include "base/embed.h"

EMBED(sources, "corpus/sources.json")
EMBED(heldout, "corpus/heldout_concepts.json")

namespace atelier::corpus {

std::string_view sources_json() { return EMBEDDED(sources); }
std::string_view heldout_concepts_json() { return EMBEDDED(heldout); }

}  // namespace atelier::corpus
