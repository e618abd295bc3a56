#include "apps/commands.h"
#include "apps/model_folder.h"
#include "apps/recall.h"
#include "apps/usage.h"
#include "base/error.h"
#include "base/json.h"
#include "promptcap/captioner.h"

#include <cstdio>
#include <memory>

namespace atelier::apps {
namespace {

struct CaptionArguments {
  std::vector<std::string> pictures;
  std::string question, model, memory, clip;
  promptcap::CaptionOptions options;
  double temperature = 1;
  CLI::Option *sampled = nullptr, *beams = nullptr;
  int64_t documents = 2, seed = 0;
  bool together = false, json = false;
};

void run_caption(CaptionArguments a) {
  REQUIRE(a.seed >= 0, "seed must be 0 or more, not {}", a.seed);
  REQUIRE(a.documents >= 1 && a.documents <= 8, "documents must be 1 to 8, not {}", a.documents);
  REQUIRE(base::is_utf8(a.question), "the question is not valid UTF-8");
  std::vector<vision::Image> pictures;
  for (const std::string& path : a.pictures) pictures.push_back(vision::read_image(path));
  const std::filesystem::path model = a.model.empty() ? default_model_folder() : std::filesystem::path(a.model);
  const fusion::Pipeline pipeline = fusion::Pipeline::load(model);
  const promptcap::Captioner captioner(pipeline);
  std::unique_ptr<const Recall> memory;
  if (!a.memory.empty()) memory = Recall::open(a.memory, a.clip.empty() ? model / "clip" : std::filesystem::path(a.clip));
  a.options.seed = static_cast<uint64_t>(a.seed);
  a.options.own_words = a.options.own_words || a.beams->count() > 0;
  if (a.sampled->count() > 0) a.options.sampling = text::SamplingConfig{.temperature = a.temperature};

  const std::string question = promptcap::question_of(a.question);
  base::json results = base::json::array();
  const size_t step = a.together ? pictures.size() : 1;
  for (size_t i = 0; i < pictures.size(); i += step) {
    const std::span<const vision::Image> shown(pictures.data() + i, step);
    promptcap::Captioner::Documents documents;
    base::json ids = base::json::array();
    if (memory)
      for (const ContextDocument& document : memory->find(nullptr, &shown.front(), a.documents, pipeline.latents_name())) {
        documents.push_back({document.caption, latents_of(document, pipeline)});
        ids.push_back(document.id);
      }
    const promptcap::Said said = captioner.caption(shown, question, a.options, documents);
    if (!a.json) {
      std::printf("%s\n", said.text.c_str());
      continue;
    }
    base::json result = {{"caption", said.text}, {"log_probability", said.log_probability}, {"tokens", said.tokens}};
    result["pictures"] = std::vector<std::string>(a.pictures.begin() + i, a.pictures.begin() + i + step);
    if (!question.empty()) result["question"] = question;
    if (memory) result["documents"] = ids;
    results.push_back(std::move(result));
  }
  if (a.json) std::printf("%s\n", base::dump_json(results.size() == 1 ? results[0] : results, 2).c_str());
}

}  // namespace

void add_caption_command(CLI::App& app) {
  auto a = std::make_shared<CaptionArguments>();
  CLI::App* command = app.add_subcommand("caption", "Say what is in pictures");
  command->footer(
      "With --question the caption tells what the question needs (PromptCap); `atelier ask` goes on to an answer.\n"
      "A model that knows things by name describes what it recognises and where. --own-words has it find the words one after the\n"
      "other instead, as --beams, --temperature and --memory do.\n"
      "\n"
      "Examples:\n"
      "  atelier caption apple.png\n"
      "  atelier caption desk.png --question \"what is left of the lamp?\"\n"
      "  atelier caption *.png --memory pictures        with what a memory knows about pictures like these\n"
      "  atelier caption before.png after.png --together --question \"what has changed?\"");
  command->add_option("pictures", a->pictures, "PNG or JPEG; one line for each")->required();
  command->add_option("--question", a->question, "What the caption should tell");
  command->add_flag("--together", a->together, "One caption for all pictures (at most 8)");
  auto* memory = command->add_option("--memory", a->memory, "Folder of a memory: its documents that are like the picture are read first");
  command->add_option("--documents", a->documents, "How many of them, 1 to 8")->capture_default_str()->needs(memory);
  command->add_option("--clip", a->clip, "CLIP that the memory was made with (default: the model's)")->needs(memory);
  command->add_flag("--own-words", a->options.own_words, "In the model's own words, not as a description of what it recognises");
  a->beams = command->add_option("--beams", a->options.num_beams, "Captions searched side by side; 1: the likeliest word each time")->capture_default_str()->check(in_range(1, 64));
  a->sampled = command->add_option("--temperature", a->temperature, "Draw words at this temperature instead of searching")->check(in_range(0.0, 100.0))->excludes(a->beams);
  command->add_option("--max-tokens", a->options.max_new_tokens, "Stop after this many tokens")->capture_default_str();
  command->add_option("-s,--seed", a->seed, "Seed of the draws")->capture_default_str();
  command->add_option("-m,--model", a->model, "Model folder (default: the starter model)")->check(existing_folder());
  command->add_flag("--json", a->json, "Print caption, log-probability and documents as JSON");
  command->callback([a] { run_caption(*a); });
}

}  // namespace atelier::apps
