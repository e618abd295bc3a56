#pragma once
/// HTTP/1.1 over Boost.Beast's parser: one thread for all sockets, a few for handlers. What a client sends is bounded
/// before it is kept and what it makes us wait for has a deadline (limits.h), so that slow, silent, greedy and malformed
/// clients cost themselves and nobody else.
#include "apps/service/limits.h"
#include "apps/service/log.h"
#include "apps/service/metrics.h"
#include "apps/service/router.h"

#include <cstdint>
#include <memory>
#include <string>

namespace atelier::service {

class Server {
 public:
  /// Binds and listens. @param port  0: any that is free
  /// @param metrics, log  not owned, must outlive the server
  /// @throws InvalidArgument for an address that is none, ResourceError if it cannot be bound
  Server(const std::string& host, uint16_t port, Router router, Access access, const ServerLimits& limits, Metrics& metrics, const Log& log);
  ~Server();

  uint16_t port() const;

  /// Serves until it is drained. @param signals  SIGTERM and SIGINT drain; a second one also cancels what is in work
  void run(bool signals);

  /// From any thread: requests that are in work end, new ones get 503; then run() returns.
  void drain();
  bool draining() const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

/// Answers with what an exception means (api_error.h), in the middle of a stream as its last event; the log gets the rest.
void fail(Exchange& exchange, std::exception_ptr exception, const Log& log);

}  // namespace atelier::service
