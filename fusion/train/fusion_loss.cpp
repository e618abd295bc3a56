#include "base/random.h"
#include "fusion/train/fusion_trainer.h"

#include <algorithm>

namespace atelier::fusion {
namespace {

/// Sum over a text segment of weight times negative log-likelihood. @param hidden (n, L, d) after the final norm
Tensor language_sum(const FusionModel& model, const Tensor& hidden, const TextRows& text) {
  const int64_t length = text.ids.size(1);
  const auto behind_first = [&](const Tensor& x) { return x.narrow(1, 1, length - 1).flatten(); };
  // Most places are padding or given: the vocabulary's product is for those that are learnt.
  const Tensor learnt = behind_first(text.weight).nonzero().squeeze(1);  // (m)
  if (learnt.numel() == 0) return at::zeros({}, hidden.options().dtype(at::kFloat));
  const auto choose = [&](const Tensor& x) { return x.index_select(0, learnt.to(x.device())).to(hidden.device()); };
  const Tensor logits = model.text().logits(choose(hidden.narrow(1, 0, length - 1).flatten(0, 1)));  // (m, vocab)
  const Tensor each = at::cross_entropy_loss(logits, choose(behind_first(text.ids)), {}, at::Reduction::None);
  return (each * choose(behind_first(text.weight))).sum();
}

/// The context that a part's pictures are drawn behind, where nothing of it is learnt.
Context read_before(const FusionModel& model, const FusionPart& part) {
  const auto device = model.device();
  Context context = model.begin(part.latents.size(0));
  for (const FusionPart::Document& document : part.documents) {
    model.append_text(context, document.caption.ids.to(device), document.caption.lengths);
    model.append_document(context, document.latents.to(device));
  }
  model.append_text(context, part.before.ids.to(device), part.before.lengths);
  return context;
}

}  // namespace

FusionLoss accumulate_gradients(const FusionModel& model, const FusionTrainConfig& config, const FusionBatch& batch,
                                base::Optimizer& optimizer, const FusionModel* teacher) {
  const auto device = model.device();
  FusionLoss result;
  for (const FusionPart& part : batch.parts) {
    Context context = model.begin(part.latents.size(0));
    Tensor language = at::zeros({}, at::TensorOptions(at::kFloat).device(device));
    // The text tower is frozen, but what it reads is not: behind a picture gradients reach the image tower through its
    // keys and values. Before the first picture there is nothing to differentiate.
    bool behind_a_picture = false;
    const auto read = [&](Context& into, const TextRows& text) {
      const at::AutoGradMode gradients(behind_a_picture);
      const Tensor hidden = model.append_text(into, text.ids.to(device), text.lengths);
      if (behind_a_picture) language = language + language_sum(model, hidden, text);
    };
    const auto read_after = [&] {
      behind_a_picture = true;
      for (const TextRows& text : part.after) {
        Context own = context;
        read(own, text);
      }
    };
    for (const FusionPart::Document& document : part.documents) {
      read(context, document.caption);
      model.append_document(context, document.latents.to(device));
      behind_a_picture = true;
    }
    read(context, part.before);
    if (!part.time.defined()) {
      model.append_picture(context, part.latents.to(device));
      read_after();
      language = language / std::max(batch.language_weight, 1.0);
      result.language += language.item<double>();
      language.backward();
      optimizer.collect_gradients();
      continue;
    }
    const Tensor time = part.time.to(device);
    auto [x_t, target] = model.schedule().noised_and_target(part.latents.to(device), part.epsilon.to(device), time);
    if (teacher) {
      const at::NoGradGuard no_gradient;
      Context seen_by_teacher = read_before(*teacher, part);
      target = teacher->predict(seen_by_teacher, x_t, time);
    }
    const bool goes_on = !part.after.empty();
    const Tensor prediction = goes_on ? model.predict_and_keep(context, x_t, time) : model.predict(context, x_t, time);
    if (goes_on) read_after();
    // Means over the whole batch: of each picture's mean squared error, and of the weighted tokens.
    const Tensor diffusion = (prediction - target).square().mean({1, 2, 3}).sum() / static_cast<double>(batch.pictures);
    language = language / std::max(batch.language_weight, 1.0);
    result.diffusion += diffusion.item<double>();
    result.language += language.item<double>();
    (config.lambda * diffusion + language).backward();
    optimizer.collect_gradients();
  }
  return result;
}

std::vector<double> validation_errors(const FusionModel& model, const Pack& pack, const FusionTrainConfig& config, const ControlIds& ids,
                                      const std::vector<int64_t>& rows, int64_t documents) {
  const at::NoGradGuard no_gradient;
  const auto device = model.device();
  const auto seed = static_cast<uint64_t>(config.seed);
  std::vector<double> errors;
  for (const double t : {150.0, 400.0, 600.0, 800.0, 950.0}) {
    base::Random random(seed, 101);
    at::Generator generator = base::generator(seed, 102, static_cast<uint64_t>(t));
    double sum = 0;
    for (size_t begin = 0; begin < rows.size(); begin += 32) {
      const std::vector<int64_t> some(rows.begin() + begin, rows.begin() + std::min(rows.size(), begin + 32));
      const FusionPart part = validation_part(pack, config, ids, some, documents, random);
      const Tensor epsilon = at::randn(part.latents.sizes(), generator, at::kFloat);
      const Tensor time = at::full({part.latents.size(0)}, t, at::kFloat).to(device);
      const auto [x_t, target] = model.schedule().noised_and_target(part.latents.to(device), epsilon.to(device), time);
      Context context = read_before(model, part);
      sum += (model.predict(context, x_t, time) - target).square().mean({1, 2, 3}).sum().item<double>();
    }
    errors.push_back(sum / static_cast<double>(rows.size()));
  }
  return errors;
}

}  // namespace atelier::fusion
