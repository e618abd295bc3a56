#pragma once
/// What things are called: a linear classifier of how they look, a component beside the joint model.
///
/// Captions learn names one weak word at a time, so a captioner is told those that can be seen at a glance: object tags, as in Oscar
/// (Li et al. 2020) and PICa (Yang et al. 2022), 3.1.
#include "base/config.h"
#include "promptcap/patch_dictionary.h"
#include "vision/image.h"

#include <filesystem>
#include <map>
#include <string>
#include <vector>

namespace atelier::promptcap {

struct NamesConfig {
  std::vector<std::string> names;   // "motor scooter"
  std::vector<std::string> styles;  // "noto style"

  template <class Visitor>
  void visit(Visitor& v) {
    v("names", names, base::any());
    v("styles", styles, base::any());
  }
};

class Names {
 public:
  /// A folder with config.json and weights: filters and offsets of a PatchDictionary, weight (names + styles, its features), bias.
  /// @throws InvalidFile
  static Names load(const std::filesystem::path& folder);

  struct Guess {
    Tensor names, styles;  // (n, names), (n, styles): log-probabilities, fp32
  };
  /// @param things  at least one, each cut out, of PatchDictionary::kSide a side
  Guess guess(const std::vector<vision::Image>& things) const;

  const std::string& name(int64_t i) const { return config_.names[i]; }
  const std::string& style(int64_t i) const { return config_.styles[i]; }
  /// Which names a text says, in singular or plural, each once; of "piggy bank" not "bank" as well.
  std::vector<int64_t> said_in(const std::string& text) const;

 private:
  Names(NamesConfig config, PatchDictionary patches, Tensor weight, Tensor bias);
  NamesConfig config_;
  PatchDictionary patches_;
  Tensor weight_, bias_;
  std::map<std::string, int64_t> by_words_;  // also of plurals
  size_t longest_ = 1;                       // words of a name
};

}  // namespace atelier::promptcap
