#pragma once
/// What one client, and all of them together, may take. Every number is checked before memory or time is spent; tests
/// shrink them.
#include <chrono>
#include <cstddef>
#include <cstdint>

namespace atelier::service {

struct ServerLimits {
  using Time = std::chrono::milliseconds;

  // A request.
  size_t head_bytes = 16 << 10, fields = 100, target_bytes = 8 << 10;
  size_t body_bytes = 48 << 20;           // counted as it comes, however it is framed
  // All of them.
  size_t bodies_bytes = 512 << 20;        // of requests that are being read or answered
  size_t connections = 1024;              // beyond it the one that has been idle longest is closed
  size_t connections_per_address = 512;
  size_t queue = 32;                      // requests that wait for the model
  size_t unsent_bytes = 16 << 20;         // of a reply that its client does not read
  // Deadlines of whole phases, not of single reads.
  Time idle{60'000}, head{10'000}, body{60'000}, request{600'000}, write{30'000}, linger{2'000}, drain{60'000};
};

}  // namespace atelier::service
