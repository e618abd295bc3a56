// NegToMe: pictures of a batch differ more, and stay away from a picture, at next to no cost.
#include "base/error.h"
#include "base/progress.h"
#include "eval/plot.h"
#include "eval/rows.h"

#include <algorithm>
#include <array>
#include <chrono>

namespace atelier::eval {
namespace {

using fusion::TokenMerging, fusion::TokenTrace;

struct Guidance {
  double alpha = fusion::kNegToMeAlpha;
  fusion::NegToMeConfig config = {};
};

/// A batch as `imagine --diverse` draws it: the first picture is the reference of the others. No guidance: plain pictures.
std::vector<vision::Image> draw_batch(Workbench& bench, const std::string& prompt, uint64_t seed, int64_t count, const Guidance* guidance) {
  const fusion::Pipeline& pipeline = bench.pipeline();
  const int64_t layers = pipeline.model().image_tower().config().num_hidden_layers;
  std::vector<vision::Image> pictures;
  fusion::GenerateOptions options;
  const auto trace = std::make_shared<TokenTrace>(options.num_inference_steps, layers);
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
  const std::vector<std::string> asked = prompts(bench, bench.count(40, 5));
  const int64_t batch = bench.count(8, 4);
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

void measure_avoidance(Workbench& bench, Claim& claim) {
  const corpus::Corpus& corpus = bench.corpus();
  const auto& styles = bench.pipeline().styles();
  const std::vector<int64_t> all = bench.rows([&](const corpus::Picture& p, int64_t i) {
    return p.kind == "emoji" && bench.trained(i) && std::find(styles.begin(), styles.end(), p.style) != styles.end();
  });
  const std::vector<int64_t> candidates = sample(all, bench.count(160, 12), 21);
  const auto prompt_of = [&](int64_t row) { return fusion::PipelinePrompt{corpus.picture(row).title, corpus.picture(row).style, "", {}}; };
  std::vector<Copied> copied;
  {
    base::Progress progress("looking for copies", static_cast<int64_t>(candidates.size()), "pictures");
    for (const int64_t row : candidates) {
      base::throw_if_cancelled();
      const Tensor drawn = bench.vectors(std::vector{bench.draw(prompt_of(row), 1)});
      copied.push_back({row, drawn[0].dot(bench.vectors(std::vector{row})[0]).item<double>()});
      progress.advance();
    }
  }
  std::sort(copied.begin(), copied.end(), [](const Copied& a, const Copied& b) { return a.likeness > b.likeness; });
  copied.resize(std::min(copied.size(), static_cast<size_t>(bench.count(40, 5))));

  // Their concepts are the names to choose from, each known by other artists' drawings.
  std::vector<std::vector<int64_t>> real(copied.size());
  for (const int64_t row : all)
    for (size_t c = 0; c < copied.size(); ++c)
      if (corpus.picture(copied[c].row).concept_id == corpus.picture(row).concept_id) real[c].push_back(row);
  const ConceptJudge judge(bench, real);
  std::vector<double> likeness_without, likeness_with, named_without, named_with;
  std::vector<SheetRow> sheet;
  base::Progress drawing("avoiding", static_cast<int64_t>(copied.size()), "pictures");
  for (size_t c = 0; c < copied.size(); ++c) {
    base::throw_if_cancelled();
    const int64_t row = copied[c].row;
    const fusion::PipelinePrompt prompt = prompt_of(row);
    // Another seed than the one that it was chosen by: choosing the likeliest and looking again at the same would flatter.
    fusion::GenerateOptions options;
    options.seed = 2;
    const vision::Image without = bench.pipeline().draw(prompt, options);
    fusion::GenerateOptions own = options;
    own.seed = base::mix(1);
    options.merging.references.push_back({bench.pipeline().trace(prompt, bench.picture(row), own), {}, fusion::kNegToMeAlpha});
    const vision::Image with = bench.pipeline().draw(prompt, options);
    const Tensor vectors = bench.vectors(std::vector{without, with}), avoided = bench.vectors(std::vector{row})[0];
    const std::string& family = corpus.picture(row).family;
    likeness_without.push_back(vectors[0].dot(avoided).item<double>());
    likeness_with.push_back(vectors[1].dot(avoided).item<double>());
    if (judge.knows(static_cast<int64_t>(c), family)) {
      named_without.push_back(right(judge.name(vectors[0], family) == static_cast<int64_t>(c)));
      named_with.push_back(right(judge.name(vectors[1], family) == static_cast<int64_t>(c)));
    }
    drawing.advance();
    if (sheet.size() < 24) sheet.push_back({prompt.text + ", " + prompt.style, {bench.picture(row), without, with}});
  }
  const auto n = static_cast<int64_t>(copied.size());
  claim.figures.push_back({"likeness to the avoided picture, without", mean_interval(likeness_without), Unit::number, n});
  claim.figures.push_back({"likeness to the avoided picture, --avoid", mean_interval(likeness_with), Unit::number, n});
  Interval change = ratio_interval(likeness_with, likeness_without);
  change = {change.value - 1, change.low - 1, change.high - 1};
  claim.figures.push_back({"change of likeness to the avoided picture", change, Unit::percent, n, "-34.57 % (DreamSim)", "", true});
  if (!named_with.empty()) {
    const auto named = static_cast<int64_t>(named_with.size());
    claim.figures.push_back({"concept accuracy, without", mean_interval(named_without), Unit::percent, named});
    claim.figures.push_back({"concept accuracy, --avoid", mean_interval(named_with), Unit::percent, named, "", "", true});
  }
  claim.notes.push_back(fmt::format("Avoidance is the one figure on training pictures, as it must be: of {} drawn from their captions the {} most alike were chosen; both drawings compared are new ones.",
                                    candidates.size(), copied.size()));
  claim.pictures.push_back(bench.keep("negtome_avoidance.png", contact_sheet({"to avoid", "without", "--avoid"}, sheet)));
}

void measure_cost(Workbench& bench, Claim& claim) {
  const std::string prompt = prompts(bench, 1).front();
  const Guidance guidance;
  std::array<std::vector<double>, 2> seconds;
  const int64_t pairs = bench.count(12, 2);
  draw_batch(bench, prompt, 1, 1, nullptr);  // warm
  base::Progress progress("cost", pairs, "pairs");
  for (int64_t pair = 0; pair < pairs; ++pair, progress.advance())
    for (int64_t turn = 0; turn < 2; ++turn) {
      const int64_t with = (pair + turn) % 2;  // each goes first in half of the pairs
      const auto start = std::chrono::steady_clock::now();
      draw_batch(bench, prompt, 7, 4, with ? &guidance : nullptr);
      seconds[static_cast<size_t>(with)].push_back(std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count());
    }
  Interval ratio = ratio_interval(seconds[1], seconds[0]);
  claim.figures.push_back({"time of a batch of 4", mean_interval(seconds[0]), Unit::milliseconds, pairs, "13.2 s"});
  claim.figures.push_back({"further time with --diverse", {ratio.value - 1, ratio.low - 1, ratio.high - 1}, Unit::percent, pairs, "+3.8 %", "runs by turns", true});
}

/// Variety against likeness to the prompt for each alpha and tau: where the defaults come from.
void sweep(Workbench& bench, Claim& claim) {
  constexpr std::array kAlphas = {0.3, 0.6, 0.9, 1.4, 2.0};
  constexpr std::array kTaus = {0.5, 0.65, 0.8};
  const std::vector<std::string> asked = prompts(bench, bench.count(12, 2));
  std::vector<Series> pairwise, to_prompt;
  base::Progress progress("sweeping", static_cast<int64_t>((kAlphas.size() * kTaus.size() + 1) * asked.size()), "batches");
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
  claim.pictures.push_back(bench.keep("negtome_sweep.png", line_plot("Diversity of a batch of 4", "alpha", "pairwise likeness", pairwise)));
  claim.pictures.push_back(bench.keep("negtome_sweep_prompt.png", line_plot("Likeness to the prompt", "alpha", "likeness to the prompt", to_prompt)));
}

}  // namespace

Claim measure_negtome(Workbench& bench) {
  Claim claim;
  claim.method = "NegToMe";
  claim.says = "Pushing image tokens from their nearest ones in another picture makes batches more diverse and keeps pictures away from a reference, at next to no cost.";
  claim.data = fmt::format("Titles of training emoji as prompts, without a style; likeness is the inner product of CLIP vectors; alpha {}, tau {}, timesteps down to {}.", fusion::kNegToMeAlpha,
                           fusion::NegToMeConfig().tau, fusion::NegToMeConfig().until);
  measure_diversity(bench, claim);
  measure_avoidance(bench, claim);
  measure_cost(bench, claim);
  if (bench.options().sweep) sweep(bench, claim);
  return claim;
}

}  // namespace atelier::eval
