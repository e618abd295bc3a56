#pragma once
/// The engine and its thread, as endpoints use them: loading, the queue, and what is said while neither is free.
#include "apps/service/engine.h"
#include "apps/service/exchange.h"
#include "apps/service/limits.h"
#include "apps/service/log.h"
#include "apps/service/metrics.h"
#include "apps/service/worker.h"

#include <atomic>
#include <exception>
#include <functional>
#include <memory>

namespace atelier::service {

using OpenEngine = std::function<std::unique_ptr<Engine>()>;

class EngineHost {
 public:
  /// @param metrics, log  not owned
  EngineHost(const ServerLimits& limits, Metrics& metrics, const Log& log);

  /// Begins to load on the inference thread. @param failed  called there if it throws; failure() says what
  void load(OpenEngine open, std::function<void()> failed);
  bool ready() const { return ready_; }
  /// @throws ApiError 503 while it is loading
  const EngineInfo& info() const;

  /// Puts work in the queue; what it throws becomes the exchange's answer. Work whose client has left never begins.
  /// @throws ApiError 503 if the queue is full or nothing is loaded yet
  void run(const std::shared_ptr<Exchange>& exchange, std::function<void(Engine&)> work);

  /// As run(), for what waits for another server and needs no model: the inference thread goes on meanwhile.
  /// @throws ApiError 503 if too many wait already
  void run_elsewhere(const std::shared_ptr<Exchange>& exchange, std::function<void()> work);

  /// Once `failed` was called.
  std::exception_ptr failure() const;

  Metrics& metrics;
  const Log& log;

 private:
  const ServerLimits limits_;
  std::atomic<bool> ready_ = false, broken_ = false;
  std::exception_ptr failure_;  // once broken_
  std::unique_ptr<Engine> engine_;
  void submit(Worker& worker, const std::shared_ptr<Exchange>& exchange, std::function<void()> work);
  std::unique_ptr<Worker> elsewhere_;
  std::unique_ptr<Worker> worker_;  // the last member: its thread uses the others
};

/// For the step callbacks of long work. @throws Cancelled if the client has left
void throw_if_gone(const Exchange& exchange);

void reply_json(Exchange& exchange, const base::json& document);

/// One server-sent event. @param name  empty: none
std::string event_text(const std::string& name, const base::json& data);

}  // namespace atelier::service
