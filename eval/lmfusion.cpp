// LMFusion: a frozen text tower loses nothing, and what stands beside it draws.
#include "base/compute.h"
#include "base/error.h"
#include "base/progress.h"
#include "corpus/scenes.h"
#include "eval/plot.h"
#include "eval/rows.h"

#include <algorithm>
#include <cmath>
#include <map>

namespace atelier::eval {
namespace {

using corpus::Picture, corpus::Split;

/// Texts that no training had: captions, questions and answers of scenes of held-out combinations.
void measure_text(Workbench& bench, Claim& claim) {
  const at::NoGradGuard no_gradient;
  const fusion::FusionModel& model = bench.pipeline().model();
  const text::Tokenizer& tokenizer = bench.pipeline().tokenizer();
  const corpus::SceneComposer composer(bench.corpus());
  const int64_t texts = bench.count(15, 300, 300);
  std::vector<double> alone, jointly, tokens, equal;
  base::Progress progress("reading", texts, "texts");
  for (int64_t i = 0; i < texts; ++i, progress.advance()) {
    base::throw_if_cancelled();
    const corpus::Scene scene = composer.compose(71, static_cast<uint64_t>(i), true);
    std::vector<int32_t> ids = {tokenizer.id("<bos>"), tokenizer.id("<caption>")};
    const auto append = [&](const std::string& words) {
      for (const int32_t id : tokenizer.encode(words)) ids.push_back(id);
    };
    append(" " + scene.caption);
    if (!scene.questions.empty()) {
      ids.push_back(tokenizer.id("<question>"));
      append(" " + scene.questions[0].question);
      ids.push_back(tokenizer.id("<answer>"));
      append(" " + scene.questions[0].answer);
    }
    const Tensor all = at::tensor(std::vector<int64_t>(ids.begin(), ids.end()), at::kLong).unsqueeze(0).to(base::compute().device);
    const Tensor read = all.slice(1, 0, -1), next = all.slice(1, 1).squeeze(0);
    text::KvCache cache;
    const Tensor before = model.text().logits(model.text().forward(read, cache)).squeeze(0);
    fusion::Context context = model.begin(1);
    const Tensor after = model.text().logits(model.append_text(context, read)).squeeze(0);
    const auto loss = [&](const Tensor& logits) { return at::cross_entropy_loss(logits, next, {}, at::Reduction::Sum).item<double>(); };
    alone.push_back(loss(before));
    jointly.push_back(loss(after));
    tokens.push_back(static_cast<double>(next.numel()));
    equal.push_back(right(at::equal(before, after)));
  }
  const auto perplexity = [&](const std::vector<double>& losses) {
    const Interval mean = ratio_interval(losses, tokens);
    return Interval{std::exp(mean.value), std::exp(mean.low), std::exp(mean.high)};
  };
  claim.figures.push_back({"texts with bit-identical logits", mean_interval(equal), Unit::percent, texts, "scores equal: 60.0, 48.1, 72.8", "", true});
  claim.figures.push_back({"perplexity, text tower alone", perplexity(alone), Unit::number, texts});
  claim.figures.push_back({"perplexity, joint model", perplexity(jointly), Unit::number, texts});
}

/// A concept in an artist's style, drawn by the model.
struct Drawn {
  int64_t row;            // the corpus picture that shows the same in the same style
  vision::Image picture;
};

std::vector<Drawn> draw_all(Workbench& bench, const std::vector<int64_t>& rows, const char* label) {
  std::vector<Drawn> all;
  base::Progress progress(label, static_cast<int64_t>(rows.size()), "pictures");
  for (size_t i = 0; i < rows.size(); ++i, progress.advance()) {
    base::throw_if_cancelled();
    const Picture& p = bench.corpus().picture(rows[i]);
    all.push_back({rows[i], bench.draw({p.title, p.style, "", {}}, 1000 + i)});
  }
  return all;
}

Tensor vectors_of(Workbench& bench, const std::vector<Drawn>& drawn) {
  std::vector<vision::Image> pictures;
  for (const Drawn& one : drawn) pictures.push_back(one.picture);
  return bench.vectors(pictures);
}

std::vector<int64_t> rows_of(const std::vector<Drawn>& drawn) {
  std::vector<int64_t> rows;
  for (const Drawn& one : drawn) rows.push_back(one.row);
  return rows;
}

/// Likeness of each vector to the nearest of many. @return (n) values, and which
std::pair<std::vector<double>, std::vector<int64_t>> nearest(const Tensor& vectors, const Tensor& among) {
  const auto [best, at] = vectors.matmul(among.t()).max(1);
  const Tensor values = best.to(at::kDouble).contiguous(), places = at.contiguous();
  return {{values.const_data_ptr<double>(), values.const_data_ptr<double>() + values.numel()}, {places.const_data_ptr<int64_t>(), places.const_data_ptr<int64_t>() + places.numel()}};
}

}  // namespace

Claim measure_lmfusion(Workbench& bench) {
  const corpus::Corpus& corpus = bench.corpus();
  Claim claim;
  claim.method = "LMFusion";
  claim.says = "The text tower is what it was, to the last bit, and the image tower beside it draws what is asked for, in combinations that it never saw, too.";
  measure_text(bench, claim);

  // Emoji of training artists, whose concept the held-out artist drew, too.
  std::map<std::string, int64_t> by_heldout_artist;
  for (const int64_t row : bench.rows([](const Picture& p, int64_t) { return p.split == Split::heldout_style; })) by_heldout_artist.emplace(corpus.picture(row).concept_id, row);
  const auto& styles = bench.pipeline().styles();
  const auto drawable = [&](const Picture& p) { return p.kind == "emoji" && std::find(styles.begin(), styles.end(), p.style) != styles.end() && by_heldout_artist.contains(p.concept_id); };
  const std::vector<int64_t> trained = bench.rows([&](const Picture& p, int64_t i) { return bench.trained(i) && drawable(p); });
  const std::vector<int64_t> unseen = bench.rows([&](const Picture& p, int64_t) { return p.split == Split::combination && drawable(p); });
  REQUIRE(trained.size() >= 2 && unseen.size() >= 2, "the corpus holds too few emoji that the held-out artist drew, too");
  const std::vector<Drawn> known = draw_all(bench, sample(trained, bench.count(12, 160, 400), 40), "drawing"), fresh = draw_all(bench, sample(unseen, bench.count(8, 120, 200), 41), "unseen combinations");
  const Tensor known_vectors = vectors_of(bench, known), fresh_vectors = vectors_of(bench, fresh);

  // Names to choose from: the concepts of both, each by its other artists' drawings (the held-out artist's among them).
  std::map<std::string, size_t> place;
  for (const auto* drawn : {&known, &fresh})
    for (const Drawn& one : *drawn) place.try_emplace(corpus.picture(one.row).concept_id, place.size());
  std::vector<std::vector<int64_t>> real(place.size());
  for (const int64_t row : bench.rows([&](const Picture& p, int64_t i) { return (bench.trained(i) && p.kind == "emoji") || p.split == Split::heldout_style; }))
    if (const auto found = place.find(corpus.picture(row).concept_id); found != place.end()) real[found->second].push_back(row);
  const ConceptJudge judge(bench, real);
  const auto accuracy = [&](const std::vector<int64_t>& rows, const Tensor& vectors) {
    std::vector<double> named;
    for (size_t i = 0; i < rows.size(); ++i) {
      const Picture& p = corpus.picture(rows[i]);
      named.push_back(right(judge.name(vectors[static_cast<int64_t>(i)], p.family) == static_cast<int64_t>(place.at(p.concept_id))));
    }
    return mean_interval(named);
  };
  const auto nk = static_cast<int64_t>(known.size()), nf = static_cast<int64_t>(fresh.size());
  const Interval known_right = accuracy(rows_of(known), known_vectors), fresh_right = accuracy(rows_of(fresh), fresh_vectors);
  const Interval known_real = accuracy(rows_of(known), bench.vectors(rows_of(known))), fresh_real = accuracy(rows_of(fresh), bench.vectors(rows_of(fresh)));
  const auto beside = [&](const Interval& ceiling) { return fmt::format("the artists' own {:.1f} %, chance {:.1f} %", 100 * ceiling.value, 100.0 / static_cast<double>(place.size())); };
  claim.figures.push_back({"concept accuracy, training combinations", known_right, Unit::percent, nk, "", beside(known_real)});
  claim.figures.push_back({"concept accuracy, unseen combinations", fresh_right, Unit::percent, nf, "", beside(fresh_real), true});

  // Both artists' drawings of the same concepts, so that the distance is of hands and not of subjects.
  std::vector<int64_t> heldout_artist;
  for (const Drawn& one : known) heldout_artist.push_back(by_heldout_artist.at(corpus.picture(one.row).concept_id));
  const Tensor heldout = bench.vectors(heldout_artist), artists = bench.vectors(rows_of(known));
  const Interval generated = frechet_interval(known_vectors, heldout), between = frechet_interval(artists, heldout), to_own = frechet_interval(known_vectors, artists);
  claim.figures.push_back({"Frechet distance, drawn against the held-out artist", generated, Unit::number, nk, "FID 14.0 (8.6 guided)", fmt::format("artists against him {:.3f}", between.value), true});
  claim.figures.push_back({"Frechet distance, training artists against the held-out one", between, Unit::number, nk});
  claim.figures.push_back({"Frechet distance, drawn against the artists drawn after", to_own, Unit::number, nk, "", "training pictures"});

  // How much is memory: no nearer to training pictures than another artist's drawings are would be none.
  const std::vector<int64_t> all = bench.options().size == Size::quick ? sample(trained, 600, 42) : bench.rows([&](const Picture& p, int64_t i) { return p.kind == "emoji" && bench.trained(i); });
  const Tensor training = bench.vectors(all);
  const auto [known_near, known_at] = nearest(known_vectors, training);
  const auto [fresh_near, fresh_at] = nearest(fresh_vectors, training);
  const auto [artist_near, artist_at] = nearest(heldout, training);
  claim.figures.push_back({"likeness to the nearest training picture, training combinations", mean_interval(known_near), Unit::number, nk});
  claim.figures.push_back({"likeness to the nearest training picture, unseen combinations", mean_interval(fresh_near), Unit::number, nf, "", fmt::format("held-out artist's own {:.3f}", mean_interval(artist_near).value), true});
  claim.figures.push_back({"likeness to the nearest training picture, held-out artist", mean_interval(artist_near), Unit::number, nk});
  std::vector<double> copied_one;
  for (size_t i = 0; i < known_at.size(); ++i) copied_one.push_back(right(known_at[i] >= 0 && all[static_cast<size_t>(known_at[i])] == known[i].row));
  claim.figures.push_back({"nearest training picture is the very one drawn after", mean_interval(copied_one), Unit::percent, nk});

  claim.data = fmt::format("Text: {} texts about scenes of held-out combinations. Pictures: {} emoji in styles in which they were trained on, {} in combinations of concept and style that no training had. "
                           "Accuracy is among {} concepts by CLIP prototypes without the artist in question; likeness is to {} training pictures.",
                           claim.figures[0].samples, nk, nf, place.size(), all.size());
  claim.notes = {"Frechet distances depend on the number of samples; all of these are over the same concepts, and as many."};
  std::vector<SheetRow> sheet;
  for (size_t i = 0; i < std::min<size_t>(fresh.size(), 24); ++i)
    sheet.push_back({corpus.picture(fresh[i].row).title + ", " + corpus.picture(fresh[i].row).style, {fresh[i].picture, bench.picture(fresh[i].row), bench.picture(all[static_cast<size_t>(fresh_at[i])])}});
  claim.pictures = {bench.keep("lmfusion_unseen.png", contact_sheet({"drawn", "the artist's", "nearest trained"}, sheet)),
                    bench.keep("lmfusion_frechet.png", bar_plot("Frechet distance to the held-out artist", {{"drawn", generated}, {"training artists", between}})),
                    bench.keep("lmfusion_accuracy.png", bar_plot("Concept accuracy", {{"trained", known_right}, {"artists", known_real}, {"unseen", fresh_right}, {"artists ", fresh_real}}))};
  return claim;
}

}  // namespace atelier::eval
