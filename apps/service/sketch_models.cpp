#include "apps/service/sketch_models.h"

#include "apps/service/api_error.h"
#include "base/error.h"

#include <future>

namespace atelier::service {
namespace {

using sketchpad::Models;
using namespace std::chrono_literals;

constexpr auto kLook = 20ms;       // between two looks whether the client is still there
constexpr auto kPatience = 120s;   // for what is not drawn step by step: the longest that its tools may take

thread_local std::shared_ptr<Exchange> waiting;

/// @param work      gets the models and what to call at each step; it may outlive this call, so it owns what it uses
/// @param on_look   called here, on the thread that waits; what it throws ends the work
template <class Work>
auto on_inference_thread(EngineHost& host, Work work, const std::function<void()>& on_look) {
  using Result = std::invoke_result_t<Work, Models&, const std::function<void()>&>;
  ASSERT(waiting);
  const std::shared_ptr<Exchange> exchange = waiting;
  const auto left = std::make_shared<std::atomic<bool>>(false);
  auto task = std::make_shared<std::packaged_task<Result(Engine&)>>([&host, exchange, left, work = std::move(work)](Engine& engine) {
    const std::function<void()> stop_if_left = [&] {
      if (*left) throw base::Cancelled();
      throw_if_gone(*exchange);
    };
    stop_if_left();
    const StageTimer timer(host.metrics, "tool");
    Models* models = engine.tools();
    REQUIRE(models, "this service has no models for it");
    return work(*models, stop_if_left);
  });
  try {
    std::future<Result> result = task->get_future();
    host.run(exchange, [task](Engine& engine) { (*task)(engine); });
    task.reset();  // the queue alone holds it: if it is dropped there, nobody waits for ever
    while (result.wait_for(kLook) != std::future_status::ready) {
      throw_if_gone(*exchange);
      on_look();
    }
    return result.get();
  } catch (const std::future_error&) {
    throw base::Cancelled();  // the service ends
  } catch (const ApiError& error) {
    throw base::InvalidArgument(error.what());  // the models are being loaded, or too many wait
  } catch (const base::InvalidFile& error) {
    host.log.event("error", "failed", {{"request", exchange->request().id}, {"reason", error.what()}});
    throw base::InvalidArgument("a file behind this service is damaged; its log says which");  // and no path to a client
  } catch (...) {
    *left = true;
    throw;
  }
}

std::function<void()> patience() {
  return [until = std::chrono::steady_clock::now() + kPatience] {
    REQUIRE(std::chrono::steady_clock::now() < until, "the models have more to do than they can; try again");
  };
}

}  // namespace

EngineModels::ForClient::ForClient(std::shared_ptr<Exchange> exchange) {
  ASSERT(!waiting);
  waiting = std::move(exchange);
}
EngineModels::ForClient::~ForClient() { waiting.reset(); }

std::vector<double> EngineModels::similarities(const vision::Image& picture, const std::vector<std::shared_ptr<const vision::Image>>& others,
                                               const std::vector<std::string>& texts) {
  return on_inference_thread(
      host_, [picture, others, texts](Models& models, const auto&) { return models.similarities(picture, others, texts); }, patience());
}

sketchpad::Answered EngineModels::answer(const vision::Image& picture, const std::string& question) {
  return on_inference_thread(host_, [picture, question](Models& models, const auto&) { return models.answer(picture, question); }, patience());
}

std::vector<sketchpad::Recalled> EngineModels::recall(const std::string* text, const vision::Image* picture, int64_t count) {
  const auto copy = [](const auto* value) { return value ? std::optional(*value) : std::nullopt; };
  return on_inference_thread(
      host_,
      [words = copy(text), seen = copy(picture), count](Models& models, const auto&) {
        return models.recall(words ? &*words : nullptr, seen ? &*seen : nullptr, count);
      },
      patience());
}

vision::Image EngineModels::imagine(const std::string& prompt, int64_t steps, uint64_t seed, const std::function<void()>& on_step) {
  return on_inference_thread(
      host_,
      [&metrics = host_.metrics, prompt, steps, seed](Models& models, const std::function<void()>& stop_if_left) {
        vision::Image drawn = models.imagine(prompt, steps, seed, [&] {
          stop_if_left();
          metrics.steps.Increment();
        });
        metrics.pictures.Increment();
        return drawn;
      },
      on_step);
}

}  // namespace atelier::service
