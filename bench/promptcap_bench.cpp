/// How long captions and answers take, and how near decoding comes to what memory allows. What they are worth is measured
/// by `atelier eval promptcap`.
///
///   promptcap_bench [--questions 200] [--beams 5] [--model models/starter]
#include "apps/model_folder.h"
#include "base/compute.h"
#include "base/progress.h"
#include "promptcap/data/evaluation.h"
#include "text/client/local_model.h"

#include <CLI/CLI.hpp>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <functional>

namespace {

using namespace atelier;
namespace fs = std::filesystem;

struct Arguments {
  std::string corpus = corpus::default_folder().string(), model = apps::default_model_folder().string();
  promptcap::CaptionOptions options;
  int64_t questions = 200, seed = 9;
};

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
  const text::LocalLanguageModel model(pipeline.model().text(), tokenizer, {tokenizer.id("<bos>")}, {tokenizer.id("<eos>"), tokenizer.id("<question>")}, a.model);
  promptcap::Evaluation evaluation(captioner, model, promptcap::PromptTemplate::load("local"), a.options);
  const corpus::SceneComposer composer(corpus);
  base::Progress progress("asking", a.questions, "questions");
  for (int64_t i = 0; static_cast<int64_t>(evaluation.results().size()) < a.questions; ++i) {
    const corpus::Scene scene = composer.compose(static_cast<uint64_t>(a.seed), static_cast<uint64_t>(i), true);
    evaluation.ask(scene.image, scene.questions, i);
    progress.set(std::min(a.questions, static_cast<int64_t>(evaluation.results().size())));
  }
  const promptcap::EvaluationSeconds& s = evaluation.seconds();
  std::printf("caption %.1f ms (%.1f tokens), answer of the language model %.1f ms, direct answer %.1f ms\n", 1000 * s.caption / static_cast<double>(s.captions),
              static_cast<double>(s.caption_tokens) / static_cast<double>(s.captions), 1000 * s.answer / static_cast<double>(s.answers), 1000 * s.direct / static_cast<double>(s.directs));
  measure_decoding(pipeline, a.model);
}

}  // namespace

int main(int argc, char** argv) {
  CLI::App app("Seconds of captions and answers");
  Arguments a;
  app.add_option("--questions", a.questions)->check(CLI::PositiveNumber);
  app.add_option("--beams", a.options.num_beams);
  app.add_option("--model", a.model);
  app.add_option("--corpus", a.corpus);
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
