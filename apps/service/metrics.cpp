#include "apps/service/metrics.h"

#include <prometheus/text_serializer.h>

namespace atelier::service {
namespace {

const prometheus::Histogram::BucketBoundaries kSeconds = {0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 120, 300};

}  // namespace

template <class Metric>
Metric& Metrics::add(const char* name, const char* help) {
  if constexpr (std::is_same_v<Metric, prometheus::Gauge>) {
    return prometheus::BuildGauge().Name(name).Help(help).Register(registry_).Add({});
  } else {
    return prometheus::BuildCounter().Name(name).Help(help).Register(registry_).Add({});
  }
}

Metrics::Metrics()
    : connections(add<prometheus::Gauge>("atelier_connections", "Open connections")),
      waiting(add<prometheus::Gauge>("atelier_queue_length", "Requests that wait for the model")),
      pictures(add<prometheus::Counter>("atelier_pictures_total", "Pictures drawn")),
      steps(add<prometheus::Counter>("atelier_denoising_steps_total", "Denoising steps taken")),
      prompt_tokens(add<prometheus::Counter>("atelier_prompt_tokens_total", "Tokens read")),
      completion_tokens(add<prometheus::Counter>("atelier_completion_tokens_total", "Tokens written")),
      refused(add<prometheus::Counter>("atelier_queue_full_total", "Requests refused because the queue was full")),
      left(add<prometheus::Counter>("atelier_clients_left_total", "Clients that left before their answer was done")),
      requests_(prometheus::BuildCounter().Name("atelier_requests_total").Help("Requests answered").Register(registry_)),
      request_seconds_(prometheus::BuildHistogram().Name("atelier_request_seconds").Help("From a request's first byte to its answer's last").Register(registry_)),
      stage_seconds_(prometheus::BuildHistogram().Name("atelier_stage_seconds").Help("What the stages of requests took").Register(registry_)) {
  for (const char* name : {"parse", "queue", "retrieve", "draw", "encode", "embed", "search", "first_token", "answer"})
    stage_seconds_.Add({{"stage", name}}, kSeconds);
}

void Metrics::request(const std::string& route, int status, double seconds) {
  requests_.Add({{"route", route}, {"status", std::to_string(status)}}).Increment();
  request_seconds_.Add({{"route", route}}, kSeconds).Observe(seconds);
}

void Metrics::stage(const std::string& name, double seconds) { stage_seconds_.Add({{"stage", name}}, kSeconds).Observe(seconds); }

std::string Metrics::text() const { return prometheus::TextSerializer().Serialize(registry_.Collect()); }

}  // namespace atelier::service
