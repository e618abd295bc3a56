#include "apps/shell.h"

namespace atelier::apps {

std::string shell_quote(std::string_view text) {
  constexpr std::string_view kPlain = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_./:,@%+-";
  if (!text.empty() && text.find_first_not_of(kPlain) == text.npos) return std::string(text);
  std::string quoted = "'";
  for (const char c : text) {
    if (c == '\'')
      quoted += "'\\''";  // nothing is special inside single quotes but their end
    else
      quoted += c;
  }
  return quoted + "'";
}

}  // namespace atelier::apps
