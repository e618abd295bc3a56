#include "retrieval/train/clip_trainer.h"

#include "base/error.h"
#include "base/progress.h"
#include "retrieval/clip_inputs.h"
#include "text/tokenizer.h"

#include <chrono>
#include <optional>

namespace atelier::retrieval {
namespace {

namespace fs = std::filesystem;

enum Stream : uint64_t { kParameters = 1 };

// As many of the two splits, so that their recalls may be compared: how far apart they are is overfitting.
constexpr int64_t kValidationPictures = 512;

bool trained_by_muon(const std::string& name) {
  return name.find(".layers.") != std::string::npos && name.ends_with(".weight") && name.find("layer_norm") == std::string::npos;
}

Tensor parameter(const base::Parameters& parameters, const std::string& name) {
  for (const auto& [known, tensor] : parameters.all())
    if (known == name) return tensor;
  ASSERT(false);
}

// What no initialiser can draw: the temperature, and words that a text model has already learnt, at the deviation that
// token embeddings otherwise start with.
void set_initial_values(base::Parameters& parameters, const ClipConfig& config, const fs::path& text) {
  const at::NoGradGuard no_gradient;
  parameter(parameters, "logit_scale").fill_(config.logit_scale_init_value);
  if (!fs::exists(text / "model.safetensors")) return;
  const base::Weights weights(text);
  const std::string name = "model.embed_tokens.weight";
  Tensor embeddings = parameter(parameters, "text_model.embeddings.token_embedding.weight");
  if (!weights.contains(name) || weights.info(name).shape != embeddings.sizes()) return;
  const Tensor learnt = weights.read(name).to(at::kFloat);
  embeddings.copy_(learnt * (0.02 / learnt.std().item<double>()));
}

void export_clip(const fs::path& folder, const ClipConfig& config, const base::NamedTensors& weights, const fs::path& text) {
  fs::create_directories(folder);
  base::NamedTensors half;
  for (const auto& [name, tensor] : weights) half.emplace_back(name, tensor.to(at::kBFloat16));
  base::write_safetensors(folder / "model.safetensors", half, {{"format", "pt"}});
  base::json document = base::write_config(config);
  document["architectures"] = {"CLIPModel"};
  document["torch_dtype"] = "bfloat16";
  base::write_json(folder / "config.json", document);
  base::write_json(folder / "preprocessor_config.json", ClipPreprocessor::of_size(config.vision_config.image_size).write());
  text::Tokenizer::load(text).save(folder / "tokenizer.json");
}

}  // namespace

ClipConfig small_clip() {
  ClipConfig config;
  config.projection_dim = 256;
  ClipTextConfig& text = config.text_config;
  text.vocab_size = 8192;
  text.hidden_size = 256;
  text.intermediate_size = 1024;
  text.num_hidden_layers = 4;
  text.num_attention_heads = 4;
  text.hidden_act = "gelu";
  // Our vocabulary's <bos>, <img>, <pad>: its <eos> has the id 2, which Hugging Face's CLIP takes for something else.
  text.bos_token_id = 1;
  text.eos_token_id = 6;
  text.pad_token_id = 0;
  ClipVisionConfig& vision = config.vision_config;
  vision.hidden_size = 256;
  vision.intermediate_size = 1024;
  vision.num_hidden_layers = 8;
  vision.num_attention_heads = 4;
  vision.image_size = 128;
  vision.patch_size = 16;
  vision.hidden_act = "gelu";
  return config;
}

vision::AugmentationConfig ClipTrainConfig::default_augmentation() {
  vision::AugmentationConfig config;
  config.affine = 0.8;
  config.min_scale = 0.7;
  config.max_scale = 1.3;
  config.shift = 0.1;
  config.rotation = 0.25;
  config.recolour = 0;  // captions name colours
  return config;
}

base::OptimizerConfig ClipTrainConfig::default_optimizer() {
  base::OptimizerConfig config;
  config.weight_decay = 0.1;  // 22,000 pictures are few
  config.ema_decay = 0.998;
  config.warmup_steps = 100;
  config.total_steps = 3000;
  config.decay_fraction = 0.5;
  return config;
}

void train_clip(const ClipTrainConfig& config, const ClipTrainOptions& options) {
  config.model.check();
  const ClipPack pack(options.pack);
  const ClipTextConfig& text = config.model.text_config;
  REQUIRE(pack.side() == config.model.vision_config.image_size, "the pack holds pictures of {0} x {0}, the model reads {1} x {1}",
          pack.side(), config.model.vision_config.image_size);
  REQUIRE(pack.largest_token() < text.vocab_size, "the pack holds the token {}, the model knows {}", pack.largest_token(), text.vocab_size);
  REQUIRE(text.eos_token_id != 2, "eos_token_id must not be 2: Hugging Face's CLIP then looks for the largest id instead");
  const ClipTokenizer fits(options.text, text);

  std::optional<base::Weights> from;
  if (!options.from.empty()) from.emplace(options.from);
  base::Parameters parameters =
      from ? base::Parameters::read_float(*from) : base::Parameters::fresh(base::mix(static_cast<uint64_t>(config.seed), kParameters), base::compute().device);
  const ClipModel model(parameters.root(), config.model);
  if (!from) set_initial_values(parameters, config.model, options.text);
  base::Optimizer optimizer(parameters, config.optimizer, trained_by_muon);
  base::TrainingRun run(options.run, optimizer, base::write_config(config));
  base::say(fmt::format("{} pictures of {} concepts; {:.1f} M parameters; step {} of {}", pack.size(), pack.concepts(),
                        static_cast<double>(parameters.count()) / 1e6, optimizer.steps(), config.optimizer.total_steps));

  double loss = 0;
  int64_t reported = optimizer.steps();
  auto clock = std::chrono::steady_clock::now();
  base::Progress progress("clip", config.optimizer.total_steps, "steps");
  progress.set(optimizer.steps());
  while (run.proceed()) {
    const ClipBatch batch = make_clip_batch(pack, config, optimizer.steps());
    loss += accumulate_gradients(model, config, batch, optimizer);
    const double norm = optimizer.step();
    const int64_t step = optimizer.steps();
    progress.set(step);

    if (step % options.report_every == 0) {
      const double n = static_cast<double>(step - reported);
      const double rate = n * static_cast<double>(config.batch) / std::chrono::duration<double>(std::chrono::steady_clock::now() - clock).count();
      run.report({{"images", step * config.batch}, {"loss", loss / n}, {"logit_scale", model.logit_scale().item<double>()},
                  {"gradient_norm", norm}, {"images_per_second", rate}});
      progress.note(fmt::format("loss {:.4f}, {:.0f} images/s", loss / n, rate));
      loss = 0;
      reported = step;
      clock = std::chrono::steady_clock::now();
    }
    if (step % options.validate_every == 0 || step == config.optimizer.total_steps) {
      const base::Optimizer::Averaged averaged(optimizer);
      const auto measure = [&](ClipSplit split) { return evaluate_clip(model, pack, split, kValidationPictures).write(); };
      run.report({{"images", step * config.batch}, {"training", measure(ClipSplit::train)}, {"combination", measure(ClipSplit::combination)},
                  {"heldout_style", measure(ClipSplit::heldout_style)}});
      clock = std::chrono::steady_clock::now();
    }
  }
  base::throw_if_cancelled();
  if (!options.export_folder.empty()) export_clip(options.export_folder, config.model, optimizer.averages(), options.text);
}

}  // namespace atelier::retrieval
