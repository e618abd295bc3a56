#pragma once
/// The one thread that owns the models, or a few that own nothing, and the bounded queue in front of them.
#include <condition_variable>
#include <deque>
#include <functional>
#include <mutex>
#include <thread>
#include <vector>

namespace atelier::service {

class Worker {
 public:
  struct Job {
    std::function<void()> run;         // must not throw
    std::function<bool()> abandoned;   // true: nobody waits any more, and it need not run
  };

  /// @param capacity  jobs that may wait
  explicit Worker(size_t capacity, size_t threads = 1);
  /// Lets the running jobs end; those that wait are dropped.
  ~Worker();

  /// @return false if as many jobs wait as may; abandoned ones do not count
  bool submit(Job job);
  size_t waiting() const;

 private:
  void work();
  const size_t capacity_;
  mutable std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<Job> jobs_;
  bool stopped_ = false;
  std::vector<std::thread> threads_;  // the last member: they use the others
};

}  // namespace atelier::service
