#include "sketchpad/agent/reply.h"

#include "base/error.h"

#include <cctype>

namespace atelier::sketchpad {
namespace {

// Broken UTF-8 becomes U+FFFD, so that all that follows may take text for text.
std::string mended(std::string_view bytes) {
  if (base::is_utf8(bytes)) return std::string(bytes);
  const std::string quoted = base::dump_json(json(std::string(bytes)));
  return json::parse(quoted).get<std::string>();
}

std::string cut(std::string text, size_t most) {
  if (text.size() <= most) return text;
  while (most > 0 && (static_cast<unsigned char>(text[most]) & 0xC0) == 0x80) --most;
  return text.substr(0, most);
}

std::string trimmed(std::string_view text) {
  constexpr std::string_view kSpace = " \t\r\n*";
  const size_t begin = text.find_first_not_of(kSpace);
  if (begin == text.npos) return {};
  return std::string(text.substr(begin, text.find_last_not_of(kSpace) - begin + 1));
}

// "\n **ACTION 3:**" from `from` on: where the word begins and where what follows it begins.
struct Mark {
  size_t begin = std::string_view::npos, end = std::string_view::npos;
  bool found() const { return begin != std::string_view::npos; }
};

Mark find_mark(std::string_view text, std::string_view word, size_t from = 0) {
  for (size_t at = text.find(word, from); at != text.npos; at = text.find(word, at + 1)) {
    // Only at the start of a line, behind spaces, stars and hashes.
    size_t line = at;
    while (line > 0 && (text[line - 1] == ' ' || text[line - 1] == '*' || text[line - 1] == '#')) --line;
    if (line > 0 && text[line - 1] != '\n') continue;
    size_t end = at + word.size();
    while (end < text.size() && (text[end] == ' ' || text[end] == '*' || std::isdigit(static_cast<unsigned char>(text[end])))) ++end;
    if (end >= text.size() || text[end] != ':') continue;
    return {at, end + 1};
  }
  return {};
}

// The first {...} with balanced braces, strings minded; npos if it never closes.
std::string_view first_object(std::string_view text) {
  const size_t begin = text.find('{');
  if (begin == text.npos) return {};
  int depth = 0;
  bool quoted = false;
  for (size_t i = begin; i < text.size(); ++i) {
    const char c = text[i];
    if (quoted) {
      if (c == '\\') ++i;
      else if (c == '"') quoted = false;
    } else if (c == '"') {
      quoted = true;
    } else if (c == '{') {
      ++depth;
    } else if (c == '}' && --depth == 0) {
      return text.substr(begin, i - begin + 1);
    }
  }
  return text.substr(begin);
}

// "name" and "parameters" are what other systems call them.
void read_call(std::string_view object, Move& move) {
  json document;
  try {
    document = base::parse_json(object, "the call", {.depth = 16, .bytes = 65536});
  } catch (const base::InvalidFile& error) {
    move.complaint = fmt::format("the ACTION is not JSON: {}. Write ACTION: {{\"tool\": NAME, \"arguments\": {{...}}}}", error.what());
    return;
  }
  const auto tool = document.contains("tool") ? document.find("tool") : document.find("name");
  if (tool == document.end() || !tool->is_string()) {
    move.complaint = "the ACTION names no tool. Write ACTION: {\"tool\": NAME, \"arguments\": {...}}";
    return;
  }
  Call call{.tool = tool->get<std::string>()};
  const auto given = document.contains("arguments") ? document.find("arguments") : document.find("parameters");
  if (given == document.end()) {
    call.arguments = document;
    call.arguments.erase(document.contains("tool") ? "tool" : "name");
  } else if (given->is_object()) {
    call.arguments = *given;
  } else {
    move.complaint = fmt::format("the arguments must be a JSON object, not {}", base::shown(*given));
    return;
  }
  move.call = std::move(call);
}

}  // namespace

Move parse_reply(std::string_view reply, const ReplyLimits& limits) {
  const auto unreadable = [&](std::string thought, const std::string& complaint) {
    Move move{.thought = std::move(thought)};
    // A message may quote half a character.
    move.complaint = mended(complaint), move.reply = cut(mended(reply.substr(0, 2000)), 2000);
    return move;
  };
  if (reply.size() > limits.bytes) return unreadable("", fmt::format("the reply has {} bytes; at most {} are read", reply.size(), limits.bytes));
  const std::string text = mended(reply);
  const std::string_view view = text;
  const Mark action = find_mark(view, "ACTION"), answer = find_mark(view, "ANSWER"), thought = find_mark(view, "THOUGHT");

  // The thought: from its mark, or from the start, to the next mark.
  const size_t thought_from = thought.found() ? thought.end : 0;
  size_t thought_to = view.size();
  for (const Mark& mark : {action, answer})
    if (mark.found() && mark.begin >= thought_from) thought_to = std::min(thought_to, mark.begin);
  Move move{.thought = cut(trimmed(view.substr(thought_from, thought_to - thought_from)), limits.thought)};

  if (action.found()) {
    const size_t until = answer.found() && answer.begin > action.end ? answer.begin : view.size();
    const std::string_view body = view.substr(action.end, until - action.end);
    const std::string_view object = first_object(body);
    if (!object.empty()) {
      read_call(object, move);
      if (!move.complaint.empty()) return unreadable(move.thought, move.complaint);
      return move;
    }
    if (!answer.found()) return unreadable(move.thought, "the ACTION holds no JSON object. Write ACTION: {\"tool\": NAME, \"arguments\": {...}}");
  }
  if (answer.found()) {
    std::string said(view.substr(answer.end));
    if (const size_t end = said.find("TERMINATE"); end != said.npos) said.resize(end);
    // A planner that goes on writing is not answering any more.
    for (const char* word : {"THOUGHT", "ACTION", "OBSERVATION"})
      if (const Mark next = find_mark(said, word); next.found()) said.resize(next.begin);
    said = cut(trimmed(said), limits.answer);
    if (said.empty()) return unreadable(move.thought, "the ANSWER is empty");
    move.answer = said;
    return move;
  }
  return unreadable(move.thought, "the reply has neither an ACTION nor an ANSWER. Write THOUGHT: ..., then ACTION: {\"tool\": NAME, \"arguments\": {...}} or ANSWER: ...");
}

std::string reply_text(const Move& move) {
  if (!move.complaint.empty()) return move.reply;
  std::string out = "THOUGHT: " + move.thought + "\n";
  if (move.call) return out + "ACTION: " + base::dump_json({{"tool", move.call->tool}, {"arguments", move.call->arguments}});
  return out + "ANSWER: " + move.answer.value_or("");
}

std::string call_text(const Call& call) {
  // "tool" comes first: a reader, and a model that writes it, must know it before the arguments.
  std::string out = "{\"tool\":" + base::dump_json(call.tool);
  for (const auto& [name, value] : call.arguments.items()) out += "," + base::dump_json(name) + ":" + base::dump_json(value);
  return out + "}";
}

}  // namespace atelier::sketchpad
