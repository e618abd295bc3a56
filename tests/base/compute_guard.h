#pragma once
#include "base/compute.h"

namespace atelier::tests {

/// Another choice of precision and threads for one test; after it what a test finds without one.
class ComputeGuard {
 public:
  explicit ComputeGuard(const base::ComputeOptions& options) { base::initialise_compute(options); }
  ~ComputeGuard() { base::initialise_compute({.device = "cpu", .dtype = "fp32", .threads = 1}); }
  ComputeGuard(const ComputeGuard&) = delete;
  ComputeGuard& operator=(const ComputeGuard&) = delete;
};

}  // namespace atelier::tests
