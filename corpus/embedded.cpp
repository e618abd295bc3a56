#include "corpus/embedded.h"

// The assembler copies the files in; C++20 has no #embed. CMake lists them as this object's dependencies.
#define EMBED(name, file)                                            \
  asm(".pushsection .rodata\n"                                      \
      ".global atelier_" #name "\n.hidden atelier_" #name "\n"      \
      "atelier_" #name ":\n.incbin \"" ATELIER_SOURCE_DIR "/corpus/" file "\"\n" \
      ".global atelier_" #name "_end\n.hidden atelier_" #name "_end\n" \
      "atelier_" #name "_end:\n.byte 0\n.popsection\n");              \
  extern "C" {                                                      \
  __attribute__((visibility("hidden"))) extern const char atelier_##name[];       \
  __attribute__((visibility("hidden"))) extern const char atelier_##name##_end[]; \
  }

EMBED(sources, "sources.json")
EMBED(heldout, "heldout_concepts.json")

namespace atelier::corpus {

std::string_view sources_json() { return {atelier_sources, static_cast<size_t>(atelier_sources_end - atelier_sources)}; }
std::string_view heldout_concepts_json() { return {atelier_heldout, static_cast<size_t>(atelier_heldout_end - atelier_heldout)}; }

}  // namespace atelier::corpus
