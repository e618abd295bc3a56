#pragma once
/// Tools that ask learned models, each in a file of its own.
#include "sketchpad/models.h"

#include "base/error.h"

namespace atelier::sketchpad {

/// @param models  null: the tool is declared all the same, and says that there are none
Tool similar_tool(std::shared_ptr<Models> models);
Tool ask_tool(std::shared_ptr<Models> models);
Tool recall_tool(std::shared_ptr<Models> models);
Tool imagine_tool(std::shared_ptr<Models> models);

/// What the models say, their errors with the tool's name in front. @param use  gets the models
template <class Use>
auto asked(const char* tool, const std::shared_ptr<Models>& models, const Use& use) {
  REQUIRE(models, "{}: no models are loaded here; draw and look with the other tools", tool);
  try {
    return use(*models);
  } catch (const base::InvalidArgument& error) {
    if (std::string_view(error.what()).starts_with(tool)) throw;  // its time is over
    throw base::InvalidArgument(fmt::format("{}: {}", tool, error.what()));
  }
}

/// @throws InvalidArgument if a text has no word in it
inline void require_words(const char* tool, const char* argument, const std::string& text) {
  REQUIRE(text.find_first_not_of(" \t\r\n") != text.npos, "{}: {} holds no word", tool, argument);
}

}  // namespace atelier::sketchpad
