#pragma once
/// A folder that holds a whole model: model_index.json and one folder a component.
#include "base/config.h"

#include <filesystem>
#include <string>
#include <vector>

namespace atelier::apps {

/// model_index.json. Each component's value is the name of its folder.
struct ModelIndex {
  std::string _class_name = "AtelierPipeline";
  std::string version;  // of the weights
  std::string vae = "vae", text = "text", fusion = "fusion";
  std::vector<std::string> styles;  // what --style offers: names that the training captions used

  template <class Visitor>
  void visit(Visitor& v) {
    using base::any, base::one_of;
    v("_class_name", _class_name, one_of({"AtelierPipeline"}));
    v("version", version, any());
    v("vae", vae, any());
    v("text", text, any());
    v("fusion", fusion, any());
    v("styles", styles, any());
  }
};

/// @throws InvalidFile for a folder that is not a model's, or an index that names a folder outside it or none
ModelIndex read_model_index(const std::filesystem::path& folder);

/// Where --model points if it is not given: $ATELIER_MODELS/starter if that is set, else models/starter beside the
/// program or above it, else in the source tree that it was built from.
std::filesystem::path default_model_folder();

/// The side of the pictures that the model draws, in pixels.
int64_t picture_size(const std::filesystem::path& folder, const ModelIndex& index);

/// 16 hexadecimal digits that tell one set of weights and configs from another; no protection against forgery.
std::string model_hash(const std::filesystem::path& folder, const ModelIndex& index);

}  // namespace atelier::apps
