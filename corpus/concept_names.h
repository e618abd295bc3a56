#pragma once
/// What concepts are called: the candidates when a picture is to be named.
#include "corpus/corpus.h"

#include <map>
#include <string>

namespace atelier::corpus {

/// Whether CLIP may see a picture, in training or in its tests: held-out concepts and unclean pictures are left out.
bool is_open(const Corpus& corpus, int64_t i);

/// The title that most pictures of each emoji concept have, the first in the alphabet of equals. Pictures that are not
/// is_open() do not count. @return by concept id
std::map<std::string, std::string> emoji_names(const Corpus& corpus);

}  // namespace atelier::corpus
