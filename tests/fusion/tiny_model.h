#pragma once
/// A joint model of a few thousand weights, drawn at random.
#include "base/random.h"
#include "fusion/model.h"

#include <memory>

namespace atelier::fusion::tests {

struct TinyModel {
  text::LlamaConfig text_config;
  FusionConfig config;
  base::Parameters text_parameters = base::Parameters::fresh(1), parameters = base::Parameters::fresh(2);
  std::shared_ptr<const text::TextModel> text;
  std::unique_ptr<FusionModel> model;

  explicit TinyModel(const std::string& prediction = "flow") {
    text_config.vocab_size = 60;
    text_config.hidden_size = 64;
    text_config.intermediate_size = 96;
    text_config.num_hidden_layers = 3;
    text_config.num_attention_heads = 4;
    text_config.num_key_value_heads = 2;
    config.prediction = prediction;
    config.latent_channels = 4;
    config.latent_size = 8;
    config.patcher_channels = 32;
    config.cross_attention_layers = 2;
    text = std::make_shared<const text::TextModel>(text_parameters.root(), text_config);
    model = std::make_unique<FusionModel>(parameters.root(), config, text);
    // Zero initialisations would hide what they gate.
    const at::NoGradGuard no_gradient;
    for (const auto& [name, tensor] : parameters.all())
      if (name.starts_with("unet_up.conv_out") || name.starts_with("head_condition") ||
          (name.starts_with("cross_attention") && (name.ends_with("down_proj.weight") || name.ends_with("o_proj.weight")))) {
        Tensor t = tensor;
        t.copy_(0.05 * at::randn(t.sizes(), base::generator(9), at::kFloat));
      }
  }

  Tensor picture(uint64_t seed, int64_t batch = 1) const {
    return at::randn({batch, config.latent_channels, config.latent_size, config.latent_size}, base::generator(seed), at::kFloat);
  }
};

inline Tensor ids(std::vector<int64_t> values) { return at::tensor(values, at::kLong).unsqueeze(0); }

}  // namespace atelier::fusion::tests
