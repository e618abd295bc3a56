#include "base/error.h"
#include "base/json.h"
#include "base/safetensors.h"

namespace atelier::base {

namespace {

namespace fs = std::filesystem;

constexpr const char* kIndexEnding = ".safetensors.index.json";

/// The one file in a model's folder that holds its weights or says where they are.
fs::path find_weights(const fs::path& folder) {
  for (const char* stem : {"model", "diffusion_pytorch_model"}) {
    for (const char* ending : {".safetensors", kIndexEnding}) {
      std::error_code ignored;  // what cannot be looked at is reported where it is opened
      const fs::path path = folder / (std::string(stem) + ending);
      if (fs::exists(path, ignored)) return path;
    }
  }
  throw InvalidFile(folder.string() + ": holds no weights: neither model.safetensors nor "
                    "diffusion_pytorch_model.safetensors nor an index of either");
}

/// An index comes with the model, from anywhere: it may only name its neighbours.
bool is_plain_name(const std::string& name) {
  return !name.empty() && name != "." && name != ".." && name.find_first_of(std::string_view("/\\\0", 3)) == name.npos;
}

}  // namespace

Weights::Weights(const fs::path& path) : where_(path.string()) {
  std::error_code ignored;
  const fs::path found = fs::is_directory(path, ignored) ? find_weights(path) : path;
  where_ = found.string();
  if (!where_.ends_with(kIndexEnding)) {
    files_.emplace_back(found);
    for (const auto& [name, info] : files_[0].tensors()) file_of_[name] = 0;
    return;
  }

  const json index = read_json(found);
  CHECK_FILE(index.is_object() && index.contains("weight_map") && index["weight_map"].is_object(), where_,
             "must hold an object weight_map of tensor names and file names");
  std::map<std::string, size_t> opened;
  for (const auto& [name, value] : index["weight_map"].items()) {
    CHECK_FILE(value.is_string() && is_plain_name(value.get<std::string>()), where_,
               "weight_map {} must be the name of a file in the same folder, not {}", shown(name), shown(value));
    const auto [place, is_new] = opened.try_emplace(value.get<std::string>(), files_.size());
    if (is_new) files_.emplace_back(found.parent_path() / place->first);
    const Safetensors& file = files_[place->second];
    CHECK_FILE(file.contains(name), where_, "says that {} holds tensor {}, which it does not", place->first,
               shown(name));
    file_of_[name] = place->second;
  }
}

bool Weights::contains(const std::string& name) const { return file_of_.contains(name); }

std::vector<std::string> Weights::names() const {
  std::vector<std::string> names;
  for (const auto& [name, file] : file_of_) names.push_back(name);
  return names;
}

const TensorInfo& Weights::info(const std::string& name) const {
  const auto found = file_of_.find(name);
  CHECK_FILE(found != file_of_.end(), where_, "has no tensor {}", shown(name));
  return files_[found->second].tensors().at(name);
}

Tensor Weights::read(const std::string& name) const {
  const auto found = file_of_.find(name);
  CHECK_FILE(found != file_of_.end(), where_, "has no tensor {}", shown(name));
  return files_[found->second].read(name);
}

}  // namespace atelier::base
