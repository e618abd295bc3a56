#include "text/client/language_model.h"

#include "base/json.h"

#include <algorithm>

namespace atelier::text {

std::string joined(const Prompt& prompt) {
  std::string text;
  for (const PromptPiece& piece : prompt) text += piece.text;
  return text;
}

std::string well_formed(const std::string& text) {
  return base::is_utf8(text) ? text : base::json::parse(base::dump_json(text)).get<std::string>();
}

bool cut_at_stop(std::string& text, const std::vector<std::string>& stop) {
  size_t end = text.npos;
  for (const std::string& word : stop)
    if (!word.empty()) end = std::min(end, text.find(word));
  if (end == text.npos) return false;
  text.resize(end);
  return true;
}

}  // namespace atelier::text
