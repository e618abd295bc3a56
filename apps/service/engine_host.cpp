#include "apps/service/engine_host.h"

#include "apps/service/server.h"
#include "base/error.h"

namespace atelier::service {
namespace {

constexpr size_t kElsewhere = 8;  // requests that wait for another server at a time

}  // namespace

EngineHost::EngineHost(const ServerLimits& limits, Metrics& metrics, const Log& log)
    : metrics(metrics), log(log), limits_(limits), elsewhere_(std::make_unique<Worker>(limits.queue, kElsewhere)),
      worker_(std::make_unique<Worker>(limits.queue)) {}

void EngineHost::load(OpenEngine open, std::function<void()> failed) {
  const auto work = [this, open = std::move(open), failed = std::move(failed)] {
    const auto start = std::chrono::steady_clock::now();
    try {
      engine_ = open();
    } catch (...) {
      failure_ = std::current_exception();
      broken_ = true;
      return failed();
    }
    ready_ = true;
    const EngineInfo& info = engine_->info();
    log.event("info", "ready", {{"model", info.name}, {"hash", info.hash},
                                {"seconds", std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count()}});
  };
  worker_->submit({work, [] { return false; }});
}

std::exception_ptr EngineHost::failure() const { return broken_ ? failure_ : nullptr; }

const EngineInfo& EngineHost::info() const {
  if (!ready_) throw ApiError(503, "the models are being loaded; try again soon", "loading");
  return engine_->info();
}

void EngineHost::run(const std::shared_ptr<Exchange>& exchange, std::function<void(Engine&)> work) {
  info();
  const auto asked = std::chrono::steady_clock::now();
  submit(*worker_, exchange, [this, asked, work = std::move(work)] {
    metrics.stage("queue", std::chrono::duration<double>(std::chrono::steady_clock::now() - asked).count());
    metrics.waiting.Set(static_cast<double>(worker_->waiting()));
    work(*engine_);
  });
  metrics.waiting.Set(static_cast<double>(worker_->waiting()));
}

void EngineHost::run_elsewhere(const std::shared_ptr<Exchange>& exchange, std::function<void()> work) { submit(*elsewhere_, exchange, std::move(work)); }

void EngineHost::submit(Worker& worker, const std::shared_ptr<Exchange>& exchange, std::function<void()> work) {
  Worker::Job job;
  job.abandoned = [exchange] { return exchange->gone(); };
  job.run = [this, exchange, work = std::move(work)] {
    try {
      work();
    } catch (...) {
      fail(*exchange, std::current_exception(), log);
    }
  };
  if (worker.submit(std::move(job))) return;
  metrics.refused.Increment();
  throw ApiError(503, fmt::format("{} requests are waiting already; try again", limits_.queue), "queue_full");
}

void throw_if_gone(const Exchange& exchange) {
  if (exchange.gone()) throw base::Cancelled();
}

void reply_json(Exchange& exchange, const base::json& document) {
  HttpReply reply;
  reply.body = base::dump_json(document);
  exchange.reply(std::move(reply));
}

std::string event_text(const std::string& name, const base::json& data) {
  return (name.empty() ? "" : "event: " + name + "\n") + "data: " + base::dump_json(data) + "\n\n";
}

}  // namespace atelier::service
