#include "promptcap/data/name_training.h"

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

constexpr double kRidge = 0.025;       // of standardised features' mean squares; more tells new styles better, less known drawings
constexpr int64_t kAtOnce = 4096;
constexpr int64_t kHeldOutEvery = 20;

/// Things with their names and styles.
struct Collection {
  std::vector<Tensor> pixels;  // (3, side, side)
  std::vector<std::string> names, styles;
  std::vector<bool> held_out;

  void add(const vision::Image& thing, const std::string& name, const std::string& style, bool aside) {
    pixels.push_back(vision::to_tensor(thing));
    names.push_back(name);
    styles.push_back(style);
    held_out.push_back(aside);
  }
};

/// Standardised, with a column of ones.
struct Features {
  Tensor all;  // (things, features + 1)
  Tensor mean, deviation;

  Features(const PatchDictionary& patches, const std::vector<Tensor>& pixels) {
    std::vector<Tensor> parts;
    for (size_t begin = 0; begin < pixels.size(); begin += 64)
      parts.push_back(patches.features_of(at::stack(at::TensorList(pixels).slice(begin, std::min<size_t>(64, pixels.size() - begin)))));
    all = at::cat(parts);
    mean = all.mean(0);
    deviation = all.std(0) + 1e-4;
    all = at::cat({all.sub_(mean).div_(deviation), at::ones({all.size(0), 1})}, 1);
  }
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
/// regression does.
class Ridge {
 public:
  /// @param x  (things, features) fp32
  explicit Ridge(Tensor x) : x_(std::move(x)) {
    Tensor squares = at::zeros({x_.size(1), x_.size(1)}, at::kDouble);
    for (const Tensor& some : x_.split(kAtOnce)) squares += some.t().mm(some);
    squares.diagonal().add_(kRidge * static_cast<double>(x_.size(0)));
    factor_ = at::linalg_cholesky(squares);
  }

  /// @param y  (things): of which class; -1: of none @return (features, classes) fp32
  Tensor fit(const Tensor& y, int64_t classes) const {
    Tensor products = at::zeros({classes + 1, x_.size(1)}, at::kDouble);
    for (int64_t begin = 0; begin < x_.size(0); begin += kAtOnce) {
      const int64_t count = std::min(kAtOnce, x_.size(0) - begin);
      products.index_add_(0, y.narrow(0, begin, count) + 1, x_.narrow(0, begin, count).to(at::kDouble));
    }
    return at::cholesky_solve(products.narrow(0, 1, classes).t(), factor_).to(at::kFloat);
  }

 private:
  Tensor x_, factor_;
};

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

void train_names(const corpus::Corpus& corpus, const NameTrainingOptions& options, const std::filesystem::path& folder) {
  const c10::InferenceMode inference;
  Collection things;
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
    for (const Part& part : things_in(scene.image, PatchDictionary::kSide))
      if (const corpus::SceneObject* object = object_of(scene, part)) things.add(part.image, object->noun, corpus.picture(object->picture).style, scenes % kHeldOutEvery == 0);
    ++scenes;
  });
  const std::vector<corpus::Noun>& nouns = corpus::Nouns::instance().all();
  for (size_t i = 0; i < rows.size(); ++i, progress.advance()) {
    base::throw_if_cancelled();
    const corpus::Picture& picture = corpus.picture(rows[i]);
    const int64_t noun = corpus::Nouns::instance().of(picture);
    const vision::Image image = vision::over(corpus.image(rows[i]), {255, 255, 255});
    // What falls apart is looked at whole.
    const std::vector<Part> parts = things_in(image, PatchDictionary::kSide);
    things.add(parts.size() == 1 ? parts[0].image : vision::fit_square(image, PatchDictionary::kSide), noun >= 0 ? nouns[noun].word : picture.title, picture.style,
               i % kHeldOutEvery == 0);
  }

  const auto enough = [&](bool is) { REQUIRE(is, "{} scenes and {} pictures show too little to learn names from", options.scenes, rows.size()); };
  enough(!things.names.empty());
  const NamesConfig config = {classes_of(things.names, things.held_out), classes_of(things.styles, things.held_out)};
  enough(config.names.size() >= 2 && config.styles.size() >= 2);
  const PatchDictionary patches = PatchDictionary::learn(at::stack(things.pixels), options.seed);
  const Features features(patches, things.pixels);
  std::vector<uint8_t> held_out(things.held_out.begin(), things.held_out.end());
  const Tensor aside = at::tensor(held_out, at::kByte).to(at::kBool), learnt = aside.logical_not().nonzero().squeeze(1);
  const Ridge ridge(features.all.index_select(0, learnt));
  const auto fit = [&](const std::vector<std::string>& labels, const std::vector<std::string>& classes) {
    const Tensor y = indices(labels, classes), tested = (aside & y.ge(0)).nonzero().squeeze(1);
    enough(tested.numel() > 0);
    const Tensor weight = ridge.fit(y.index_select(0, learnt), static_cast<int64_t>(classes.size()));
    return weight * sharpness(features.all.index_select(0, tested).mm(weight), y.index_select(0, tested));
  };
  const Tensor both = at::cat({fit(things.names, config.names), fit(things.styles, config.styles)}, 1);  // (features + 1, names + styles)
  const Tensor weight = (both.narrow(0, 0, both.size(0) - 1) / features.deviation.unsqueeze(1)).t();
  const Tensor bias = both.select(0, both.size(0) - 1) - weight.mv(features.mean);
  std::filesystem::create_directories(folder);
  base::write_safetensors(folder / "model.safetensors",
                          {{"bias", bias}, {"filters", patches.filters()}, {"offsets", patches.offsets()}, {"weight", weight.to(at::kBFloat16)}}, {{"format", "pt"}});
  base::write_json(folder / "config.json", base::write_config(config));
  base::say(fmt::format("{}: {} names and {} styles of {} things", folder.string(), config.names.size(), config.styles.size(), things.names.size()));
}

}  // namespace atelier::promptcap
