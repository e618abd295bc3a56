#include "apps/service/sketch_endpoints.h"

#include "apps/service/engine_host.h"
#include "sketchpad/problems/random_problems.h"

#include <string_view>

namespace atelier::service {
namespace {

template <class Request>
Request read(const Exchange& exchange) {
  Source source;
  const json document = parse_body(exchange.request().body, exchange.request().content_type, source);
  return read_request<Request>(document, source);
}

/// What a person sees of an example: everything but the answer.
json example(const SketchProblemRequest& request) {
  const sketchpad::Problem problem = sketchpad::random_problem(request.task, static_cast<uint64_t>(request.seed)).problem;
  const auto data_uri = [&](const std::string& name) {
    for (const auto& picture : problem.pictures)
      if (picture.name == name) return vision::png_data_uri(*picture.image);
    return std::string();
  };
  json out = sketchpad::to_json(problem, data_uri);
  out["seed"] = request.seed;
  return out;
}

void exported(SketchDesk& desk, Exchange& exchange) {
  constexpr std::string_view kBelow = "/v1/sketch/sessions/", kPage = "/page.html";
  std::string id = exchange.request().path.substr(kBelow.size());
  if (!id.ends_with(kPage)) return reply_json(exchange, desk.shown(id));
  HttpReply reply;
  reply.body = desk.page(id.substr(0, id.size() - kPage.size()));
  reply.content_type = "text/html; charset=utf-8";
  // Its own policy, within, is narrower: it names the style sheet by its hash.
  reply.headers = {{"Content-Security-Policy", "default-src 'none'; img-src data:; style-src 'unsafe-inline'; sandbox"}};
  exchange.reply(std::move(reply));
}

}  // namespace

void add_sketch_endpoints(Router& router, SketchDesk& desk) {
  using Pointer = std::shared_ptr<Exchange>;
  const auto get = [&](const char* path, Handler handler) { router.add({.method = "GET", .path = path, .handler = std::move(handler)}); };
  const auto post = [&](const char* path, Handler handler) { router.add({.method = "POST", .path = path, .handler = std::move(handler), .body = true}); };
  get("/v1/sketch", [&desk](const Pointer& exchange) { reply_json(*exchange, desk.describe()); });
  get("/v1/sketch/sessions/*", [&desk](const Pointer& exchange) { exported(desk, *exchange); });
  post("/v1/sketch/problems", [](const Pointer& exchange) { reply_json(*exchange, example(read<SketchProblemRequest>(*exchange))); });
  post("/v1/sketch/sessions", [&desk](const Pointer& exchange) { reply_json(*exchange, desk.begin(read<SketchRequest>(*exchange))); });
  post("/v1/sketch/run", [&desk](const Pointer& exchange) { desk.run(exchange, read<SketchRunRequest>(*exchange)); });
  post("/v1/sketch/branches", [&desk](const Pointer& exchange) { desk.branch(exchange, read<SketchBranchRequest>(*exchange)); });
}

}  // namespace atelier::service
