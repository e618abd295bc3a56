// What planners write: any bytes are a call, an answer, or a complaint in UTF-8; a call survives being written. And the
// grammar of calls: whatever it lets through to the end is JSON that reads as a call of a tool that exists.
#include "base/json.h"
#include "sketchpad/agent/call_grammar.h"
#include "sketchpad/agent/reply.h"
#include "tests/fuzz/fuzz.h"

namespace {

using namespace atelier;

void expect(bool holds) {
  if (!holds) __builtin_trap();
}

void check(const sketchpad::Move& move) {
  const sketchpad::ReplyLimits limits;
  expect(move.call.has_value() + move.answer.has_value() + !move.complaint.empty() == 1);
  for (const std::string& text : {move.thought, move.complaint, move.reply, move.answer.value_or("")}) expect(base::is_utf8(text));
  expect(move.thought.size() <= limits.thought && move.answer.value_or("").size() <= limits.answer);
  if (!move.call) return;
  // A thought may hold marks of its own: the call is what must come back.
  const auto again = sketchpad::parse_reply(sketchpad::reply_text({.call = move.call}));
  expect(again.call == move.call || base::dump_json(move.call->arguments).size() > 60'000);  // escapes may outgrow the limit
}

const sketchpad::Toolbox& tools() {
  static const sketchpad::Toolbox kTools({sketchpad::tool("draw_line").arg("from", sketchpad::point()).arg("to", sketchpad::point()).opt("fill", sketchpad::flag(), false),
                                          sketchpad::tool("draw_graph").arg("matrix", sketchpad::matrix(0, 100, 40))});
  return kTools;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view text = fuzz::text(data, size);
  check(sketchpad::parse_reply(text));
  // As a small model writes it: the grammar takes or refuses byte by byte, here with what it refuses left out.
  sketchpad::CallGrammar grammar(tools());
  std::string written;
  for (const char c : text.substr(0, 4096)) {
    const auto next = grammar.after(std::string_view(&c, 1));
    if (!next) continue;
    grammar = *next;
    written += c;
    if (!grammar.complete()) continue;
    const auto move = sketchpad::parse_reply("ACTION: " + written);
    // The same name twice inside an argument is all that it does not keep out.
    expect(move.call.has_value() || move.complaint.find(" twice in one object") != std::string::npos);
    if (move.call) tools().find(move.call->tool);
    break;
  }
  return 0;
}
