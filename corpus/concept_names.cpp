#include "corpus/concept_names.h"

#include <algorithm>

namespace atelier::corpus {

bool is_open(const Corpus& corpus, int64_t i) {
  const Split split = corpus.picture(i).split;
  return split == Split::combination || split == Split::heldout_style || (split == Split::train && corpus.weight(i) > 0);
}

std::map<std::string, std::string> emoji_names(const Corpus& corpus) {
  std::map<std::string, std::map<std::string, int64_t>> titles;
  for (int64_t i = 0; i < corpus.size(); ++i) {
    const Picture& picture = corpus.picture(i);
    if (is_open(corpus, i) && picture.concept_id.starts_with("emoji:")) ++titles[picture.concept_id][picture.title];
  }
  std::map<std::string, std::string> names;
  for (const auto& [id, counts] : titles)
    names[id] = std::max_element(counts.begin(), counts.end(), [](const auto& a, const auto& b) { return a.second < b.second; })->first;
  return names;
}

}  // namespace atelier::corpus
