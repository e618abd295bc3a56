#pragma once
/// What things are called: a linear classifier of what the joint model's image tower sees, a component beside it.
///
/// Captions learn names one weak word at a time, so a captioner is told those that it can see at a glance: object tags, as in Oscar
/// (Li et al. 2020) and PICa (Yang et al. 2022), 3.1. Everything below the classifier is the joint model, as it draws.
#include "fusion/pipeline.h"

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

/// A thing, cut out, as the classifier looks at it: shrunk to forty pixels, whatever its size was. What it is shows in its shape, how it is
/// drawn in its details; so a style that no training picture had is named better from afar. @return square, of `pixels` a side
vision::Image from_afar(const vision::Image& thing, int64_t pixels);

/// What the classifier looks at: the image tower's values of a picture that stands first, each layer's scaled to a mean square
/// of one, averaged over the patches. @param latents (n, C, S, S) fp32, normalised @return (n, features) fp32
Tensor picture_features(const fusion::Pipeline& pipeline, const Tensor& latents);

class Names {
 public:
  /// A folder with config.json and weights: weight (names + styles, features), bias. @throws InvalidFile
  static Names load(const std::filesystem::path& folder);

  struct Guess {
    Tensor names, styles;  // (n, names), (n, styles): log-probabilities, fp32
  };
  /// @param features  of picture_features @throws InvalidFile if they are of another model than the classifier learnt from
  Guess guess(const Tensor& features) const;

  const std::string& name(int64_t i) const { return config_.names[i]; }
  const std::string& style(int64_t i) const { return config_.styles[i]; }
  /// Which names a text says, in singular or plural, each once; of "piggy bank" not "bank" as well.
  std::vector<int64_t> said_in(const std::string& text) const;

 private:
  Names(NamesConfig config, Tensor weight, Tensor bias, std::string where);
  NamesConfig config_;
  Tensor weight_, bias_;
  std::string where_;
  std::map<std::string, int64_t> by_words_;  // also of plurals
  size_t longest_ = 1;                       // words of a name
};

}  // namespace atelier::promptcap
