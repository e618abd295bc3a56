#pragma once
/// Where chains are worked on: planners and tools, away from the inference thread.
///
/// Two threads with a queue each. One owns the local planner, a model of its own that nobody else touches, and runs the
/// tools; the other waits for the endpoint that the operator named. A run is one turn at a time, and goes to the end of the
/// queue in between, so that runs take turns; it ends when its client has left. A tool that asks a model of the service
/// waits for the inference thread (sketch_models.h).
#include "apps/service/engine_host.h"
#include "apps/service/sketch_requests.h"
#include "apps/service/sketch_sessions.h"
#include "text/client/chat.h"

#include <filesystem>
#include <memory>

namespace atelier::service {

struct SketchOptions {
  std::filesystem::path planner;  // the local planner's weights; empty: there is none
  text::ChatConfig endpoint;      // a multimodal model that may plan; without url: none
  SketchLimits limits;
};

class SketchDesk {
 public:
  /// @param host  not owned, must outlive the desk
  SketchDesk(const SketchOptions& options, EngineHost& host);

  /// Planners, tools, tasks and limits, for the page.
  json describe() const;
  /// A new chain. @throws ApiError
  json begin(const SketchRequest& request);
  /// As answered by begin() and branch(): {"id", "trace"}, pictures as data: URIs. @throws ApiError 404
  json shown(const std::string& id);
  /// The chain as one HTML file. @throws ApiError 404
  std::string page(const std::string& id);

  /// Sends a chain's further turns as events, the last one sketch.ended.
  /// @throws ApiError 404, 409, 501 for a planner that is not here, 503 if too many wait
  void run(const std::shared_ptr<Exchange>& exchange, const SketchRunRequest& request);
  /// Answers with the new chain, as begin() does. @throws ApiError
  void branch(const std::shared_ptr<Exchange>& exchange, const SketchBranchRequest& request);

 private:
  struct Run;
  std::unique_ptr<sketchpad::Planner> make_planner(const SketchRunRequest& request, const SketchOrigin& origin, const std::shared_ptr<Exchange>& exchange);
  bool submit(const std::shared_ptr<Run>& run);
  void turns(const std::shared_ptr<Run>& run);
  /// @return whether there may be another
  bool turn(Run& run);

  const SketchOptions options_;
  Metrics& metrics_;
  const Log& log_;
  const sketchpad::Toolbox tools_;
  SketchSessions sessions_;
  std::shared_ptr<sketchpad::Planner> local_;  // of here_ alone
  Worker here_, elsewhere_;                    // the last members: their threads use the others
};

}  // namespace atelier::service
