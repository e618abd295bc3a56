#include "bench/tied_towers.h"

#include "base/compute.h"
#include "base/error.h"
#include "text/train/token_loss.h"

#include <set>

namespace atelier::bench {
namespace {

const std::string kImageTower = "image_tower.", kTextTower = "model.";

bool trained_by_muon(const std::string& name) {
  return (name.starts_with("image_tower.layers.") || name.starts_with("model.layers.")) && name.find("layernorm") == std::string::npos;
}

}  // namespace

bool Variant::shares(const std::string& image_name) const {
  if (!image_name.starts_with(kImageTower) || shared == Shared::nothing) return false;
  return shared == Shared::everything || image_name.find(".mlp.") == std::string::npos;
}

Trainee::Trainee(const Variant& variant, const Recipe& recipe)
    : recipe_(recipe),
      text_parameters_(base::Parameters::read(recipe.weights)),
      text_(std::make_shared<const text::TextModel>(text_parameters_.root(), recipe.text)),
      image_parameters_(base::Parameters::fresh(static_cast<uint64_t>(recipe.fusion_train.seed), base::compute().device)),
      model_(image_parameters_.root(), recipe.fusion_train.model, text_) {
  fusion::copy_text_tower(image_parameters_, recipe.weights);
  const std::map<std::string, Tensor> of_text(text_parameters_.all().begin(), text_parameters_.all().end());
  embeddings_ = of_text.at("model.embed_tokens.weight");
  head_ = recipe.text.tie_word_embeddings ? embeddings_ : of_text.at("lm_head.weight");

  base::NamedTensors image_own, text_trained;
  std::set<std::string> used_by_both;
  for (const auto& [name, tensor] : image_parameters_.all()) {
    if (!variant.shares(name)) {
      image_own.emplace_back(name, tensor);
      continue;
    }
    shared_[name] = kTextTower + name.substr(kImageTower.size());
    used_by_both.insert(shared_[name]);
  }
  for (const auto& [name, tensor] : text_parameters_.all())
    if (variant.text_rate > 0 && (variant.shared != Variant::Shared::attention || used_by_both.contains(name))) text_trained.emplace_back(name, tensor);

  image_optimizer_ = take(image_own, 1);
  text_optimizer_ = take(text_trained, variant.text_rate);
  for (const auto& [name, tensor] : image_parameters_.all()) {
    const auto found = shared_.find(name);
    if (found == shared_.end()) continue;
    tensor.set_data(of_text.at(found->second).detach());
    if (const auto trained = bindings_.find(found->second); trained != bindings_.end())
      bindings_[name] = {tensor.set_requires_grad(true), trained->second.optimizer, found->second};
  }
  tower_numbers_ = connect(kImageTower, model_.image_tower());
  connect(kTextTower, text_->transformer());
}

/// An optimiser whose leaves are the memory of these tensors; null for none.
std::unique_ptr<base::Optimizer> Trainee::take(const base::NamedTensors& tensors, double rate) {
  if (tensors.empty()) return nullptr;
  base::Parameters masters = base::Parameters::fresh(0, base::compute().device);
  for (const auto& [name, tensor] : tensors) masters.make(name, tensor.sizes().vec(), base::zeros()).copy_(tensor);
  base::OptimizerConfig config = recipe_.optimizer;
  config.learning_rate *= rate;
  config.muon_learning_rate *= rate;
  auto optimizer = std::make_unique<base::Optimizer>(masters, config, trained_by_muon);
  for (size_t i = 0; i < tensors.size(); ++i) {
    const auto& [name, tensor] = tensors[i];
    tensor.set_data(masters.all()[i].second.detach());
    bindings_[name] = {tensor.set_requires_grad(true), optimizer.get(), name};
  }
  return optimizer;
}

/// The fused kernels add a tower's weight gradients straight into its optimisers' buffers: those of a weight that both
/// towers have into the same. They compute all or none, so a frozen weight's go where nobody reads them.
/// @return how many numbers are in its matrices
int64_t Trainee::connect(const std::string& prefix, const text::Transformer& tower) {
  int64_t numbers = 0;
  std::vector<base::TowerLayer> buffers;
  const std::vector<text::DecoderLayer>& layers = tower.layers();
  for (size_t i = 0; i < layers.size(); ++i) {
    const auto buffer = [&](const char* name, const Tensor& parameter) {
      if (parameter.dim() == 2) numbers += parameter.numel();
      const Tensor known = gradient(fmt::format("{}layers.{}.{}.weight", prefix, i, name));
      return known.defined() ? known : at::zeros(parameter.sizes(), base::float_options());
    };
    const text::DecoderLayer& w = layers[i];
    buffers.push_back({buffer("input_layernorm", w.input_layernorm), buffer("self_attn.q_proj", w.q_proj), buffer("self_attn.k_proj", w.k_proj),
                       buffer("self_attn.v_proj", w.v_proj), buffer("self_attn.o_proj", w.o_proj),
                       buffer("post_attention_layernorm", w.post_attention_layernorm), buffer("mlp.gate_proj", w.gate_proj),
                       buffer("mlp.up_proj", w.up_proj), buffer("mlp.down_proj", w.down_proj)});
  }
  if (tower.fused()) tower.fused()->accumulate_gradients_into(std::move(buffers));
  return numbers;
}

void Trainee::collect_gradients() {
  const at::NoGradGuard no_gradient;
  for (auto& [name, binding] : bindings_) {
    Tensor& gradient = binding.held.mutable_grad();
    if (!gradient.defined()) continue;
    binding.optimizer->gradient(binding.name).add_(gradient);
    gradient = Tensor();
  }
}

/// @param passes   1 forward, 2 and back to the inputs, 3 and to the weights
void Trainee::count(const Tensor& tokens, bool of_pictures, int passes) {
  const double forward = 2 * static_cast<double>(tokens.numel()) * static_cast<double>(tower_numbers_);
  if (of_pictures) work_.pictures_forward += forward;
  work_.all += passes * forward;
}

Trainee::Loss Trainee::add_gradients(const fusion::FusionBatch& batch) {
  Loss result;
  for (const fusion::FusionPart& part : batch.parts) {
    fusion::Context context = model_.begin(part.latents.size(0));
    {
      const at::AutoGradMode gradients(trains_text());
      model_.append_text(context, part.before.ids.to(device()), part.before.lengths);
    }
    count(part.before.ids, true, trains_text() ? 3 : 1);
    const Tensor time = part.time.to(device());
    const auto [x_t, target] = model_.schedule().noised_and_target(part.latents.to(device()), part.epsilon.to(device()), time);
    const bool goes_on = !part.after.empty();
    const Tensor prediction = goes_on ? model_.predict_and_keep(context, x_t, time) : model_.predict(context, x_t, time);
    count(time.unsqueeze(1).expand({-1, model_.patches()}), true, 3);
    const Tensor flow = (prediction - target).square().mean({1, 2, 3}).sum() / static_cast<double>(batch.pictures);
    Tensor loss = recipe_.fusion_train.lambda * flow;
    if (goes_on) {
      const Tensor caption = caption_sum(context, part.after.front()) / batch.language_weight;
      count(part.after.front().ids, true, trains_text() ? 3 : 2);  // frozen: gradients pass through, to the picture's keys and values
      result.caption += caption.item<double>();
      loss = loss + caption;
    }
    result.flow += flow.item<double>();
    loss.backward();
    collect_gradients();
  }
  return result;
}

double Trainee::add_gradients(const text::TextBatch& batch) {
  if (!trains_text()) return 0;
  double result = 0;
  for (const text::TextRows& rows : batch.groups) {
    const Tensor loss = text_sum(rows) / batch.weight;
    count(rows.ids, false, 3);
    work_.all += 3 * 2 * static_cast<double>(rows.places.numel()) * static_cast<double>(head_.numel());
    result += loss.item<double>();
    loss.backward();
    collect_gradients();
  }
  return result;
}

void Trainee::step() {
  image_optimizer_->step();
  if (text_optimizer_) text_optimizer_->step();
  for (const text::Transformer* tower : {&model_.image_tower(), &text_->transformer()})
    if (base::FusedTower* fused = tower->fused()) fused->parameters_changed();
}

Tensor Trainee::text_sum(const text::TextRows& rows) const {
  // Gathered from fp32, so that the gradients of a frequent token are summed in fp32.
  const Tensor x = at::embedding(embeddings_.to(at::kFloat), rows.ids);  // (rows, length, hidden)
  text::KvCache cache;
  const Tensor positions = at::arange(rows.ids.size(1), rows.ids.options()).unsqueeze(0);
  const Tensor y = text_->transformer().forward(x, text::make_rope(recipe_.text, positions), /*causal=*/true, cache);
  const Tensor hidden = y.view({-1, recipe_.text.hidden_size}).index_select(0, rows.places);  // (n, hidden)
  return text::token_loss(text_->transformer().norm(hidden), head_, rows.targets, rows.loss_weight);
}

Tensor Trainee::caption_sum(fusion::Context& context, const fusion::TextRows& rows) const {
  const int64_t places = rows.ids.size(1) - 1;
  const Tensor hidden = model_.append_text(context, rows.ids.to(device()), rows.lengths).narrow(1, 0, places);
  const auto next = [&](const Tensor& t) { return t.to(device()).narrow(1, 1, places).flatten(); };
  return text::token_loss(hidden.flatten(0, 1), head_, next(rows.ids), next(rows.weight));
}

Tensor Trainee::gradient(const std::string& name) const {
  const auto found = bindings_.find(name);
  return found == bindings_.end() ? Tensor() : found->second.optimizer->gradient(found->second.name);
}

std::map<std::string, Tensor> Trainee::tensors() const {
  std::map<std::string, Tensor> result(text_parameters_.all().begin(), text_parameters_.all().end());
  result.insert(image_parameters_.all().begin(), image_parameters_.all().end());
  return result;
}

}  // namespace atelier::bench
