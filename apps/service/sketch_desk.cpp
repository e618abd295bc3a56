#include "apps/service/sketch_desk.h"

#include "apps/service/server.h"
#include "apps/service/sketch_models.h"
#include "base/compute.h"
#include "base/error.h"
#include "sketchpad/agent/endpoint_planner.h"
#include "sketchpad/agent/local_planner.h"
#include "sketchpad/agent/page.h"
#include "sketchpad/agent/rules_planner.h"
#include "sketchpad/problems/random_problems.h"

#include <ATen/Parallel.h>

namespace atelier::service {
namespace {

using sketchpad::Outcome;
using sketchpad::Trace;

/// Another planner under a name that tells a client nothing of this machine or the operator's servers.
class Named : public sketchpad::Planner {
 public:
  using Make = std::function<std::shared_ptr<sketchpad::Planner>()>;
  /// @param make  called by the first turn, on its thread
  Named(std::string name, Make make) : name_(std::move(name)), make_(std::move(make)) {}
  std::string reply(const Trace& trace, bool may_call) override {
    if (!planner_) planner_ = make_();
    try {
      return planner_->reply(trace, may_call);
    } catch (const base::ResourceError& error) {
      ApiError failure(502, "the model behind this planner does not answer", "planner_failed");
      failure.detail = error.what();
      throw failure;
    }
  }
  std::string name() const override { return name_; }

 private:
  std::string name_;
  Make make_;
  std::shared_ptr<sketchpad::Planner> planner_;
};

/// The picture of the problem of this name, or of step N as "N".
const vision::Image& picture_of(const Trace& trace, const std::string& name) {
  for (const auto& picture : trace.problem.pictures)
    if (picture.name == name) return *picture.image;
  return *trace.steps.at(std::stoul(name) - 1).seen.picture;
}

json trace_json(const Trace& trace) {
  return sketchpad::to_json(trace, [&](const std::string& name) { return vision::png_data_uri(picture_of(trace, name)); });
}

/// The last step, as trace_json writes it.
json last_step(const Trace& trace) {
  Trace alone;
  alone.steps = {trace.steps.back()};
  return trace_json(alone)["steps"][0];
}

}  // namespace

struct SketchDesk::Run {
  std::shared_ptr<Exchange> exchange;
  std::string id;
  std::shared_ptr<const SketchOrigin> origin;
  SketchSessions::Lease lease;
  std::unique_ptr<sketchpad::Planner> planner;
  Worker* worker = nullptr;
};

SketchDesk::SketchDesk(const SketchOptions& options, EngineHost& host)
    : options_(options), metrics_(host.metrics), log_(host.log), tools_(sketchpad::sketch_tools(std::make_shared<EngineModels>(host))),
      sessions_(options.limits), here_(options.limits.waiting), elsewhere_(options.limits.waiting) {}

json SketchDesk::describe() const {
  json planners = json::array();
  if (!options_.planner.empty()) planners.push_back({{"id", "local"}, {"says", "The model that ships: a small text tower that writes calls"}});
  planners.push_back({{"id", "rules"}, {"says", "Programs written by hand, for the examples alone"}});
  if (!options_.endpoint.url.empty()) planners.push_back({{"id", "endpoint"}, {"says", "The multimodal model that this service was given"}});
  return {{"planners", std::move(planners)}, {"tasks", sketchpad::tasks()}, {"tools", tools_.schema()},
          {"limits", {{"pictures", SketchRequestLimits::pictures}, {"picture_side", SketchRequestLimits::picture_side},
                      {"question_bytes", SketchRequestLimits::question_bytes}, {"sessions", options_.limits.sessions},
                      {"rest_seconds", options_.limits.rest.count() / 1000}}}};
}

json SketchDesk::begin(const SketchRequest& request) {
  auto origin = std::make_shared<SketchOrigin>(SketchOrigin{hint_of(request), to_problem(request)});
  sketchpad::Budget budget{.steps = request.steps, .seconds = request.seconds};
  budget.pixels = static_cast<int64_t>(options_.limits.session_bytes / 3);
  auto session = from_client("pictures", [&] { return std::make_shared<const sketchpad::Session>(origin->problem, budget, tools_); });
  const std::string id = sessions_.add({session, std::move(origin)});
  return {{"id", id}, {"trace", trace_json(session->trace())}};
}

json SketchDesk::shown(const std::string& id) { return {{"id", id}, {"trace", trace_json(sessions_.find(id).session->trace())}}; }

std::string SketchDesk::page(const std::string& id) { return sketchpad::trace_page(sessions_.find(id).session->trace()); }

std::unique_ptr<sketchpad::Planner> SketchDesk::make_planner(const SketchRunRequest& request, const SketchOrigin& origin, const std::shared_ptr<Exchange>& exchange) {
  const auto missing = [&](const char* says) { return ApiError(501, says, "not_supported", "planner"); };
  if (request.planner == "rules") {
    auto rules = std::make_unique<sketchpad::RulesPlanner>(0, origin.hint);
    if (!rules->knows(origin.problem.task))
      throw ApiError(400, "the rules know the examples as they are, not questions of your own; choose another planner", "no_program", "planner");
    return rules;
  }
  if (request.planner == "endpoint") {
    if (options_.endpoint.url.empty()) throw missing("this service was given no other model; `atelier serve --lm-url URL` names one");
    return std::make_unique<Named>("endpoint", [this, exchange] {
      sketchpad::EndpointPlannerOptions options;
      options.cancelled = [exchange] { return exchange->gone(); };
      return std::make_shared<sketchpad::EndpointPlanner>(options_.endpoint, tools_, options);
    });
  }
  if (options_.planner.empty()) throw missing("this model has no component planner/");
  return std::make_unique<Named>("local", [this] {
    if (!local_) {
      at::set_num_threads(base::compute().threads);  // OpenMP keeps it for each thread that begins parallel work
      local_ = std::make_shared<sketchpad::LocalPlanner>(std::make_shared<const text::TextComponent>(text::TextComponent::load(options_.planner)), tools_, "local");
    }
    return local_;
  });
}

void SketchDesk::run(const std::shared_ptr<Exchange>& exchange, const SketchRunRequest& request) {
  auto run = std::make_shared<Run>();
  run->exchange = exchange;
  run->id = request.session;
  run->origin = sessions_.find(request.session).origin;
  run->planner = make_planner(request, *run->origin, exchange);
  run->lease = sessions_.lease(request.session);
  run->worker = request.planner == "endpoint" ? &elsewhere_ : &here_;
  if (submit(run)) return;
  metrics_.refused.Increment();
  throw ApiError(503, fmt::format("{} runs are waiting already; try again", options_.limits.waiting), "queue_full");
}

bool SketchDesk::submit(const std::shared_ptr<Run>& run) {
  return run->worker->submit({[this, run] { turns(run); }, [exchange = run->exchange] { return exchange->gone(); }});
}

void SketchDesk::turns(const std::shared_ptr<Run>& run) {
  do {
    bool more = false;
    try {
      more = !run->exchange->gone() && turn(*run);
    } catch (...) {
      run->lease.reset();
      fail(*run->exchange, std::current_exception(), log_);
    }
    if (!more) return;
  } while (!submit(run));  // with a full queue those who wait have waited long enough to be told so, and this one goes on
}

bool SketchDesk::turn(Run& run) {
  if (!run.exchange->begun()) run.exchange->begin("text/event-stream");
  const auto session = std::make_shared<sketchpad::Session>(*sessions_.find(run.id).session);
  const Trace& trace = session->trace();
  const size_t before = trace.steps.size();
  {
    const StageTimer timer(metrics_, "sketch");
    const EngineModels::ForClient client(run.exchange);
    session->run(*run.planner, [](const sketchpad::Step&) { return false; });
  }
  sessions_.put(run.id, session);
  if (trace.steps.size() > before)
    run.exchange->write(event_text("sketch.step", {{"type", "sketch.step"}, {"index", before}, {"step", last_step(trace)}}));
  const bool full = trace.steps.size() >= SketchRequestLimits::steps;
  if (trace.outcome == Outcome::open && trace.steps.size() > before && !full) return true;
  json ended = {{"type", "sketch.ended"}, {"outcome", sketchpad::name_of(trace.outcome)}, {"planner", trace.planner}, {"seconds", trace.seconds()},
                {"answer", nullptr}};
  if (const auto answer = trace.answer()) {
    ended["answer"] = *answer;
    if (!run.origin->problem.answer.empty()) ended["right"] = sketchpad::is_right(run.origin->problem, *answer);
  }
  run.lease.reset();  // before the client knows: it may go on at once
  run.exchange->write(event_text("sketch.ended", ended));
  run.exchange->end();
  return false;
}

void SketchDesk::branch(const std::shared_ptr<Exchange>& exchange, const SketchBranchRequest& request) {
  const SketchChain from = sessions_.find(request.session);
  const auto& steps = from.session->trace().steps;
  const auto keep = static_cast<size_t>(request.keep);
  if (keep > steps.size()) throw ApiError(400, fmt::format("the chain has {} steps; it cannot keep {}", steps.size(), keep), "", "keep");
  if (request.moves.size() > SketchRequestLimits::moves)
    throw ApiError(400, fmt::format("at most {} steps can come in at once, not {}", SketchRequestLimits::moves, request.moves.size()), "", "moves");
  std::vector<sketchpad::Move> moves;
  for (size_t i = 0; i < request.moves.size(); ++i) moves.push_back(to_move(request.moves[i], fmt::format("moves[{}]", i)));
  const size_t behind = steps.size() - keep, gone = request.follow ? std::min(behind, static_cast<size_t>(request.skip)) : behind;
  if (keep + moves.size() + behind - gone > SketchRequestLimits::steps)
    throw ApiError(400, fmt::format("a chain has at most {} steps", SketchRequestLimits::steps), "too_long", "moves");
  const auto work = [this, exchange, from, keep, gone, id = request.session, moves = std::move(moves)] {
    try {
      const StageTimer timer(metrics_, "sketch");
      const EngineModels::ForClient client(exchange);
      auto session = std::make_shared<sketchpad::Session>(*from.session);
      session->branch_of(id);
      session->edit(keep, gone, moves, [&] {
        throw_if_gone(*exchange);
        if (session->trace().pixels() > session->trace().budget.pixels)
          throw ApiError(413, "the chain's pictures would take more room than one chain may", "chain_too_large");
      });
      const std::string made = sessions_.add({session, from.origin});
      reply_json(*exchange, {{"id", made}, {"trace", trace_json(session->trace())}});
    } catch (...) {
      fail(*exchange, std::current_exception(), log_);
    }
  };
  if (here_.submit({work, [exchange] { return exchange->gone(); }})) return;
  metrics_.refused.Increment();
  throw ApiError(503, fmt::format("{} runs are waiting already; try again", options_.limits.waiting), "queue_full");
}

}  // namespace atelier::service
