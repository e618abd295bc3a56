#pragma once
#include <string>
#include <string_view>

namespace atelier::apps {

/// `text` as one word of a POSIX shell: as it is if no character means anything there, else in single quotes.
std::string shell_quote(std::string_view text);

}  // namespace atelier::apps
