#include "apps/service/sketch_sessions.h"

#include <fmt/format.h>

#include <random>
#include <set>

namespace atelier::service {
namespace {

/// 128 bits of the system's randomness: nobody guesses another's.
std::string new_id() {
  std::random_device random;
  return fmt::format("{:08x}{:08x}{:08x}{:08x}", random(), random(), random(), random());
}

}  // namespace

size_t held_bytes(const sketchpad::Session& session) {
  std::set<const vision::Image*> pictures;
  const auto add = [&](const std::shared_ptr<const vision::Image>& picture) {
    if (picture) pictures.insert(picture.get());
  };
  for (const auto& named : session.trace().problem.pictures) add(named.image);
  for (const auto& step : session.trace().steps) add(step.seen.picture);
  const sketchpad::Sheet& sheet = session.sheet();
  for (const std::string& name : sheet.names())
    if (!sheet.is_canvas(name)) add(sheet.picture(name));
  size_t bytes = 0;
  for (const vision::Image* picture : pictures) bytes += picture->pixels.size();
  return bytes;
}

size_t SketchSessions::checked_bytes(const sketchpad::Session& session) const {
  const size_t bytes = held_bytes(session);
  if (bytes > limits_.session_bytes)
    throw ApiError(413, fmt::format("the chain's pictures would take {} MB; at most {} are kept", bytes >> 20, limits_.session_bytes >> 20), "chain_too_large");
  return bytes;
}

SketchSessions::Entry& SketchSessions::at(const std::string& id) {
  forget_rested();
  const auto found = entries_.find(id);
  if (found == entries_.end())
    throw ApiError(404, fmt::format("there is no such chain, or it has rested for more than {} minutes; ask again",
                                    std::chrono::duration_cast<std::chrono::minutes>(limits_.rest).count()), "session_not_found", "session");
  found->second.used = Clock::now();
  return found->second;
}

void SketchSessions::forget_rested() {
  const auto now = Clock::now();
  std::erase_if(entries_, [&](const auto& entry) { return !entry.second.leased && now - entry.second.used > limits_.rest; });
}

void SketchSessions::make_room(size_t bytes, const std::string& keep) {
  const auto full = [&] {
    size_t all = bytes, others = 0;
    for (const auto& [id, entry] : entries_) {
      if (id == keep) continue;
      all += entry.bytes, ++others;
    }
    return others + 1 > limits_.sessions || all > limits_.bytes;
  };
  while (full()) {
    auto oldest = entries_.end();
    for (auto entry = entries_.begin(); entry != entries_.end(); ++entry)
      if (!entry->second.leased && entry->first != keep && (oldest == entries_.end() || entry->second.used < oldest->second.used)) oldest = entry;
    if (oldest == entries_.end()) throw ApiError(503, "all the chains that fit here are at work; try again", "busy");
    entries_.erase(oldest);
  }
}

std::string SketchSessions::add(SketchChain chain) {
  const size_t bytes = checked_bytes(*chain.session);
  const std::string id = new_id();
  const std::lock_guard lock(mutex_);
  forget_rested();
  make_room(bytes, id);
  entries_[id] = {std::move(chain), bytes, false, Clock::now()};
  return id;
}

SketchChain SketchSessions::find(const std::string& id) {
  const std::lock_guard lock(mutex_);
  return at(id).chain;
}

void SketchSessions::put(const std::string& id, std::shared_ptr<const sketchpad::Session> session) {
  const size_t bytes = checked_bytes(*session);
  const std::lock_guard lock(mutex_);
  Entry& entry = at(id);
  make_room(bytes, id);
  entry.bytes = bytes;
  entry.chain.session = std::move(session);
}

SketchSessions::Lease SketchSessions::lease(const std::string& id) {
  const std::lock_guard lock(mutex_);
  Entry& entry = at(id);
  if (entry.leased) throw ApiError(409, "a planner is at work on this chain already", "at_work", "session");
  entry.leased = true;
  return Lease(&entry, [this, id](void*) {
    const std::lock_guard releasing(mutex_);
    if (const auto found = entries_.find(id); found != entries_.end()) found->second.leased = false, found->second.used = Clock::now();
  });
}

size_t SketchSessions::size() const {
  const std::lock_guard lock(mutex_);
  return entries_.size();
}

}  // namespace atelier::service
