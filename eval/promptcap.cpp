// PromptCap: captions that read the question first, against captions that do not.
#include "base/error.h"
#include "base/progress.h"
#include "corpus/words.h"
#include "eval/captions.h"
#include "eval/plot.h"
#include "eval/rows.h"
#include "promptcap/data/evaluation.h"
#include "promptcap/examples.h"
#include "promptcap/reader.h"
#include "text/client/chat.h"

#include <algorithm>
#include <array>
#include <map>
#include <optional>

namespace atelier::eval {
namespace {

using promptcap::Evaluated, promptcap::Way;

/// The language model that answers: the server's, or the model's own reader.
struct Answering {
  explicit Answering(Workbench& bench) {
    if (bench.options().server.url.empty())
      reader.emplace(bench.pipeline());
    else
      server = std::make_unique<text::EndpointLanguageModel>(bench.options().server);
  }
  const text::LanguageModel& model() const { return server ? *server : reader->model(); }

  std::optional<promptcap::Reader> reader;
  std::unique_ptr<const text::LanguageModel> server;
};

/// Questions about scenes of held-out combinations, or of the held-out style.
std::vector<Evaluated> ask(Workbench& bench, const text::LanguageModel& model, const promptcap::PromptTemplate& form, bool style, int64_t questions) {
  const promptcap::Captioner captioner(bench.pipeline());
  promptcap::Evaluation evaluation(captioner, model, form, {});
  const corpus::SceneComposer composer(bench.corpus(), style ? corpus::Split::heldout_style : corpus::Split::train);
  base::Progress progress(style ? "held-out style" : "held-out combinations", questions, "questions");
  for (int64_t i = 0; static_cast<int64_t>(evaluation.results().size()) < questions; ++i) {
    corpus::Scene scene = composer.compose(9, static_cast<uint64_t>(i), !style);
    // Nobody can know what a style is called that was never seen.
    if (style) std::erase_if(scene.questions, [&](const corpus::Question& question) { return question.answer == bench.corpus().picture(scene.objects[0].picture).style; });
    evaluation.ask(scene.image, scene.questions, i);
    progress.set(std::min(questions, static_cast<int64_t>(evaluation.results().size())));
  }
  return evaluation.results();
}

/// Whether a caption says a title, word for word.
bool names(const std::string& caption, const std::string& title) {
  const std::vector<std::string> said = corpus::words(caption), wanted = corpus::words(title);
  return !std::ranges::search(said, wanted).empty();
}

/// The same captions once more, with the model's in-context examples before them: those most like question and picture, and any.
void report_examples(Workbench& bench, const text::LanguageModel& model, const promptcap::PromptTemplate& form, const std::vector<Evaluated>& results, Claim& claim) {
  const std::filesystem::path file = bench.options().models / "examples.safetensors";
  if (!std::filesystem::exists(file)) return;
  const promptcap::ExamplePool pool = promptcap::ExamplePool::load(file);
  const corpus::SceneComposer composer(bench.corpus());
  const int64_t shots = form.shots > 0 ? form.shots : 4;
  std::vector<double> chosen, any;
  std::vector<int64_t> scenes;
  base::Progress progress("with examples", static_cast<int64_t>(results.size()), "questions");
  corpus::Scene scene;
  for (const Evaluated& one : results) {
    base::throw_if_cancelled();
    if (scenes.empty() || scenes.back() != one.picture) scene = composer.compose(9, static_cast<uint64_t>(one.picture), true);
    scenes.push_back(one.picture);
    const auto is_right = [&](const std::vector<promptcap::Example>& examples) {
      const std::string answer = promptcap::ask_language_model(model, form, examples, {one.conditioned, one.question.question, "", {}}).text;
      return right(promptcap::normalise_answer(answer) == promptcap::normalise_answer(one.question.answer));
    };
    chosen.push_back(is_right(pool.choose(bench.judge(), one.question.question, scene.image, shots)));
    any.push_back(is_right(sample(pool.examples(), shots, 100 + scenes.size())));
    progress.advance();
  }
  const auto samples = static_cast<int64_t>(scenes.size());
  claim.figures.push_back({fmt::format("combinations, (c) with {} examples chosen by CLIP", shots), mean_interval(chosen, scenes), Unit::percent, samples});
  claim.figures.push_back({fmt::format("combinations, (c) with {} random examples", shots), mean_interval(any, scenes), Unit::percent, samples});
  claim.figures.push_back({"combinations, chosen against random examples", difference_interval(chosen, any, scenes), Unit::points, samples, "+5.2 (OK-VQA)"});
}

/// Right or not in each way, and the scene.
struct Answers {
  std::array<std::vector<double>, promptcap::kWays.size()> right;
  std::vector<int64_t> scenes;

  void add(const Evaluated& one) {
    for (size_t way = 0; way < right.size(); ++way) right[way].push_back(eval::right(one.right(static_cast<Way>(way))));
    scenes.push_back(one.picture);
  }
  const std::vector<double>& by(Way way) const { return right[static_cast<size_t>(way)]; }
};

void report(const std::vector<Evaluated>& results, const std::string& set, bool headline, Claim& claim, std::vector<Bar>& bars) {
  Answers all;
  std::map<std::string, Answers> kinds;
  for (const Evaluated& one : results) all.add(one), kinds[one.question.kind].add(one);
  const auto samples = [](const Answers& answers) { return static_cast<int64_t>(answers.scenes.size()); };
  constexpr std::array kNames = {"(a) without the picture", "(b) generic caption + language model", "(c) caption for the question + language model", "(d) the joint model directly"};
  for (size_t way = 0; way < kNames.size(); ++way) {
    claim.figures.push_back({fmt::format("{}, {}", set, kNames[way]), mean_interval(all.right[way], all.scenes), Unit::percent, samples(all), "", "", headline && way >= 2});
    bars.push_back({promptcap::kWays[way], claim.figures.back().measured});
  }
  claim.figures.push_back({fmt::format("{}, (c) against (b)", set), difference_interval(all.by(Way::conditioned), all.by(Way::generic), all.scenes), Unit::points, samples(all),
                           "+3.8 (OK-VQA), +5.3 (A-OKVQA), +9.2 (VQAv2)", "", headline});
  for (const auto& [kind, answers] : kinds)
    claim.figures.push_back({fmt::format("{}, {}: (c)", set, kind), mean_interval(answers.by(Way::conditioned), answers.scenes), Unit::percent, samples(answers), "",
                             fmt::format("a {:.0f}, b {:.0f}, d {:.0f}", 100 * mean_interval(answers.by(Way::blind)).value, 100 * mean_interval(answers.by(Way::generic)).value,
                                         100 * mean_interval(answers.by(Way::direct)).value)});
}

}  // namespace

Claim measure_promptcap(Workbench& bench) {
  const Answering answering(bench);
  const auto form = promptcap::PromptTemplate::load(bench.options().server.url.empty() ? "local" : "paper");
  const int64_t questions = bench.count(10, 200, 1000);
  Claim claim;
  claim.method = "PromptCap";
  claim.says = "A caption for the question tells a language model more of what it needs than a generic one.";
  claim.data = fmt::format("{} questions about scenes of combinations that no training scene shows, and as many about scenes of the held-out style; answers are exact and must be met word for word (case, articles and stops aside). "
                           "Language model: {}. Intervals are over scenes.", questions, answering.model().name());
  std::vector<Bar> bars;
  const std::vector<Evaluated> combinations = ask(bench, answering.model(), form, false, questions);
  report(combinations, "combinations", true, claim, bars);
  report_examples(bench, answering.model(), form, combinations, claim);
  report(ask(bench, answering.model(), form, true, questions), "held-out style", false, claim, bars);

  std::vector<int64_t> rows;
  std::vector<std::string> said;
  for (const auto& [split, set] : {std::pair(corpus::Split::combination, "unseen combinations"), std::pair(corpus::Split::heldout_style, "held-out style")}) {
    rows = sample(bench.rows([split](const corpus::Picture& p, int64_t) { return p.split == split; }), bench.count(6, 120, 200), 60);
    const std::vector<double> scores = caption_scores(bench, rows, {}, {}, &said);
    std::vector<double> named;
    for (size_t i = 0; i < rows.size(); ++i) named.push_back(right(names(said[i], bench.corpus().picture(rows[i]).title)));
    const auto samples = static_cast<int64_t>(rows.size());
    claim.figures.push_back({fmt::format("generic captions that name the thing, {}", set), mean_interval(named), Unit::percent, samples});
    claim.figures.push_back({fmt::format("CIDEr of generic captions, {}", set), mean_interval(scores), Unit::number, samples, "0.384 (LMFusion, COCO)", "", split == corpus::Split::heldout_style});
  }
  std::vector<SheetRow> sheet;
  for (size_t i = 0; i < std::min<size_t>(rows.size(), 20); ++i) sheet.push_back({bench.corpus().picture(rows[i]).title + ": " + said[i], {bench.picture(rows[i])}});
  for (size_t i = 0; i < combinations.size(); i += std::max<size_t>(1, combinations.size() / 12)) {
    const Evaluated& one = combinations[i];
    claim.notes.push_back(fmt::format("\"{}\" [{}] generic: \"{}\" -> {}; for it: \"{}\" -> {}; directly: {}", one.question.question, one.question.answer, one.generic, one.answers[1], one.conditioned,
                                      one.answers[2], one.answers[3]));
  }
  claim.pictures = {bench.keep("promptcap.png", bar_plot("Held-out combinations, then held-out style", bars)), bench.keep("promptcap_captions.png", contact_sheet({"picture", "", "", ""}, sheet))};
  return claim;
}

}  // namespace atelier::eval
