#include "corpus/splits.h"
#include "corpus/sources.h"
#include "base/error.h"

#include <algorithm>
#include <cmath>
#include <map>
#include <set>

namespace atelier::corpus {
namespace {

double group_weight(const Picture& picture) {
  if (picture.kind != "emoji" && picture.kind != "flag") return 1;
  if (picture.kind == "flag" || picture.group == "People & Body" || picture.group == "Symbols" || picture.group == "Components") return 0.4;
  return picture.group == "Smileys & Emotion" ? 0.6 : 1;
}

}  // namespace

void assign_splits(std::vector<Picture>& pictures, const std::vector<std::string>& other_concepts, const HeldOut& held_out) {
  ASSERT(pictures.size() == other_concepts.size());
  std::map<std::string, std::set<std::string>> families;  // of each concept, among what may be trained on
  for (size_t i = 0; i < pictures.size(); ++i) {
    Picture& picture = pictures[i];
    if (held_out.is_concept(picture.concept_id) || held_out.names_one(picture.title) || held_out.is_concept(other_concepts[i])) {
      picture.split = Split::heldout_concept;
      continue;
    }
    std::erase_if(picture.tags, [&](const std::string& tag) { return held_out.names_one(tag); });
    if (held_out.names_one(picture.group)) picture.group.clear();
    if (held_out.names_one(picture.subgroup)) picture.subgroup.clear();
    if (picture.split == Split::train) families[picture.concept_id].insert(picture.family);
  }
  constexpr uint64_t kOneIn = 20;
  std::set<std::pair<std::string, std::string>> taken;
  for (const auto& [concept_id, names] : families) {
    if (names.size() < 3) continue;
    std::vector<std::string> out;
    for (const std::string& family : names)
      if (base::mix(base::hash(concept_id + '|' + family)) % kOneIn == 0) out.push_back(family);
    if (out.size() == names.size()) continue;
    for (const std::string& family : out) taken.emplace(concept_id, family);
  }
  for (Picture& picture : pictures)
    if (picture.split == Split::train && taken.contains({picture.concept_id, picture.family})) picture.split = Split::combination;
}

std::vector<float> sampling_weights(const std::vector<Picture>& pictures) {
  std::map<std::string, double> source_weight;
  for (const Source& source : source_table().sources) source_weight[source.source] = source.weight;
  std::map<std::string, int64_t> count;
  for (const Picture& picture : pictures)
    if (picture.split == Split::train) ++count[picture.concept_id];
  std::vector<float> out;
  out.reserve(pictures.size());
  for (const Picture& picture : pictures)
    out.push_back(picture.split != Split::train ? 0.0f
                                                : static_cast<float>(source_weight[picture.source] * group_weight(picture) /
                                                                     std::sqrt(static_cast<double>(count[picture.concept_id]))));
  return out;
}

}  // namespace atelier::corpus
