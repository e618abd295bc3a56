#pragma once
/// Data-parallel training: one process a rank, gradients summed over all of them (c10d: Gloo on CPUs, NCCL on GPUs).
#include "base/tensor.h"

#include <memory>

namespace atelier::base {

class Ranks {
 public:
  /// From the usual environment: RANK, WORLD_SIZE, MASTER_ADDR, MASTER_PORT; without WORLD_SIZE there is one rank.
  /// @throws InvalidArgument if they contradict each other, ResourceError if the others cannot be reached in time
  static Ranks from_environment();

  int64_t rank() const { return rank_; }
  bool first() const { return rank_ == 0; }

  /// Sums a contiguous fp32 tensor over all ranks, in place. Nothing to do for one rank.
  void sum(Tensor& tensor) const;
  /// This rank's part [begin, end) of n things.
  std::pair<int64_t, int64_t> share(int64_t n) const { return {n * rank_ / world_size_, n * (rank_ + 1) / world_size_}; }

 private:
  struct Group;
  int64_t rank_ = 0, world_size_ = 1;
  std::shared_ptr<Group> group_;
};

}  // namespace atelier::base
