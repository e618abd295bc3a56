/// LMFusion's ablation at our size: which weights pictures and text should share, and what training the
/// text's own costs. docs/experiments.md says what is compared.
///
///   ablation [--pack runs/fusion.safetensors] [--text-pack runs/text.safetensors] [--steps 700] [-o runs/ablation.json]
///
/// Every variant is the same FusionModel on the same text tower, its image tower a copy of it at first; what two towers
/// share is one memory with one gradient (bench/tied_towers.h). So all take the same pictures, noise, times and documents
/// through the same shapes, and start from the same function, which is checked before anything is trained. The same
/// command goes on where it was stopped: variants in the JSON are not run again.
#include "base/compute.h"
#include "base/error.h"
#include "base/json.h"
#include "base/progress.h"
#include "base/random.h"
#include "bench/tied_towers.h"

#include <CLI/CLI.hpp>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstdio>
#include <numeric>

namespace {

using namespace atelier;
using bench::Trainee, bench::Variant;
using base::json;
namespace fs = std::filesystem;

constexpr int64_t kReports = 8;  // evaluations in a run, besides the one before its first step
constexpr size_t kPictures = 256, kDocuments = 2000;  // held out, that they look at

const std::vector<Variant> kVariants = {
    {"deep separation, text frozen (ours)", Variant::Shared::nothing, 0},
    {"FFN-only separation, text frozen", Variant::Shared::attention, 0},
    {"FFN-only separation, shared attention trained", Variant::Shared::attention, 1},
    {"dense, rate ratio 1", Variant::Shared::everything, 1},
    {"dense, rate ratio 0.1", Variant::Shared::everything, 0.1},
    {"deep separation, text trained, rate ratio 0.1", Variant::Shared::nothing, 0.1},
    {"deep separation, text trained, rate ratio 1", Variant::Shared::nothing, 1},
};

struct Arguments {
  fs::path pack = "runs/fusion.safetensors", text_pack = "runs/text.safetensors", text = "models/starter/text", out = "runs/ablation.json";
  int64_t steps = 700, batch = 32, documents = 64, seed = 0;
};

/// What all variants read.
struct Data {
  explicit Data(const Arguments& a)
      : tokenizer(text::Tokenizer::load(a.text)),
        pictures(a.pack),
        documents(a.text_pack, tokenizer.size()),
        symbols(text::TextSymbols::of(tokenizer)),
        recipe{base::Weights(a.text), text::read_llama_config(a.text / "config.json"), {}, {}} {
    const auto id = [&](const char* name) { return tokenizer.id(name); };
    ids = {id("<pad>"), id("<bos>"), id("<eos>"), id("<boi>"), id("<eoi>"), text::SpanSymbols::of(tokenizer)};
    fusion::FusionTrainConfig& fusion_train = recipe.fusion_train;
    fusion_train.model.styles = pictures.styles();
    fusion_train.model.latent_channels = pictures.latent_shape()[0];
    fusion_train.model.latent_size = pictures.latent_shape()[1];
    fusion_train.model.patcher_channels = recipe.text.hidden_size / 2;  // as the starter's
    fusion_train.batch = a.batch;
    fusion_train.seed = text_train.seed = a.seed;
    text_train.batch = a.documents;
    base::OptimizerConfig& optimizer = recipe.optimizer;
    optimizer.clip_norm = 5;  // as `atelier train fusion`: lambda is 5
    optimizer.total_steps = a.steps;
    optimizer.warmup_steps = a.steps / 8;
    const std::vector<int64_t>& rows = pictures.validation_rows();
    REQUIRE(!rows.empty() && !documents.validation().empty(), "both packs must have something held out");
    held_out.assign(rows.begin(), rows.begin() + static_cast<int64_t>(std::min(rows.size(), kPictures)));
  }

  text::Tokenizer tokenizer;
  fusion::Pack pictures;
  text::TextPack documents;
  text::TextSymbols symbols;
  bench::Recipe recipe;
  text::TextTrainConfig text_train;
  fusion::ControlIds ids{};
  std::vector<int64_t> held_out;  // rows of pictures
};

/// Nats a token of the captions of held-out pictures, each read clean before its caption as when somebody asks.
double caption_loss(const Trainee& trainee, const Data& data) {
  base::Random random(static_cast<uint64_t>(data.recipe.fusion_train.seed), 103);
  double sum = 0, weight = 0;
  for (size_t begin = 0; begin < data.held_out.size(); begin += 32) {
    const std::vector<int64_t> rows(data.held_out.begin() + static_cast<int64_t>(begin), data.held_out.begin() + static_cast<int64_t>(std::min(data.held_out.size(), begin + 32)));
    const fusion::FusionPart part = fusion::validation_part(data.pictures, data.recipe.fusion_train, data.ids, rows, 0, random);
    // <bos> caption <boi> becomes <eoi> caption <eos>.
    fusion::TextRows after = part.before;
    after.ids = after.ids.masked_fill(after.ids.eq(data.ids.bos), data.ids.eoi).masked_fill(after.ids.eq(data.ids.boi), data.ids.eos);
    const Tensor place = at::arange(after.ids.size(1), at::kLong);
    after.weight = place.ge(1).logical_and(place.lt(after.lengths.unsqueeze(1))).to(at::kFloat);
    const auto device = base::compute().device;
    fusion::Context context = trainee.model().begin(part.latents.size(0));
    trainee.model().append_text(context, at::tensor({int64_t{data.ids.bos}, int64_t{data.ids.boi}}, at::kLong).to(device).expand({part.latents.size(0), 2}));
    trainee.model().append_picture(context, part.latents.to(device));
    sum += trainee.caption_sum(context, after).item<double>();
    weight += after.weight.sum().item<double>();
  }
  return sum / weight;
}

double text_loss(const Trainee& trainee, const Data& data) {
  const std::span<const int64_t> held_out(data.documents.validation().data(), std::min(data.documents.validation().size(), kDocuments));
  double sum = 0, weight = 0;
  for (size_t from = 0; from < held_out.size(); from += 250) {
    const text::TextBatch batch = text::plain_batch(data.documents, data.text_train, data.symbols, held_out.subspan(from, std::min<size_t>(250, held_out.size() - from)));
    for (const text::TextRows& rows : batch.groups) sum += trainee.text_sum(rows).item<double>();
    weight += batch.weight;
  }
  return sum / weight;
}

json evaluate(const Trainee& trainee, const Data& data, int64_t step) {
  const at::NoGradGuard no_gradient;
  const std::vector<double> errors = fusion::validation_errors(trainee.model(), data.pictures, data.recipe.fusion_train, data.ids, data.held_out, 0);
  const double mean = std::accumulate(errors.begin(), errors.end(), 0.0) / static_cast<double>(errors.size()), text = text_loss(trainee, data);
  return {{"step", step}, {"flow_mse", mean}, {"flow_mse_by_time", errors}, {"caption_loss", caption_loss(trainee, data)}, {"text_loss", text}, {"perplexity", std::exp(text)}};
}

double magnitude(const Tensor& t) { return at::linalg_vector_norm(t).item<double>(); }

/// That towers are tied as they should be: on one small batch every variant has the losses of the model whose towers
/// share nothing, the gradient of a shared tensor is the sum of that model's two, both of them not zero, and what is
/// frozen gets none and stays.
void check_variants(const Data& data) {
  fusion::FusionTrainConfig fusion_train = data.recipe.fusion_train;
  text::TextTrainConfig text_train = data.text_train;
  fusion_train.batch = 8;
  text_train.batch = 16;
  const fusion::FusionBatch pictures = fusion::make_batch(data.pictures, fusion_train, data.ids, 0, {});
  const text::TextBatch documents = text::make_batch(data.documents, text_train, data.symbols, 0);
  const auto loss_of = [&](Trainee& trainee) {
    // It starts as zeros, and would let no gradient of the flow into the towers.
    const Tensor last = trainee.tensors().at("unet_up.conv_out.weight");
    {
      const at::NoGradGuard no_gradient;
      Tensor(last).copy_(0.02 * at::randn(last.sizes(), base::generator(1), at::kFloat));
    }
    Trainee::Loss loss = trainee.add_gradients(pictures);
    loss.text = trainee.add_gradients(documents);
    return loss;
  };
  Trainee apart(kVariants.back(), data.recipe);
  const Trainee::Loss expected = loss_of(apart);
  for (const Variant& variant : kVariants) {
    Trainee trainee(variant, data.recipe);
    const Trainee::Loss loss = loss_of(trainee);
    ASSERT(loss.flow == expected.flow && loss.caption == expected.caption && (loss.text == expected.text || !trainee.trains_text()));

    const std::map<std::string, Tensor> tensors = trainee.tensors();
    base::NamedTensors frozen;
    for (const auto& [name, tensor] : tensors) {
      const Tensor gradient = trainee.gradient(name);
      if (!gradient.defined()) {
        ASSERT(!tensor.requires_grad() && !tensor.grad().defined());
        frozen.emplace_back(name, tensor.clone());
        continue;
      }
      Tensor sum = apart.gradient(name).clone();
      for (const auto& [image_name, text_name] : trainee.shared()) {
        if (name != image_name && name != text_name) continue;
        const Tensor of_image = apart.gradient(image_name), of_text = apart.gradient(text_name);
        ASSERT(magnitude(of_image) > 0 && magnitude(of_text) > 0);
        sum = of_image + of_text;
      }
      // fp32 sums in another order.
      ASSERT(magnitude(gradient - sum) <= 1e-4 * magnitude(sum));
    }
    trainee.step();
    for (const auto& [name, before] : frozen) ASSERT(tensors.at(name).equal(before));
    for (const auto& [image_name, text_name] : trainee.shared()) ASSERT(tensors.at(image_name).equal(tensors.at(text_name)));
    base::say(fmt::format("{}: {} tensors shared, {} frozen; losses and gradients as they should be", variant.name, trainee.shared().size(), frozen.size()));
  }
}

/// @param first   the evaluation of another variant before its first step, if there was one
json train(const Variant& variant, const Data& data, const json& first) {
  Trainee trainee(variant, data.recipe);
  const int64_t steps = data.recipe.optimizer.total_steps;
  double seconds = 0;
  json curve = json::array();
  base::Progress progress(variant.name, steps, "steps");
  for (int64_t step = 0;; ++step) {
    if (step == 0 || step * kReports / steps > (step - 1) * kReports / steps) {
      curve.push_back(evaluate(trainee, data, step));
      REQUIRE(step > 0 || first.is_null() || curve[0] == first,
              "{} starts from other figures than the variants before it: if those were run on another machine, choose another file", variant.name);
      ASSERT(trainee.trains_text() || curve.back()["text_loss"] == curve[0]["text_loss"]);
      progress.note(fmt::format("flow {:.4f}, captions {:.3f}, perplexity {:.3f}", curve.back()["flow_mse"].get<double>(),
                                curve.back()["caption_loss"].get<double>(), curve.back()["perplexity"].get<double>()));
    }
    progress.set(step);
    if (step == steps) break;
    base::throw_if_cancelled();
    const auto start = std::chrono::steady_clock::now();
    trainee.add_gradients(fusion::make_batch(data.pictures, data.recipe.fusion_train, data.ids, step, {}));
    trainee.add_gradients(text::make_batch(data.documents, data.text_train, data.symbols, step));
    trainee.step();
    seconds += std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
  }
  const double n = static_cast<double>(steps);
  return {{"curve", curve}, {"seconds_per_step", seconds / n}, {"pictures_forward_gflop_per_step", trainee.work().pictures_forward / n / 1e9},
          {"gflop_per_step", trainee.work().all / n / 1e9}};
}

void print_tables(const json& variants, int64_t steps) {
  std::printf("\n| variant | flow MSE | captions, nats a token | text perplexity | GFLOP a step, pictures forward | GFLOP a step in all | s a step |\n| --- | --- | --- | --- | --- | --- | --- |\n");
  const json& before = variants.at(kVariants.front().name).at("curve").front();
  const auto figures = [](const json& point) {
    return fmt::format("{:.4f} | {:.3f} | {:.3f}", point.at("flow_mse").get<double>(), point.at("caption_loss").get<double>(), point.at("perplexity").get<double>());
  };
  std::printf("| any, before | %s | | | |\n", figures(before).c_str());
  for (const Variant& variant : kVariants) {
    const json& v = variants.at(variant.name);
    std::printf("| %s | %s | %.1f | %.1f | %.3f |\n", variant.name.c_str(), figures(v.at("curve").back()).c_str(), v.at("pictures_forward_gflop_per_step").get<double>(),
                v.at("gflop_per_step").get<double>(), v.at("seconds_per_step").get<double>());
  }
  for (const char* figure : {"flow_mse", "perplexity"}) {
    std::printf("\n| %s after steps |", figure);
    for (const json& point : variants.at(kVariants.front().name).at("curve")) std::printf(" %lld |", static_cast<long long>(point.at("step").get<int64_t>()));
    std::printf("\n| --- |");
    for (int64_t i = 0; i <= std::min(steps, kReports); ++i) std::printf(" --- |");
    for (const Variant& variant : kVariants) {
      std::printf("\n| %s |", variant.name.c_str());
      for (const json& point : variants.at(variant.name).at("curve")) std::printf(" %.4f |", point.at(figure).get<double>());
    }
    std::printf("\n");
  }
}

void run(const Arguments& a) {
  const Data data(a);
  const json settings = {{"steps", a.steps}, {"pictures", a.batch}, {"documents", a.documents}, {"seed", a.seed}, {"packed_pictures", data.pictures.size()},
                         {"packed_tokens", data.documents.tokens()}, {"held_out_pictures", data.held_out.size()}};
  json results = {{"settings", settings}, {"variants", json::object()}};
  if (fs::exists(a.out)) {
    results = base::read_json(a.out);
    REQUIRE(results.value("settings", json()) == settings, "{} is of a run with other settings: choose another file", a.out.string());
  }
  json& variants = results["variants"];
  check_variants(data);
  json first;
  for (const Variant& variant : kVariants) {
    if (!variants.contains(variant.name)) {
      variants[variant.name] = train(variant, data, first);
      base::write_json(a.out, results);
    }
    if (first.is_null()) first = variants[variant.name]["curve"][0];
    ASSERT(variants[variant.name]["pictures_forward_gflop_per_step"] == variants[kVariants.front().name]["pictures_forward_gflop_per_step"]);
  }
  print_tables(variants, a.steps);
}

}  // namespace

int main(int argc, char** argv) {
  CLI::App app("Which weights pictures and text should share: LMFusion's ablation in small");
  Arguments a;
  app.add_option("--pack", a.pack, "Latents and captions (`atelier corpus pack`)")->capture_default_str()->check(CLI::ExistingFile);
  app.add_option("--text-pack", a.text_pack, "Packed text (`atelier train pack-text`)")->capture_default_str()->check(CLI::ExistingFile);
  app.add_option("--text", a.text, "Folder of the text model that all start from")->capture_default_str();
  app.add_option("--steps", a.steps, "Of each variant")->capture_default_str()->check(CLI::PositiveNumber);
  app.add_option("--batch", a.batch, "Pictures a step")->capture_default_str()->check(CLI::PositiveNumber);
  app.add_option("--documents", a.documents, "Text documents a step, where text is trained")->capture_default_str()->check(CLI::PositiveNumber);
  app.add_option("--seed", a.seed, "Of all draws")->capture_default_str();
  app.add_option("-o,--output", a.out, "JSON of the curves; variants in it are not run again")->capture_default_str();
  CLI11_PARSE(app, argc, argv);
  try {
    base::install_signal_handlers();
    base::initialise_compute({});
    run(a);
  } catch (const std::exception& error) {
    std::fprintf(stderr, "%s\n", error.what());
    return 1;
  }
}
