#pragma once
/// How a task's question can be put in words: read by the adapters of public sets and by the generators alike.
#include "base/json.h"
#include "base/random.h"

#include <string>
#include <vector>

namespace atelier::sketchpad {

/// A task's question with its data filled in. @param way  which of the wordings, 0 to ways_to_ask(task) - 1
/// @throws InvalidArgument if there is no such task
std::string question_for(const std::string& task, const base::json& fields, size_t way);
size_t ways_to_ask(const std::string& task);
bool has_wordings(const std::string& task);

/// One of several, by a random draw.
const std::string& one_of(const std::vector<std::string>& texts, base::Random& random);

}  // namespace atelier::sketchpad
