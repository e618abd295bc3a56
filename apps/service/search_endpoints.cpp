#include "apps/service/endpoints.h"
#include "base/base64.h"

#include <bit>
#include <memory>

namespace atelier::service {
namespace {

static_assert(std::endian::native == std::endian::little, "embeddings in base64 are little-endian floats");

/// @param vector  (dimension) fp32, contiguous
json embedding(const Tensor& vector, bool base64) {
  const float* values = vector.data_ptr<float>();
  if (base64) return base::encode_base64({reinterpret_cast<const char*>(values), static_cast<size_t>(vector.numel()) * sizeof(float)});
  return std::vector<float>(values, values + vector.numel());
}

void answer(EngineHost& host, Engine& engine, Exchange& exchange, const EmbeddingJob& job) {
  Tensor texts, pictures;
  {
    const StageTimer timer(host.metrics, "embed");
    if (!job.texts.empty()) texts = engine.embed_texts(job.texts).contiguous();
    if (!job.pictures.empty()) pictures = engine.embed_pictures(job.pictures).contiguous();
  }
  json data = json::array();
  int64_t next_text = 0, next_picture = 0;
  for (size_t i = 0; i < job.is_text.size(); ++i) {
    const Tensor vector = job.is_text[i] ? texts[next_text++] : pictures[next_picture++];
    data.push_back({{"object", "embedding"}, {"index", i}, {"embedding", embedding(vector, job.base64)}});
  }
  const int64_t tokens = engine.embedding_tokens(job.texts, job.pictures.size());
  host.metrics.prompt_tokens.Increment(static_cast<double>(tokens));
  reply_json(exchange, {{"object", "list"}, {"data", std::move(data)}, {"model", job.model}, {"usage", {{"prompt_tokens", tokens}, {"total_tokens", tokens}}}});
}

void answer(EngineHost& host, Engine& engine, Exchange& exchange, const SearchJob& job) {
  std::vector<Found> found;
  {
    const StageTimer timer(host.metrics, "search");
    found = engine.search(job.text ? &*job.text : nullptr, job.picture ? &*job.picture : nullptr, job.k, job.thumbnails);
  }
  json data = json::array();
  for (const Found& hit : found) {
    const retrieval::Document& d = hit.document;
    data.push_back({{"id", d.id}, {"similarity", hit.similarity}, {"caption", d.caption}, {"tags", d.tags}, {"source", d.source},
                    {"licence", d.licence}, {"width", d.width}, {"height", d.height}});
    if (!hit.thumbnail.empty()) data.back()["thumbnail"] = base::encode_base64(hit.thumbnail);
  }
  reply_json(exchange, {{"object", "list"}, {"data", std::move(data)}});
}

template <class Request>
Handler handler(EngineHost& host) {
  return [&host](const std::shared_ptr<Exchange>& exchange) {
    auto job = std::make_shared<const decltype(parse<Request>(host, *exchange))>(parse<Request>(host, *exchange));
    host.run(exchange, [&host, exchange, job](Engine& engine) { answer(host, engine, *exchange, *job); });
  };
}

}  // namespace

void add_search_endpoints(Router& router, EngineHost& host) {
  router.add({.method = "POST", .path = "/v1/embeddings", .handler = handler<EmbeddingRequest>(host), .body = true});
  router.add({.method = "POST", .path = "/v1/memory/search", .handler = handler<SearchRequest>(host), .body = true});
}

}  // namespace atelier::service
