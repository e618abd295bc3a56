#include "sketchpad/agent/call_grammar.h"

#include <cctype>

namespace atelier::sketchpad {
namespace {

constexpr std::string_view kHead = "{\"tool\":\"";
constexpr size_t kDepth = 8, kPart = 400;

bool digit(char c) { return c >= '0' && c <= '9'; }

}  // namespace

std::optional<CallGrammar> CallGrammar::after(std::string_view bytes) const {
  CallGrammar next = *this;
  for (const char c : bytes)
    if (!next.take(c)) return {};
  return next;
}

// JSON's numbers: -?(0|[1-9][0-9]*)(\.[0-9]+)?, without exponents.
bool CallGrammar::number_takes(char c) const {
  const bool whole = part_.find('.') == part_.npos;
  if (c == '.') return whole && !part_.empty() && digit(part_.back());
  return digit(c) && part_ != "0" && part_ != "-0" && part_.size() < 24;
}
bool CallGrammar::number_ends() const { return digit(part_.back()); }

bool CallGrammar::begin_value(char c) {
  part_ = std::string(1, c);
  if (c == '"') return part_.clear(), state_ = State::text, true;
  if (c == '-' || digit(c)) return state_ = State::number, true;
  if (c == 't' || c == 'f' || c == 'n') return state_ = State::word, true;
  if ((c == '[' || c == '{') && open_.size() < kDepth) return open_ += c, state_ = c == '[' ? State::first_item : State::first_key, true;
  return false;
}

bool CallGrammar::take(char c) {
  if (c < 0x20 || c > 0x7e) return false;
  switch (state_) {
    case State::head:
      if (c != kHead[part_.size()]) return false;
      part_ += c;
      if (part_.size() == kHead.size()) part_.clear(), open_ = "{", state_ = State::tool;
      return true;

    case State::tool: {
      if (c == '"') {
        for (const Tool& t : tools_->tools())
          if (t.name() == part_) return tool_ = &t, state_ = State::next, true;
        return false;
      }
      part_ += c;
      const auto& all = tools_->tools();
      return std::any_of(all.begin(), all.end(), [&](const Tool& t) { return t.name().starts_with(part_); });
    }

    case State::next:
      // At the top a further argument, if the tool has one.
      if (c == ',' && open_.size() == 1 && given_.size() == tool_->arguments().size()) return false;
      if (c == ',') return state_ = open_.back() == '[' ? State::value : State::key_begin, true;
      if (c != (open_.back() == '[' ? ']' : '}')) return false;
      open_.pop_back();
      state_ = open_.empty() ? State::done : State::next;
      return true;

    case State::first_key:
      if (c == '}') return open_.pop_back(), state_ = State::next, true;
      [[fallthrough]];
    case State::key_begin: return part_.clear(), state_ = State::key, c == '"';

    case State::key: {
      // Inside an argument any name may stand; at the top only the tool's own, each once.
      if (open_.size() > 1) {
        if (c == '"') return state_ = State::colon, true;
        part_ += c;
        return c != '\\' && part_.size() < 64;
      }
      const auto fits = [&](const Argument& a) { return std::find(given_.begin(), given_.end(), a.name) == given_.end(); };
      const auto& all = tool_->arguments();
      if (c == '"') {
        if (std::none_of(all.begin(), all.end(), [&](const Argument& a) { return fits(a) && a.name == part_; })) return false;
        return given_.push_back(part_), state_ = State::colon, true;
      }
      part_ += c;
      return std::any_of(all.begin(), all.end(), [&](const Argument& a) { return fits(a) && a.name.starts_with(part_); });
    }

    case State::colon: return state_ = State::value, c == ':';
    case State::value: return begin_value(c);
    case State::first_item:
      if (c == ']') return open_.pop_back(), state_ = State::next, true;
      return begin_value(c);

    case State::text:
      if (c == '"') return state_ = State::next, true;
      if (c == '\\') return state_ = State::escape, true;
      part_ += c;
      return part_.size() < kPart;
    case State::escape: return state_ = State::text, c == '"' || c == '\\' || c == 'n';

    case State::number:
      if (number_takes(c)) return part_ += c, true;
      if (!number_ends()) return false;
      return state_ = State::next, take(c);

    case State::word: {
      part_ += c;
      for (const std::string_view word : {"true", "false", "null"})
        if (word.starts_with(part_)) return state_ = word == part_ ? State::next : State::word, true;
      return false;
    }

    case State::done: return false;
  }
  return false;
}

}  // namespace atelier::sketchpad
