#pragma once
/// A folder that holds a whole model: model_index.json and one folder a component (fusion/pipeline.h).
#include <array>
#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

namespace atelier::apps {

/// The folders of the components, which are also their names.
inline constexpr std::array<const char*, 3> kComponents = {"vae", "text", "fusion"};

/// What a model says about itself before any weight is read.
struct ModelInfo {
  std::string version;              // of the weights
  std::vector<std::string> styles;  // what --style offers
  int64_t picture_size = 0;         // side of the pictures that it draws, in pixels
  int64_t documents = 0;            // of its own memory that stand before a prompt when nobody asks: what measured best
};

/// @throws InvalidFile for a folder that is not a model's, or that misses a component
ModelInfo read_model_info(const std::filesystem::path& folder);

/// Where --model points if it is not given: $ATELIER_MODELS/starter if that is set, else models/starter beside the
/// program or above it, else in the source tree that it was built from.
std::filesystem::path default_model_folder();

}  // namespace atelier::apps
