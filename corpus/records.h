#pragma once
/// The corpus's text files: a picture as a line of corpus.jsonl, the concepts, the credits.
#include "corpus/corpus.h"
#include "corpus/wordnet.h"

#include <string>
#include <vector>

namespace atelier::corpus {

base::json to_json(const Picture& picture);
/// @throws InvalidFile naming `what` and the field
Picture picture_from_json(const base::json& line, const std::string& what);

/// knowledge.jsonl: a line a concept of the training pictures, without any held-out name.
std::string knowledge_lines(const std::vector<Picture>& pictures, const WordNet& wordnet, const HeldOut& held_out);

/// ATTRIBUTION.md: sources by licence, with their credits and the number of pictures of each.
std::string attribution(const std::vector<Picture>& pictures);

}  // namespace atelier::corpus
