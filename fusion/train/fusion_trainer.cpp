#include "fusion/train/fusion_trainer.h"

#include "base/error.h"
#include "base/progress.h"
#include "fusion/generate.h"
#include "text/tokenizer.h"
#include "vision/image.h"
#include "vision/vae.h"

#include <algorithm>
#include <chrono>
#include <cmath>
#include <numeric>
#include <optional>

namespace atelier::fusion {
namespace {

constexpr std::string_view kCrossAttention = "cross_attention.";

bool trained_by_muon(const std::string& name) {
  return (name.starts_with("image_tower.layers.") && name.find("layernorm") == std::string::npos) ||
         (name.starts_with("cross_attention.layers.") && name.ends_with("_proj.weight"));
}

// The fused kernels add weight gradients straight into the optimiser's fp32 buffer.
void connect_fused_gradients(const FusionModel& model, base::Optimizer& optimizer) {
  base::FusedTower* fused = model.image_tower().fused();
  if (!fused) return;
  std::vector<base::TowerLayer> buffers;
  for (int64_t i = 0; i < model.image_tower().config().num_hidden_layers; ++i) {
    const auto gradient = [&](const char* name) {
      return optimizer.gradient(fmt::format("image_tower.layers.{}.{}.weight", i, name));
    };
    buffers.push_back({gradient("input_layernorm"), gradient("self_attn.q_proj"), gradient("self_attn.k_proj"),
                       gradient("self_attn.v_proj"), gradient("self_attn.o_proj"), gradient("post_attention_layernorm"),
                       gradient("mlp.gate_proj"), gradient("mlp.up_proj"), gradient("mlp.down_proj")});
  }
  fused->accumulate_gradients_into(std::move(buffers));
}

std::vector<int64_t> first_rows(const std::vector<int64_t>& rows, size_t limit) {
  return {rows.begin(), rows.begin() + std::min(rows.size(), limit)};
}

// A grid of the sample prompts, each with its own fixed seed.
void write_samples(const std::filesystem::path& path, const FusionModel& model, const vision::Vae& vae,
                   const std::vector<std::vector<int32_t>>& prompts, const ControlIds& ids) {
  std::vector<vision::Image> pictures;
  for (size_t i = 0; i < prompts.size(); ++i) {
    GenerateOptions options;
    options.seed = i;
    const Tensor latents = draw(model, prompts[i], {ids.bos, ids.boi}, options);
    const at::NoGradGuard no_gradient;
    pictures.push_back(vision::to_image(vae.decode(vae.denormalise(latents))));
  }
  vision::write_image(path, vision::grid(pictures, 8));
}

void export_component(const std::filesystem::path& folder, const FusionConfig& config, const base::NamedTensors& weights) {
  std::filesystem::create_directories(folder);
  base::NamedTensors half;
  for (const auto& [name, tensor] : weights) half.emplace_back(name, tensor.to(at::kBFloat16));
  base::write_safetensors(folder / "model.safetensors", half, {{"format", "pt"}});
  base::write_json(folder / "config.json", base::write_config(config));
}

}  // namespace

void train_fusion(const FusionTrainConfig& requested, const FusionTrainOptions& options) {
  const Pack pack(options.pack);
  FusionTrainConfig config = requested;
  config.model.styles = pack.styles();
  const auto shape = pack.latent_shape();
  REQUIRE(shape[0] == config.model.latent_channels && shape[1] == config.model.latent_size && shape[2] == shape[1],
          "the pack holds latents of {} x {} x {}, the config asks for {} x {} x {}", shape[0], shape[1], shape[2],
          config.model.latent_channels, config.model.latent_size, config.model.latent_size);

  REQUIRE(config.documents <= pack.most_documents(), "the pack holds {} neighbours a picture, documents asks for {}: pack with --clip",
          pack.most_documents(), config.documents);
  REQUIRE(config.picture_first + config.infill + config.questions <= 1 + 1e-9, "picture_first ({}), infill ({}) and questions ({}) are shares of one batch",
          config.picture_first, config.infill, config.questions);
  REQUIRE(config.questions == 0 || !options.questions.empty(), "a share of questions needs a file of them: `atelier corpus pack-questions`");
  std::optional<QuestionPack> questions;
  if (config.questions > 0) {
    questions.emplace(options.questions);
    REQUIRE(questions->latent_shape() == shape, "the questions' latents have another shape than the pack's");
  }

  const base::Ranks ranks = base::Ranks::from_environment();
  const auto text = std::make_shared<const text::TextModel>(text::TextModel::load(options.text));
  const text::Tokenizer tokenizer = text::Tokenizer::load(options.text);
  const ControlIds ids = {tokenizer.id("<pad>"), tokenizer.id("<bos>"), tokenizer.id("<eos>"), tokenizer.id("<boi>"), tokenizer.id("<eoi>"),
                          text::SpanSymbols::of(tokenizer), tokenizer.id("<question>"), tokenizer.id("<caption>"), tokenizer.id("<answer>")};

  std::optional<base::Weights> from;
  if (!options.from.empty()) {
    from.emplace(options.from);
    // Blocks may be added, never lost.
    const auto had = base::read_config<FusionConfig>(options.from / "config.json").cross_attention_layers;
    config.model.cross_attention_layers = std::max(config.model.cross_attention_layers, had);
  }
  const bool part_only = config.cross_attention_only;
  REQUIRE(!part_only || (from && config.model.cross_attention_layers > 0 && config.lambda == 0 && config.picture_first + config.infill + config.questions > 1 - 1e-9),
          "cross_attention_only needs weights to start from, cross_attention_layers, lambda 0, and picture_first, infill and questions that make up the whole batch");
  base::Parameters parameters = from ? (part_only ? base::Parameters::read(*from) : base::Parameters::read_float(*from)) : base::Parameters::fresh(static_cast<uint64_t>(config.seed), base::compute().device);
  if (from) parameters.draw_missing(std::string(kCrossAttention), static_cast<uint64_t>(config.seed));
  const FusionModel model(parameters.root(), config.model, text);
  if (!from) copy_text_tower(parameters, base::Weights(options.text));
  std::optional<FusionModel> teacher;
  if (!options.teacher.empty()) {
    teacher.emplace(FusionModel::load(options.teacher, text));
    REQUIRE(teacher->config().prediction == config.model.prediction && teacher->config().latent_size == config.model.latent_size &&
                teacher->config().latent_channels == config.model.latent_channels,
            "{}: the teacher must predict what the model predicts, for latents of its shape", options.teacher.string());
  }
  base::Parameters learnt = parameters.under(part_only ? kCrossAttention : "");
  base::Optimizer optimizer(learnt, config.optimizer, trained_by_muon);
  if (!part_only) connect_fused_gradients(model, optimizer);
  base::TrainingRun run(options.run, optimizer, base::write_config(config));
  base::say(fmt::format("{} pictures, {} for validation; {:.1f} M parameters; step {} of {}", pack.size(),
                        pack.validation_rows().size(), static_cast<double>(learnt.count()) / 1e6, optimizer.steps(),
                        config.optimizer.total_steps));

  std::vector<int64_t> seen_rows;  // training pictures, to see how far apart the two losses are
  base::Random random(static_cast<uint64_t>(config.seed), 100);
  for (int i = 0; i < 128; ++i) seen_rows.push_back(pack.draw(random));
  std::unique_ptr<vision::Vae> vae;
  if (!options.vae.empty()) vae = std::make_unique<vision::Vae>(vision::Vae::load(options.vae));
  std::vector<std::vector<int32_t>> prompts;
  for (const std::string& prompt : options.sample_prompts) {
    prompts.push_back(tokenizer.encode(prompt));
    prompts.back().insert(prompts.back().begin(), ids.bos);
    prompts.back().push_back(ids.boi);
  }

  FusionLoss sum;
  int64_t reported = optimizer.steps();
  auto clock = std::chrono::steady_clock::now();
  base::Progress progress("fusion", config.optimizer.total_steps, "steps");
  while (run.proceed()) {
    const FusionBatch batch = make_batch(pack, config, ids, optimizer.steps(), ranks, questions ? &*questions : nullptr);
    const FusionLoss loss = accumulate_gradients(model, config, batch, optimizer, teacher ? &*teacher : nullptr);
    Tensor gradient = optimizer.gradient();
    ranks.sum(gradient);
    const double norm = optimizer.step();
    if (base::FusedTower* fused = model.image_tower().fused()) fused->parameters_changed();
    sum.diffusion += loss.diffusion;
    sum.language += loss.language;
    const int64_t step = optimizer.steps();
    progress.set(step);

    if (ranks.first() && step % options.report_every == 0) {
      const double n = static_cast<double>(step - reported);
      const double seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - clock).count();
      run.report({{"images", step * config.batch}, {"diffusion_loss", sum.diffusion / n}, {"language_loss", sum.language / n},
                  {"gradient_norm", norm}, {"images_per_second", n * static_cast<double>(config.batch) / seconds}});
      progress.note(fmt::format("loss {:.4f}, {:.0f} images/s", sum.diffusion / n, n * static_cast<double>(config.batch) / seconds));
      sum = {};
      reported = step;
      clock = std::chrono::steady_clock::now();
    }
    if (ranks.first() && (step % options.validate_every == 0 || step == config.optimizer.total_steps)) {
      const base::Optimizer::Averaged averaged(optimizer);
      if (base::FusedTower* fused = model.image_tower().fused()) fused->parameters_changed();
      const auto errors = [&](const std::vector<int64_t>& rows, int64_t documents) { return validation_errors(model, pack, config, ids, rows, documents); };
      const auto rows = first_rows(pack.validation_rows(), 128);
      const auto held_out = errors(rows, 0), seen = errors(seen_rows, 0);
      const auto mean = [](const std::vector<double>& v) { return std::accumulate(v.begin(), v.end(), 0.0) / static_cast<double>(v.size()); };
      base::json report = {{"images", step * config.batch}, {"validation", mean(held_out)}, {"training", mean(seen)},
                           {"validation_by_time", held_out}, {"training_by_time", seen}};
      if (config.documents > 0) {
        const auto retrieved = errors(rows, config.documents);
        report.update({{"validation_with_documents", mean(retrieved)}, {"validation_with_documents_by_time", retrieved}});
      }
      run.report(report);
      if (vae && !prompts.empty()) write_samples(run.folder() / fmt::format("samples_{:06}.png", step), model, *vae, prompts, ids);
      clock = std::chrono::steady_clock::now();
    }
    if (base::FusedTower* fused = model.image_tower().fused(); fused && step % options.validate_every == 0) fused->parameters_changed();
  }
  if (!ranks.first() || options.export_folder.empty()) return;
  export_component(options.export_folder, config.model, optimizer.averages(parameters));
}

}  // namespace atelier::fusion
