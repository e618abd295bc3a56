#pragma once
/// The one thread that owns the models, and the bounded queue in front of it.
#include <condition_variable>
#include <deque>
#include <functional>
#include <mutex>
#include <thread>

namespace atelier::service {

class Worker {
 public:
  struct Job {
    std::function<void()> run;         // must not throw
    std::function<bool()> abandoned;   // true: nobody waits any more, and it need not run
  };

  explicit Worker(size_t capacity) : capacity_(capacity), thread_([this] { work(); }) {}
  /// Lets the running job end; those that wait are dropped.
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
  std::thread thread_;  // the last member: it uses the others
};

}  // namespace atelier::service
