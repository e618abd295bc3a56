#pragma once
/// The API's endpoints: each parses into a typed request on a handler's thread (requests.h), puts work in the engine's
/// queue and answers from there. OpenAI's shapes wherever OpenAI has one.
#include "apps/service/engine_host.h"
#include "apps/service/requests.h"
#include "apps/service/router.h"

namespace atelier::service {

/// POST /v1/chat/completions
void add_chat_endpoint(Router& router, EngineHost& host);
/// POST /v1/images/generations, /v1/images/edits
void add_image_endpoints(Router& router, EngineHost& host);
/// POST /v1/embeddings, /v1/memory/search
void add_search_endpoints(Router& router, EngineHost& host);
/// GET /v1/models, /v1/capabilities, /health, /metrics, /openapi.json
/// @param draining  asked for /health
void add_info_endpoints(Router& router, EngineHost& host, const ServerLimits& limits, std::function<bool()> draining);

/// The API's description, made from the structs that its requests are read into.
json openapi();

/// The body of a request as its task. @throws ApiError
template <class Request>
auto parse(EngineHost& host, const Exchange& exchange) {
  const StageTimer timer(host.metrics, "parse");
  const EngineInfo& info = host.info();
  Source source;
  const json document = parse_body(exchange.request().body, exchange.request().content_type, source);
  return to_job(read_request<Request>(document, source), info);
}

}  // namespace atelier::service
