#pragma once
/// The files of promptcap/templates, inside the program. Internal to promptcap.
#include <string_view>

namespace atelier::promptcap {

/// @param name  one of shipped_templates()
std::string_view embedded_template(std::string_view name);

}  // namespace atelier::promptcap
