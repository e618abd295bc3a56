#pragma once
/// Pictures in words that say what is there and where (corpus/description.h): the things are found and cut out (things.h), named
/// by how they look (names.h), counted and placed. A question that names something makes that name likelier
/// for one of them, the one that it fits best: "where is the trumpet?" is about a trumpet. Such a caption is conditioned
/// on its question as PromptCap means it: it tells what the question needs, where one without it would say "a horn".
#include "promptcap/names.h"

#include <array>
#include <optional>

namespace atelier::promptcap {

/// A picture as it was looked at, whatever will be asked.
struct Sight {
  struct Thing {
    std::array<float, 4> box;  // left, top, width, height, in [0, 1] of the picture's sides
    std::string colour;        // if it is painted in one
    Tensor names;              // (names): log-probabilities
    size_t kind;               // things that look the same share one
  };
  std::vector<Thing> things;  // at least one: where nothing stands apart, the picture itself
  std::string ground, style;  // empty: not even; not known
};

class Describer {
 public:
  explicit Describer(Names names);
  /// With the names that lie beside a model, if any do. @param model  its folder @throws InvalidFile where they are broken
  static std::optional<Describer> of(const std::filesystem::path& model);

  Sight look(const vision::Image& picture) const;

  struct Described {
    std::string text;
    double log_probability;  // of the names in it
  };
  /// @param question  empty: for none
  Described describe(const Sight& sight, const std::string& question) const;

 private:
  /// The name of each kind of thing, and the sum of their log-probabilities.
  std::pair<std::vector<int64_t>, double> name(const Sight& sight, const std::string& question) const;

  Names names_;
};

}  // namespace atelier::promptcap
