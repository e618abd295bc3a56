/// PromptCap's table: questions about scenes of held-out combinations (or about scenes and pictures of the held-out
/// style), answered without the picture, from a generic caption, from a caption for the question, and directly; CIDEr of
/// generic captions; seconds.
///
///   promptcap_bench [--style] [--questions 2000] [--beams 5] [--model models/starter]
///                   [--lm FOLDER | --lm-url URL]
#include "apps/model_folder.h"
#include "base/compute.h"
#include "base/error.h"
#include "base/progress.h"
#include "promptcap/data/evaluation.h"
#include "retrieval/clip_embedder.h"
#include "text/client/chat.h"
#include "text/client/local_model.h"

#include <CLI/CLI.hpp>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <functional>
#include <memory>
#include <optional>

namespace {

using namespace atelier;
namespace fs = std::filesystem;

struct Arguments {
  std::string corpus = corpus::default_folder().string(), model = apps::default_model_folder().string(), language_model, form, examples;
  text::ChatConfig server;
  promptcap::CaptionOptions options;
  int64_t questions = 2000, captions = 300, seed = 9;
  bool style = false, random_examples = false;
};

void evaluate_captions(const promptcap::Captioner& captioner, const corpus::Corpus& corpus, const Arguments& a) {
  std::vector<std::string> captions;
  std::vector<std::vector<std::string>> references;
  std::vector<int64_t> rows;
  for (int64_t i = 0; i < corpus.size(); ++i)
    if (corpus.picture(i).split == corpus::Split::heldout_style) rows.push_back(i);
  base::Random random(static_cast<uint64_t>(a.seed), 3);
  for (int64_t k = 0; k < a.captions && !rows.empty(); ++k) {
    const int64_t row = rows[random.below(static_cast<int64_t>(rows.size()))];
    const corpus::Picture& picture = corpus.picture(row);
    const vision::Image image = vision::over(corpus.image(row), {255, 255, 255});
    captions.push_back(captioner.caption({&image, 1}, "", a.options).text);
    // The style's name is not in any training caption: what counts is the thing.
    references.push_back({picture.title});
    for (const std::string& tag : picture.tags)
      if (references.back().size() < 5) references.back().push_back(tag);
    if (k < 20) std::printf("  %-28s %s\n", picture.title.c_str(), captions.back().c_str());
  }
  if (captions.empty()) return;
  double sum = 0;
  for (const double score : promptcap::cider(captions, references)) sum += score;
  std::printf("CIDEr of %zu generic captions, held-out style: %.2f\n\n", captions.size(), sum / static_cast<double>(captions.size()));
}

double seconds_of(const std::function<void()>& work) {
  const auto start = std::chrono::steady_clock::now();
  work();
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
}

/// Each token of a lone sequence reads every weight once: memory sets the limit where weights do not fit a cache.
void measure_decoding(const fusion::Pipeline& pipeline, const fs::path& folder) {
  constexpr int64_t kTokens = 256;
  const text::GenerateConfig config = {.sampling = {.temperature = 0}, .max_new_tokens = kTokens};
  const std::vector<text::TokenId> prompt = {pipeline.tokenizer().id("<bos>")};
  double decode = 1e9, stream = 1e9;
  const Tensor buffer = at::ones({128 << 20}, at::kFloat);
  for (int i = 0; i < 3; ++i) {
    decode = std::min(decode, seconds_of([&] { text::generate(pipeline.model().text(), prompt, config); }));
    stream = std::min(stream, seconds_of([&] { buffer.sum(); }));
  }
  const double bytes = static_cast<double>(fs::file_size(folder / "text" / "model.safetensors"));  // bf16
  const double bandwidth = static_cast<double>(buffer.nbytes()) / stream;
  std::printf("text tower: %.0f tokens/s; %.1f MB of weights at %.1f GB/s would allow %.0f\n", kTokens / decode, bytes / 1e6, bandwidth / 1e9, bandwidth / bytes);
}

void run(const Arguments& a) {
  const corpus::Corpus corpus = corpus::Corpus::open(a.corpus);
  const fusion::Pipeline pipeline = fusion::Pipeline::load(a.model);
  const promptcap::Captioner captioner(pipeline);
  const text::Tokenizer& tokenizer = pipeline.tokenizer();
  std::optional<text::TextComponent> component;
  std::unique_ptr<const text::LanguageModel> model;
  if (!a.language_model.empty()) {
    component.emplace(text::TextComponent::load(a.language_model));
    const auto& own = component->tokenizer;
    model = std::make_unique<text::LocalLanguageModel>(component->model, own, component->begin, std::vector{own.id("<eos>"), own.id("<question>")}, a.language_model);
  } else if (a.server.url.empty())
    model = std::make_unique<text::LocalLanguageModel>(pipeline.model().text(), tokenizer, std::vector{tokenizer.id("<bos>")},
                                                       std::vector{tokenizer.id("<eos>"), tokenizer.id("<question>")}, a.model);
  else
    model = std::make_unique<text::EndpointLanguageModel>(a.server);
  const auto form = promptcap::PromptTemplate::load(!a.form.empty() ? a.form : a.server.url.empty() ? "local" : "paper");

  std::optional<promptcap::ExamplePool> pool;
  std::optional<retrieval::ClipEmbedder> clip;
  std::function<std::vector<promptcap::Example>(const std::string&, const vision::Image&)> examples;
  if (!a.examples.empty()) {
    pool = promptcap::ExamplePool::load(a.examples);
    clip.emplace(retrieval::Clip::load(fs::path(a.model) / "clip"));
    examples = [&, n = uint64_t{0}](const std::string& question, const vision::Image& picture) mutable {
      return a.random_examples ? pool->random(form.shots, ++n) : pool->choose(*clip, question, picture, form.shots);
    };
  }
  promptcap::Evaluation evaluation(captioner, *model, form, a.options, examples);
  const corpus::SceneComposer composer(corpus, a.style ? corpus::Split::heldout_style : corpus::Split::train);
  base::Progress progress("asking", a.questions, "questions");
  for (int64_t i = 0; static_cast<int64_t>(evaluation.results().size()) < a.questions; ++i) {
    corpus::Scene scene = composer.compose(static_cast<uint64_t>(a.seed), static_cast<uint64_t>(i), !a.style);
    // Nobody can know what a style is called that was never seen.
    if (a.style) std::erase_if(scene.questions, [&](const corpus::Question& question) { return question.answer == corpus.picture(scene.objects[0].picture).style; });
    evaluation.ask(scene.image, scene.questions, i);
    progress.set(std::min(a.questions, static_cast<int64_t>(evaluation.results().size())));
  }
  std::printf("scenes of %s, language model %s\n%s\n\n", a.style ? "the held-out style" : "held-out combinations", model->name().c_str(),
              promptcap::accuracy_table(evaluation.results()).c_str());
  for (size_t i = 0; i < evaluation.results().size(); i += std::max<size_t>(1, evaluation.results().size() / 20)) {
    const promptcap::Evaluated& one = evaluation.results()[i];
    std::printf("scene %lld: %s  [%s]\n  generic: %s -> %s\n  for it: %s -> %s; directly: %s\n", static_cast<long long>(one.picture), one.question.question.c_str(), one.question.answer.c_str(),
                one.generic.c_str(), one.answers[1].c_str(), one.conditioned.c_str(), one.answers[2].c_str(), one.answers[3].c_str());
  }
  const promptcap::EvaluationSeconds& s = evaluation.seconds();
  std::printf("\ncaption %.1f ms (%.1f tokens), answer of the language model %.1f ms, direct answer %.1f ms\n\n", 1000 * s.caption / static_cast<double>(s.captions),
              static_cast<double>(s.caption_tokens) / static_cast<double>(s.captions), 1000 * s.answer / static_cast<double>(s.answers), 1000 * s.direct / static_cast<double>(s.directs));
  measure_decoding(pipeline, a.model);
  if (a.style) evaluate_captions(captioner, corpus, a);
}

}  // namespace

int main(int argc, char** argv) {
  CLI::App app("PromptCap's table");
  Arguments a;
  app.add_flag("--style", a.style, "Scenes of the held-out style, not of held-out combinations");
  app.add_option("--questions", a.questions);
  app.add_option("--captions", a.captions, "Captions that CIDEr is taken over");
  app.add_option("--beams", a.options.num_beams);
  app.add_option("--model", a.model);
  app.add_option("--corpus", a.corpus);
  app.add_option("--template", a.form);
  app.add_option("--examples", a.examples, "Pool of in-context examples");
  app.add_flag("--random-examples", a.random_examples, "Any of them, not the most similar");
  app.add_option("--lm", a.language_model, "Folder of a text model with our control symbols that answers");
  app.add_option("--lm-url", a.server.url);
  app.add_option("--lm-model", a.server.model);
  app.add_option("--seed", a.seed);
  CLI11_PARSE(app, argc, argv);
  try {
    base::install_signal_handlers();
    base::initialise_compute({});
    run(a);
  } catch (const std::exception& error) {
    std::fprintf(stderr, "%s\n", error.what());
    return 1;
  }
}
