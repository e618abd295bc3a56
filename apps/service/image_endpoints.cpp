#include "apps/service/drawing.h"
#include "apps/service/endpoints.h"
#include "base/base64.h"

#include <ctime>
#include <memory>

namespace atelier::service {
namespace {

constexpr size_t kPreviewsBehind = 1 << 20;  // bytes that a client has not taken: no more previews for it

/// The memory's documents in front of the prompt, and what the answer and the record say of them.
json retrieve(EngineHost& host, Engine& engine, DrawJob& job, apps::PictureRecord& record) {
  const StageTimer timer(host.metrics, "retrieve");
  const apps::PictureRequest& request = job.request;
  json named = json::array();
  record.k = job.documents;
  for (apps::ContextDocument& d : engine.retrieve(request.style.empty() ? request.prompt : request.prompt + ", " + request.style, job.documents)) {
    named.push_back({{"id", d.id}, {"caption", d.caption}, {"source", d.source}, {"licence", d.licence}, {"similarity", d.similarity}});
    record.documents.push_back({d.id, d.caption, d.source, d.licence, d.similarity});
    job.request.documents.push_back(std::move(d));
  }
  return named;
}

/// Sends progress and previews of one picture.
apps::Painter::StepCallback progress(EngineHost& host, Exchange& exchange, const DrawJob& job, const std::string& kind, int64_t index) {
  return [&host, &exchange, &job, kind, index](int64_t step, const std::function<vision::Image()>& so_far) {
    const int64_t steps = job.request.steps, done = step + 1;
    exchange.write(event_text(kind + ".progress", {{"type", kind + ".progress"}, {"index", index}, {"step", done}, {"steps", steps}}));
    // The previews stand at equal distances before the finished picture.
    const auto previews = [&](int64_t at) { return at * (job.partial_images + 1) / steps; };
    const int64_t preview = previews(done);
    if (done == steps || preview == previews(step) || exchange.unsent() > kPreviewsBehind) return;
    const std::string picture = base::encode_base64(job.output_format == "jpeg" ? vision::encode_jpeg(so_far(), static_cast<int>(job.quality)) : vision::encode_png(so_far()));
    const std::string type = kind + ".partial_image";
    exchange.write(event_text(type, {{"type", type}, {"index", index}, {"partial_image_index", preview - 1}, {"b64_json", picture},
                                     {"output_format", job.output_format}, {"created_at", std::time(nullptr)}}));
  };
}

void answer(EngineHost& host, Engine& engine, Exchange& exchange, DrawJob& job) {
  const std::string kind = job.edit ? "image_edit" : "image_generation";
  const EngineInfo& info = engine.info();
  apps::PictureRecord record = make_record(job.request, info);
  json documents = job.documents > 0 ? retrieve(host, engine, job, record) : json::array();
  if (job.stream) exchange.begin("text/event-stream");
  const uint64_t first = job.request.seed;
  json data = json::array();
  for (int64_t i = 0; i < job.n; ++i) {
    job.request.seed = first + static_cast<uint64_t>(i);
    job.request.negtome.index = i;
    record.seed = static_cast<int64_t>(job.request.seed);
    if (job.request.negtome.diverse) record.batch_index = i;
    const vision::Image image = draw(host, engine, exchange, job.request, job.stream ? progress(host, exchange, job, kind, i) : apps::Painter::StepCallback());
    json one = {{"b64_json", encode(host, image, record, job.output_format, job.quality)}, {"seed", record.seed}};
    if (!job.stream) {
      data.push_back(std::move(one));
      continue;
    }
    const std::string type = kind + ".completed";
    one.update({{"type", type}, {"index", i}, {"created_at", std::time(nullptr)}, {"size", fmt::format("{0}x{0}", info.picture_size)},
                {"quality", "auto"}, {"background", "opaque"}, {"output_format", job.output_format}, {"documents", documents}});
    exchange.write(event_text(type, one));
  }
  if (job.stream) return exchange.end();
  json reply = {{"created", std::time(nullptr)}, {"data", std::move(data)}, {"model", job.model}, {"model_hash", info.hash},
                {"size", fmt::format("{0}x{0}", info.picture_size)}, {"quality", "auto"}, {"background", "opaque"},
                {"output_format", job.output_format}, {"steps", job.request.steps}, {"guidance_scale", job.request.guidance_scale},
                {"sampler", job.request.sampler}};
  if (job.documents > 0) reply["documents"] = std::move(documents);
  reply_json(exchange, reply);
}

template <class Request>
Handler handler(EngineHost& host) {
  return [&host](const std::shared_ptr<Exchange>& exchange) {
    const auto job = std::make_shared<DrawJob>(parse<Request>(host, *exchange));
    host.run(exchange, [&host, exchange, job](Engine& engine) { answer(host, engine, *exchange, *job); });
  };
}

}  // namespace

void add_image_endpoints(Router& router, EngineHost& host) {
  router.add({.method = "POST", .path = "/v1/images/generations", .handler = handler<ImageRequest>(host), .body = true});
  router.add({.method = "POST", .path = "/v1/images/edits", .handler = handler<ImageEditRequest>(host), .body = true});
}

}  // namespace atelier::service
