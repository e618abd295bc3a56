#include "apps/service/starter_engine.h"

#include "apps/model_folder.h"
#include "apps/service/api_error.h"
#include "apps/service/starter_models.h"
#include "apps/service/text_chat.h"
#include "base/compute.h"
#include "base/error.h"
#include "fusion/pipeline.h"
#include "fusion/sampler.h"
#include "promptcap/answerer.h"
#include "promptcap/reader.h"
#include "retrieval/clip_embedder.h"
#include "retrieval/memory/memory.h"

#include <ATen/Parallel.h>

namespace atelier::service {
namespace fs = std::filesystem;

namespace {

constexpr const char* kDirect = "atelier";
constexpr const char* kPromptCap = "atelier-promptcap";

class StarterEngine : public Engine {
 public:
  explicit StarterEngine(const StarterOptions& options)
      : shared_(std::make_shared<const fusion::Pipeline>(fusion::Pipeline::load(options.model))), pipeline_(*shared_),
        painter_(apps::open_painter(shared_)), captioner_(pipeline_),
        text_{pipeline_.model().text(), pipeline_.tokenizer(), {pipeline_.tokenizer().id("<bos>")}} {
    at::set_num_threads(base::compute().threads);  // OpenMP keeps it for each thread that begins parallel work
    if (fs::exists(options.model / "clip/config.json")) embedder_.emplace(retrieval::Clip::load(options.model / "clip"));
    open_memory(options);
    open_answerer(options);
    describe(options);
    tools_ = starter_models({shared_, embedder_ ? &*embedder_ : nullptr, memory_ ? &*memory_ : nullptr});
  }

  const EngineInfo& info() const override { return info_; }
  sketchpad::Models* tools() override { return tools_.get(); }

  vision::Image draw(const apps::PictureRequest& request, const apps::Painter::StepCallback& on_step) override {
    return painter_->draw(request, on_step);
  }

  Tensor embed_texts(const std::vector<std::string>& texts) override { return embedder().embed_texts(texts); }
  Tensor embed_pictures(const std::vector<vision::Image>& pictures) override { return embedder().embed_pictures(pictures); }

  std::vector<Found> search(const std::string* text, const vision::Image* picture, int64_t count, bool thumbnails) override {
    std::vector<Found> found;
    for (retrieval::Hit& hit : memory().search(memory().query(embedder(), text, picture), count)) {
      std::string thumbnail = thumbnails ? memory().thumbnail(hit.document.row) : "";
      found.push_back({std::move(hit.document), hit.similarity, std::move(thumbnail)});
    }
    return found;
  }

  std::vector<apps::ContextDocument> retrieve(const std::string& prompt, int64_t count) override {
    return apps::recall(memory(), embedder(), &prompt, nullptr, count, painter_->latents_name());
  }

  int64_t embedding_tokens(const std::vector<std::string>& texts, size_t pictures) const override {
    return embedder().clip().tokens(texts) + static_cast<int64_t>(pictures) * embedder().clip().tokens_a_picture();
  }

  ChatOutcome chat(const ChatTask& task, const std::function<bool(const ChatToken&)>& on_token) override {
    const std::vector<vision::Image> pictures = pictures_of(task);
    if (pictures.empty()) return service::chat(text_, task, on_token);
    const promptcap::AnswerOptions options = options_of(task);
    const std::string& question = task.turns.back().text;
    return whole(task.model == kDirect ? promptcap::answer_directly(captioner_, pictures, question, options) : answerer_->answer(pictures, question, options), question,
                 pictures.size(), on_token);
  }

  Elsewhere chat_elsewhere(const ChatTask& task) override {
    if (is_local_ || task.model == kDirect) return {};
    const std::vector<vision::Image> pictures = pictures_of(task);
    std::optional<promptcap::Answerer::Prepared> seen;  // empty: a conversation without pictures
    std::string conversation;
    if (pictures.empty())
      for (const ChatTurn& turn : task.turns) conversation += (conversation.empty() ? "" : "\n\n") + turn.text;
    else
      seen = answerer_->prepare(pictures, task.turns.back().text, options_of(task));
    const text::CompletionOptions options{.max_new_tokens = task.max_tokens, .temperature = task.sampling.temperature};
    return [this, seen, conversation, options, question = task.turns.back().text, count = pictures.size()](uint64_t seed, const auto& gone, const auto& on_token) {
      const text::EndpointLanguageModel server(server_, gone);
      try {
        if (seen) return whole(promptcap::ask_language_model(server, form_, seen->examples, seen->asked), question, count, on_token);
        text::CompletionOptions own = options;
        own.seed = seed;
        const text::Completion said = server.complete({{conversation, false}}, own);
        promptcap::Answer answer;
        answer.text = said.text;
        answer.log_probability = said.log_probability;
        return whole(answer, question, 0, on_token);
      } catch (const base::ResourceError& error) {
        ApiError failure(502, "the language model behind this service does not answer", "language_model_failed");
        failure.detail = error.what();
        throw failure;
      }
    };
  }

 private:
  void open_memory(const StarterOptions& options) {
    if (options.memory.empty()) return;
    CHECK_FILE(embedder_.has_value(), (options.model / "clip").string(), "the component clip/ is missing, and a memory needs it");
    memory_.emplace(retrieval::Memory::open(options.memory, retrieval::Access::read));
    memory_->expects(*embedder_);
  }

  /// PromptCap: captions go to the model's own reader or to a server, with examples if there are some.
  void open_answerer(const StarterOptions& options) {
    is_local_ = options.server.url.empty();
    if (is_local_) {
      reader_.emplace(pipeline_);
    } else {
      server_ = options.server;
      language_server_ = std::make_unique<text::EndpointLanguageModel>(options.server);
    }
    form_ = promptcap::PromptTemplate::load(is_local_ && reader_->ours() ? "local" : "paper");
    const fs::path examples = options.model / "examples.safetensors";
    if (form_.shots > 0 && embedder_ && fs::exists(examples)) pool_.emplace(promptcap::ExamplePool::load(examples));
    const text::LanguageModel& asked = is_local_ ? static_cast<const text::LanguageModel&>(reader_->model()) : *language_server_;
    answerer_.emplace(captioner_, asked, form_, pool_ ? &*pool_ : nullptr, pool_ ? &*embedder_ : nullptr);
  }

  void describe(const StarterOptions& options) {
    const apps::ModelInfo model = apps::read_model_info(options.model);
    info_.name = fs::weakly_canonical(options.model).filename().string();
    info_.version = ATELIER_VERSION;
    info_.hash = painter_->model_hash();
    info_.chat = kDirect;
    info_.draw = "atelier-draw";
    info_.models = {{kDirect, "Answers by itself, looks at pictures itself; draws if asked to", {"text", "image"}, {"text", "image"}},
                    {kPromptCap, "Pictures become captions for the question, which a language model answers (PromptCap)", {"text", "image"}, {"text"}},
                    {info_.draw, "Draws pictures from text and from pictures", {"text", "image"}, {"image"}}};
    if (embedder_) {
      info_.embed = "atelier-clip";
      info_.embedding_dimension = embedder_->dimension();
      info_.models.push_back({info_.embed, "Texts and pictures as vectors of one space", {"text", "image"}, {"embedding"}});
    }
    if (memory_) info_.memory_documents = memory_->size();
    info_.picture_size = model.picture_size;
    info_.styles = model.styles;
    info_.samplers = fusion::sampler_names();
    info_.context_tokens = text_.model.config().max_position_embeddings;
    info_.answers_pictures = true;
  }

  static std::vector<vision::Image> pictures_of(const ChatTask& task) {
    std::vector<vision::Image> pictures;
    for (const ChatTurn& turn : task.turns) pictures.insert(pictures.end(), turn.pictures.begin(), turn.pictures.end());
    return pictures;
  }
  static promptcap::AnswerOptions options_of(const ChatTask& task) {
    promptcap::AnswerOptions options;
    options.caption.max_new_tokens = std::min(task.max_tokens, options.caption.max_new_tokens);
    return options;
  }

  /// An answer that comes as a whole, as one piece.
  ChatOutcome whole(const promptcap::Answer& answer, const std::string& question, size_t pictures, const std::function<bool(const ChatToken&)>& on_token) const {
    on_token({answer.text, answer.log_probability.value_or(0), {}});
    const auto tokens = [&](const std::string& text) { return static_cast<int64_t>(text_.tokenizer.encode(text).size()); };
    const int64_t side = pipeline_.model().config().latent_size / 2;  // image tokens a row
    return {tokens(question) + static_cast<int64_t>(pictures) * side * side, tokens(answer.text), true};
  }

  const retrieval::ClipEmbedder& embedder() const {
    if (!embedder_) throw ApiError(501, "this model has no component clip/, which embeddings need", "not_supported");
    return *embedder_;
  }
  const retrieval::Memory& memory() const {
    if (!memory_) throw ApiError(501, "this service has no memory; `atelier serve --memory DIR` gives it one", "not_supported");
    return *memory_;
  }

  std::shared_ptr<const fusion::Pipeline> shared_;
  const fusion::Pipeline& pipeline_;
  std::unique_ptr<apps::Painter> painter_;
  const promptcap::Captioner captioner_;
  const ChatModel text_;
  std::optional<retrieval::ClipEmbedder> embedder_;
  std::optional<retrieval::Memory> memory_;
  bool is_local_ = true;  // captions go to reader_, else to language_server_
  text::ChatConfig server_;  // unless is_local_
  std::optional<promptcap::Reader> reader_;
  std::unique_ptr<text::LanguageModel> language_server_;
  promptcap::PromptTemplate form_;
  std::optional<promptcap::ExamplePool> pool_;
  std::optional<promptcap::Answerer> answerer_;
  std::shared_ptr<sketchpad::Models> tools_;  // over the parts above
  EngineInfo info_;
};

}  // namespace

std::unique_ptr<Engine> open_starter_engine(const StarterOptions& options) { return std::make_unique<StarterEngine>(options); }

}  // namespace atelier::service
