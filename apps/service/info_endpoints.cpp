#include "apps/service/endpoints.h"

#include <string_view>

namespace atelier::service {
namespace {

json describe(const EngineModel& model, const EngineInfo& info) {
  return {{"id", model.id}, {"object", "model"}, {"created", 0}, {"owned_by", "atelier"}, {"description", model.says},
          {"architecture", {{"input_modalities", model.input}, {"output_modalities", model.output}}}, {"context_length", info.context_tokens}};
}

json capabilities(const EngineInfo& info, const ServerLimits& limits) {
  return {{"name", info.name},
          {"version", info.version},
          {"model_hash", info.hash},
          {"chat", {{"model", info.chat}, {"context_tokens", info.context_tokens}, {"pictures", info.answers_pictures}, {"draws", !info.draw.empty()}}},
          {"images", {{"model", info.draw}, {"sizes", json::array({fmt::format("{0}x{0}", info.picture_size)})}, {"styles", info.styles},
                      {"samplers", info.samplers}, {"formats", {"png", "jpeg"}}}},
          {"embeddings", {{"model", info.embed}, {"dimension", info.embedding_dimension}}},
          {"memory", {{"there", info.memory_documents >= 0}, {"documents", std::max<int64_t>(0, info.memory_documents)}}},
          {"limits", {{"body_bytes", limits.body_bytes}, {"picture_bytes", kUploadBytes}, {"pictures", RequestLimits::pictures},
                      {"text_bytes", RequestLimits::text_bytes}, {"embedding_inputs", RequestLimits::inputs}, {"tokens", RequestLimits::tokens},
                      {"pixel_steps", RequestLimits::pixel_steps}, {"queue", limits.queue},
                      {"request_seconds", limits.request.count() / 1000}}}};
}

/// 503 with what is the matter, in the error's shape as well, for clients that only know that one.
void unavailable(Exchange& exchange, const char* status, const char* sentence) {
  json body = base::parse_json(error_body(ApiError(503, sentence, status)), "error");
  body["status"] = status;
  HttpReply reply;
  reply.status = 503;
  reply.body = base::dump_json(body);
  reply.headers.emplace_back("Retry-After", "5");
  exchange.reply(std::move(reply));
}

void one_model(EngineHost& host, Exchange& exchange) {
  const std::string id = exchange.request().path.substr(std::string_view("/v1/models/").size());
  for (const EngineModel& model : host.info().models)
    if (model.id == id) return reply_json(exchange, describe(model, host.info()));
  throw ApiError(404, fmt::format("there is no model {}; /v1/models lists them", base::shown(id)), "model_not_found", "model");
}

}  // namespace

void add_info_endpoints(Router& router, EngineHost& host, const ServerLimits& limits, std::function<bool()> draining) {
  const auto get = [&](const char* path, bool open, std::function<void(Exchange&)> answer) {
    router.add({.method = "GET", .path = path, .handler = [answer](const std::shared_ptr<Exchange>& exchange) { answer(*exchange); }, .open = open});
  };
  get("/v1/models", false, [&host](Exchange& exchange) {
    json models = json::array();
    for (const EngineModel& model : host.info().models) models.push_back(describe(model, host.info()));
    reply_json(exchange, {{"object", "list"}, {"data", std::move(models)}});
  });
  get("/v1/models/*", false, [&host](Exchange& exchange) { one_model(host, exchange); });
  get("/v1/capabilities", false, [&host, limits](Exchange& exchange) { reply_json(exchange, capabilities(host.info(), limits)); });
  get("/health", true, [&host, draining](Exchange& exchange) {
    if (draining()) return unavailable(exchange, "draining", "the service is shutting down");
    if (!host.ready()) return unavailable(exchange, "loading", "the models are being loaded");
    reply_json(exchange, {{"status", "ok"}});
  });
  get("/metrics", false, [&host](Exchange& exchange) {
    HttpReply reply;
    reply.content_type = "text/plain; version=0.0.4; charset=utf-8";
    reply.body = host.metrics.text();
    exchange.reply(std::move(reply));
  });
  get("/openapi.json", true, [](Exchange& exchange) { reply_json(exchange, openapi()); });
}

}  // namespace atelier::service
