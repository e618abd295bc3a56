#include "base/distributed.h"

#include "base/error.h"

#include <cstdlib>
#include <string>

#if __has_include(<gloo/context.h>)
#define USE_C10D_GLOO
#include <torch/csrc/distributed/c10d/ProcessGroupGloo.hpp>
#include <torch/csrc/distributed/c10d/TCPStore.hpp>
#define ATELIER_GLOO
#endif

namespace atelier::base {

#ifdef ATELIER_GLOO
struct Ranks::Group {
  c10::intrusive_ptr<c10d::ProcessGroupGloo> gloo;
};
#else
struct Ranks::Group {};
#endif

namespace {

// A whole number from the environment. @return fallback if the variable is not set
int64_t number(const char* name, int64_t fallback) {
  const char* text = std::getenv(name);
  if (!text || !*text) return fallback;
  char* end = nullptr;
  const long long value = std::strtoll(text, &end, 10);
  REQUIRE(*end == 0 && value >= 0, "{} must be a whole number, not \"{}\"", name, text);
  return value;
}

}  // namespace

Ranks Ranks::from_environment() {
  Ranks ranks;
  ranks.world_size_ = number("WORLD_SIZE", 1);
  ranks.rank_ = number("RANK", 0);
  REQUIRE(ranks.world_size_ >= 1 && ranks.rank_ < ranks.world_size_, "RANK must be 0 to WORLD_SIZE - 1 ({}), not {}",
          ranks.world_size_ - 1, ranks.rank_);
  if (ranks.world_size_ == 1) return ranks;
  const char* address = std::getenv("MASTER_ADDR");
  const int64_t port = number("MASTER_PORT", 0);
  REQUIRE(address && *address && port >= 1 && port <= 65535,
          "WORLD_SIZE is {}: MASTER_ADDR and MASTER_PORT (1 to 65535) must say where rank 0 listens", ranks.world_size_);
#ifdef ATELIER_GLOO
  try {
    c10d::TCPStoreOptions store_options;
    store_options.port = static_cast<std::uint16_t>(port);
    store_options.isServer = ranks.rank_ == 0;
    store_options.numWorkers = static_cast<size_t>(ranks.world_size_);
    store_options.timeout = std::chrono::seconds(300);
    auto store = c10::make_intrusive<c10d::TCPStore>(address, store_options);
    auto options = c10d::ProcessGroupGloo::Options::create();
    const std::string host = address;
    options->devices.push_back(host == "127.0.0.1" || host == "localhost" ? c10d::ProcessGroupGloo::createDeviceForHostname("127.0.0.1")
                                                                          : c10d::ProcessGroupGloo::createDefaultDevice());
    options->threads = 1;
    ranks.group_ = std::make_shared<Group>();
    ranks.group_->gloo = c10::make_intrusive<c10d::ProcessGroupGloo>(store, static_cast<int>(ranks.rank_),
                                                                     static_cast<int>(ranks.world_size_), options);
  } catch (const std::exception&) {
    throw ResourceError(fmt::format("rank {} of {} could not meet the others at {}:{}", ranks.rank_, ranks.world_size_, address, port));
  }
  return ranks;
#else
  throw InvalidArgument("this program was built without Gloo's headers (Debian: libgloo-dev) and trains on one rank only");
#endif
}

void Ranks::sum(Tensor& tensor) const {
  if (world_size_ == 1) return;
  ASSERT(tensor.is_contiguous() && tensor.scalar_type() == at::kFloat);
#ifdef ATELIER_GLOO
  std::vector<Tensor> tensors = {tensor};
  group_->gloo->allreduce(tensors)->wait();
#endif
}

}  // namespace atelier::base
