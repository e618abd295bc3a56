#include "fusion/pipeline.h"

#include "base/compute.h"
#include "base/error.h"
#include "base/files.h"
#include "base/random.h"

#include <algorithm>

namespace atelier::fusion {

namespace fs = std::filesystem;

namespace {

constexpr size_t kMostDocuments = 8, kCaptionTokens = 48;  // as long as in training

}  // namespace

namespace {

// Not cryptographic: it tells versions of weights apart, it does not guard against anybody.
std::string files_hash(const fs::path& folder, std::initializer_list<const char*> parts) {
  uint64_t hash = 0;
  for (const char* part : parts) {
    const base::MappedFile file(folder / part);
    const auto words = file.size() / 8;
    const auto* data = reinterpret_cast<const uint64_t*>(file.data());
    uint64_t sum = file.size();
    for (size_t i = 0; i < words; ++i) sum = (sum ^ data[i]) * 0x9E3779B97F4A7C15ULL;
    for (size_t i = words * 8; i < file.size(); ++i) sum = (sum ^ static_cast<uint64_t>(file.data()[i])) * 0x9E3779B97F4A7C15ULL;
    hash = base::mix(hash, sum);
  }
  return fmt::format("{:016x}", hash);
}

}  // namespace

std::string model_hash(const fs::path& folder) {
  return files_hash(folder, {"text/config.json", "text/model.safetensors", "text/tokenizer.json", "fusion/config.json",
                             "fusion/model.safetensors", "vae/config.json", "vae/model.safetensors"});
}

Pipeline Pipeline::load(const fs::path& folder) {
  CHECK_FILE(fs::is_directory(folder), folder.string(), "there is no model folder");
  for (const char* part : {"text", "fusion", "vae"})
    CHECK_FILE(fs::is_regular_file(folder / part / "config.json"), folder.string(), "the component {}/ is missing (no config.json)", part);
  Pipeline pipeline;
  pipeline.folder_ = folder;
  pipeline.tokenizer_ = std::make_unique<text::Tokenizer>(text::Tokenizer::load(folder / "text"));
  auto text = std::make_shared<const text::TextModel>(text::TextModel::load(folder / "text"));
  CHECK_FILE(pipeline.tokenizer_->size() <= text->config().vocab_size, folder.string(),
             "the tokenizer knows {} tokens, the text model {}", pipeline.tokenizer_->size(), text->config().vocab_size);
  pipeline.model_ = std::make_unique<FusionModel>(FusionModel::load(folder / "fusion", text));
  pipeline.vae_ = std::make_unique<vision::Vae>(vision::Vae::load(folder / "vae"));
  const int64_t channels = pipeline.vae_->config().latent_channels;
  CHECK_FILE(channels == pipeline.model_->config().latent_channels, folder.string(),
             "the VAE has {} latent channels, the fusion model {}", channels, pipeline.model_->config().latent_channels);
  pipeline.hash_ = model_hash(folder);
  pipeline.latents_name_ = "latents-" + files_hash(folder, {"vae/config.json", "vae/model.safetensors"});
  return pipeline;
}

std::vector<int32_t> Pipeline::prompt_ids(const std::string& prompt, const std::string& style) const {
  REQUIRE(style.empty() || std::find(styles().begin(), styles().end(), style) != styles().end(),
          "there is no style \"{}\"; this model knows {}", style, fmt::join(styles(), ", "));
  std::vector<int32_t> ids = tokenizer_->encode(style.empty() ? prompt : prompt + ", " + style);
  REQUIRE(ids.size() <= 512, "the prompt is {} tokens long; at most 512 fit", ids.size());
  ids.insert(ids.begin(), tokenizer_->id("<bos>"));
  ids.push_back(tokenizer_->id("<boi>"));
  return ids;
}

std::vector<int32_t> Pipeline::negative_ids(const PipelinePrompt& prompt) const {
  return prompt.negative.empty() ? std::vector<int32_t>{tokenizer_->id("<bos>"), tokenizer_->id("<boi>")} : prompt_ids(prompt.negative);
}

vision::Image Pipeline::draw(const PipelinePrompt& prompt, const GenerateOptions& options) const {
  const std::vector<int32_t> ids = prompt_ids(prompt.text, prompt.style), negative = negative_ids(prompt);
  if (prompt.documents.empty()) return decode(fusion::draw(*model_, ids, negative, options));
  REQUIRE(prompt.documents.size() <= kMostDocuments, "at most {} documents fit before a prompt, not {}", kMostDocuments, prompt.documents.size());
  std::vector<ContextDocument> documents;
  for (const PipelinePrompt::Document& document : prompt.documents) {
    std::vector<int32_t> caption = tokenizer_->encode(document.caption);
    if (caption.size() > kCaptionTokens) caption.resize(kCaptionTokens);
    documents.push_back({std::move(caption), document.latents});
  }
  const auto begin = [&](const std::vector<ContextDocument>& before, const std::vector<int32_t>& text) {
    return begin_with_documents(*model_, before, text, tokenizer_->id("<bos>"), tokenizer_->id("<boi>"), tokenizer_->id("<eoi>"));
  };
  Context context = begin(documents, ids), unguided = begin({}, negative);
  return decode(fusion::draw(*model_, context, &unguided, options));
}

Tensor Pipeline::encode(const vision::Image& picture) const {
  const at::NoGradGuard no_gradient;
  const vision::Image opaque = picture.channels == 4 ? vision::over(picture, {255, 255, 255}) : picture;
  return vae_->normalise(vae_->encode(vision::to_tensor(vision::fit_square(opaque, pixels())).unsqueeze(0).to(base::compute().device)).mean);
}

std::shared_ptr<const TokenTrace> Pipeline::trace(const PipelinePrompt& prompt, const vision::Image& picture, const GenerateOptions& options) const {
  return trace_reference(*model_, prompt_ids(prompt.text, prompt.style), negative_ids(prompt), encode(picture), options);
}

vision::Image Pipeline::decode(const Tensor& latents) const {
  const at::NoGradGuard no_gradient;
  return vision::to_image(vae_->decode(vae_->denormalise(latents)));
}

}  // namespace atelier::fusion
