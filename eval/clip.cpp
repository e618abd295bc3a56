// CLIP: is what it says about pictures in a style that it never saw worth anything?
#include "base/error.h"
#include "corpus/concept_names.h"
#include "eval/plot.h"
#include "eval/rows.h"
#include "retrieval/ranks.h"

#include <map>

namespace atelier::eval {
namespace {

using corpus::Picture;

/// 16 x 16 colours, so that a picture's nearest neighbour is the one that looks most like it, not the one aligned to a pixel.
Tensor pixel_vectors(Workbench& bench, const std::vector<int64_t>& rows) {
  constexpr int64_t kSide = 16;
  std::vector<Tensor> all;
  for (const int64_t row : rows) all.push_back(vision::to_tensor(vision::resize(bench.picture(row), kSide, kSide, vision::Filter::bilinear)).flatten());
  return at::stack(all);
}

/// The nearer, the higher. @return (queries, candidates)
Tensor nearness(const Tensor& queries, const Tensor& candidates) { return 2 * queries.matmul(candidates.t()) - candidates.square().sum(1); }

Figure share(std::string name, const std::vector<int64_t>& ranks, int64_t few, std::string beside, bool headline) {
  std::vector<double> within;
  for (const int64_t rank : ranks) within.push_back(right(rank < few));
  return {std::move(name), mean_interval(within), Unit::percent, static_cast<int64_t>(within.size()), "", std::move(beside), headline};
}

std::string percent(double share) { return fmt::format("{:.1f} %", 100 * share); }

}  // namespace

Claim measure_clip(Workbench& bench) {
  const corpus::Corpus& corpus = bench.corpus();
  // Concepts that share a name cannot be told apart by it: they are one candidate, as in `train clip`.
  std::map<std::string, int64_t> candidates, candidate_of, concepts;
  std::vector<std::string> names;
  for (const auto& [id, name] : corpus::emoji_names(corpus)) {
    const auto [at, is_new] = candidates.try_emplace(name, static_cast<int64_t>(names.size()));
    if (is_new) names.push_back(name);
    candidate_of[id] = at->second;
  }
  const auto name_of = [&](int64_t row) {
    const auto found = candidate_of.find(corpus.picture(row).concept_id);
    return found == candidate_of.end() ? int64_t{-1} : found->second;
  };
  std::vector<int64_t> rows = bench.rows([](const Picture& picture, int64_t) { return picture.split == corpus::Split::heldout_style; });
  rows = sample(rows, bench.count(150, static_cast<int64_t>(rows.size()), static_cast<int64_t>(rows.size())), 1);
  REQUIRE(!rows.empty() && !names.empty(), "the corpus holds no pictures of the held-out style");
  std::vector<std::string> captions;
  std::vector<int64_t> concept_numbers, right_names;
  for (const int64_t row : rows) {
    base::Random random(0, 1, static_cast<uint64_t>(row));  // the caption that `corpus pack-clip` writes first
    captions.push_back(corpus::caption(corpus.picture(row), random));
    concept_numbers.push_back(concepts.try_emplace(corpus.picture(row).concept_id, static_cast<int64_t>(concepts.size())).first->second);
    right_names.push_back(name_of(row));
  }
  const retrieval::ClipRanks clip =
      retrieval::rank(bench.vectors(rows), bench.judge().embed_texts(captions), bench.judge().embed_texts(names), concept_numbers, right_names);

  // The baseline knows no words, but every training picture's: a name is as near as its nearest picture, and a word is
  // looked for as the mean of its pictures.
  const std::vector<int64_t> known = bench.rows([&](const Picture&, int64_t row) { return bench.trained(row) && name_of(row) >= 0; });
  REQUIRE(!known.empty(), "the corpus holds no training pictures of named concepts");
  std::vector<int64_t> known_names, named;
  for (const int64_t row : known) known_names.push_back(name_of(row));
  for (size_t i = 0; i < rows.size(); ++i)
    if (right_names[i] >= 0) named.push_back(static_cast<int64_t>(i));
  const Tensor queries = pixel_vectors(bench, rows), training = pixel_vectors(bench, known), known_index = at::tensor(known_names, at::kLong);
  const Tensor named_queries = queries.index_select(0, at::tensor(named, at::kLong));
  const Tensor to_training = nearness(named_queries, training);
  std::vector<std::vector<int64_t>> of_name(names.size());
  for (size_t i = 0; i < known_names.size(); ++i) of_name[static_cast<size_t>(known_names[i])].push_back(static_cast<int64_t>(i));
  std::vector<Tensor> nearest;  // a name each
  for (const auto& some : of_name) nearest.push_back(some.empty() ? at::full({named_queries.size(0)}, -1e30) : to_training.index_select(1, at::tensor(some, at::kLong)).amax(1));
  const Tensor name_scores = at::stack(nearest, 1);
  const std::vector<int64_t> pixel_names = retrieval::first_right(name_scores, 5, [&](int64_t q, int64_t candidate) { return right_names[static_cast<size_t>(named[static_cast<size_t>(q)])] == candidate; });
  const Tensor means = at::zeros({static_cast<int64_t>(names.size()), training.size(1)}).index_add(0, known_index, training) /
                       at::zeros({static_cast<int64_t>(names.size()), 1}).index_add(0, known_index, at::ones({training.size(0), 1})).clamp_min(1);
  std::vector<int64_t> asked;
  for (const int64_t i : named) asked.push_back(right_names[static_cast<size_t>(i)]);
  const std::vector<int64_t> pixel_found = retrieval::first_right(nearness(means.index_select(0, at::tensor(asked, at::kLong)), queries), 10, [&](int64_t q, int64_t picture) {
    return concept_numbers[static_cast<size_t>(named[static_cast<size_t>(q)])] == concept_numbers[static_cast<size_t>(picture)];
  });

  const auto beside = [&](const std::vector<int64_t>& ranks, int64_t few) { return "pixels " + percent(retrieval::share_within(ranks, few)); };
  Claim claim;
  claim.method = "CLIP";
  claim.says = "The shipped CLIP names pictures of a style that it never saw, and finds them by their captions.";
  claim.data = fmt::format("{} pictures of the held-out style among {} names of emoji; a found picture is right if it shows the concept. Of this artist no picture was ever trained on.",
                           rows.size(), names.size());
  claim.figures = {share("name, top 1", clip.name, 1, beside(pixel_names, 1), true), share("name, top 5", clip.name, 5, beside(pixel_names, 5), false),
                   share("text to picture, recall@1", clip.text_to_picture, 1, beside(pixel_found, 1), false),
                   share("text to picture, recall@10", clip.text_to_picture, 10, beside(pixel_found, 10), true),
                   share("picture to text, recall@1", clip.picture_to_text, 1, "", false), share("picture to text, recall@10", clip.picture_to_text, 10, "", false)};
  claim.notes = {fmt::format("\"pixels\": the nearest of {} training pictures at 16 x 16 pixels gives the name; a caption's concept is looked for as the mean of its training pictures.", known.size())};
  claim.pictures = {bench.keep("clip.png", bar_plot("CLIP on the held-out style", {{"name @1", claim.figures[0].measured}, {"pixels @1", share("", pixel_names, 1, "", false).measured},
                                                                                  {"name @5", claim.figures[1].measured}, {"pixels @5", share("", pixel_names, 5, "", false).measured},
                                                                                  {"text to picture @10", claim.figures[3].measured}, {"pixels @10", share("", pixel_found, 10, "", false).measured}}))};
  return claim;
}

}  // namespace atelier::eval
