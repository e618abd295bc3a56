#include "vision/train/vae_trainer.h"

#include "base/error.h"
#include "base/progress.h"
#include "base/training_run.h"

#include <algorithm>
#include <optional>

namespace atelier::vision {
namespace {

using base::json;

// Streams of random numbers, one a purpose.
enum Stream : uint64_t { kParameters = 1, kChoice = 2, kAugmentation = 3, kPosterior = 4, kStatistics = 5 };

constexpr int64_t kReportSteps = 50, kValidationSteps = 500;
constexpr int64_t kValidationPictures = 320, kSheetPictures = 32;

/// (batch, 3, side, side): the pictures of this step.
Tensor draw_batch(const VaeTrainConfig& config, const PictureSet& pictures, int64_t step) {
  const int64_t side = pictures.side(), numbers = 3 * side * side;
  const Tensor pixels = at::empty({config.batch, 3, side, side}, at::kFloat);
  float* out = pixels.mutable_data_ptr<float>();
  base::Random choice(config.seed, kChoice, step);
  std::vector<int64_t> rows(config.batch);
  for (int64_t& row : rows) row = pictures.draw(choice);
#pragma omp parallel for
  for (int64_t i = 0; i < config.batch; ++i) {
    augment(config.augmentation, pictures.pixels(rows[i]), side,
            base::Random(config.seed, kAugmentation, step * config.batch + i), out + i * numbers);
  }
  return pixels.to(base::compute().device);
}

struct Loss {
  Tensor total, l1, kl;
};

/// @param encoder  another than `vae` whose encoder is not learnt; may be null
Loss loss_of(const VaeTrainConfig& config, const Vae& vae, const Vae* encoder, const Tensor& pixels, int64_t step) {
  const Posterior posterior = [&] {
    const at::AutoGradMode gradients(!encoder);
    return (encoder ? *encoder : vae).encode(pixels);
  }();
  const Tensor noise = at::randn(posterior.mean.sizes(), base::generator(config.seed, kPosterior, step), at::kFloat)
                           .to(posterior.mean.device());
  const Tensor error = vae.decode(posterior.mean + (0.5 * posterior.logvar).exp() * noise) - pixels;

  const int64_t height = error.size(2), width = error.size(3);
  const Tensor l1 = error.abs().mean();
  const Tensor gradients = (error.narrow(2, 1, height - 1) - error.narrow(2, 0, height - 1)).abs().mean() +
                           (error.narrow(3, 1, width - 1) - error.narrow(3, 0, width - 1)).abs().mean();
  const Tensor quarter = at::avg_pool2d(error, 4).abs().mean();
  const Tensor square = error.square().mean();
  const Tensor kl =
      0.5 * (posterior.mean.square() + posterior.logvar.exp() - 1 - posterior.logvar).mean();  // against N(0, 1)
  return {l1 + config.gradient_weight * gradients + config.quarter_weight * quarter + config.square_weight * square +
              config.kl_weight * kl,
          l1, kl};
}

// Means of what was measured since the last report.
class Running {
 public:
  void add(const Loss& loss, double norm) {
    loss_ += loss.total.item<double>();
    l1_ += loss.l1.item<double>();
    kl_ += loss.kl.item<double>();
    norm_ += norm;
    ++count_;
  }
  json take() {
    const double n = static_cast<double>(count_);
    const json result = {{"loss", loss_ / n}, {"l1", l1_ / n}, {"kl", kl_ / n}, {"gradient_norm", norm_ / n}};
    *this = Running();
    return result;
  }

 private:
  double loss_ = 0, l1_ = 0, kl_ = 0, norm_ = 0;
  int64_t count_ = 0;
};

// Measures the averaged weights on pictures of the style that training never shows, or on training's own if there are
// none.
json validate(const Vae& vae, base::Optimizer& optimizer, const PictureSet& pictures,
              const std::filesystem::path& folder) {
  std::vector<int64_t> rows = pictures.rows(PictureSet::kHeldoutStyle, kValidationPictures);
  const bool held_out = !rows.empty();
  if (!held_out) rows = pictures.rows(PictureSet::kTrain, kValidationPictures);
  const base::Optimizer::Averaged averaged(optimizer);
  const VaeQuality quality = evaluate_vae(vae, pictures, rows);
  if (static_cast<int64_t>(rows.size()) > kSheetPictures) rows.resize(kSheetPictures);
  write_image(folder / "reconstructions.png", reconstruction_sheet(vae, pictures, rows));
  return {{"psnr", quality.psnr}, {"ssim", quality.ssim}, {"held_out", held_out}};
}

}  // namespace

base::OptimizerConfig VaeTrainConfig::default_optimizer() {
  base::OptimizerConfig config;
  config.learning_rate = 1e-3;
  config.beta2 = 0.99;
  config.weight_decay = 0.01;
  config.ema_decay = 0.998;
  config.warmup_steps = 100;
  config.total_steps = 8000;
  config.decay_fraction = 0.4;
  config.final_rate = 0.02;
  return config;
}

void train_vae(const VaeTrainOptions& options) {
  VaeTrainConfig config = options.config;
  const int64_t total = config.optimizer.total_steps;
  REQUIRE(total >= 1, "steps must be at least 1, not {}", total);
  REQUIRE(config.batch >= 1 && config.batch <= 4096, "batch must be 1 to 4096, not {}", config.batch);
  REQUIRE(config.seed >= 0, "seed must be 0 or more, not {}", config.seed);
  const PictureSet pictures(options.pictures);

  std::optional<base::Weights> from;
  std::optional<Vae> encoder;  // as it is
  if (!options.from.empty()) {
    from.emplace(options.from);
    encoder.emplace(Vae::load(options.from));
    config.vae = encoder->config();
  }
  base::Parameters parameters = from ? base::Parameters::read_float(*from)
                                     : base::Parameters::fresh(base::mix(config.seed, kParameters), base::compute().device);
  const Vae vae(parameters.root(), config.vae);
  base::Parameters learnt = parameters.under(from ? "decoder." : "");
  base::Optimizer optimizer(learnt, config.optimizer);
  base::TrainingRun run({options.run, options.minutes}, optimizer, base::write_config(config));

  base::Progress progress("vae", total, "steps");
  progress.set(optimizer.steps());
  Running running;
  while (run.proceed()) {
    const int64_t step = optimizer.steps();
    const Loss loss = loss_of(config, vae, encoder ? &*encoder : nullptr, draw_batch(config, pictures, step), step);
    loss.total.backward();
    optimizer.collect_gradients();
    running.add(loss, optimizer.step());
    progress.advance();

    const int64_t done = optimizer.steps();
    const bool validates = done % kValidationSteps == 0 || done == total;
    if (done % kReportSteps != 0 && !validates) continue;
    json values = running.take();
    progress.note(fmt::format("loss {:.4f}", values["loss"].get<double>()));
    if (validates) values.update(validate(vae, optimizer, pictures, run.folder()));
    run.report(std::move(values));
  }
  base::throw_if_cancelled();
  if (options.export_folder.empty()) return;
  export_vae(config.vae, optimizer.averages(parameters), pictures, base::mix(config.seed, kStatistics), options.export_folder);
}

}  // namespace atelier::vision
