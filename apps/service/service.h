#pragma once
/// `atelier serve`: the models behind an HTTP API in OpenAI's shapes.
///
///   sockets (session.h)   one thread: reads requests within limits and deadlines, writes answers
///   handlers (router.h)   a few threads: bytes to typed requests, pictures decoded (requests.h, fields.h)
///   engine (engine.h)     one thread owns the models; a bounded queue in front of it (engine_host.h)
///   desk (sketch_desk.h)  planners and drawing tools of the sketch page, on threads of their own
///
/// A request goes down this list and its answer comes back up through an Exchange (exchange.h); a client that leaves
/// stops what was done for it at the next step or token. More endpoints and pages are more routes.
#include "apps/service/engine_host.h"
#include "apps/service/server.h"
#include "apps/service/sketch_desk.h"

#include <filesystem>
#include <memory>
#include <string>
#include <vector>

namespace atelier::service {

struct ServiceOptions {
  std::string host = "127.0.0.1";
  uint16_t port = 8080;               // 0: any that is free
  std::filesystem::path api_key_file; // empty: no keys
  std::vector<std::string> origins;   // of web pages that may ask, "https://chat.example"
  bool log_json = false;
  ServerLimits limits;
  SketchOptions sketch;               // the page's planners
};

class Service {
 public:
  /// Listens and begins to load; answers once run() is called.
  /// @throws InvalidArgument, InvalidFile for the key file, ResourceError if the port is taken
  Service(const ServiceOptions& options, OpenEngine open);
  ~Service();

  uint16_t port() const { return server_->port(); }
  /// Until drained. @throws what loading the engine threw
  void run(bool signals);
  /// From any thread.
  void drain() { server_->drain(); }

 private:
  Metrics metrics_;
  Log log_;
  std::unique_ptr<Server> server_;
  std::unique_ptr<EngineHost> host_;  // behind the server: its last answers still go there
  std::unique_ptr<SketchDesk> desk_;  // as well
};

}  // namespace atelier::service
