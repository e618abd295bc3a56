#pragma once
/// What the tools that ask learned models have in common.
#include "base/error.h"
#include "sketchpad/models.h"
#include "sketchpad/tools/declarations.h"

namespace atelier::sketchpad {

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
