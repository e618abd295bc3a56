#pragma once
/// The corpus's two data files, compiled into the program so that an installed one needs no source folder.
#include <string_view>

namespace atelier::corpus {

std::string_view sources_json();           // corpus/sources.json
std::string_view heldout_concepts_json();  // corpus/heldout_concepts.json

}  // namespace atelier::corpus
