#pragma once
/// Everything that turns a prompt into a picture, loaded from one folder of components.
///
///   model_index.json   {"_class_name": "AtelierPipeline", "_version": …}
///   text/  config.json, model.safetensors, tokenizer.json
///   fusion/, vae/  config.json, model.safetensors
/// Others may lie beside them: clip/, names/ (promptcap/names.h), reader/ (promptcap/reader.h), planner/ (sketchpad/agent), memory/.
#include "fusion/generate.h"
#include "text/tokenizer.h"
#include "vision/image.h"
#include "vision/vae.h"

#include <filesystem>
#include <memory>
#include <string>

namespace atelier::fusion {

/// What a picture is drawn from.
struct PipelinePrompt {
  std::string text;
  std::string style;                  // one of Pipeline::styles(), or empty
  std::string negative;               // what the picture should not be; empty: guidance away from the unconditional
  struct Document {
    std::string caption;
    Tensor latents;  // (1, C, S, S) fp32, normalised
  };
  std::vector<Document> documents;    // retrieved or handed over; the best first
};

class Pipeline {
 public:
  /// @throws InvalidFile naming the part that is missing or broken
  static Pipeline load(const std::filesystem::path& folder);

  /// Prompt (and style, if any, as the training captions say it: "a red apple, noto style") to token ids from <bos> to
  /// <boi>. Control symbols in the text stay text. @throws InvalidArgument for more than 512 tokens or an unknown style
  std::vector<int32_t> prompt_ids(const std::string& prompt, const std::string& style = "") const;

  /// @param options  its pictures (init, keep, merging) as latents: encode()
  /// @return the picture, pixels() squared
  /// @throws InvalidArgument for what prompt_ids refuses, or more documents than fit
  vision::Image draw(const PipelinePrompt& prompt, const GenerateOptions& options) const;
  /// A picture of any size, on white, as latents (1, C, S, S), normalised.
  Tensor encode(const vision::Image& picture) const;
  /// The tokens of a picture to keep away from, for this prompt and these options (fusion/negtome.h).
  std::shared_ptr<const TokenTrace> trace(const PipelinePrompt& prompt, const vision::Image& picture, const GenerateOptions& options) const;
  /// Latents (1, C, S, S), normalised, to pixels.
  vision::Image decode(const Tensor& latents) const;

  /// Where it was loaded from.
  const std::filesystem::path& folder() const { return folder_; }
  int64_t pixels() const { return model_->config().latent_size * 8; }
  const std::vector<std::string>& styles() const { return model_->config().styles; }
  const FusionModel& model() const { return *model_; }
  const text::Tokenizer& tokenizer() const { return *tokenizer_; }
  const vision::Vae& vae() const { return *vae_; }
  /// First 16 hex digits of a hash over all weights and configs: which model drew a picture.
  const std::string& hash() const { return hash_; }
  /// What latents of this autoencoder are called where they are kept (fusion/latents.h): another one's are of no use.
  const std::string& latents_name() const { return latents_name_; }

 private:
  Pipeline() = default;
  std::vector<int32_t> negative_ids(const PipelinePrompt& prompt) const;
  std::filesystem::path folder_;
  std::unique_ptr<text::Tokenizer> tokenizer_;
  std::unique_ptr<FusionModel> model_;
  std::unique_ptr<vision::Vae> vae_;
  std::string hash_, latents_name_;
};

/// What Pipeline::hash() of this folder would be, without loading it.
std::string model_hash(const std::filesystem::path& folder);

}  // namespace atelier::fusion
