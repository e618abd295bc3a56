#pragma once
/// A whole model folder of random weights: what PromptCap runs on, in a second.
#include "fusion/pipeline.h"
#include "tests/support.h"

#include "base/config.h"
#include "base/safetensors.h"

namespace atelier::promptcap::tests {

class TinyPipeline {
 public:
  TinyPipeline() : pipeline_(write_and_load(folder_)) {}
  const fusion::Pipeline& operator*() const { return pipeline_; }
  const fusion::Pipeline* operator->() const { return &pipeline_; }
  const std::filesystem::path& folder() const { return folder_.path(); }

  static vision::Image picture(uint8_t red, uint8_t green, uint8_t blue) {
    vision::Image image(40, 30);
    for (size_t i = 0; i < image.pixels.size(); ++i) image.pixels[i] = i % 3 == 0 ? red : i % 3 == 1 ? green : blue;
    return image;
  }

 private:
  template <class Config>
  static void write(const std::filesystem::path& folder, const Config& config, const base::Parameters& parameters) {
    std::filesystem::create_directories(folder);
    base::write_json(folder / "config.json", base::write_config(config));
    base::write_safetensors(folder / "model.safetensors", parameters.all(), {{"format", "pt"}});
  }

  static fusion::Pipeline write_and_load(const atelier::tests::TemporaryFolder& folder) {
    int64_t line = 0;
    const text::Tokenizer tokenizer = text::train_tokenizer([&](std::string& text) { return text = "a red apple left of a blue dog", line++ < 4; },
                                                            400, text::control_symbols());
    text::LlamaConfig text_config;
    text_config.vocab_size = tokenizer.size();
    text_config.hidden_size = 64;
    text_config.intermediate_size = 96;
    text_config.num_hidden_layers = 2;
    text_config.num_attention_heads = 4;
    fusion::FusionConfig fusion_config;
    fusion_config.latent_channels = 4;
    fusion_config.latent_size = 8;
    fusion_config.patcher_channels = 32;
    vision::VaeConfig vae_config;
    vae_config.latent_channels = 4;
    vae_config.block_out_channels = {32, 32, 32};
    vae_config.layers_per_block = 1;
    vae_config.sample_size = 64;

    base::Parameters text_weights = base::Parameters::fresh(1), fusion_weights = base::Parameters::fresh(2), vae_weights = base::Parameters::fresh(3);
    const auto text = std::make_shared<const text::TextModel>(text_weights.root(), text_config);
    const fusion::FusionModel model(fusion_weights.root(), fusion_config, text);
    const vision::Vae vae(vae_weights.root(), vae_config);
    write(folder / "text", text_config, text_weights);
    tokenizer.save(folder / "text" / "tokenizer.json");
    write(folder / "fusion", fusion_config, fusion_weights);
    write(folder / "vae", vae_config, vae_weights);
    base::write_json(folder / "model_index.json", {{"_class_name", "AtelierPipeline"}, {"version", "1"}});
    return fusion::Pipeline::load(folder.path());
  }

  atelier::tests::TemporaryFolder folder_;
  fusion::Pipeline pipeline_;
};

}  // namespace atelier::promptcap::tests
