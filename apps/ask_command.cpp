#include "apps/commands.h"
#include "apps/model_folder.h"
#include "apps/usage.h"
#include "base/error.h"
#include "base/json.h"
#include "promptcap/answerer.h"
#include "promptcap/reader.h"
#include "retrieval/clip_embedder.h"
#include "text/client/chat.h"

#include <chrono>
#include <cstdio>
#include <functional>
#include <memory>
#include <optional>

namespace atelier::apps {
namespace {

namespace fs = std::filesystem;

struct AskArguments {
  std::string picture, question, model, language_model, form, examples, clip;
  std::vector<std::string> more;
  text::ChatConfig server;
  promptcap::AnswerOptions options;
  int64_t shots = 0, timeout = 120;
  CLI::Option *shots_given = nullptr, *beams_given = nullptr;
  bool direct = false, json = false;
};

/// The language model that is asked, and what it needs to live.
struct AskedModel {
  std::optional<promptcap::Reader> reader;
  std::unique_ptr<const text::LanguageModel> server;
  const char* form;  // its prompt template

  const text::LanguageModel& model() const { return server ? *server : reader->model(); }
};

AskedModel open_language_model(const AskArguments& a, const fusion::Pipeline& pipeline) {
  if (!a.server.url.empty()) {
    text::ChatConfig server = a.server;
    server.timeout = std::chrono::seconds(a.timeout);
    return {{}, std::make_unique<text::EndpointLanguageModel>(std::move(server)), "paper"};
  }
  promptcap::Reader reader = a.language_model.empty() ? promptcap::Reader(pipeline) : promptcap::Reader(std::filesystem::path(a.language_model));
  const char* form = reader.ours() ? "local" : "paper";
  return {std::move(reader), nullptr, form};
}

base::json to_json(const promptcap::Answer& answer, const AskArguments& a, const std::string& model, double seconds) {
  base::json result = {{"answer", answer.text}, {"can_tell", answer.can_tell}, {"question", a.question}, {"model", model}, {"seconds", seconds}};
  if (answer.log_probability) result["log_probability"] = *answer.log_probability;
  if (a.direct) return result;
  result["caption"] = answer.caption;
  result["examples"] = base::json::array();
  for (const promptcap::Example& example : answer.examples)
    result["examples"].push_back({{"caption", example.caption}, {"question", example.question}, {"answer", example.answer}});
  return result;
}

/// @param model  who answers
void answer_and_print(const AskArguments& a, const std::string& model, const std::function<promptcap::Answer()>& ask) {
  const auto start = std::chrono::steady_clock::now();
  const promptcap::Answer answer = ask();
  const double seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
  std::printf("%s\n", a.json ? base::dump_json(to_json(answer, a, model, seconds), 2).c_str() : answer.text.c_str());
}

void run_ask(const AskArguments& a) {
  REQUIRE(base::is_utf8(a.question), "the question is not valid UTF-8");
  REQUIRE(base::is_utf8(a.options.ocr), "the text of --ocr is not valid UTF-8");
  for (const std::string& choice : a.options.choices) REQUIRE(base::is_utf8(choice), "a choice is not valid UTF-8");
  REQUIRE(a.examples.empty() || !a.direct, "--examples would not be read: --direct answers without any");
  REQUIRE(a.shots >= 0 && a.shots <= 64, "shots must be 0 to 64, not {}", a.shots);
  std::vector<vision::Image> pictures = {vision::read_image(a.picture)};
  for (const std::string& path : a.more) pictures.push_back(vision::read_image(path));
  const fs::path folder = a.model.empty() ? default_model_folder() : fs::path(a.model);
  const fusion::Pipeline pipeline = fusion::Pipeline::load(folder);
  const promptcap::Captioner captioner(pipeline);
  if (a.direct) {
    answer_and_print(a, folder.string(), [&] { return promptcap::answer_directly(captioner, pictures, a.question, a.options); });
    return;
  }
  const AskedModel asked = open_language_model(a, pipeline);
  promptcap::PromptTemplate form = promptcap::PromptTemplate::load(a.form.empty() ? asked.form : a.form);
  promptcap::AnswerOptions options = a.options;
  if (a.shots_given->count() > 0) options.shots = a.shots;
  options.caption.own_words = a.beams_given->count() > 0;

  std::optional<promptcap::ExamplePool> pool;
  std::optional<retrieval::ClipEmbedder> clip;
  // A model may bring examples; without them, or without a CLIP to choose them by, the question is asked alone.
  const fs::path examples = a.examples.empty() ? folder / "examples.safetensors" : fs::path(a.examples), clip_folder = a.clip.empty() ? folder / "clip" : fs::path(a.clip);
  const bool wanted = options.shots.value_or(form.shots) > 0;
  REQUIRE(a.examples.empty() || wanted, "--examples would not be read: this prompt template has room for none; --shots says for how many");
  if (wanted && (!a.examples.empty() || (fs::exists(examples) && fs::exists(clip_folder)))) {
    pool = promptcap::ExamplePool::load(examples);
    clip.emplace(retrieval::Clip::load(clip_folder));
  }
  const promptcap::Answerer answerer(captioner, asked.model(), std::move(form), pool ? &*pool : nullptr, clip ? &*clip : nullptr);
  answer_and_print(a, asked.model().name(), [&] { return answerer.answer(pictures, a.question, options); });
}

}  // namespace

void add_ask_command(CLI::App& app) {
  auto a = std::make_shared<AskArguments>();
  CLI::App* command = app.add_subcommand("ask", "Answer a question about a picture");
  command->footer(
      "A caption that tells what the question needs goes to a language model, which answers: the starter model's reader, one\n"
      "in a folder, or any OpenAI-compatible server. The server's key is read from OPENAI_API_KEY; without it none is sent.\n"
      "\n"
      "Examples:\n"
      "  atelier ask desk.png \"what is left of the lamp?\"\n"
      "  atelier ask animal.png \"which animal is it?\" --choices cat,dog,fox\n"
      "  atelier ask desk.png \"how many cups are there?\" --direct --json\n"
      "  atelier ask desk.png \"what is the lamp for?\" --lm-url http://127.0.0.1:8080/v1");
  command->add_option("picture", a->picture, "PNG or JPEG")->required();
  command->add_option("question", a->question, "The question, in quotes")->required();
  command->add_option("--picture", a->more, "Another picture that the question is about; may be given several times")->allow_extra_args(false);
  command->add_option("--choices", a->options.choices, "Answer with one of these, separated by commas")->delimiter(',');
  command->add_option("--ocr", a->options.ocr, "Text that was read in the picture");
  command->add_flag("--direct", a->direct, "Let the joint model answer itself, without a caption");
  auto* folder = command->add_option("--lm", a->language_model, "Folder of a text model to ask, ours or Hugging Face's of the Llama or Qwen2 family")->check(existing_folder());
  auto* url = command->add_option("--lm-url", a->server.url, "Root of an OpenAI-compatible server, such as http://127.0.0.1:8080/v1");
  url->excludes(folder);
  command->add_option("--lm-model", a->server.model, "Model to ask for there")->needs(url);
  command->add_option("--lm-timeout", a->timeout, "Seconds to wait for its answer")->capture_default_str()->check(in_range(1, 3600));
  command->add_option("--template", a->form, fmt::format("Prompt template: a file, or one of {} (default: local for models with our control symbols, else paper)",
                                                         fmt::join(promptcap::shipped_templates(), ", ")));
  command->add_option("--examples", a->examples, "File of in-context examples (default: the model's, if it has some)");
  a->shots_given = command->add_option("--shots", a->shots, "How many of them, 0 to 64 (default: the template's number)");
  command->add_option("--clip", a->clip, "CLIP that they were made with (default: the model's)");
  a->beams_given = command->add_option("--beams", a->options.caption.num_beams, "Beam of the answer with --direct; else the caption is searched for, in the model's own words")->capture_default_str()->check(in_range(1, 64));
  command->add_option("-m,--model", a->model, "Model folder (default: the starter model)")->check(existing_folder());
  command->add_flag("--json", a->json, "Print answer, caption, examples and log-probability as JSON");
  command->callback([a] { run_ask(*a); });
}

}  // namespace atelier::apps
