#pragma once
/// Whether the program would accept a command line, without doing what it says.
#include <string>
#include <vector>

namespace atelier::docs {

enum class Form {
  whole,    // a command as somebody types it
  mention,  // a piece of one in a sentence: what it leaves out is not missed
};

/// @param words   without the program's name
/// @return what the program's own parser finds wrong; empty: nothing. Files that a command reads need not be there.
std::string complaint(std::vector<std::string> words, Form form);

}  // namespace atelier::docs
