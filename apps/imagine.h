#pragma once
/// What `atelier imagine` does between the parsed command line and the files on disk.
#include "apps/metadata.h"
#include "apps/painter.h"
#include "base/json.h"

#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace atelier::apps {

/// Guidance by pictures (fusion/negtome.h).
struct NegToMeOptions {
  fusion::NegToMeConfig config;
  std::optional<double> diverse;            // alpha
  std::vector<std::filesystem::path> avoid;
  std::filesystem::path avoid_mask;         // empty: all of them
  double avoid_alpha = fusion::kAvoidAlpha;
};

/// What stands before the prompts (RA-CM3).
struct DocumentOptions {
  std::filesystem::path memory;  // empty: the model's own, if it has one
  bool no_memory = false;
  std::optional<int64_t> k;      // documents that the memory finds; without a value 2 of one that was named, of the model's own as many as it wants
  struct Handed {
    std::filesystem::path picture;
    std::string caption;
  };
  std::vector<Handed> with;      // stand first
};

/// A picture to start from.
struct EditOptions {
  std::filesystem::path init, mask;  // empty: none; light where the mask lets the picture be drawn anew
  std::optional<double> strength;    // without a value 1 with a mask, else 0.6
};

/// Everything that a person can ask for, as given; check() says whether it can be done.
struct ImagineOptions {
  std::vector<std::string> prompts;     // each drawn `batch` times
  std::string negative_prompt;
  int64_t batch = 1;
  int64_t steps = 25;
  double guidance_scale = 4;
  std::string sampler = "ddim";
  std::string style;
  NegToMeOptions negtome;
  DocumentOptions documents;
  EditOptions edit;
  int64_t best_of = 1;                  // candidates a picture, of which CLIP chooses the one nearest to its prompt
  std::optional<int64_t> seed;          // of the first picture of each prompt; the next ones have seed + 1, ...
  int64_t width = 0, height = 0;        // 0: what the model draws
  std::filesystem::path model;          // empty: default_model_folder()
  std::string output = "picture.png";   // a pattern, output_names.h
  std::filesystem::path preview, grid;  // empty: none
};

struct DrawnPicture {
  std::filesystem::path path;
  std::string prompt;
  int64_t seed = 0;
  std::vector<UsedDocument> documents;  // that a memory put before it
};

struct ImagineResult {
  std::vector<DrawnPicture> pictures;
  base::json settings;  // what all pictures share, model and its hash included
  double load_seconds = 0, draw_seconds = 0;
};

/// Checks everything that can be checked before work starts, loads the model, draws, writes each picture when it is done.
/// @param open  open_painter, or a test's
/// @throws InvalidArgument, InvalidFile, ResourceError; Cancelled: pictures already written stay
ImagineResult imagine(ImagineOptions options,
                      const std::function<std::unique_ptr<Painter>(const std::filesystem::path& model)>& open =
                          [](const std::filesystem::path& model) { return open_painter(model); });

/// For --json.
base::json to_json(const ImagineResult& result);

}  // namespace atelier::apps
