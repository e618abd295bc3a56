#include "promptcap/names.h"

#include "base/error.h"
#include "base/safetensors.h"
#include "corpus/words.h"

#include <c10/core/InferenceMode.h>

#include <algorithm>
#include <span>

namespace atelier::promptcap {

vision::Image from_afar(const vision::Image& thing, int64_t pixels) {
  constexpr int64_t kAfar = 40;
  return vision::resize(vision::fit_square(thing, kAfar), pixels, pixels, vision::Filter::bilinear);
}

Tensor picture_features(const fusion::Pipeline& pipeline, const Tensor& latents) {
  const c10::InferenceMode inference;
  const fusion::FusionModel& model = pipeline.model();
  const int64_t n = latents.size(0);
  fusion::Context context = model.begin(n);
  const std::vector<int64_t> opening = {pipeline.tokenizer().id("<bos>"), pipeline.tokenizer().id("<boi>")};
  model.append_text(context, at::tensor(opening, at::kLong).to(model.device()).expand({n, 2}));
  model.append_document(context, latents.to(model.device()));
  const Tensor all = context.cache.contents().values;  // (layers, n, heads, tokens, head_dim)
  Tensor values = all.narrow(3, all.size(3) - model.patches(), model.patches()).to(at::kFloat);
  values = values.permute({1, 3, 0, 2, 4}).flatten(3);  // (n, patches, layers, heads * head_dim)
  values = values * (values.square().mean(-1, true) + 1e-5).rsqrt();
  return values.flatten(2).mean(1).to(at::kCPU);
}

Names::Names(NamesConfig config, Tensor weight, Tensor bias, std::string where)
    : config_(std::move(config)), weight_(std::move(weight)), bias_(std::move(bias)), where_(std::move(where)) {
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
  Tensor weight = weights.read("weight").to(at::kFloat), bias = weights.read("bias").to(at::kFloat);
  const auto rows = static_cast<int64_t>(config.names.size() + config.styles.size());
  if (config.names.empty() || weight.dim() != 2 || weight.size(0) != rows || bias.sizes() != weight.sizes().slice(0, 1))
    throw base::InvalidFile(fmt::format("{}: the weights are not for {} names and {} styles", weights.where(), config.names.size(), config.styles.size()));
  return Names(std::move(config), std::move(weight), std::move(bias), weights.where());
}

Names::Guess Names::guess(const Tensor& features) const {
  if (features.size(1) != weight_.size(1))
    throw base::InvalidFile(fmt::format("{}: the weights are for {} features, but the image tower has {}", where_, weight_.size(1), features.size(1)));
  const c10::InferenceMode inference;
  const Tensor logits = at::linear(features, weight_, bias_);
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
