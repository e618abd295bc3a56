#include "fusion/generate.h"

#include "base/error.h"
#include "base/progress.h"
#include "base/random.h"

#include <c10/core/InferenceMode.h>

#include <algorithm>
#include <cmath>

namespace atelier::fusion {
namespace {

void check(const GenerateOptions& o) {
  REQUIRE(o.num_inference_steps >= 1 && o.num_inference_steps <= 1000, "steps must be 1 to 1000, not {}", o.num_inference_steps);
  REQUIRE(o.strength >= 0 && o.strength <= 1, "strength must be 0 to 1, not {}", o.strength);
  ASSERT(!o.keep.defined() || o.init.defined());
  REQUIRE(o.guidance_scale >= 0 && o.guidance_scale <= 100, "guidance_scale must be 0 to 100, not {}", o.guidance_scale);
}

std::vector<Level> levels(const FusionModel& model, const GenerateOptions& options) {
  return model.schedule().levels(static_cast<int>(options.num_inference_steps), model.config().sampling_shift);
}

// The denoising loop of one picture. `predict` answers to (1, C, S, S) at a time of the schedule.
Tensor denoise(const FusionModel& model, const GenerateOptions& options,
               const std::function<Tensor(const Tensor& x, int64_t step, double time)>& predict) {
  const FusionConfig& config = model.config();
  Sampler sampler(options.sampler, model.schedule(), levels(model, options));
  at::Generator generator = base::generator(options.seed);
  const auto device = model.device();
  const Tensor noise = at::randn({1, config.latent_channels, config.latent_size, config.latent_size}, generator, at::kFloat).to(device);
  const auto noised_init = [&](int64_t i) { return sampler.level(i).alpha * options.init + sampler.level(i).sigma * noise; };
  const int64_t first = options.init.defined() ? std::llround((1 - options.strength) * static_cast<double>(sampler.steps())) : 0;
  Tensor x = first > 0 ? noised_init(first) : noise;
  for (int64_t i = first; i < sampler.steps(); ++i) {
    base::throw_if_cancelled();
    x = sampler.step(i, x, predict(x, i, sampler.level(i).time), generator);
    if (options.keep.defined()) x = options.keep * noised_init(i + 1) + (1 - options.keep) * x;
    if (options.on_step) options.on_step(i, sampler.x0());
  }
  if (!x.isfinite().all().item<bool>()) throw std::runtime_error("the model answered with numbers that are not finite: are the weights damaged?");
  return x;
}

Tensor times(const Tensor& x, int64_t batch, double time) {
  return at::full({batch}, time, at::TensorOptions().device(x.device()).dtype(at::kFloat));
}

/// Row 0 the prompt, row 1 the negative one; without guidance the prompt alone.
Context begin_guided(const FusionModel& model, const std::vector<int32_t>& prompt, const std::vector<int32_t>& negative,
                     const GenerateOptions& options) {
  if (options.guidance_scale == 1) {
    Context context = model.begin(1);
    model.append_text(context, as_ids(model, prompt));
    return context;
  }
  const auto tokens = static_cast<int64_t>(std::max(prompt.size(), negative.size()));
  Tensor ids = at::zeros({2, tokens}, at::kLong), lengths = at::empty({2}, at::kLong);
  for (int64_t row = 0; row < 2; ++row) {
    const auto& text = row == 0 ? prompt : negative;
    lengths.data_ptr<int64_t>()[row] = static_cast<int64_t>(text.size());
    std::copy(text.begin(), text.end(), ids.data_ptr<int64_t>() + row * tokens);
  }
  Context context = model.begin(2);
  model.append_text(context, ids.to(context.next.device()), prompt.size() == negative.size() ? Tensor() : lengths);
  return context;
}

}  // namespace

Tensor as_ids(const FusionModel& model, const std::vector<int32_t>& ids) {
  return at::tensor(std::vector<int64_t>(ids.begin(), ids.end()), at::kLong)
      .unsqueeze(0)
      .to(model.device());
}

Tensor draw(const FusionModel& model, const std::vector<int32_t>& prompt, const std::vector<int32_t>& negative,
            const GenerateOptions& options) {
  check(options);
  const c10::InferenceMode inference;
  Context context = begin_guided(model, prompt, negative, options);
  if (options.guidance_scale == 1) return draw(model, context, nullptr, options);
  return denoise(model, options, [&](const Tensor& x, int64_t step, double time) {
    const base::AttendedEdit edit = options.merging.edit(step, time, 0);
    const auto halves = model.predict(context, x.expand({2, -1, -1, -1}), times(x, 2, time), edit).split(1);
    return halves[1] + options.guidance_scale * (halves[0] - halves[1]);
  });
}

Context begin_with_documents(const FusionModel& model, const std::vector<ContextDocument>& documents,
                             const std::vector<int32_t>& prompt, int32_t bos, int32_t boi, int32_t eoi) {
  const c10::InferenceMode inference;
  Context context = model.begin(1);
  const auto read = [&](std::vector<int32_t> ids) {
    if (context.cache.length() > 0) ids.insert(ids.begin(), eoi);
    model.append_text(context, as_ids(model, ids));
  };
  for (const ContextDocument& document : documents) {
    std::vector<int32_t> ids = {bos};
    ids.insert(ids.end(), document.caption.begin(), document.caption.end());
    ids.push_back(boi);
    read(std::move(ids));
    model.append_document(context, document.latents.to(context.next.device()));
  }
  read(prompt);
  return context;
}

Tensor draw(const FusionModel& model, Context& context, Context* negative, const GenerateOptions& options) {
  check(options);
  const c10::InferenceMode inference;
  return denoise(model, options, [&](const Tensor& x, int64_t step, double time) {
    const Tensor answer = model.predict(context, x, times(x, 1, time), options.merging.edit(step, time, 0));
    if (!negative || options.guidance_scale == 1) return answer;
    const Tensor unwanted = model.predict(*negative, x, times(x, 1, time), options.merging.edit(step, time, 1));
    return unwanted + options.guidance_scale * (answer - unwanted);
  });
}

std::shared_ptr<const TokenTrace> trace_reference(const FusionModel& model, const std::vector<int32_t>& prompt,
                                                  const std::vector<int32_t>& negative, const Tensor& latents,
                                                  const GenerateOptions& options) {
  check(options);
  const c10::InferenceMode inference;
  Context context = begin_guided(model, prompt, negative, options);
  const int64_t halves = context.next.size(0);
  at::Generator generator = base::generator(options.seed);
  const Tensor epsilon = at::randn(latents.sizes(), generator, at::kFloat).to(latents.device());
  const NegToMeConfig& config = options.merging.config;
  const TokenMerging recording = {
      config, {}, std::make_shared<TokenTrace>(options.num_inference_steps, model.image_tower().config().num_hidden_layers, config.avoid_until)};
  const std::vector<Level> levels = fusion::levels(model, options);
  for (int64_t step = 0; step < options.num_inference_steps; ++step) {
    const Level& level = levels[step];
    const base::AttendedEdit edit = recording.edit(step, level.time, 0);
    if (!edit) continue;
    base::throw_if_cancelled();
    const Tensor x = level.alpha * latents + level.sigma * epsilon;
    model.predict(context, x.expand({halves, -1, -1, -1}), times(x, halves, level.time), edit);
  }
  return recording.record;
}

std::vector<Segment> interleave(const FusionModel& model, const std::vector<int32_t>& prompt, const InterleaveOptions& options) {
  check(options.picture);
  REQUIRE(!prompt.empty(), "the prompt is empty");
  const c10::InferenceMode inference;
  std::vector<Segment> result;
  Context context = model.begin(1);
  Tensor hidden = model.append_text(context, as_ids(model, prompt));
  int32_t token = prompt.back();
  int64_t pictures = 0;
  std::vector<int32_t> written;
  const auto close_text = [&] {
    if (!written.empty()) result.push_back({std::exchange(written, {}), {}});
  };
  for (int64_t n = 0; n < options.max_new_tokens;) {
    base::throw_if_cancelled();
    if (token == options.boi) {  // diffusion mode
      if (pictures == options.max_pictures) break;
      close_text();
      Context unguided = model.begin(1);
      model.append_text(unguided, as_ids(model, {options.bos, options.boi}));
      GenerateOptions picture = options.picture;
      picture.seed += static_cast<uint64_t>(pictures++);
      const Tensor latents = draw(model, context, &unguided, picture);
      result.push_back({{}, latents});
      model.append_picture(context, latents);
      token = options.eoi;
    } else {  // language mode
      token = options.choose(model.text().logits(hidden.select(1, hidden.size(1) - 1)).squeeze(0));
      ++n;
      if (std::find(options.stop.begin(), options.stop.end(), token) != options.stop.end()) break;
      if (token != options.boi) written.push_back(token);
    }
    hidden = model.append_text(context, as_ids(model, {token}));
  }
  close_text();
  return result;
}

}  // namespace atelier::fusion
