#include "promptcap/data/name_training.h"

#include "base/compute.h"
#include "base/error.h"
#include "base/progress.h"
#include "base/safetensors.h"
#include "corpus/nouns.h"
#include "corpus/scenes.h"
#include "promptcap/things.h"

#include <c10/core/InferenceMode.h>

#include <algorithm>
#include <cmath>

namespace atelier::promptcap {
namespace {

constexpr double kRidge = 0.01;       // of standardised features, as many of them as the image tower has values
constexpr int64_t kHeldOutEvery = 20;

/// Things with their names and styles; features as they come, 64 pictures at a time.
class Collection {
 public:
  explicit Collection(const fusion::Pipeline& pipeline) : pipeline_(pipeline) {}

  void add(const vision::Image& thing, const std::string& name, const std::string& style, bool held_out) {
    pixels_.push_back(vision::to_tensor(from_afar(thing, pipeline_.pixels())));
    names.push_back(name);
    styles.push_back(style);
    this->held_out.push_back(held_out);
    if (pixels_.size() == 64) flush();
  }

  /// (things, features) fp32
  Tensor features() {
    flush();
    return at::cat(features_).to(at::kFloat);
  }

  std::vector<std::string> names, styles;
  std::vector<bool> held_out;

 private:
  void flush() {
    if (pixels_.empty()) return;
    const vision::Vae& vae = pipeline_.vae();
    const Tensor latents = vae.normalise(vae.encode(at::stack(pixels_).to(base::compute().device)).mean);
    features_.push_back(picture_features(pipeline_, latents).to(at::kHalf));
    pixels_.clear();
  }

  const fusion::Pipeline& pipeline_;
  std::vector<Tensor> pixels_, features_;
};

/// The object that a found part is, or none: what lies about its middle and is about as large.
const corpus::SceneObject* object_of(const corpus::Scene& scene, const Part& part) {
  const double x = part.ink[0] + part.ink[2] / 2, y = part.ink[1] + part.ink[3] / 2, side = std::max(part.ink[2], part.ink[3]);
  for (const corpus::SceneObject& object : scene.objects)
    if (std::abs(x - object.x) < 0.3 * object.size && std::abs(y - object.y) < 0.3 * object.size && side > 0.35 * object.size && side < 1.5 * object.size) return &object;
  return nullptr;
}

/// Each label that comes at least twice, in order.
std::vector<std::string> classes_of(const std::vector<std::string>& labels, const std::vector<bool>& held_out) {
  std::map<std::string, int> counts;
  for (size_t i = 0; i < labels.size(); ++i) counts[labels[i]] += !held_out[i];
  std::vector<std::string> classes;
  for (const auto& [label, count] : counts)
    if (count >= 2) classes.push_back(label);
  return classes;
}

/// @return (labels) int64; -1: of no class
Tensor indices(const std::vector<std::string>& labels, const std::vector<std::string>& classes) {
  std::vector<int64_t> all;
  for (const std::string& label : labels) {
    const auto found = std::ranges::lower_bound(classes, label);
    all.push_back(found != classes.end() && *found == label ? found - classes.begin() : -1);
  }
  return at::tensor(all, at::kLong);
}

/// Ridge regression of which class a thing is of, in closed form: with so few things a name it tells unseen ones better than softmax
/// regression does. @param x (things, features) with a column of ones, fp64 @return (features, classes)
Tensor ridge(const Tensor& x, const Tensor& y, int64_t classes) {
  Tensor products = at::zeros({x.size(1), classes}, x.options());
  products.index_add_(1, y, x.t());
  return at::cholesky_solve(products, at::linalg_cholesky(x.t().mm(x) + kRidge * at::eye(x.size(1), x.options())));
}

/// What the scores are to be multiplied by to be logits: where the right class of what was held out is likeliest.
double sharpness(const Tensor& scores, const Tensor& y) {
  double best = 1, least = std::numeric_limits<double>::infinity();
  for (double k = 5; k < 200; k *= 1.2) {
    const double nats = -(k * scores).log_softmax(1).gather(1, y.unsqueeze(1)).mean().item<double>();
    if (nats < least) least = nats, best = k;
  }
  base::say(fmt::format("{:.1f} % of {} held-out things are right, {:.2f} nats", 100 * scores.argmax(1).eq(y).to(at::kDouble).mean().item<double>(), y.size(0), least));
  return best;
}

}  // namespace

void train_names(const fusion::Pipeline& pipeline, const corpus::Corpus& corpus, const NameTrainingOptions& options, const std::filesystem::path& folder) {
  const c10::InferenceMode inference;
  Collection things(pipeline);
  std::vector<int64_t> rows;
  for (int64_t i = 0; i < corpus.size(); ++i) {
    const corpus::Picture& picture = corpus.picture(i);
    if (picture.split == corpus::Split::train && corpus.weight(i) > 0 && (picture.kind == "emoji" || corpus::tintable(picture))) rows.push_back(i);
  }
  base::Random random(options.seed, 1);
  for (auto i = static_cast<int64_t>(rows.size()) - 1; i > 0; --i) std::swap(rows[i], rows[random.below(i + 1)]);
  rows.resize(std::min<size_t>(rows.size(), options.pictures));
  base::Progress progress("looking", options.scenes + static_cast<int64_t>(rows.size()), "pictures");
  int64_t scenes = 0;
  corpus::for_each_scene(corpus, options.seed, options.scenes, progress, [&](const corpus::Scene& scene) {
    for (const Part& part : things_in(scene.image, pipeline.pixels()))
      if (const corpus::SceneObject* object = object_of(scene, part)) things.add(part.image, object->noun, corpus.picture(object->picture).style, scenes % kHeldOutEvery == 0);
    ++scenes;
  });
  const std::vector<corpus::Noun>& nouns = corpus::Nouns::instance().all();
  for (size_t i = 0; i < rows.size(); ++i, progress.advance()) {
    base::throw_if_cancelled();
    const corpus::Picture& picture = corpus.picture(rows[i]);
    const int64_t noun = corpus::Nouns::instance().of(picture);
    things.add(vision::over(corpus.image(rows[i]), {255, 255, 255}), noun >= 0 ? nouns[noun].word : picture.title, picture.style, i % kHeldOutEvery == 0);
  }

  const auto enough = [&](bool is) { REQUIRE(is, "{} scenes and {} pictures show too little to learn names from", options.scenes, rows.size()); };
  enough(!things.names.empty());
  Tensor features = things.features();
  const NamesConfig config = {classes_of(things.names, things.held_out), classes_of(things.styles, things.held_out)};
  enough(config.names.size() >= 2 && config.styles.size() >= 2);
  const Tensor mean = features.mean(0), deviation = features.std(0) + 1e-4;
  features = at::cat({((features - mean) / deviation).to(at::kDouble), at::ones({features.size(0), 1}, at::kDouble)}, 1);
  std::vector<uint8_t> held_out(things.held_out.begin(), things.held_out.end());
  const Tensor aside = at::tensor(held_out, at::kByte).to(at::kBool);
  const auto fit = [&](const std::vector<std::string>& labels, const std::vector<std::string>& classes) {
    const Tensor y = indices(labels, classes);
    const auto where = [&](const Tensor& which) { return (which & y.ge(0)).nonzero().squeeze(1); };
    const Tensor learnt = where(aside.logical_not()), tested = where(aside);
    enough(tested.numel() > 0);
    const Tensor weight = ridge(features.index_select(0, learnt), y.index_select(0, learnt), static_cast<int64_t>(classes.size()));
    return weight * sharpness(features.index_select(0, tested).mm(weight), y.index_select(0, tested));
  };
  const Tensor both = at::cat({fit(things.names, config.names), fit(things.styles, config.styles)}, 1);  // (features + 1, names + styles)
  const Tensor weight = (both.narrow(0, 0, both.size(0) - 1) / deviation.to(at::kDouble).unsqueeze(1)).t();
  const Tensor bias = both.select(0, both.size(0) - 1) - weight.mv(mean.to(at::kDouble));
  std::filesystem::create_directories(folder);
  base::write_safetensors(folder / "model.safetensors", {{"bias", bias.to(at::kFloat)}, {"weight", weight.to(at::kBFloat16)}}, {{"format", "pt"}});
  base::write_json(folder / "config.json", base::write_config(config));
  base::say(fmt::format("{}: {} names and {} styles of {} things", folder.string(), config.names.size(), config.styles.size(), things.names.size()));
}

}  // namespace atelier::promptcap
