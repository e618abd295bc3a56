#include "text/train/text_trainer.h"

#include "base/error.h"
#include "base/json.h"
#include "base/progress.h"
#include "text/train/token_loss.h"

#include <chrono>
#include <cmath>

namespace atelier::text {
namespace {

using base::json;
using Clock = std::chrono::steady_clock;

constexpr uint64_t kParameters = 1;  // stream of random numbers; the batches have the others
constexpr size_t kValidationDocuments = 2000, kValidationBatch = 250;

bool trained_by_muon(const std::string& name) {
  return name.starts_with("model.layers.") && name.find("layernorm") == std::string::npos;
}

/// The model, its parameters and their optimiser, and where its fused kernels must be told that weights changed.
class Trainee {
 public:
  /// @param from  weights to start from, if any
  Trainee(const TextTrainConfig& config, const std::optional<base::Weights>& from)
      : parameters_(from ? base::Parameters::read_float(*from)
                         : base::Parameters::fresh(base::mix(static_cast<uint64_t>(config.seed), kParameters), base::compute().device)),
        model_(parameters_.root(), config.model),
        optimizer_(parameters_, config.optimizer, trained_by_muon) {
    for (const auto& [name, tensor] : parameters_.all()) {
      if (name == "model.embed_tokens.weight") embeddings_ = tensor;
      if (name == (config.model.tie_word_embeddings ? "model.embed_tokens.weight" : "lm_head.weight")) head_ = tensor;
    }
    ASSERT(embeddings_.defined() && head_.defined());
    // The fused kernels add weight gradients straight into the optimiser's fp32 buffer.
    if (base::FusedTower* fused = model_.transformer().fused()) {
      std::vector<base::TowerLayer> buffers;
      for (int64_t i = 0; i < config.model.num_hidden_layers; ++i) {
        const auto gradient = [&](const char* name) { return optimizer_.gradient(fmt::format("model.layers.{}.{}.weight", i, name)); };
        buffers.push_back({gradient("input_layernorm"), gradient("self_attn.q_proj"), gradient("self_attn.k_proj"),
                           gradient("self_attn.v_proj"), gradient("self_attn.o_proj"), gradient("post_attention_layernorm"),
                           gradient("mlp.gate_proj"), gradient("mlp.up_proj"), gradient("mlp.down_proj")});
      }
      fused->accumulate_gradients_into(std::move(buffers));
    }
  }

  base::Optimizer& optimizer() { return optimizer_; }
  int64_t parameter_count() const { return parameters_.count(); }

  void weights_changed() const {
    if (base::FusedTower* fused = model_.transformer().fused()) fused->parameters_changed();
  }

  /// Weighted sum of the losses of a group's tokens.
  Tensor loss(const TextRows& rows) const {
    const LlamaConfig& config = model_.config();
    // Gathered from fp32, so that the gradients of a frequent token are summed in fp32.
    const Tensor x = at::embedding(embeddings_.to(at::kFloat), rows.ids);                            // (rows, length, hidden)
    const Tensor positions = at::arange(rows.ids.size(1), rows.ids.options()).unsqueeze(0);
    KvCache cache;
    const Tensor y = model_.transformer().forward(x, make_rope(config, positions), /*causal=*/true, cache);
    const Tensor hidden = y.view({-1, config.hidden_size}).index_select(0, rows.places);             // (n, hidden)
    return token_loss(model_.transformer().norm(hidden), head_, rows.targets, rows.loss_weight);
  }

 private:
  base::Parameters parameters_;
  TextModel model_;
  base::Optimizer optimizer_;
  Tensor embeddings_, head_;
};

/// Nats a token of the averaged weights on documents that training never saw.
double validation_loss(Trainee& trainee, const TextPack& pack, const TextTrainConfig& config, const TextSymbols& symbols) {
  const base::Optimizer::Averaged averaged(trainee.optimizer());
  trainee.weights_changed();
  const at::NoGradGuard no_gradient;
  const std::span<const int64_t> documents(pack.validation().data(), std::min(pack.validation().size(), kValidationDocuments));
  double loss = 0, weight = 0;
  for (size_t from = 0; from < documents.size(); from += kValidationBatch) {
    const TextBatch batch = plain_batch(pack, config, symbols, documents.subspan(from, std::min(kValidationBatch, documents.size() - from)));
    for (const TextRows& rows : batch.groups) loss += trainee.loss(rows).item<double>();
    weight += batch.weight;
  }
  return loss / weight;
}

double seconds_since(Clock::time_point start) { return std::chrono::duration<double>(Clock::now() - start).count(); }

}  // namespace

LlamaConfig TextTrainConfig::default_model() {
  LlamaConfig model;  // the sizes of LlamaConfig are ours
  model.num_key_value_heads = 4;
  model.head_dim = 64;
  return model;
}

base::OptimizerConfig TextTrainConfig::default_optimizer() {
  base::OptimizerConfig config;
  config.ema_decay = 0.999;
  config.total_steps = 12000;
  return config;
}

std::optional<double> train_text(const TextTrainConfig& requested, const TextTrainOptions& options) {
  const Tokenizer tokenizer = Tokenizer::load(options.tokenizer);
  const TextSymbols symbols = TextSymbols::of(tokenizer, requested.given);
  TextTrainConfig config = requested;
  config.model.vocab_size = tokenizer.size();
  REQUIRE(config.context >= 2 && config.context <= config.model.max_position_embeddings, "context must be 2 to {}, not {}",
          config.model.max_position_embeddings, config.context);
  const TextPack pack(options.pack, tokenizer.size());

  std::optional<base::Weights> from;
  if (!options.from.empty()) from.emplace(options.from);
  Trainee trainee(config, from);
  base::Optimizer& optimizer = trainee.optimizer();
  base::TrainingRun run(options.run, optimizer, base::write_config(config));
  base::say(fmt::format("{} documents, {} for validation, {} tokens; {:.1f} M parameters; step {} of {}", pack.training().size(),
                        pack.validation().size(), pack.tokens(), static_cast<double>(trainee.parameter_count()) / 1e6,
                        optimizer.steps(), config.optimizer.total_steps));

  std::optional<double> validation;
  double loss_sum = 0, weight_sum = 0;
  auto clock = Clock::now();
  base::Progress progress("text", config.optimizer.total_steps, "steps");
  progress.set(optimizer.steps());
  while (run.proceed()) {
    const TextBatch batch = make_batch(pack, config, symbols, optimizer.steps());
    for (const TextRows& rows : batch.groups) {
      const Tensor loss = trainee.loss(rows);
      (loss / batch.weight).backward();
      optimizer.collect_gradients();
      loss_sum += loss.item<double>();
    }
    weight_sum += batch.weight;
    const double norm = optimizer.step();
    trainee.weights_changed();
    const int64_t step = optimizer.steps();
    progress.set(step);

    const bool validates = step % options.validate_every == 0 || step == config.optimizer.total_steps;
    if (step % options.report_every != 0 && !validates) continue;
    json values = {{"loss", loss_sum / weight_sum}, {"gradient_norm", norm}, {"tokens_per_second", weight_sum / seconds_since(clock)},
                   {"epoch", static_cast<double>(step * config.batch) / static_cast<double>(pack.training().size())}};
    progress.note(fmt::format("loss {:.3f}, {:.0f} tokens/s", loss_sum / weight_sum, weight_sum / seconds_since(clock)));
    if (validates && !pack.validation().empty()) {
      validation = validation_loss(trainee, pack, config, symbols);
      trainee.weights_changed();
      values["validation_loss"] = *validation;
      values["perplexity"] = std::exp(*validation);
    }
    run.report(std::move(values));
    loss_sum = weight_sum = 0;
    clock = Clock::now();
  }
  base::throw_if_cancelled();
  if (!options.export_folder.empty()) export_text(config.model, optimizer.averages(), tokenizer, options.export_folder);
  return validation;
}

void export_text(const LlamaConfig& config, const base::NamedTensors& weights, const Tokenizer& tokenizer,
                 const std::filesystem::path& folder) {
  std::filesystem::create_directories(folder);
  base::NamedTensors half;
  for (const auto& [name, tensor] : weights) half.emplace_back(name, tensor.to(at::kBFloat16));
  base::write_safetensors(folder / "model.safetensors", half, {{"format", "pt"}});

  const json ids = {{"bos_token_id", tokenizer.id("<bos>")}, {"eos_token_id", tokenizer.id("<eos>")}, {"pad_token_id", tokenizer.id("<pad>")}};
  json document = base::write_config(config);
  document.update({{"architectures", {"LlamaForCausalLM"}}, {"hidden_act", "silu"}, {"torch_dtype", "bfloat16"}});
  document.update(ids);
  base::write_json(folder / "config.json", document);
  json generation = {{"do_sample", true}, {"temperature", 0.8}, {"top_p", 0.95}};
  generation.update(ids);
  base::write_json(folder / "generation_config.json", generation);
  tokenizer.save(folder / "tokenizer.json");
  base::write_json(folder / "tokenizer_config.json", {{"tokenizer_class", "PreTrainedTokenizerFast"}, {"bos_token", "<bos>"},
                                                      {"eos_token", "<eos>"}, {"pad_token", "<pad>"}, {"clean_up_tokenization_spaces", false},
                                                      {"model_max_length", config.max_position_embeddings}});
}

}  // namespace atelier::text
