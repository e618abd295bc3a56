#pragma once
/// Learning what things are called (promptcap/names.h): from things cut out of composed scenes, found there as they are in use, and
/// from single pictures as somebody might hand them over.
#include "corpus/corpus.h"
#include "promptcap/names.h"

namespace atelier::promptcap {

struct NameTrainingOptions {
  int64_t scenes = 9000, pictures = 20000;
  uint64_t seed = 21;
};

/// Names and styles of training pictures; a name that is seen only once is not learnt. Prints how many of the last twentieth of
/// scenes and pictures, which are not learnt from, are named rightly.
/// @param folder  the component that is written: config.json and model.safetensors
/// @throws Cancelled; InvalidArgument if too little can be seen for two names
void train_names(const corpus::Corpus& corpus, const NameTrainingOptions& options, const std::filesystem::path& folder);

}  // namespace atelier::promptcap
