#include "base/allocator.h"

#include "base/machine.h"

#include <c10/core/Allocator.h>
#include <c10/core/CPUAllocator.h>
#include <sys/mman.h>

#include <bit>
#include <cstdlib>
#include <mutex>
#include <new>
#include <unordered_map>
#include <vector>

namespace atelier::base {
namespace {

constexpr size_t kAlignment = 64;             // a cache line, and what AVX512 loads want
constexpr size_t kHugePage = size_t{2} << 20;
constexpr size_t kSmallestCached = 64 << 10;  // below it malloc's own lists are as quick

/// Stands in front of each block.
struct alignas(kAlignment) Header {
  size_t size;  // of header and block; of the class, if cached
};

/// Eight sizes for each doubling: at most an eighth of a block is unused.
size_t size_class(size_t bytes) {
  const size_t step = std::bit_floor(bytes) / 8;
  return (bytes + step - 1) / step * step;
}

class CachingAllocator final : public c10::Allocator {
 public:
  static CachingAllocator& instance() {
    static auto* const allocator = new CachingAllocator;  // outlives every tensor in a static variable
    return *allocator;
  }

  c10::DataPtr allocate(size_t bytes) override {
    void* const block = bytes == 0 ? nullptr : take(bytes);
    return {block, block, &give_back, c10::Device(c10::kCPU)};
  }

  c10::DeleterFnPtr raw_deleter() const override { return &give_back; }

  void copy_data(void* to, const void* from, size_t bytes) const override { default_copy_data(to, from, bytes); }

  void release() {
    std::unordered_map<size_t, std::vector<Header*>> released;
    {
      const std::lock_guard lock(mutex_);
      released.swap(waiting_);
      waiting_bytes_ = 0;
    }
    for (auto& [size, blocks] : released)
      for (Header* const block : blocks) std::free(block);
  }

  int64_t waiting_bytes() {
    const std::lock_guard lock(mutex_);
    return static_cast<int64_t>(waiting_bytes_);
  }

 private:
  void* take(size_t bytes) {
    if (bytes > SIZE_MAX / 2) throw std::bad_alloc();
    size_t size = bytes + sizeof(Header);
    if (size >= kSmallestCached) {
      size = size_class(size);
      const std::lock_guard lock(mutex_);
      if (const auto found = waiting_.find(size); found != waiting_.end() && !found->second.empty()) {
        Header* const block = found->second.back();
        found->second.pop_back();
        waiting_bytes_ -= size;
        return block + 1;
      }
    }
    void* memory = from_system(size);
    if (memory == nullptr) {
      release();
      memory = from_system(size);
    }
    if (memory == nullptr) throw std::bad_alloc();
    auto* const block = new (memory) Header{size};
    return block + 1;
  }

  static void* from_system(size_t size) {
    const bool large = size >= kHugePage;
    const size_t alignment = large ? kHugePage : kAlignment;
    void* memory = nullptr;
    if (posix_memalign(&memory, alignment, size) != 0) return nullptr;
    if (large) madvise(memory, size, MADV_HUGEPAGE);  // a wish: without it the block is only slower
    return memory;
  }

  static void give_back(void* data) {
    if (data == nullptr) return;
    Header* const block = static_cast<Header*>(data) - 1;
    if (block->size < kSmallestCached || !instance().keep(block)) std::free(block);
  }

  /// False if the lists would pass their limit. They are emptied then: what waits in them is mostly of sizes that
  /// are no longer in use, and the sizes in use come back with the next tensors.
  bool keep(Header* block) {
    if (block->size > limit_) return false;
    if (waiting_bytes() + block->size > limit_) release();
    const std::lock_guard lock(mutex_);
    waiting_[block->size].push_back(block);
    waiting_bytes_ += block->size;
    return true;
  }

  std::mutex mutex_;
  std::unordered_map<size_t, std::vector<Header*>> waiting_;  // by size
  size_t waiting_bytes_ = 0;
  const size_t limit_ = static_cast<size_t>(available_memory()) / 4;
};

}  // namespace

void install_caching_allocator() {
#if !defined(__SANITIZE_ADDRESS__)
  c10::SetCPUAllocator(&CachingAllocator::instance(), /*priority=*/200);
#endif
}

int64_t cached_bytes() { return CachingAllocator::instance().waiting_bytes(); }

void release_cached_memory() { CachingAllocator::instance().release(); }

}  // namespace atelier::base
