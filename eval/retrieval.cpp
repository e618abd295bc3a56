// RA-CM3: what the generator never saw it can draw and describe after looking it up.
#include "base/error.h"
#include "base/progress.h"
#include "eval/captions.h"
#include "eval/heldout.h"
#include "eval/plot.h"
#include "eval/rows.h"
#include "retrieval/memory/memory.h"

#include <stdlib.h>

#include <algorithm>
#include <array>
#include <map>
#include <set>

namespace atelier::eval {
namespace {

namespace fs = std::filesystem;

/// A memory in a folder that goes away with it.
class TemporaryMemory {
 public:
  TemporaryMemory(Workbench& bench, const std::vector<int64_t>& rows) : bench_(bench) {
    std::string name = (fs::temp_directory_path() / "atelier-eval-XXXXXX").string();
    if (::mkdtemp(name.data()) == nullptr) throw base::ResourceError("no temporary folder can be made: " + name);
    folder_ = name;
    try {
      fill(rows);
    } catch (...) {
      remove();
      throw;
    }
  }
  ~TemporaryMemory() { remove(); }
  TemporaryMemory(const TemporaryMemory&) = delete;

  /// Rows of the corpus, by RA-CM3's rules.
  std::vector<int64_t> find(const std::string* text, const vision::Image* picture, int64_t count) const {
    std::vector<int64_t> rows;
    for (const retrieval::Hit& hit : memory_->retrieve(memory_->query(bench_.judge(), text, picture), {.count = count}))
      rows.push_back(row_of_.at(hit.document.id));
    return rows;
  }

 private:
  void fill(const std::vector<int64_t>& rows) {
    constexpr int64_t kThumbnail = 128;
    constexpr size_t kAtOnce = 256;
    retrieval::Memory::create(folder_ / "memory", bench_.judge(), kThumbnail);
    memory_.emplace(retrieval::Memory::open(folder_ / "memory", retrieval::Access::write));
    base::Progress progress("remembering", static_cast<int64_t>(rows.size()), "pictures");
    for (size_t begin = 0; begin < rows.size(); begin += kAtOnce) {
      base::throw_if_cancelled();
      std::vector<retrieval::PreparedDocument> batch;
      for (size_t i = begin; i < std::min(rows.size(), begin + kAtOnce); ++i) {
        const corpus::Picture& p = bench_.corpus().picture(rows[i]);
        row_of_[p.id] = rows[i];
        batch.push_back(retrieval::prepare({.id = p.id, .caption = caption_of(p), .tags = {}, .source = p.credit, .licence = p.licence, .picture = {},
                                            .picture_bytes = vision::encode_png(bench_.picture(rows[i])), .where = {}}, kThumbnail));
      }
      memory_->add(batch, bench_.judge());
      progress.advance(static_cast<int64_t>(batch.size()));
    }
  }

  void remove() {
    memory_.reset();
    std::error_code ignored;
    fs::remove_all(folder_, ignored);
  }

 public:
  /// As `atelier corpus memory` writes it.
  static std::string caption_of(const corpus::Picture& p) { return p.title + ", " + p.style; }

 private:
  Workbench& bench_;
  fs::path folder_;
  std::optional<retrieval::Memory> memory_;
  std::map<std::string, int64_t> row_of_;
};

/// Emoji styles that training saw, with pictures of each.
std::map<std::string, std::vector<int64_t>> emoji_styles(Workbench& bench) {
  std::map<std::string, std::vector<int64_t>> styles;
  for (const int64_t row : bench.rows([&](const corpus::Picture& p, int64_t i) { return p.kind == "emoji" && bench.trained(i); })) styles[bench.corpus().picture(row).style].push_back(row);
  std::erase_if(styles, [&](const auto& entry) { return std::find(bench.pipeline().styles().begin(), bench.pipeline().styles().end(), entry.first) == bench.pipeline().styles().end(); });
  return styles;
}

struct Asked {
  size_t concept_at;
  std::string style;
  std::vector<int64_t> found;  // what the memory puts before it, at most two
};

std::vector<fusion::PipelinePrompt::Document> documents(Workbench& bench, const std::vector<int64_t>& rows, size_t k) {
  std::vector<fusion::PipelinePrompt::Document> all;
  for (size_t i = 0; i < std::min(k, rows.size()); ++i)
    all.push_back({TemporaryMemory::caption_of(bench.corpus().picture(rows[i])), bench.pipeline().encode(bench.picture(rows[i]))});
  return all;
}

}  // namespace

Claim measure_retrieval(Workbench& bench) {
  const corpus::Corpus& corpus = bench.corpus();
  const std::vector<HeldOutConcept> concepts = heldout_concepts(bench, bench.count(5, 56, 56));
  const auto styles = emoji_styles(bench);
  REQUIRE(styles.size() >= 2, "retrieval needs training pictures in two styles that the model knows, not {}", styles.size());
  std::vector<std::vector<int64_t>> judged, style_rows;
  std::vector<std::string> style_names;
  std::vector<int64_t> shown;
  for (const HeldOutConcept& one : concepts) judged.push_back(one.judged), shown.insert(shown.end(), one.shown.begin(), one.shown.end());
  for (const auto& [style, rows] : styles) style_names.push_back(style), style_rows.push_back(sample(rows, bench.count(10, 100, 100), 3));
  const ConceptJudge judge(bench, judged), style_judge(bench, style_rows);

  const std::vector<int64_t> others = sample(bench.rows([&](const corpus::Picture& p, int64_t i) { return p.kind == "emoji" && bench.trained(i); }), bench.count(100, 2000, 2000), 4);
  std::vector<int64_t> remembered = shown;
  remembered.insert(remembered.end(), others.begin(), others.end());
  const TemporaryMemory memory(bench, remembered);

  // Styles of artists whose drawing of the concept is not in the memory: drawing it is no copying.
  std::vector<Asked> asked;
  for (size_t c = 0; c < concepts.size(); ++c) {
    std::set<std::string> taken;
    for (const int64_t row : concepts[c].shown) taken.insert(corpus.picture(row).family);
    std::vector<std::string> free;
    for (const auto& [style, rows] : styles)
      if (!taken.contains(corpus.picture(rows.front()).family)) free.push_back(style);
    for (const std::string& style : sample(free, bench.count(1, 1, 2), 5 + c)) {
      const std::string prompt = concepts[c].label + ", " + style;
      asked.push_back({c, style, memory.find(&prompt, nullptr, 2)});
    }
  }
  REQUIRE(!asked.empty(), "every style of the model drew every held-out concept that the memory holds");

  std::array<std::vector<vision::Image>, 3> drawn;
  std::array<std::vector<double>, 3> accuracy, likeness, to_prompt, copy;
  std::vector<std::string> prompts;
  std::vector<int64_t> groups;
  {
    base::Progress progress("drawing", static_cast<int64_t>(3 * asked.size()), "pictures");
    for (size_t i = 0; i < asked.size(); ++i)
      for (size_t k = 0; k < 3; ++k, progress.advance()) {
        base::throw_if_cancelled();
        drawn[k].push_back(bench.draw({concepts[asked[i].concept_at].label, asked[i].style, "", documents(bench, asked[i].found, k)}, i));
      }
  }
  for (const Asked& one : asked) {
    prompts.push_back(concepts[one.concept_at].label + ", " + one.style);
    groups.push_back(static_cast<int64_t>(one.concept_at));
  }
  std::vector<double> hit, style_wins, style_right;
  const Tensor words = bench.judge().embed_texts(prompts);
  std::array<Tensor, 3> vectors;
  for (size_t k = 0; k < 3; ++k) {
    vectors[k] = bench.vectors(drawn[k]);
    to_prompt[k] = similarities(vectors[k], words);
  }
  for (size_t i = 0; i < asked.size(); ++i) {
    const Asked& one = asked[i];
    const auto right_one = static_cast<int64_t>(one.concept_at), at = static_cast<int64_t>(i);
    const Tensor found = bench.vectors(one.found);
    hit.push_back(right(!one.found.empty() && corpus.picture(one.found[0]).concept_id == concepts[one.concept_at].id));
    for (size_t k = 0; k < 3; ++k) {
      accuracy[k].push_back(right(judge.name(vectors[k][at]) == right_one));
      likeness[k].push_back(judge.prototypes()[right_one].dot(vectors[k][at]).item<double>());
      if (k > 0 && !one.found.empty()) copy[k].push_back(found.slice(0, 0, static_cast<int64_t>(k)).matmul(vectors[k][at]).max().item<double>());
    }
    const Tensor to_styles = style_judge.prototypes().matmul(vectors[2][at]);
    const auto place = [&](const std::string& style) { return std::find(style_names.begin(), style_names.end(), style) - style_names.begin(); };
    style_right.push_back(right(to_styles.argmax().item<int64_t>() == place(one.style)));
    if (one.found.empty()) continue;
    const auto other = place(corpus.picture(one.found[0]).style);
    if (other != place(one.style) && other < static_cast<int64_t>(style_names.size())) style_wins.push_back(right((to_styles[place(one.style)] > to_styles[other]).item<bool>()));
  }

  // The ceiling, and how alike two artists' drawings of one thing are.
  std::vector<double> real, artists;
  std::vector<int64_t> real_groups;
  for (size_t c = 0; c < concepts.size(); ++c) {
    const Tensor a = bench.vectors(concepts[c].shown), b = bench.vectors(concepts[c].judged);
    for (int64_t i = 0; i < a.size(0); ++i) {
      real.push_back(right(judge.name(a[i]) == static_cast<int64_t>(c)));
      artists.push_back(b.matmul(a[i]).max().item<double>());
      real_groups.push_back(static_cast<int64_t>(c));
    }
  }

  // Describing: pictures of the judged part, with what the memory holds that looks like them.
  std::vector<int64_t> described;
  for (const HeldOutConcept& one : concepts)
    for (const int64_t row : sample(one.judged, bench.count(1, 1, 2), 6)) described.push_back(row);
  const promptcap::CaptionOptions own_words = {.own_words = true};  // what documents are read for
  const std::vector<double> cider_0 = caption_scores(bench, described, own_words), cider_2 = caption_scores(bench, described, own_words, [&](size_t i) {
    const vision::Image picture = bench.picture(described[i]);
    promptcap::Captioner::Documents all;
    for (auto& [caption, latents] : documents(bench, memory.find(nullptr, &picture, 2), 2)) all.push_back({caption, latents});
    return all;
  });

  const auto n = static_cast<int64_t>(asked.size()), independent = static_cast<int64_t>(concepts.size());
  const Interval ceiling = mean_interval(real, real_groups);
  Claim claim;
  claim.method = "RA-CM3";
  claim.says = "With other artists' pictures of a concept in the memory the model draws and describes what it never saw.";
  claim.data = fmt::format("{} held-out concepts (development half) that no training picture, caption or text shows or names, {} prompts; the memory holds {} pictures of them and {} training pictures. "
                           "Accuracy is among these concepts, by CLIP prototypes of pictures by artists who are not in the memory; intervals are over concepts.",
                           concepts.size(), n, shown.size(), others.size());
  const std::string chance = fmt::format("chance {:.1f} %, real {:.1f} %", 100.0 / static_cast<double>(concepts.size()), 100 * ceiling.value);
  const auto add = [&](std::string name, const Interval& value, Unit unit, int64_t samples, std::string paper = "", std::string beside = "", bool headline = false) {
    claim.figures.push_back({std::move(name), value, unit, samples, std::move(paper), std::move(beside), headline});
  };
  for (size_t k = 0; k < 3; ++k) add(fmt::format("concept accuracy, K = {}", k), mean_interval(accuracy[k], groups), Unit::percent, independent, "", chance, k != 1);
  add("K = 2 against K = 0", difference_interval(accuracy[2], accuracy[0], groups), Unit::points, independent, "FID 29.5 -> 15.7 (COCO)");
  add("concept accuracy of real pictures", ceiling, Unit::percent, independent, "", "the same pictures as in the memory");
  add("first document shows the concept", mean_interval(hit, groups), Unit::percent, independent);
  for (size_t k = 0; k < 3; ++k) add(fmt::format("likeness to real pictures, K = {}", k), mean_interval(likeness[k], groups), Unit::number, independent);
  for (size_t k = 0; k < 3; ++k) add(fmt::format("likeness to the prompt, K = {}", k), mean_interval(to_prompt[k], groups), Unit::number, independent);
  if (!copy[1].empty())
    for (size_t k = 1; k < 3; ++k)
      add(fmt::format("likeness to the nearest document, K = {}", k), mean_interval(copy[k]), Unit::number, n, "", fmt::format("two artists' nearest drawings {:.3f}", mean_interval(artists).value));
  if (!style_wins.empty()) add("named style beats the document's, K = 2", mean_interval(style_wins), Unit::percent, static_cast<int64_t>(style_wins.size()), "", "chance 50 %", true);
  add("named style is the nearest of all, K = 2", mean_interval(style_right, groups), Unit::percent, independent, "", fmt::format("chance {:.1f} %", 100.0 / static_cast<double>(styles.size())));
  add("caption CIDEr, K = 0", mean_interval(cider_0), Unit::number, static_cast<int64_t>(described.size()), "0.719 (COCO)");
  add("caption CIDEr, K = 2", mean_interval(cider_2), Unit::number, static_cast<int64_t>(described.size()), "0.891 (COCO)", "", true);
  claim.notes = {"A picture counts as right if its CLIP vector is nearest to the concept's prototype; CLIP itself never trained on these concepts, so real pictures show what it can tell.",
                 "The style that a prompt names is of an artist whose drawing of the concept the memory does not hold."};
  std::vector<SheetRow> sheet;
  for (size_t i = 0; i < std::min<size_t>(asked.size(), 24); ++i) {
    const auto found = [&](size_t at) { return at < asked[i].found.size() ? bench.picture(asked[i].found[at]) : vision::Image(); };
    sheet.push_back({prompts[i], {found(0), found(1), drawn[0][i], drawn[1][i], drawn[2][i], bench.picture(concepts[asked[i].concept_at].judged[0])}});
  }
  claim.pictures = {bench.keep("retrieval.png", contact_sheet({"found 1", "found 2", "K = 0", "K = 1", "K = 2", "real"}, sheet)),
                    bench.keep("retrieval_accuracy.png", bar_plot("Held-out concepts", {{"K = 0", mean_interval(accuracy[0], groups)}, {"K = 1", mean_interval(accuracy[1], groups)},
                                                                                       {"K = 2", mean_interval(accuracy[2], groups)}, {"real pictures", ceiling}}))};
  return claim;
}

}  // namespace atelier::eval
