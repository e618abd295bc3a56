#include "promptcap/describer.h"

#include "base/error.h"
#include "corpus/description.h"
#include "promptcap/things.h"

#include <algorithm>

namespace atelier::promptcap {
namespace {

constexpr double kAlike = 0.8;    // cosine of two things' log-probabilities about their means, if they are of one kind
constexpr double kMentioned = 3;  // nats that a question's name gains for the thing that it fits best
constexpr double kSure = 0.3;     // probability of a style that is told

/// From the top row to the bottom row, from left to right: what begins above the middle of a row's first is in that row.
void put_in_reading_order(std::vector<Part>& parts) {
  const auto middle = [](const Part& part) { return part.ink[1] + part.ink[3] / 2; };
  std::ranges::stable_sort(parts, {}, middle);
  for (auto row = parts.begin(); row != parts.end();) {
    const float bottom = middle(*row) + row->ink[3] / 2;
    const auto end = std::find_if(row, parts.end(), [&](const Part& part) { return middle(part) > bottom; });
    std::stable_sort(row, end, [](const Part& a, const Part& b) { return a.ink[0] < b.ink[0]; });
    row = end;
  }
}

}  // namespace

Describer::Describer(Names names) : names_(std::move(names)) {}

std::optional<Describer> Describer::of(const std::filesystem::path& model) {
  const std::filesystem::path own = model / "names";
  if (!std::filesystem::exists(own / "config.json")) return std::nullopt;
  return Describer(Names::load(own));
}

Sight Describer::look(const vision::Image& picture) const {
  std::vector<Part> parts = things_in(picture, PatchDictionary::kSide);
  if (parts.empty()) parts.push_back({vision::fit_square(picture, PatchDictionary::kSide), {0, 0, 1, 1}, ""});
  put_in_reading_order(parts);
  std::vector<vision::Image> cuts;
  for (const Part& part : parts) cuts.push_back(part.image);
  const auto [names, styles] = names_.guess(cuts);

  Sight sight = {{}, ground_of(picture), ""};
  Tensor shape = names - names.mean(1, true);
  shape = shape / shape.norm(2, 1, true);
  const Tensor alike = shape.mm(shape.t());
  size_t kinds = 0;
  for (size_t i = 0; i < parts.size(); ++i) {
    size_t kind = kinds;
    for (size_t j = 0; j < i && kind == kinds; ++j)
      if (parts[j].colour == parts[i].colour && alike[static_cast<int64_t>(i)][static_cast<int64_t>(j)].item<double>() > kAlike) kind = sight.things[j].kind;
    if (kind == kinds) ++kinds;
    sight.things.push_back({parts[i].ink, parts[i].colour, names[static_cast<int64_t>(i)], kind});
  }
  const auto [probability, style] = styles.exp().mean(0).max(0);
  if (probability.item<double>() > kSure) sight.style = names_.style(style.item<int64_t>());
  return sight;
}

std::pair<std::vector<int64_t>, double> Describer::name(const Sight& sight, const std::string& question) const {
  std::vector<Tensor> kinds;  // things of one kind together: the mean of what each could be called
  for (const Sight::Thing& thing : sight.things) {
    if (thing.kind < kinds.size()) continue;
    std::vector<Tensor> alike;
    for (const Sight::Thing& other : sight.things)
      if (other.kind == thing.kind) alike.push_back(other.names);
    kinds.push_back(at::stack(alike).mean(0).log_softmax(0));
  }
  Tensor scores = at::stack(kinds).clone();  // (kinds, names)
  for (const int64_t name : names_.said_in(question)) {
    const int64_t best = scores.select(1, name).argmax().item<int64_t>();
    // Who asks for an apple means the red apple, too.
    if (names_.name(scores[best].argmax().item<int64_t>()).ends_with(" " + names_.name(name))) continue;
    scores[best][name] += kMentioned;
  }
  const Tensor best = scores.argmax(1);
  std::vector<int64_t> names(best.data_ptr<int64_t>(), best.data_ptr<int64_t>() + best.numel());
  return {std::move(names), at::stack(kinds).gather(1, best.unsqueeze(1)).sum().item<double>()};
}

Describer::Described Describer::describe(const Sight& sight, const std::string& question) const {
  const auto [names, log_probability] = name(sight, question);
  corpus::Description description = {{}, sight.ground, sight.style};
  for (const Sight::Thing& thing : sight.things)
    description.things.push_back({names_.name(names[thing.kind]), thing.colour, thing.box[0], thing.box[1], thing.box[2], thing.box[3]});
  if (question.empty()) return {corpus::caption_of(description), log_probability};
  std::vector<std::string> about;
  for (const int64_t asked : names_.said_in(question))
    if (std::ranges::find(names, asked) != names.end()) about.push_back(names_.name(asked));
  return {corpus::describe(description, about), log_probability};
}

}  // namespace atelier::promptcap
