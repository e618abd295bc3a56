#include "promptcap/names.h"

#include "base/error.h"
#include "base/safetensors.h"
#include "corpus/words.h"

#include <c10/core/InferenceMode.h>

#include <algorithm>

namespace atelier::promptcap {

Names::Names(NamesConfig config, PatchDictionary patches, Tensor weight, Tensor bias)
    : config_(std::move(config)), patches_(std::move(patches)), weight_(std::move(weight)), bias_(std::move(bias)) {
  for (size_t i = 0; i < config_.names.size(); ++i)
    for (const std::string& form : {config_.names[i], corpus::plural(config_.names[i])}) {
      const std::vector<std::string> words = corpus::words(form);
      by_words_.emplace(corpus::join(words, " "), static_cast<int64_t>(i));
      longest_ = std::max(longest_, words.size());
    }
}

Names Names::load(const std::filesystem::path& folder) {
  auto config = base::read_config<NamesConfig>(folder / "config.json");
  const base::Weights weights(folder);
  const Tensor filters = weights.read("filters").to(at::kFloat), offsets = weights.read("offsets").to(at::kFloat);
  if (filters.dim() != 2 || filters.size(1) != PatchDictionary::kValues || offsets.sizes() != filters.sizes().slice(0, 1))
    throw base::InvalidFile(fmt::format("{}: filters and offsets must be of patches with {} values", weights.where(), PatchDictionary::kValues));
  PatchDictionary patches(filters, offsets);
  Tensor weight = weights.read("weight").to(at::kFloat), bias = weights.read("bias").to(at::kFloat);
  const auto rows = static_cast<int64_t>(config.names.size() + config.styles.size());
  if (config.names.empty() || config.styles.empty() || weight.dim() != 2 || weight.size(0) != rows || bias.sizes() != weight.sizes().slice(0, 1))
    throw base::InvalidFile(fmt::format("{}: the weights are not for {} names and {} styles", weights.where(), config.names.size(), config.styles.size()));
  if (weight.size(1) != patches.features())
    throw base::InvalidFile(fmt::format("{}: the weights are for {} features, but {} patches have {}", weights.where(), weight.size(1), filters.size(0), patches.features()));
  return Names(std::move(config), std::move(patches), std::move(weight), std::move(bias));
}

Names::Guess Names::guess(const std::vector<vision::Image>& things) const {
  const c10::InferenceMode inference;
  std::vector<Tensor> pixels;
  for (const vision::Image& thing : things) pixels.push_back(vision::to_tensor(thing));
  const Tensor logits = at::linear(patches_.features_of(at::stack(pixels)), weight_, bias_);
  const auto names = static_cast<int64_t>(config_.names.size()), styles = static_cast<int64_t>(config_.styles.size());
  return {logits.narrow(1, 0, names).log_softmax(1), logits.narrow(1, names, styles).log_softmax(1)};
}

std::vector<int64_t> Names::said_in(const std::string& text) const {
  const std::vector<std::string> words = corpus::words(text);
  std::vector<int64_t> said;
  for (size_t at = 0; at < words.size();) {
    size_t read = 1;
    for (size_t length = std::min(longest_, words.size() - at); length > 0; --length) {
      const auto found = by_words_.find(corpus::join({words.begin() + static_cast<ptrdiff_t>(at), words.begin() + static_cast<ptrdiff_t>(at + length)}, " "));
      if (found == by_words_.end()) continue;
      if (std::ranges::find(said, found->second) == said.end()) said.push_back(found->second);
      read = length;
      break;
    }
    at += read;
  }
  return said;
}

}  // namespace atelier::promptcap
