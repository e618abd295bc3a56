#pragma once
/// CLIP's shape, as Hugging Face's config.json says it. (Radford et al. 2021.)
#include "base/config.h"

#include <cstdint>
#include <filesystem>
#include <string>

namespace atelier::retrieval {

struct ClipTextConfig {
  int64_t vocab_size = 49408;
  int64_t hidden_size = 512;
  int64_t intermediate_size = 2048;
  int64_t num_hidden_layers = 12;
  int64_t num_attention_heads = 8;
  int64_t max_position_embeddings = 77;
  std::string hidden_act = "quick_gelu";
  double layer_norm_eps = 1e-5;
  int64_t bos_token_id = 49406;
  int64_t eos_token_id = 49407;  // whose state is the text's; 2: the first published configs, where it is the largest id's
  int64_t pad_token_id = 1;

  template <class Visitor>
  void visit(Visitor& v);
};

struct ClipVisionConfig {
  int64_t hidden_size = 768;
  int64_t intermediate_size = 3072;
  int64_t num_hidden_layers = 12;
  int64_t num_attention_heads = 12;
  int64_t num_channels = 3;
  int64_t image_size = 224;
  int64_t patch_size = 32;
  std::string hidden_act = "quick_gelu";
  double layer_norm_eps = 1e-5;

  template <class Visitor>
  void visit(Visitor& v);
};

struct ClipConfig {
  std::string model_type = "clip";
  ClipTextConfig text_config;
  ClipVisionConfig vision_config;
  int64_t projection_dim = 512;
  double logit_scale_init_value = 2.6592;  // ln(1 / 0.07)

  template <class Visitor>
  void visit(Visitor& v);

  /// @throws InvalidArgument where fields contradict each other
  void check() const;
};

/// A published config.json: fields of no concern here are ignored, absent ones have Hugging Face's defaults, and where
/// there is a text_config_dict or vision_config_dict it stands for text_config or vision_config, as it does there.
/// @throws InvalidFile
ClipConfig read_clip_config(const std::filesystem::path& file);

template <class Visitor>
void ClipTextConfig::visit(Visitor& v) {
  using base::range, base::positive, base::one_of;
  v("vocab_size", vocab_size, range(1, 1 << 20));
  v("hidden_size", hidden_size, range(1, 65536));
  v("intermediate_size", intermediate_size, range(1, 1 << 20));
  v("num_hidden_layers", num_hidden_layers, range(1, 1024));
  v("num_attention_heads", num_attention_heads, range(1, 1024));
  v("max_position_embeddings", max_position_embeddings, range(2, 65536));
  v("hidden_act", hidden_act, one_of({"quick_gelu", "gelu"}));
  v("layer_norm_eps", layer_norm_eps, positive());
  v("bos_token_id", bos_token_id, range(0, 1 << 20));
  v("eos_token_id", eos_token_id, range(0, 1 << 20));
  v("pad_token_id", pad_token_id, range(0, 1 << 20));
}

template <class Visitor>
void ClipVisionConfig::visit(Visitor& v) {
  using base::range, base::positive, base::one_of;
  v("hidden_size", hidden_size, range(1, 65536));
  v("intermediate_size", intermediate_size, range(1, 1 << 20));
  v("num_hidden_layers", num_hidden_layers, range(1, 1024));
  v("num_attention_heads", num_attention_heads, range(1, 1024));
  v("num_channels", num_channels, range(3, 3));
  v("image_size", image_size, range(1, 4096));
  v("patch_size", patch_size, range(1, 4096));
  v("hidden_act", hidden_act, one_of({"quick_gelu", "gelu"}));
  v("layer_norm_eps", layer_norm_eps, positive());
}

template <class Visitor>
void ClipConfig::visit(Visitor& v) {
  v("model_type", model_type, base::one_of({"clip"}));
  v("text_config", text_config, base::any());
  v("vision_config", vision_config, base::any());
  v("projection_dim", projection_dim, base::range(1, 65536));
  v("logit_scale_init_value", logit_scale_init_value, base::range(-10, 10));
}

}  // namespace atelier::retrieval
