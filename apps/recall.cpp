#include "apps/recall.h"

#include "base/error.h"
#include "fusion/latents.h"

#ifndef ATELIER_CORE_ONLY
#include "retrieval/clip_embedder.h"
#include "retrieval/memory/memory.h"
#endif

namespace atelier::apps {
namespace fs = std::filesystem;

Tensor latents_of(const ContextDocument& document, const fusion::Pipeline& pipeline) {
  return document.latents.empty() ? pipeline.encode(document.picture) : fusion::unpack_latents(document.latents, pipeline.model().config(), document.id);
}

#ifdef ATELIER_CORE_ONLY

const bool Recall::offered = false;

std::unique_ptr<const Recall> Recall::open(const fs::path& memory, const fs::path&) {
  throw base::InvalidArgument(fmt::format("{}: this build, the core alone, has no memories", memory.string()));
}

#else

const bool Recall::offered = true;

std::vector<ContextDocument> recall(const retrieval::Memory& memory, const retrieval::Embedder& embedder, const std::string* text,
                                    const vision::Image* picture, int64_t count, const std::string& latents) {
  std::vector<ContextDocument> found;
  for (const retrieval::Hit& hit : memory.retrieve(memory.query(embedder, text, picture), {.count = count})) {
    const retrieval::Document& d = hit.document;
    found.push_back({d.id, d.caption, d.source, d.licence, hit.similarity,
                     vision::decode_image(memory.thumbnail(d.row), memory.folder().string() + ", document " + d.id),
                     memory.attachment(d.row, latents).value_or("")});
  }
  return found;
}

namespace {

class MemoryRecall : public Recall {
 public:
  MemoryRecall(const fs::path& memory, const fs::path& clip)
      : memory_(retrieval::Memory::open(memory, retrieval::Access::read)), embedder_(retrieval::Clip::load(clip)) {
    memory_.expects(embedder_);
  }

  std::vector<ContextDocument> find(const std::string* text, const vision::Image* picture, int64_t count, const std::string& latents) const override {
    return recall(memory_, embedder_, text, picture, count, latents);
  }

 private:
  retrieval::Memory memory_;
  retrieval::ClipEmbedder embedder_;
};

}  // namespace

std::unique_ptr<const Recall> Recall::open(const fs::path& memory, const fs::path& clip) {
  return std::make_unique<MemoryRecall>(memory, clip);
}

#endif

}  // namespace atelier::apps
