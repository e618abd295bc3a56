#include "apps/commands.h"
#include "apps/model_folder.h"
#include "apps/service/service.h"
#include "apps/service/starter_engine.h"
#include "apps/usage.h"
#include "base/error.h"
#include "base/progress.h"

#include <memory>

namespace atelier::apps {
namespace {

struct ServeArguments {
  service::ServiceOptions options;
  text::ChatConfig server;
  std::string model, memory, key_file, log = "text";
  int64_t port = 8080, queue = service::ServerLimits().queue;
};

void serve(ServeArguments a) {
  service::StarterOptions models{a.model.empty() ? default_model_folder() : std::filesystem::path(a.model), a.memory, a.server};
  read_model_info(models.model);  // what is plainly missing is said before anything is opened
  if (models.memory.empty() && std::filesystem::exists(models.model / "memory")) models.memory = models.model / "memory";
  // A client waits for it, and nobody else.
  models.server.timeout = std::chrono::seconds(60);
  if (std::filesystem::exists(models.model / "planner/config.json")) a.options.sketch.planner = models.model / "planner";
  a.options.sketch.endpoint = a.server;
  a.options.sketch.endpoint.retries = 1;  // somebody is watching
  a.options.port = static_cast<uint16_t>(a.port);
  a.options.api_key_file = a.key_file;
  a.options.log_json = a.log == "json";
  a.options.limits.queue = static_cast<size_t>(a.queue);
  service::Service server(a.options, [models] { return service::open_starter_engine(models); });
  base::say(fmt::format("http://{0}:{1}/v1, and a page at http://{0}:{1}/sketch", a.options.host, server.port()));
  server.run(true);
}

}  // namespace

void add_serve_command(CLI::App& app) {
  auto a = std::make_shared<ServeArguments>();
  CLI::App* command = app.add_subcommand("serve", "Answer over HTTP, in the shapes of OpenAI's API");
  command->footer(
      "POST /v1/chat/completions, /v1/images/generations, /v1/images/edits, /v1/embeddings, /v1/memory/search\n"
      "GET  /v1/models, /v1/capabilities, /health, /metrics, /openapi.json; /sketch is a page for people\n"
      "\n"
      "SIGTERM and Ctrl-C end what is in work and then the service; a second one stops at once. To be reached from other\n"
      "machines it needs keys, and TLS in front of it (nginx, Caddy).\n"
      "\n"
      "Examples:\n"
      "  atelier serve\n"
      "  atelier serve --host 0.0.0.0 --api-key-file keys.txt --memory ~/pictures.memory --log json\n"
      "  curl http://127.0.0.1:8080/v1/images/generations -H 'Content-Type: application/json' \\\n"
      "    -d '{\"prompt\": \"a red apple\", \"seed\": 7}'");
  command->add_option("--host", a->options.host, "Address to listen at; any but this machine's own needs --api-key-file")->capture_default_str();
  command->add_option("--port", a->port, "Port; 0: any that is free")->check(in_range(0, 65535))->capture_default_str();
  command->add_option("-m,--model", a->model, "Model folder (default: the starter model)");
  command->add_option("--memory", a->memory, "Memory to search and to draw with (default: the model's own, if it has one)")->check(existing_folder());
  auto* url = command->add_option("--lm-url", a->server.url, "OpenAI-compatible server that answers from captions (default: the model's reader); key: OPENAI_API_KEY");
  command->add_option("--lm-model", a->server.model, "Model to ask for there")->needs(url);
  command->add_option("--api-key-file", a->key_file, "Keys that may ask, one a line")->check(existing_file());
  command->add_option("--origin", a->options.origins, "A web page's origin that may ask, such as https://chat.example; repeatable");
  command->add_option("--queue", a->queue, "Requests that may wait for the model")->check(in_range(1, 1000))->capture_default_str();
  command->add_option("--log", a->log, "text or json, on stderr")->check(CLI::IsMember({"text", "json"}))->capture_default_str();
  command->callback([a] { serve(*a); });
}

}  // namespace atelier::apps
