#pragma once
/// The chains of the sketch page that the service keeps for a while: so many, so large, so long.
///
/// A chain is a value that never changes: who works on it makes the next one and puts that in its place, so that reading,
/// exporting and branching need no lock while a planner thinks. Ids are random and say nothing.
#include "apps/service/api_error.h"
#include "base/json.h"
#include "sketchpad/agent/session.h"

#include <chrono>
#include <map>
#include <memory>
#include <mutex>
#include <string>

namespace atelier::service {

struct SketchLimits {
  size_t sessions = 64;                 // beyond it the one that has rested longest goes
  size_t session_bytes = 96 << 20;      // of pictures in one chain
  size_t bytes = 384 << 20;             // of pictures in all of them, those that chains share counted in each
  std::chrono::milliseconds rest{1'800'000};  // untouched, until it goes
  size_t waiting = 16;                  // turns in each queue
};

/// Where a chain comes from; branches share it.
struct SketchOrigin {
  base::json hint = nullptr;     // for the program that answers generated questions over pictures
  sketchpad::Problem problem;    // with the answer, if the program made it up
};

struct SketchChain {
  std::shared_ptr<const sketchpad::Session> session;
  std::shared_ptr<const SketchOrigin> origin;
};

class SketchSessions {
 public:
  explicit SketchSessions(const SketchLimits& limits) : limits_(limits) {}

  /// @return its id @throws ApiError 413 if it is too large, 503 if all that could make room are at work
  std::string add(SketchChain chain);
  /// @throws ApiError 404
  SketchChain find(const std::string& id);
  /// Replaces it. @throws ApiError 413 if it has become too large: it stays as it was
  void put(const std::string& id, std::shared_ptr<const sketchpad::Session> session);

  /// Keeps a chain from going, and others from working on it, as long as it lives.
  using Lease = std::shared_ptr<void>;
  /// @throws ApiError 404, 409 if somebody works on it already
  Lease lease(const std::string& id);

  size_t size() const;

 private:
  using Clock = std::chrono::steady_clock;
  struct Entry {
    SketchChain chain;
    size_t bytes = 0;
    bool leased = false;
    Clock::time_point used;
  };
  using Entries = std::map<std::string, Entry>;

  // With the mutex held.
  Entry& at(const std::string& id);
  void forget_rested();
  void make_room(size_t bytes, const std::string& keep);
  size_t checked_bytes(const sketchpad::Session& session) const;

  const SketchLimits limits_;
  mutable std::mutex mutex_;
  Entries entries_;
};

/// Bytes of the pictures that a chain holds, each counted once. Canvases are shapes, which the tools limit.
size_t held_bytes(const sketchpad::Session& session);

}  // namespace atelier::service
