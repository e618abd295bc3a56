#include "promptcap/embedded_templates.h"

#include "base/embed.h"
#include "base/error.h"

EMBED(template_paper, "promptcap/templates/paper.json")
EMBED(template_unifiedqa, "promptcap/templates/unifiedqa.json")
EMBED(template_local, "promptcap/templates/local.json")

namespace atelier::promptcap {
std::string_view embedded_template(std::string_view name) {
  if (name == "paper") return EMBEDDED(template_paper);
  if (name == "unifiedqa") return EMBEDDED(template_unifiedqa);
  ASSERT(name == "local");
  return EMBEDDED(template_local);
}

}  // namespace atelier::promptcap
