#include "corpus/corpus.h"
#include "corpus/embedded.h"
#include "corpus/words.h"
#include "base/error.h"

namespace atelier::corpus {

const HeldOut& HeldOut::instance() {
  static const HeldOut held_out;
  return held_out;
}

HeldOut::HeldOut() {
  const base::json document = base::parse_json(heldout_concepts_json(), "heldout_concepts.json");
  for (auto [part, ids] : {std::pair{"dev", &dev_}, std::pair{"test", &test_}})
    for (const auto& [id, label] : document.at(part).items()) {
      ids->push_back(id);
      labels_[id] = label.get<std::string>();
      // Labels are plurals here and there ("socks"): the singular is as telling. Of a mass noun the plural does no harm.
      const std::string name = join(words(labels_[id]), " ");
      for (const std::string& form : {name, plural(name), singular(name)}) names_.insert(form);
    }
}

bool HeldOut::is_concept(const std::string& concept_id) const { return labels_.contains(concept_id); }

bool HeldOut::names_one(std::string_view text) const {
  const std::vector<std::string> all = words(text);
  for (size_t i = 0; i < all.size(); ++i) {
    std::string name = all[i];
    for (size_t j = i + 1;; ++j) {
      if (names_.contains(name)) return true;
      if (j == all.size() || j == i + 3) break;  // no name has more than three words, plural included
      name += ' ' + all[j];
    }
  }
  return false;
}

const std::vector<std::string>& HeldOut::dev() const { return dev_; }
const std::vector<std::string>& HeldOut::test() const { return test_; }

const std::string& HeldOut::label(const std::string& concept_id) const {
  const auto found = labels_.find(concept_id);
  REQUIRE(found != labels_.end(), "{} is not a held-out concept", concept_id);
  return found->second;
}

}  // namespace atelier::corpus
