// NegToMe: pictures of a batch differ more, and stay away from a picture, at next to no cost.
#include "base/error.h"
#include "base/progress.h"
#include "eval/plot.h"
#include "eval/rows.h"

#include <algorithm>
#include <array>
#include <chrono>
#include <optional>

namespace atelier::eval {
namespace {

using fusion::TokenMerging, fusion::TokenTrace;

struct Guidance {
  double alpha = fusion::kDiverseAlpha;
  fusion::NegToMeConfig config = {};
};

/// A batch as `imagine --diverse` draws it: the first picture is the reference of the others. No guidance: plain pictures.
std::vector<vision::Image> draw_batch(Workbench& bench, const std::string& prompt, uint64_t seed, int64_t count, const Guidance* guidance) {
  const fusion::Pipeline& pipeline = bench.pipeline();
  const int64_t layers = pipeline.model().image_tower().config().num_hidden_layers;
  std::vector<vision::Image> pictures;
  fusion::GenerateOptions options;
  const auto trace = std::make_shared<TokenTrace>(options.num_inference_steps, layers, fusion::NegToMeConfig().diverse_until);
  for (int64_t i = 0; i < count; ++i) {
    base::throw_if_cancelled();
    options.seed = seed + static_cast<uint64_t>(i);
    if (guidance) {
      options.merging = {guidance->config, {}, i == 0 ? trace : nullptr};
      if (i > 0) options.merging.references.push_back({trace, {}, guidance->alpha});
    }
    pictures.push_back(pipeline.draw({prompt, "", "", {}}, options));
  }
  return pictures;
}

/// Titles of training emoji: what the model can draw, so that a lack of variety is not a lack of knowledge.
std::vector<std::string> prompts(Workbench& bench, int64_t count) {
  const std::vector<int64_t> rows = bench.rows([&](const corpus::Picture& p, int64_t i) { return p.kind == "emoji" && p.source == "noto" && bench.trained(i); });
  std::vector<std::string> titles;
  for (const int64_t row : sample(rows, count, 20)) titles.push_back(bench.corpus().picture(row).title);
  REQUIRE(!titles.empty(), "the corpus holds no training emoji to take prompts from");
  return titles;
}

/// What one way of drawing batches gives, a number a prompt.
struct Variety {
  std::vector<double> pairwise, to_prompt;
};

void add(Workbench& bench, const std::string& prompt, const std::vector<vision::Image>& pictures, Variety& to) {
  const Tensor vectors = bench.vectors(pictures);
  to.pairwise.push_back(pairwise_similarity(vectors));
  to.to_prompt.push_back(vectors.matmul(bench.judge().embed_texts({&prompt, 1})[0]).mean().item<double>());
}

void measure_diversity(Workbench& bench, Claim& claim) {
  const std::vector<std::string> asked = prompts(bench, bench.count(2, 14, 40));
  const int64_t batch = bench.count(3, 6, 8);
  Variety plain, diverse;
  std::vector<SheetRow> sheet;
  const Guidance guidance;
  base::Progress progress("diversity", 2 * static_cast<int64_t>(asked.size()), "batches");
  for (size_t i = 0; i < asked.size(); ++i) {
    const uint64_t seed = 100 * (i + 1);
    const auto without = draw_batch(bench, asked[i], seed, batch, nullptr), with = draw_batch(bench, asked[i], seed, batch, &guidance);
    add(bench, asked[i], without, plain);
    add(bench, asked[i], with, diverse);
    progress.advance(2);
    if (i < 12) sheet.push_back({asked[i], without}), sheet.push_back({"the same, --diverse", with});
  }
  const auto n = static_cast<int64_t>(asked.size());
  claim.figures.push_back({"pairwise likeness in a batch", mean_interval(plain.pairwise), Unit::number, n, "0.812 (DreamSim, Flux)"});
  claim.figures.push_back({"pairwise likeness, --diverse", mean_interval(diverse.pairwise), Unit::number, n, "0.780"});
  claim.figures.push_back({"change of pairwise likeness", difference_interval(diverse.pairwise, plain.pairwise), Unit::number, n, "-0.032", "less is more diverse", true});
  claim.figures.push_back({"change of likeness to the prompt", difference_interval(diverse.to_prompt, plain.to_prompt), Unit::number, n, "+0.002", "", true});
  claim.pictures.push_back(bench.keep("negtome_diversity.png", contact_sheet(std::vector<std::string>(static_cast<size_t>(batch), ""), sheet, 80)));
}

/// A training picture that the model reproduces.
struct Copied {
  int64_t row;
  double likeness;  // of the drawing that it was chosen by
};

/// The pictures to keep away from, what they are called, and who says what a drawing shows.
class Avoidance {
 public:
  explicit Avoidance(Workbench& bench);

  /// Drawings of them, with new seeds: choosing the likeliest and looking again at the same would flatter.
  struct Drawn {
    std::vector<double> likeness, named;  // to the avoided picture; 1 where the drawing is recognised (of those that can be)
    std::vector<vision::Image> pictures;
  };
  /// @param alpha  of the first `count` pictures; nothing: drawn without guidance
  Drawn draw(std::optional<double> alpha, double until, int64_t count) const;

  int64_t candidates() const { return candidates_; }
  int64_t size() const { return static_cast<int64_t>(copied_.size()); }
  fusion::PipelinePrompt prompt(int64_t c) const { return prompt_of(copied_[static_cast<size_t>(c)].row); }
  int64_t row(int64_t c) const { return copied_[static_cast<size_t>(c)].row; }

 private:
  fusion::PipelinePrompt prompt_of(int64_t row) const { return {bench_.corpus().picture(row).title, bench_.corpus().picture(row).style, "", {}}; }

  Workbench& bench_;
  int64_t candidates_ = 0;
  std::vector<Copied> copied_;
  std::optional<ConceptJudge> judge_;
};

Avoidance::Avoidance(Workbench& bench) : bench_(bench) {
  const corpus::Corpus& corpus = bench.corpus();
  const auto& styles = bench.pipeline().styles();
  const std::vector<int64_t> all = bench.rows([&](const corpus::Picture& p, int64_t i) {
    return p.kind == "emoji" && bench.trained(i) && std::find(styles.begin(), styles.end(), p.style) != styles.end();
  });
  const std::vector<int64_t> candidates = sample(all, bench.count(6, 60, 160), 21);
  candidates_ = static_cast<int64_t>(candidates.size());
  base::Progress progress("looking for copies", candidates_, "pictures");
  for (const int64_t row : candidates) {
    base::throw_if_cancelled();
    const Tensor drawn = bench.vectors(std::vector{bench.draw(prompt_of(row), 1)});
    copied_.push_back({row, drawn[0].dot(bench.vectors(std::vector{row})[0]).item<double>()});
    progress.advance();
  }
  std::sort(copied_.begin(), copied_.end(), [](const Copied& a, const Copied& b) { return a.likeness > b.likeness; });
  copied_.resize(std::min(copied_.size(), static_cast<size_t>(bench.count(3, 20, 40))));
  // Their concepts are the names to choose from, each known by other artists' drawings.
  std::vector<std::vector<int64_t>> real(copied_.size());
  for (const int64_t row : all)
    for (size_t c = 0; c < copied_.size(); ++c)
      if (corpus.picture(copied_[c].row).concept_id == corpus.picture(row).concept_id) real[c].push_back(row);
  judge_.emplace(bench, real);
}

Avoidance::Drawn Avoidance::draw(std::optional<double> alpha, double until, int64_t count) const {
  Drawn result;
  base::Progress progress(alpha ? fmt::format("avoiding, alpha {} down to {}", *alpha, until) : "without avoiding", count, "pictures");
  for (int64_t c = 0; c < count; ++c, progress.advance()) {
    base::throw_if_cancelled();
    fusion::GenerateOptions options;
    options.seed = 2;
    if (alpha) {
      options.merging.config.avoid_until = until;
      fusion::GenerateOptions own = options;
      own.seed = base::mix(1);
      options.merging.references.push_back({bench_.pipeline().trace(prompt(c), bench_.picture(row(c)), own), {}, *alpha});
    }
    result.pictures.push_back(bench_.pipeline().draw(prompt(c), options));
    const Tensor vector = bench_.vectors(std::vector{result.pictures.back()})[0];
    result.likeness.push_back(vector.dot(bench_.vectors(std::vector{row(c)})[0]).item<double>());
    const std::string& family = bench_.corpus().picture(row(c)).family;
    if (judge_->knows(c, family)) result.named.push_back(right(judge_->name(vector, family) == c));
  }
  return result;
}

Interval change_of(const std::vector<double>& with, const std::vector<double>& without) {
  const Interval ratio = ratio_interval(with, without);
  return {ratio.value - 1, ratio.low - 1, ratio.high - 1};
}

/// @return the drawings without guidance
Avoidance::Drawn measure_avoidance(Workbench& bench, const Avoidance& avoidance, Claim& claim) {
  const int64_t n = avoidance.size();
  Avoidance::Drawn without = avoidance.draw({}, 0, n);
  const Avoidance::Drawn with = avoidance.draw(fusion::kAvoidAlpha, fusion::NegToMeConfig().avoid_until, n);
  claim.figures.push_back({"likeness to the avoided picture, without", mean_interval(without.likeness), Unit::number, n});
  claim.figures.push_back({"likeness to the avoided picture, --avoid", mean_interval(with.likeness), Unit::number, n});
  claim.figures.push_back({"change of likeness to the avoided picture", change_of(with.likeness, without.likeness), Unit::percent, n, "-34.57 % (DreamSim)", "", true});
  if (const auto named = static_cast<int64_t>(with.named.size()); named > 0) {
    claim.figures.push_back({"concept accuracy, without", mean_interval(without.named), Unit::percent, named});
    claim.figures.push_back({"concept accuracy, --avoid", mean_interval(with.named), Unit::percent, named, "", "", true});
  }
  claim.notes.push_back(fmt::format("Avoidance is the one figure on training pictures, as it must be: of {} drawn from their captions the {} most alike were chosen; both drawings compared are new ones.",
                                    avoidance.candidates(), n));
  std::vector<SheetRow> sheet;
  for (int64_t c = 0; c < std::min<int64_t>(n, 24); ++c) {
    const fusion::PipelinePrompt prompt = avoidance.prompt(c);
    sheet.push_back({prompt.text + ", " + prompt.style, {bench.picture(avoidance.row(c)), without.pictures[static_cast<size_t>(c)], with.pictures[static_cast<size_t>(c)]}});
  }
  claim.pictures.push_back(bench.keep("negtome_avoidance.png", contact_sheet({"to avoid", "without", "--avoid"}, sheet)));
  return without;
}

void measure_cost(Workbench& bench, Claim& claim) {
  const std::string prompt = prompts(bench, 1).front();
  const Guidance guidance;
  std::array<std::vector<double>, 2> seconds;
  const int64_t pairs = bench.count(1, 6, 12);
  draw_batch(bench, prompt, 1, 1, nullptr);  // warm
  base::Progress progress("cost", pairs, "pairs");
  for (int64_t pair = 0; pair < pairs; ++pair, progress.advance())
    for (int64_t turn = 0; turn < 2; ++turn) {
      const int64_t with = (pair + turn) % 2;  // each goes first in half of the pairs
      const auto start = std::chrono::steady_clock::now();
      draw_batch(bench, prompt, 7, 4, with ? &guidance : nullptr);
      seconds[static_cast<size_t>(with)].push_back(std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count());
    }
  claim.figures.push_back({"time of a batch of 4", mean_interval(seconds[0]), Unit::milliseconds, pairs, "13.2 s"});
  claim.figures.push_back({"further time with --diverse", change_of(seconds[1], seconds[0]), Unit::percent, pairs, "+3.8 %", "runs by turns", true});
}

/// Variety against likeness to the prompt for each alpha and tau, and in half of the layers: where the defaults come from.
void sweep_diversity(Workbench& bench, Claim& claim) {
  constexpr std::array kAlphas = {0.3, 0.6, 0.9, 1.4, 2.0};
  constexpr std::array kTaus = {0.5, 0.65, 0.8};
  const std::vector<std::string> asked = prompts(bench, 12);
  std::vector<Series> pairwise, to_prompt;
  base::Progress progress("sweeping", static_cast<int64_t>((kAlphas.size() * kTaus.size() + 3) * asked.size()), "batches");
  const auto variety = [&](const Guidance* guidance) {
    Variety all;
    for (size_t i = 0; i < asked.size(); ++i, progress.advance()) add(bench, asked[i], draw_batch(bench, asked[i], 100 * (i + 1), 4, guidance), all);
    return all;
  };
  const Variety plain = variety(nullptr);
  for (const double tau : kTaus) {
    Series likeness{fmt::format("tau {}", tau), {0}, {mean_interval(plain.pairwise)}}, kept{likeness.name, {0}, {mean_interval(plain.to_prompt)}};
    for (const double alpha : kAlphas) {
      const Guidance guidance{alpha, {.tau = tau}};
      const Variety all = variety(&guidance);
      likeness.x.push_back(alpha), kept.x.push_back(alpha);
      likeness.y.push_back(mean_interval(all.pairwise)), kept.y.push_back(mean_interval(all.to_prompt));
      claim.figures.push_back({fmt::format("alpha {}, tau {}: pairwise likeness", alpha, tau), likeness.y.back(), Unit::number, static_cast<int64_t>(asked.size()), "",
                               fmt::format("to the prompt {:.4f}", kept.y.back().value)});
    }
    pairwise.push_back(std::move(likeness));
    to_prompt.push_back(std::move(kept));
  }
  const int64_t layers = bench.pipeline().model().image_tower().config().num_hidden_layers;
  for (const auto& [first, last] : {std::pair<int64_t, int64_t>(0, layers / 2 - 1), {layers / 2, layers - 1}}) {
    const Guidance guidance{fusion::kDiverseAlpha, {.first_layer = first, .last_layer = last}};
    const Variety some = variety(&guidance);
    claim.figures.push_back({fmt::format("alpha {}, layers {}-{}: pairwise likeness", guidance.alpha, first, last), mean_interval(some.pairwise), Unit::number, static_cast<int64_t>(asked.size()), "",
                             fmt::format("to the prompt {:.4f}", mean_interval(some.to_prompt).value)});
  }
  claim.pictures.push_back(bench.keep("negtome_sweep.png", line_plot("Diversity of a batch of 4", "alpha", "pairwise likeness", pairwise)));
  claim.pictures.push_back(bench.keep("negtome_sweep_prompt.png", line_plot("Likeness to the prompt", "alpha", "likeness to the prompt", to_prompt)));
}

/// How far a drawing gets from the avoided picture, and whether it is still recognised, for each alpha and range.
/// @param without  the drawings without guidance
void sweep_avoidance(Workbench& bench, const Avoidance& avoidance, const Avoidance::Drawn& without, Claim& claim) {
  constexpr std::array kAlphas = {0.9, 2.0, 3.0};
  constexpr std::array kUntils = {900.0, 800.0, 700.0, 600.0};
  const int64_t n = std::min<int64_t>(avoidance.size(), 24);
  const std::vector<double> plain(without.likeness.begin(), without.likeness.begin() + n);
  std::vector<Series> changes;
  for (const double alpha : kAlphas) {
    Series change{fmt::format("alpha {}", alpha), {}, {}};
    for (const double until : kUntils) {
      const Avoidance::Drawn with = avoidance.draw(alpha, until, n);
      change.x.push_back(until);
      change.y.push_back(change_of(with.likeness, plain));
      claim.figures.push_back({fmt::format("avoid-alpha {} until {}: change of likeness", alpha, until), change.y.back(), Unit::percent, n, "",
                               with.named.empty() ? "" : fmt::format("concept accuracy {:.1f} %", 100 * mean_interval(with.named).value)});
    }
    changes.push_back(std::move(change));
  }
  claim.pictures.push_back(bench.keep("negtome_sweep_avoid.png", line_plot("Away from a picture", "down to timestep", "change of likeness to it", changes)));
}

}  // namespace

Claim measure_negtome(Workbench& bench) {
  Claim claim;
  claim.method = "NegToMe";
  claim.says = "Pushing image tokens from their nearest ones in another picture makes batches more diverse and keeps pictures away from a reference, at next to no cost.";
  const fusion::NegToMeConfig config;
  claim.data = fmt::format("Titles of training emoji as prompts, without a style; likeness is the inner product of CLIP vectors; tau {}, alpha {} down to timestep {}, for --avoid {} down to {}.", config.tau,
                           fusion::kDiverseAlpha, config.diverse_until, fusion::kAvoidAlpha, config.avoid_until);
  measure_diversity(bench, claim);
  const Avoidance avoidance(bench);
  const Avoidance::Drawn without = measure_avoidance(bench, avoidance, claim);
  measure_cost(bench, claim);
  if (bench.options().size == Size::full) {
    sweep_diversity(bench, claim);
    sweep_avoidance(bench, avoidance, without, claim);
  }
  return claim;
}

}  // namespace atelier::eval
