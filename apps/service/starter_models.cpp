#include "apps/service/starter_models.h"

#include "apps/painter.h"
#include "base/error.h"
#include "fusion/pipeline.h"
#include "promptcap/answerer.h"
#include "promptcap/reader.h"
#include "retrieval/clip_embedder.h"
#include "retrieval/memory/memory.h"

#include <mutex>
#include <optional>

namespace atelier::service {
namespace {

namespace fs = std::filesystem;
using sketchpad::Answered;
using sketchpad::Recalled;

/// PromptCap over the generator's own weights, as `atelier ask` puts it together without examples.
struct Describer {
  explicit Describer(const fusion::Pipeline& pipeline)
      : captioner(pipeline), reader(pipeline), answerer(captioner, reader.model(), promptcap::PromptTemplate::load(reader.ours() ? "local" : "paper")) {}

  const promptcap::Captioner captioner;
  const promptcap::Reader reader;
  const promptcap::Answerer answerer;
};

class StarterModels : public sketchpad::Models {
 public:
  StarterModels(fs::path model, fs::path memory) : model_(std::move(model)), memory_folder_(memory.empty() ? model_ / "memory" : std::move(memory)) {}
  explicit StarterModels(StarterParts parts) : pipeline_(std::move(parts.pipeline)), clip_(parts.clip), memory_(parts.memory) {}

  std::vector<double> similarities(const vision::Image& picture, const std::vector<std::shared_ptr<const vision::Image>>& others,
                                   const std::vector<std::string>& texts) override {
    const std::lock_guard lock(mutex_);
    const Tensor seen = clip().embed_pictures(std::span(&picture, 1))[0];  // (d)
    std::vector<double> found;
    for (const auto& other : others) found.push_back(clip().embed_pictures(std::span(other.get(), 1))[0].dot(seen).item<double>());
    const Tensor words = clip().embed_texts(texts).matmul(seen);  // (texts)
    for (int64_t i = 0; i < words.size(0); ++i) found.push_back(words[i].item<double>());
    return found;
  }

  Answered answer(const vision::Image& picture, const std::string& question) override {
    const std::lock_guard lock(mutex_);
    if (!describer_) describer_.emplace(*pipeline());
    promptcap::Answer said = describer_->answerer.answer(std::span(&picture, 1), question);
    return {std::move(said.text), std::move(said.caption)};
  }

  std::vector<Recalled> recall(const std::string* text, const vision::Image* picture, int64_t count) override {
    const std::lock_guard lock(mutex_);
    std::vector<Recalled> found;
    for (retrieval::Hit& hit : memory().search(memory().query(clip(), text, picture), count)) {
      const std::string bytes = memory().thumbnail(hit.document.row);
      retrieval::Document& d = hit.document;
      found.push_back({d.id, d.caption, d.source, d.licence, hit.similarity,
                       bytes.empty() ? nullptr : std::make_shared<const vision::Image>(vision::decode_image(bytes, "the memory's picture of " + d.id))});
    }
    return found;
  }

  vision::Image imagine(const std::string& prompt, int64_t steps, uint64_t seed, const std::function<void()>& on_step) override {
    const std::lock_guard lock(mutex_);
    if (!painter_) painter_ = apps::open_painter(pipeline());
    apps::PictureRequest request;
    request.prompt = prompt;
    request.sampler = "ddim";
    request.steps = steps;
    request.seed = seed;
    return painter_->draw(request, [&](int64_t, const auto&) { on_step(); });
  }

 private:
  const std::shared_ptr<const fusion::Pipeline>& pipeline() {
    if (!pipeline_) {
      require_file("model_index.json", "there is no model", model_);
      pipeline_ = std::make_shared<const fusion::Pipeline>(fusion::Pipeline::load(model_));
    }
    return pipeline_;
  }
  const retrieval::ClipEmbedder& clip() {
    if (!clip_) {
      require_file("clip/config.json", "there is no CLIP", model_ / "clip");
      clip_ = &own_clip_.emplace(retrieval::Clip::load(model_ / "clip"));
    }
    return *clip_;
  }
  const retrieval::Memory& memory() {
    if (!memory_) {
      REQUIRE(!memory_folder_.empty() && fs::exists(memory_folder_), "there is no memory to search; `atelier memory` makes one");
      memory_ = &own_memory_.emplace(retrieval::Memory::open(memory_folder_, retrieval::Access::read));
      memory_->expects(clip());
    }
    return *memory_;
  }
  /// @param where  named in the message, if there is a folder at all
  void require_file(const char* file, const char* message, const fs::path& where) const {
    REQUIRE(!model_.empty(), "{}", message);
    REQUIRE(fs::exists(model_ / file), "{} in {}", message, where.string());
  }

  const fs::path model_, memory_folder_;  // empty: what is not there cannot be loaded either
  std::mutex mutex_;
  std::shared_ptr<const fusion::Pipeline> pipeline_;
  std::optional<Describer> describer_;
  std::unique_ptr<apps::Painter> painter_;
  std::optional<retrieval::ClipEmbedder> own_clip_;
  std::optional<retrieval::Memory> own_memory_;
  const retrieval::ClipEmbedder* clip_ = nullptr;
  const retrieval::Memory* memory_ = nullptr;
};

}  // namespace

std::shared_ptr<sketchpad::Models> starter_models(const fs::path& model, const fs::path& memory) { return std::make_shared<StarterModels>(model, memory); }
std::shared_ptr<sketchpad::Models> starter_models(StarterParts parts) { return std::make_shared<StarterModels>(std::move(parts)); }

}  // namespace atelier::service
