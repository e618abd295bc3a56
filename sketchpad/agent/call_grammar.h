#pragma once
/// What a call may look like, character by character, so that a small model can write nothing else.
///
///     {"tool":"draw_graph","matrix":"$graph","marked":["$node_1",3]}
///
/// The tool exists, each argument is one of its own and comes once, the values are JSON in ASCII without spaces between
/// its signs. Whether a value suits its argument the tool says itself.
#include "sketchpad/tool.h"

#include <optional>

namespace atelier::sketchpad {

class CallGrammar {
 public:
  /// @param tools  not owned, must outlive every copy
  explicit CallGrammar(const Toolbox& tools) : tools_(&tools) {}

  /// The state behind these bytes; nothing if no call goes on like this.
  std::optional<CallGrammar> after(std::string_view bytes) const;
  /// A whole call has been written; nothing may follow.
  bool complete() const { return state_ == State::done; }

 private:
  enum class State {
    head,         // {"tool":"
    tool,         // its name
    next,         // behind a value: , or a closing bracket
    key_begin,    // the quote of a name
    key,          // a name
    colon,
    value,        // the first sign of a value
    first_item,   // a value or ]
    first_key,    // a quote or }
    text,         // inside a string
    escape,       // behind its backslash
    number,
    word,         // true, false, null
    done,
  };

  bool take(char c);
  bool begin_value(char c);
  bool number_takes(char c) const;
  bool number_ends() const;

  const Toolbox* tools_;
  const Tool* tool_ = nullptr;
  State state_ = State::head;
  std::string part_;                  // of the head, a name, a number, a word
  std::string open_;                  // brackets around, outermost first
  std::vector<std::string> given_;    // arguments so far
};

}  // namespace atelier::sketchpad
