#include "eval/heldout.h"

#include "base/error.h"

#include <map>

namespace atelier::eval {

std::vector<HeldOutConcept> heldout_concepts(Workbench& bench, int64_t count) {
  const corpus::HeldOut& heldout = corpus::HeldOut::instance();
  std::map<std::string, std::map<std::string, std::vector<int64_t>>> drawn;  // by concept and family
  for (const int64_t row : bench.rows([](const corpus::Picture& p, int64_t) { return p.split == corpus::Split::heldout_concept && p.kind == "emoji" && !p.skin_tone; }))
    drawn[bench.corpus().picture(row).concept_id][bench.corpus().picture(row).family].push_back(row);
  std::vector<HeldOutConcept> concepts;
  for (size_t c = 0; c < heldout.dev().size(); ++c) {
    const std::string& id = heldout.dev()[c];
    const auto& families = drawn[id];
    std::vector<std::string> names;
    for (const auto& [family, rows] : families) names.push_back(family);
    names = sample(names, static_cast<int64_t>(names.size()), 1000 + c);
    HeldOutConcept one{id, heldout.label(id), {}, {}};
    for (size_t i = 0; i < names.size(); ++i) {
      std::vector<int64_t>& part = i % 2 == 0 ? one.judged : one.shown;
      part.insert(part.end(), families.at(names[i]).begin(), families.at(names[i]).end());
    }
    if (!one.shown.empty()) concepts.push_back(std::move(one));
  }
  REQUIRE(concepts.size() >= 2, "{} has pictures by several artists of only {} held-out concepts; two are needed", bench.corpus().folder().string(), concepts.size());
  return sample(concepts, count, 2);
}

}  // namespace atelier::eval
