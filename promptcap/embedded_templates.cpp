#include "promptcap/embedded_templates.h"

#include "base/error.h"

// The assembler copies the files in, as in corpus/embedded.cpp.
#define EMBED(name)                                                            \
  asm(".pushsection .rodata\n"                                                 \
      ".global atelier_template_" #name "\n.hidden atelier_template_" #name "\n" \
      "atelier_template_" #name ":\n.incbin \"" ATELIER_SOURCE_DIR "/promptcap/templates/" #name ".json\"\n" \
      ".global atelier_template_" #name "_end\n.hidden atelier_template_" #name "_end\n" \
      "atelier_template_" #name "_end:\n.byte 0\n.popsection\n");               \
  extern "C" {                                                                 \
  __attribute__((visibility("hidden"))) extern const char atelier_template_##name[];     \
  __attribute__((visibility("hidden"))) extern const char atelier_template_##name##_end[]; \
  }

EMBED(paper)
EMBED(unifiedqa)
EMBED(local)

namespace atelier::promptcap {
namespace {

std::string_view between(const char* begin, const char* end) { return {begin, static_cast<size_t>(end - begin)}; }

}  // namespace

std::string_view embedded_template(std::string_view name) {
  if (name == "paper") return between(atelier_template_paper, atelier_template_paper_end);
  if (name == "unifiedqa") return between(atelier_template_unifiedqa, atelier_template_unifiedqa_end);
  ASSERT(name == "local");
  return between(atelier_template_local, atelier_template_local_end);
}

}  // namespace atelier::promptcap
