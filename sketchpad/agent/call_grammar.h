#pragma once
/// What a call may look like, character by character, so that a small model can write nothing else.
///
///     {"tool":"draw_graph","matrix":"$graph","marked":["$node_1",3]}
///
/// The tool exists, each argument is one of its own and comes once, none that it needs is missing, the values are JSON in
/// ASCII without spaces between its signs and of the argument's type, and a quote stands for something of that type.
/// Ranges and counts the tool checks itself.
#include "sketchpad/agent/quotes.h"
#include "sketchpad/tool.h"

#include <optional>

namespace atelier::sketchpad {

class CallGrammar {
 public:
  /// @param tools   not owned, must outlive every copy
  /// @param quotes  what may be quoted, likewise; none: anything
  explicit CallGrammar(const Toolbox& tools, const Quotes* quotes = nullptr) : tools_(&tools), quotes_(quotes) {}

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
    word,         // true, false
    done,
  };

  bool take(char c);
  bool begin_value(char c);
  bool number_takes(char c) const;
  bool number_ends() const;
  bool text_fits(bool whole) const;
  const Argument* declared(const std::string& name) const;
  bool enough() const;

  const Toolbox* tools_;
  const Quotes* quotes_;
  const Tool* tool_ = nullptr;
  State state_ = State::head;
  std::string part_;                  // of the head, a name, a number, a word
  std::string open_;                  // brackets around, outermost first
  std::vector<const Type*> types_;    // of what stands in each, null in the call's own
  const Type* type_ = nullptr;        // of the value that comes or is being written
  std::vector<std::string> given_;    // arguments so far
};

}  // namespace atelier::sketchpad
