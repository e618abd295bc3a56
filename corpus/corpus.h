#pragma once
/// The open image-text corpus: fetched from pinned packages, rendered here, joined by concept, split, credited.
///
/// On disk (default: $XDG_CACHE_HOME/atelier/corpus; ATELIER_ARG_CORPUS or --corpus):
///   sources/              the fetched packages, hash-checked
///   pictures.safetensors  pixels (N, 128, 128, 4) u8 straight alpha; split (N) u8; weight (N) f32 (0: not for training)
///   corpus.jsonl          a line a picture, row i describes pixels[i]
///   knowledge.jsonl       a line a concept: labels, tags, group, subgroup, WordNet hypernyms and gloss (held-out ones left out)
///   ATTRIBUTION.md        generated from the licence fields
#include "base/files.h"
#include "base/json.h"
#include "base/random.h"
#include "vision/image.h"

#include <cstdint>
#include <filesystem>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

namespace atelier::corpus {

enum class Split : uint8_t {
  train = 0,
  combination = 1,      // 5 % of concept x style family pairs whose concept and style both occur in training
  heldout_concept = 2,  // concepts of heldout_concepts.json, by any artist, and pictures whose words name them
  heldout_style = 3,    // OpenMoji, but for its drawings of held-out concepts
  unclean = 4,          // share-alike or GPL: tests and users' own memories only
};

struct Picture {
  std::string id;        // "noto:red-apple"
  std::string source;    // "noto"
  std::string style;     // as captions say it: "noto style", "line icon", "3d", "clip art"
  std::string family;    // pictures of one artist's drawing in several finishes share a family: "fluent"
  std::string concept_id;   // "emoji:1F34E", or "word:pirate skull" where there is no emoji
  std::string title;     // "red apple"
  std::vector<std::string> tags;
  std::string group, subgroup;  // "Food & Drink", "food-fruit"
  std::string kind;      // "emoji", "icon", "mono", "clipart", "flag", "photo"
  bool skin_tone = false;
  std::string licence, credit, author;
  Split split = Split::train;
};

/// An opened corpus; pixels stay on disk (mapped).
class Corpus {
 public:
  /// @throws InvalidFile with the command that builds it if the folder has none
  static Corpus open(const std::filesystem::path& folder);

  int64_t size() const { return static_cast<int64_t>(pictures_.size()); }
  const Picture& picture(int64_t i) const { return pictures_[i]; }
  double weight(int64_t i) const { return weights_[i]; }
  /// RGBA, 128 x 128.
  vision::Image image(int64_t i) const;
  const uint8_t* pixels(int64_t i) const;
  const std::filesystem::path& folder() const { return folder_; }

 private:
  std::filesystem::path folder_;
  std::vector<Picture> pictures_;
  std::vector<double> weights_;
  std::optional<base::MappedFile> file_;
  int64_t pixels_offset_ = 0;
};

/// The default folder.
std::filesystem::path default_folder();

/// `atelier corpus fetch|build|stats|sheet`. fetch: downloads what is missing into sources/ (npm and apt-get download,
/// pinned versions and hashes); build: everything else, deterministic.
void fetch(const std::filesystem::path& folder);
void build(const std::filesystem::path& folder);
base::json stats(const Corpus& corpus);

/// Words that no training text may hold: the held-out concepts' names and their plurals. From corpus/heldout_concepts.json.
class HeldOut {
 public:
  static const HeldOut& instance();
  bool is_concept(const std::string& concept_id) const;
  /// Whole-word, case-insensitive, over multi-word names too.
  bool names_one(std::string_view text) const;
  const std::vector<std::string>& dev() const;   // concept ids
  const std::vector<std::string>& test() const;
  const std::string& label(const std::string& concept_id) const;

 private:
  HeldOut();
  std::vector<std::string> dev_, test_;
  std::map<std::string, std::string> labels_;
  std::set<std::string> names_;
};

/// A training caption for a picture: title with or without article, style name, some of its tags, by random choice.
/// "a red apple, noto style", "red apple, fruit, twemoji style", "noto style of a red apple".
/// @param random  the only source of chance
std::string caption(const Picture& picture, base::Random& random);

}  // namespace atelier::corpus
