#pragma once
/// Prometheus' numbers (GET /metrics). Labels come from fixed sets: routes, status codes and stages of ours, never from a
/// client's words.
#include <prometheus/counter.h>
#include <prometheus/gauge.h>
#include <prometheus/histogram.h>
#include <prometheus/registry.h>

#include <chrono>
#include <string>
#include <utility>

namespace atelier::service {

class Metrics {
  prometheus::Registry registry_;  // the first member: the others live in it

 public:
  Metrics();
  Metrics(const Metrics&) = delete;

  /// A request that was answered. @param route  as in the router's table, or "other"
  void request(const std::string& route, int status, double seconds);
  /// Seconds that a stage of a request took: parse, queue, retrieve, draw, encode, embed, search, first_token, answer, sketch.
  void stage(const std::string& name, double seconds);

  prometheus::Gauge& connections;
  prometheus::Gauge& waiting;     // requests in the queue
  prometheus::Counter& pictures;  // drawn
  prometheus::Counter& steps;     // denoising steps
  prometheus::Counter& prompt_tokens;
  prometheus::Counter& completion_tokens;
  prometheus::Counter& refused;   // because the queue was full
  prometheus::Counter& left;      // clients that left before their answer

  /// In Prometheus' text format.
  std::string text() const;

 private:
  template <class Metric>
  Metric& add(const char* name, const char* help);
  prometheus::Family<prometheus::Counter>& requests_;
  prometheus::Family<prometheus::Histogram>& request_seconds_;
  prometheus::Family<prometheus::Histogram>& stage_seconds_;
};

/// Observes a stage from here to its scope's end.
class StageTimer {
 public:
  StageTimer(Metrics& metrics, std::string stage) : metrics_(metrics), stage_(std::move(stage)), start_(std::chrono::steady_clock::now()) {}
  ~StageTimer() { metrics_.stage(stage_, std::chrono::duration<double>(std::chrono::steady_clock::now() - start_).count()); }
  StageTimer(const StageTimer&) = delete;

 private:
  Metrics& metrics_;
  std::string stage_;
  std::chrono::steady_clock::time_point start_;
};

}  // namespace atelier::service
