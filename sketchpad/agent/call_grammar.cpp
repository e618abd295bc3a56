#include "sketchpad/agent/call_grammar.h"

#include <cctype>

namespace atelier::sketchpad {
namespace {

constexpr std::string_view kHead = "{\"tool\":\"";
constexpr size_t kDepth = 8, kPart = 400, kNumber = 24;

bool digit(char c) { return c >= '0' && c <= '9'; }

// What a bracket of a type holds; null: the type has no such bracket.
const Type* inside(const Type& type, char bracket) {
  static const Type kNumber = number(0, 0), kNumbers = list_of(number(0, 0), 0, 0), kPoint = point();
  switch (type.kind()) {
    case Type::Kind::point:
    case Type::Kind::box: return bracket == '[' ? &kNumber : nullptr;
    case Type::Kind::list: return bracket == '[' ? type.item_.get() : nullptr;
    case Type::Kind::matrix: return bracket == '[' ? &kNumbers : nullptr;
    case Type::Kind::named_points: return bracket == '{' ? &kPoint : nullptr;
    default: return nullptr;
  }
}

bool is_number(Type::Kind kind) { return kind == Type::Kind::number || kind == Type::Kind::integer; }
bool is_text(Type::Kind kind) {
  return kind == Type::Kind::text || kind == Type::Kind::choice || kind == Type::Kind::colour || kind == Type::Kind::picture || kind == Type::Kind::canvas;
}

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
  if (c == '.') return whole && digit(part_.back()) && part_.size() + 1 < kNumber;  // a digit must follow
  return digit(c) && part_ != "0" && part_ != "-0" && part_.size() < kNumber;
}
bool CallGrammar::number_ends() const { return digit(part_.back()); }

const Argument* CallGrammar::declared(const std::string& name) const {
  for (const Argument& a : tool_->arguments())
    if (a.name == name) return &a;
  return nullptr;
}

// Every argument that the tool needs has been given.
bool CallGrammar::enough() const {
  return std::all_of(tool_->arguments().begin(), tool_->arguments().end(),
                     [&](const Argument& a) { return !a.required || std::find(given_.begin(), given_.end(), a.name) != given_.end(); });
}

bool CallGrammar::begin_value(char c) {
  part_ = std::string(1, c);
  const Type::Kind kind = type_->kind();
  if (c == '"') return part_.clear(), state_ = State::text, is_text(kind) || !quotes_ || quotes_->fit("$", *type_, false);
  if (c == '-' || digit(c)) return state_ = State::number, is_number(kind);
  if (c == 't' || c == 'f') return state_ = State::word, kind == Type::Kind::flag;
  if (c != '[' && c != '{') return false;
  const Type* held = open_.size() < kDepth ? inside(*type_, c) : nullptr;
  if (!held) return false;
  open_ += c, types_.push_back(held);
  return state_ = c == '[' ? State::first_item : State::first_key, true;
}

// A text, or what is written of it: where it quotes, something of the argument's type; else the type must be one of words.
bool CallGrammar::text_fits(bool whole) const {
  if (part_.starts_with('$') && quotes_) return quotes_->fit(part_, *type_, whole);
  if (part_.empty()) return !whole || is_text(type_->kind());
  if (part_.starts_with('$')) return true;
  if (type_->kind() != Type::Kind::choice) return is_text(type_->kind());
  return std::any_of(type_->choices_.begin(), type_->choices_.end(), [&](const std::string& one) { return whole ? one == part_ : one.starts_with(part_); });
}

bool CallGrammar::take(char c) {
  if (c < 0x20 || c > 0x7e) return false;
  switch (state_) {
    case State::head:
      if (c != kHead[part_.size()]) return false;
      part_ += c;
      if (part_.size() == kHead.size()) part_.clear(), open_ = "{", types_ = {nullptr}, state_ = State::tool;
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
      if (c == ',') return type_ = types_.back(), state_ = open_.back() == '[' ? State::value : State::key_begin, true;
      if (c != (open_.back() == '[' ? ']' : '}') || (open_.size() == 1 && !enough())) return false;
      open_.pop_back(), types_.pop_back();
      state_ = open_.empty() ? State::done : State::next;
      return true;

    case State::first_key:
      if (c == '}') return open_.pop_back(), types_.pop_back(), state_ = State::next, true;
      [[fallthrough]];
    case State::key_begin: return part_.clear(), state_ = State::key, c == '"';

    case State::key: {
      // Inside an argument any name may stand; at the top only the tool's own, each once.
      if (open_.size() > 1) {
        if (c == '"') return type_ = types_.back(), state_ = State::colon, true;
        part_ += c;
        return c != '\\' && part_.size() < 64;
      }
      const auto fits = [&](const Argument& a) { return std::find(given_.begin(), given_.end(), a.name) == given_.end(); };
      const auto& all = tool_->arguments();
      if (c == '"') {
        if (std::none_of(all.begin(), all.end(), [&](const Argument& a) { return fits(a) && a.name == part_; })) return false;
        return given_.push_back(part_), type_ = &declared(part_)->type, state_ = State::colon, true;
      }
      part_ += c;
      return std::any_of(all.begin(), all.end(), [&](const Argument& a) { return fits(a) && a.name.starts_with(part_); });
    }

    case State::colon: return state_ = State::value, c == ':';
    case State::value: return begin_value(c);
    case State::first_item:
      if (c == ']') return open_.pop_back(), types_.pop_back(), state_ = State::next, true;
      type_ = types_.back();
      return begin_value(c);

    case State::text:
      if (c == '"') return state_ = State::next, text_fits(true);
      if (c == '\\') return state_ = State::escape, is_text(type_->kind()) && type_->kind() != Type::Kind::choice && !part_.starts_with('$');
      part_ += c;
      return part_.size() < kPart && text_fits(false);
    case State::escape: return part_ += c, state_ = State::text, (c == '"' || c == '\\' || c == 'n') && text_fits(false);

    case State::number:
      if (number_takes(c)) return part_ += c, true;
      if (!number_ends()) return false;
      return state_ = State::next, take(c);

    case State::word: {
      part_ += c;
      for (const std::string_view word : {"true", "false"})
        if (word.starts_with(part_)) return state_ = word == part_ ? State::next : State::word, true;
      return false;
    }

    case State::done: return false;
  }
  return false;
}

}  // namespace atelier::sketchpad
