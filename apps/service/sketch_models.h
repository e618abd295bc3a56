#pragma once
/// The engine's models for the tools of a chain.
///
/// A chain is worked on by a thread of the desk; models belong to the inference thread. So a call goes into that thread's
/// queue, with all that it needs, and the desk's thread waits: until the answer is there, or the client of the chain has
/// left, or the tool's time is over, or the service has dropped its queue. Work that nobody waits for any more ends at its
/// next step, or never begins. The inference thread never waits for the desk.
#include "apps/service/engine_host.h"

namespace atelier::service {

class EngineModels : public sketchpad::Models {
 public:
  /// @param host  not owned
  explicit EngineModels(EngineHost& host) : host_(host) {}

  /// Whose client waits for what this thread does with tools, as long as it lives. One a thread.
  class ForClient {
   public:
    explicit ForClient(std::shared_ptr<Exchange> exchange);
    ~ForClient();
    ForClient(const ForClient&) = delete;
  };

  /// Each with a ForClient on its thread. @throws Cancelled if the client has left, InvalidArgument while the models are
  ///   being loaded, if too many wait for them or they take too long, and as sketchpad::Models
  std::vector<double> similarities(const vision::Image& picture, const std::vector<std::shared_ptr<const vision::Image>>& others,
                                   const std::vector<std::string>& texts) override;
  sketchpad::Answered answer(const vision::Image& picture, const std::string& question) override;
  std::vector<sketchpad::Recalled> recall(const std::string* text, const vision::Image* picture, int64_t count) override;
  /// @param on_step  called now and then while the picture is drawn, and while it waits for its turn
  vision::Image imagine(const std::string& prompt, int64_t steps, uint64_t seed, const std::function<void()>& on_step) override;

 private:
  EngineHost& host_;
};

}  // namespace atelier::service
