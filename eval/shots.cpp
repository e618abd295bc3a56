// RA-CM3: k-shot classification with labels that mean nothing.
#include "base/error.h"
#include "base/progress.h"
#include "eval/plot.h"
#include "eval/rows.h"
#include "fusion/classify.h"

#include <array>
#include <map>

namespace atelier::eval {
namespace {

constexpr std::array<size_t, 5> kShots = {0, 1, 2, 4, 8};
constexpr std::array kPaper = {"53 %", "78 %", "", "", "90 %"};
constexpr std::array kLabels = {"blicket", "dax", "wug", "fep", "toma", "zav", "modi", "kiki"};

/// A held-out concept that enough pictures show.
struct Class {
  std::vector<int64_t> rows;
};

/// Pictures of other artists than this one.
std::vector<int64_t> others(Workbench& bench, const Class& one, const std::string& family) {
  std::vector<int64_t> rows;
  for (const int64_t row : one.rows)
    if (bench.corpus().picture(row).family != family) rows.push_back(row);
  return rows;
}

}  // namespace

Claim measure_shots(Workbench& bench) {
  const corpus::HeldOut& heldout = corpus::HeldOut::instance();
  std::map<std::string, Class> classes;
  for (const std::string& id : heldout.dev()) classes[id];
  for (const int64_t row : bench.rows([&](const corpus::Picture& p, int64_t) { return p.split == corpus::Split::heldout_concept && p.kind == "emoji" && !p.skin_tone && classes.contains(p.concept_id); }))
    classes[bench.corpus().picture(row).concept_id].rows.push_back(row);
  std::vector<Class> usable;
  // Nine and a whole family more: eight shots are left whoever drew the query.
  for (const auto& [id, one] : classes) {
    std::map<std::string, size_t> drawn;
    size_t most = 0;
    for (const int64_t row : one.rows) most = std::max(most, ++drawn[bench.corpus().picture(row).family]);
    if (one.rows.size() >= kShots.back() + most) usable.push_back(one);
  }
  REQUIRE(usable.size() >= 2, "k-shot classification needs two held-out concepts with {} pictures by other artists; the corpus has {}", kShots.back(), usable.size());

  const fusion::Pipeline& pipeline = bench.pipeline();
  const fusion::UnderstandingSymbols symbols = fusion::UnderstandingSymbols::of(pipeline.tokenizer());
  const int64_t trials = bench.count(5, 50, 160);
  std::array<std::vector<double>, kShots.size()> accuracy;
  base::Progress progress("naming", trials, "pictures");
  for (int64_t trial = 0; trial < trials; ++trial, progress.advance()) {
    base::Random random(2026, 30, static_cast<uint64_t>(trial));
    const auto n = static_cast<int64_t>(usable.size());
    const int64_t first = random.below(n), second = (first + 1 + random.below(n - 1)) % n, label = random.below(kLabels.size());
    const std::array pair = {&usable[static_cast<size_t>(first)], &usable[static_cast<size_t>(second)]};
    const std::array labels = {kLabels[static_cast<size_t>(label)], kLabels[static_cast<size_t>((label + 1 + random.below(kLabels.size() - 1)) % static_cast<int64_t>(kLabels.size()))]};
    const int64_t asked = random.below(2);
    const std::vector<int64_t>& own = pair[static_cast<size_t>(asked)]->rows;
    const int64_t query = own[static_cast<size_t>(random.below(static_cast<int64_t>(own.size())))];
    const std::string& family = bench.corpus().picture(query).family;
    std::vector<fusion::Shots> all;
    for (size_t c = 0; c < 2; ++c) {
      all.push_back({pipeline.tokenizer().encode(labels[c]), {}});
      for (const int64_t row : sample(others(bench, *pair[c], family), static_cast<int64_t>(kShots.back()), 2 * static_cast<uint64_t>(trial) + c)) all[c].pictures.push_back(pipeline.encode(bench.picture(row)));
    }
    const Tensor picture = pipeline.encode(bench.picture(query));
    for (size_t k = 0; k < kShots.size(); ++k) {
      base::throw_if_cancelled();
      std::vector<fusion::Shots> some;
      for (const fusion::Shots& one : all) some.push_back({one.label, {one.pictures.begin(), one.pictures.begin() + static_cast<int64_t>(kShots[k])}});
      const std::vector<double> probability = fusion::classify(pipeline.model(), some, picture, symbols);
      accuracy[k].push_back(right((probability[1] > probability[0]) == (asked == 1)));
    }
  }
  Claim claim;
  claim.method = "RA-CM3";
  claim.says = "A picture is named after a few labelled ones, whatever the labels are.";
  claim.data = fmt::format("{} trials: two of {} held-out concepts, made-up labels by chance, a query, and 0 to 8 pictures a label by other artists than the query's; the same trials at every number of shots.", trials,
                           usable.size());
  std::vector<Bar> bars;
  for (size_t k = 0; k < kShots.size(); ++k) {
    claim.figures.push_back({fmt::format("accuracy, {} shots", kShots[k]), mean_interval(accuracy[k]), Unit::percent, trials, kPaper[k], "chance 50 %", kShots[k] != 2 && kShots[k] != 4});
    bars.push_back({fmt::format("{} shots", kShots[k]), claim.figures.back().measured});
  }
  claim.figures.push_back({"8 shots against none", difference_interval(accuracy.back(), accuracy.front()), Unit::points, trials, "+37"});
  claim.pictures = {bench.keep("shots.png", bar_plot("k-shot accuracy, two classes", bars))};
  return claim;
}

}  // namespace atelier::eval
