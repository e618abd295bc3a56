#include "corpus/scenes.h"

#include "base/error.h"
#include "base/progress.h"
#include "corpus/scene_draft.h"

#include <algorithm>

namespace atelier::corpus {
namespace {

constexpr int64_t kDraftTries = 20000;
constexpr double kTinted = 0.15;            // of scenes that are not about colours
constexpr double kContrast = 60, kTintContrast = 110;  // least colour distance of an object to what is behind it

Background flat(const Colour& colour) { return {colour.name, colour.value, colour.value}; }

Rgb at_row(const Background& background, double y) {
  Rgb colour;
  for (int c = 0; c < 3; ++c) colour[c] = static_cast<uint8_t>(background.top[c] + (background.bottom[c] - background.top[c]) * y + 0.5);
  return colour;
}

/// A background before which every object shows, or white where none of many did.
Background visible_background(const Draft& draft, const std::vector<Sprite>& sprites, base::Random& random) {
  const auto shows = [&](const Background& background) {
    for (size_t i = 0; i < sprites.size(); ++i) {
      const double y = (draft.objects[i].top + draft.objects[i].side / 2.0) / kCanvas;
      if (distance(at_row(background, y), sprites[i].mean) < (draft.objects[i].colour >= 0 ? kTintContrast : kContrast)) return false;
    }
    return true;
  };
  for (int tries = 0; tries < 40; ++tries)
    if (const Background background = choose_background(random); shows(background)) return background;
  return flat(kPale[7]);
}

SceneKind choose_kind(base::Random& random, bool with_icons, bool combinations_held_out) {
  using enum SceneKind;
  struct Share {
    SceneKind kind;
    double share;
  };
  static constexpr Share kAll[] = {{single, 0.14}, {pair, 0.12}, {relation, 0.24}, {colours, 0.16}, {count, 0.14}, {two_counts, 0.1}, {grid, 0.1}};
  static constexpr Share kCombined[] = {{relation, 0.45}, {colours, 0.4}, {grid, 0.15}};
  for (;;) {
    double at = random.uniform();
    const std::span<const Share> shares = combinations_held_out ? std::span<const Share>(kCombined) : std::span<const Share>(kAll);
    for (const Share& share : shares)
      if ((at -= share.share) < 0 || &share == &shares.back()) {
        if (share.kind == colours && !with_icons) break;
        return share.kind;
      }
  }
}

}  // namespace

Background choose_background(base::Random& random) {
  const double luck = random.uniform();
  if (luck < 0.55) return flat(kPale[7]);
  if (luck < 0.70) return flat(kPale[random.below(7)]);
  if (luck < 0.83) return flat(kStrong[random.below(kStrong.size())]);
  const Colour& from = kPale[random.below(7)];
  const Colour& to = random.chance(0.6) ? kPale[7] : kPale[random.below(7)];
  if (&from == &to) return flat(from);
  return {fmt::format("{} fading to {}", from.name, to.name), from.value, to.value};
}

Draft draft_scene(const Stock& stock, base::Random& random, bool combinations_held_out) {
  const bool with_icons = !stock.tintable().nouns.empty();
  const SceneKind kind = choose_kind(random, with_icons, combinations_held_out);
  const bool tinted = kind == SceneKind::colours || (with_icons && random.chance(kTinted));
  for (int64_t tries = 0; tries < kDraftTries; ++tries) {
    Draft draft = stock.draft(random, kind, tinted);
    if ((stock.held_out_combinations(draft) > 0) == combinations_held_out) return draft;
  }
  throw base::InvalidArgument(fmt::format("no {} scene with {} held-out combinations in {} tries: the corpus has too few nouns", name(kind),
                                          combinations_held_out ? "some" : "no", kDraftTries));
}

struct SceneComposer::State {
  const Corpus& corpus;
  Stock stock;
};

SceneComposer::SceneComposer(const Corpus& corpus, Split split) : state_(new State{corpus, Stock(corpus, split)}) {}
SceneComposer::~SceneComposer() = default;

Scene SceneComposer::compose(uint64_t seed, uint64_t index, bool combinations_held_out) const {
  base::Random random(seed, index, combinations_held_out);
  const Stock& stock = state_->stock;
  const Draft draft = draft_scene(stock, random, combinations_held_out);
  std::vector<Sprite> sprites;
  for (const Placed& object : draft.objects) {
    const std::optional<Rgb> tint = object.colour >= 0 ? std::optional(kColours[object.colour].value) : std::nullopt;
    const Placed* last = sprites.empty() ? nullptr : &draft.objects[sprites.size() - 1];
    if (last && last->picture == object.picture && last->colour == object.colour && last->side == object.side) sprites.push_back(sprites.back());
    else sprites.push_back(shrink(state_->corpus.pixels(object.picture), object.side, tint));
  }
  const Background background = visible_background(draft, sprites, random);

  Scene scene;
  scene.kind = name(draft.kind);
  scene.background = background.name;
  scene.image = vision::Image(kCanvas, kCanvas, 3);
  for (int64_t y = 0; y < kCanvas; ++y) {
    const Rgb colour = at_row(background, (y + 0.5) / kCanvas);
    for (int64_t x = 0; x < kCanvas; ++x) std::copy(colour.begin(), colour.end(), scene.image.at(x, y));
  }
  for (size_t i = 0; i < sprites.size(); ++i) {
    const Placed& object = draft.objects[i];
    paste(scene.image, sprites[i], object.left, object.top);
    const double unit = 1.0 / kCanvas;
    scene.objects.push_back({object.picture, stock.noun(object.noun).word, object.colour >= 0 ? kColours[object.colour].name : "",
                             (object.left + object.side / 2.0) * unit, (object.top + object.side / 2.0) * unit, object.side * unit});
  }
  scene.caption = say_scene(stock, draft, background.name, random).caption;
  for (Asked& asked : scene_questions(stock, draft, background.name, combinations_held_out, random))
    scene.questions.push_back({std::move(asked.kind), std::move(asked.question), std::move(asked.answer)});
  return scene;
}

void for_each_scene(const Corpus& corpus, uint64_t seed, int64_t count, base::Progress& progress, const std::function<void(Scene scene)>& use) {
  if (count == 0) return;
  const SceneComposer composer(corpus);
  for (int64_t i = 0; i < count; ++i, progress.advance()) {
    base::throw_if_cancelled();
    use(composer.compose(seed, static_cast<uint64_t>(i)));
  }
}

double scene_weight(double pictures, double share, int64_t count) { return pictures * share / (1 - share) / static_cast<double>(count); }

std::pair<vision::Image, std::vector<std::string>> scene_sheet(const Corpus& corpus, uint64_t seed, int64_t count) {
  REQUIRE(count >= 1 && count <= 1000, "a sheet's scenes must be 1 to 1000, not {}", count);
  const SceneComposer composer(corpus);
  std::vector<vision::Image> images;
  std::vector<std::string> captions;
  for (int64_t i = 0; i < count; ++i) {
    Scene scene = composer.compose(seed, static_cast<uint64_t>(i));
    images.push_back(std::move(scene.image));
    captions.push_back(std::move(scene.caption));
  }
  return {vision::grid(images, 6), std::move(captions)};
}

}  // namespace atelier::corpus
