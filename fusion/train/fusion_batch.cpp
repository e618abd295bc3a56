#include "base/error.h"
#include "base/random.h"
#include "fusion/train/fusion_trainer.h"

#include <algorithm>
#include <cmath>
#include <tuple>

namespace atelier::fusion {
namespace {

constexpr uint64_t kChoice = 1, kNoise = 2, kTime = 3;  // streams of random draws

using Sequences = std::vector<std::vector<int32_t>>;

// Rectangular ids, padded at the front or at the back. @return ids (n, L), and what the padding field of a part says
std::pair<Tensor, Tensor> rectangular(const Sequences& sequences, int32_t pad, bool at_front) {
  size_t length = 1;
  for (const auto& s : sequences) length = std::max(length, s.size());
  const auto n = static_cast<int64_t>(sequences.size()), columns = static_cast<int64_t>(length);
  Tensor ids = at::full({n, columns}, static_cast<int64_t>(pad), at::kLong), counts = at::empty({n}, at::kLong);
  for (int64_t i = 0; i < n; ++i) {
    const auto size = static_cast<int64_t>(sequences[i].size());
    std::copy(sequences[i].begin(), sequences[i].end(), ids.data_ptr<int64_t>() + i * columns + (at_front ? columns - size : 0));
    counts.data_ptr<int64_t>()[i] = at_front ? columns - size : size;
  }
  return {ids, counts};
}

}  // namespace

FusionBatch make_batch(const Pack& pack, const FusionTrainConfig& config, const ControlIds& ids, int64_t step,
                       const base::Ranks& ranks) {
  const auto seed = static_cast<uint64_t>(config.seed), key = static_cast<uint64_t>(step);
  base::Random random(seed, kChoice, key);
  const int64_t picture_first = std::llround(config.picture_first * static_cast<double>(config.batch));

  std::vector<int64_t> rows;
  Sequences captions;
  FusionBatch batch;
  batch.pictures = config.batch;
  batch.opening = at::tensor(std::vector<int64_t>{ids.bos, ids.boi}, at::kLong).unsqueeze(0);
  for (int64_t i = 0; i < config.batch; ++i) {
    rows.push_back(pack.draw(random));
    auto caption = pack.caption(rows.back(), random);
    if (static_cast<int64_t>(caption.size()) > config.max_caption_tokens) caption.resize(config.max_caption_tokens);
    const bool dropped = random.chance(config.caption_drop);
    if (i < picture_first) {
      caption.insert(caption.begin(), ids.eoi);
      caption.push_back(ids.eos);
      batch.caption_tokens += static_cast<int64_t>(caption.size()) - 1;
    } else {
      if (dropped) caption.clear();
      caption.insert(caption.begin(), ids.bos);
      caption.push_back(ids.boi);
    }
    captions.push_back(std::move(caption));
  }

  std::vector<int64_t> shape = pack.latent_shape();
  shape.insert(shape.begin(), config.batch);
  const Tensor epsilon = at::randn(shape, base::generator(seed, kNoise, key), at::kFloat);
  const Prediction prediction = prediction_named(config.model.prediction);
  at::Generator time_generator = base::generator(seed, kTime, key);
  // Transfusion 1.2: where the picture comes first, at most half of it is noise, or there were nothing to describe.
  const Tensor time = at::cat({draw_times(prediction, picture_first, kTrainTimesteps / 2, time_generator),
                               draw_times(prediction, config.batch - picture_first, kTrainTimesteps, time_generator)});

  const auto fill = [&](FusionBatch::Part& part, int64_t begin, int64_t end, bool at_front) {
    const auto [first, last] = ranks.share(end - begin);
    begin += first;
    end = begin + (last - first);
    if (begin == end) return;
    part.latents = pack.latents({rows.begin() + begin, rows.begin() + end});
    part.epsilon = epsilon.narrow(0, begin, end - begin);
    part.time = time.narrow(0, begin, end - begin);
    std::tie(part.ids, part.padding) = rectangular({captions.begin() + begin, captions.begin() + end}, ids.pad, at_front);
  };
  fill(batch.picture_first, 0, picture_first, /*at_front=*/false);
  fill(batch.caption_first, picture_first, config.batch, /*at_front=*/true);
  return batch;
}

FusionLoss accumulate_gradients(const FusionModel& model, const FusionTrainConfig& config, const FusionBatch& batch,
                                base::Optimizer& optimizer) {
  const auto device = model.image_tower().layers().front().q_proj.device();
  const auto to_device = [&](const Tensor& t) { return t.to(device); };
  FusionLoss result;
  // Mean over the pictures of the whole batch of each one's mean squared error.
  const auto diffusion_loss = [&](const Tensor& prediction, const Tensor& target) {
    const Tensor loss = (prediction - target).square().mean({1, 2, 3}).sum() / static_cast<double>(batch.pictures);
    result.diffusion += loss.item<double>();
    return loss * config.lambda;
  };

  if (const auto& part = batch.caption_first; part.latents.defined()) {
    const Tensor time = to_device(part.time);
    const auto [x_t, target] = model.schedule().noised_and_target(to_device(part.latents), to_device(part.epsilon), time);
    Context context = model.begin(part.latents.size(0), part.padding);
    {
      const at::NoGradGuard frozen;  // text stands before the picture and never sees it: nothing to differentiate
      model.append_text(context, to_device(part.ids));
    }
    diffusion_loss(model.predict(context, x_t, time), target).backward();
    optimizer.collect_gradients();
  }

  if (const auto& part = batch.picture_first; part.latents.defined()) {
    const int64_t n = part.latents.size(0), length = part.ids.size(1);
    const Tensor time = to_device(part.time), ids = to_device(part.ids);
    const auto [x_t, target] = model.schedule().noised_and_target(to_device(part.latents), to_device(part.epsilon), time);
    Context context = model.begin(n);
    {
      const at::NoGradGuard frozen;
      model.append_text(context, batch.opening.to(device).expand({n, -1}));
    }
    Tensor loss = diffusion_loss(model.predict_and_keep(context, x_t, time), target);
    // The text tower is frozen, but what it reads is not: gradients reach the image tower through its keys and values.
    const Tensor hidden = model.append_text(context, ids);
    const Tensor logits = model.text().logits(hidden.narrow(1, 0, length - 1));  // (n, length - 1, vocab)
    const Tensor real = at::arange(1, length, ids.options()).unsqueeze(0) < to_device(part.padding).unsqueeze(1);
    const Tensor each = at::cross_entropy_loss(logits.flatten(0, 1), ids.narrow(1, 1, length - 1).flatten(), {}, at::Reduction::None);
    const Tensor language = (each * real.flatten().to(at::kFloat)).sum() / static_cast<double>(batch.caption_tokens);
    result.language += language.item<double>();
    (loss + language).backward();
    optimizer.collect_gradients();
  }
  return result;
}

std::vector<double> validation_errors(const FusionModel& model, const Pack& pack, const std::vector<int64_t>& rows,
                                      const ControlIds& ids, int64_t seed) {
  const at::NoGradGuard no_gradient;
  const auto device = model.image_tower().layers().front().q_proj.device();
  std::vector<double> errors;
  for (const double t : {150.0, 400.0, 600.0, 800.0, 950.0}) {
    base::Random random(static_cast<uint64_t>(seed), 101);
    at::Generator generator = base::generator(static_cast<uint64_t>(seed), 102, static_cast<uint64_t>(t));
    double sum = 0;
    for (size_t begin = 0; begin < rows.size(); begin += 32) {
      const std::vector<int64_t> some(rows.begin() + begin, rows.begin() + std::min(rows.size(), begin + 32));
      Sequences captions;
      for (const int64_t row : some) {
        auto caption = pack.caption(row, random);
        caption.insert(caption.begin(), ids.bos);
        caption.push_back(ids.boi);
        captions.push_back(std::move(caption));
      }
      const auto [sequence, padding] = rectangular(captions, ids.pad, /*at_front=*/true);
      const Tensor x0 = pack.latents(some), epsilon = at::randn(x0.sizes(), generator, at::kFloat);
      const Tensor time = at::full({x0.size(0)}, t, at::kFloat).to(device);
      const auto [x_t, target] = model.schedule().noised_and_target(x0.to(device), epsilon.to(device), time);
      Context context = model.begin(x0.size(0), padding);
      model.append_text(context, sequence.to(device));
      sum += (model.predict(context, x_t, time) - target).square().mean({1, 2, 3}).sum().item<double>();
    }
    errors.push_back(sum / static_cast<double>(rows.size()));
  }
  return errors;
}

}  // namespace atelier::fusion
