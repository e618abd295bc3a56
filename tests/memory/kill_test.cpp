// kill -9 at random moments of adding and removing: the memory opens, verifies, and has lost the batch in flight at most.
// ATELIER_KILLS=100 makes it a hundred times.
#include "base/error.h"
#include "retrieval/memory/memory.h"
#include "tests/memory/fake_embedder.h"
#include "tests/support.h"

#include <omp.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <cstdlib>

namespace atelier::retrieval {
namespace {

const FakeEmbedder kNarrowEmbedder(64);
constexpr int64_t kBatch = 5;


/// Adds batches, and takes every third one's first document out again, until it is killed; a byte into the pipe after
/// each commit.
[[noreturn]] void add_for_ever(const std::filesystem::path& folder, int64_t first, int pipe) {
  ::omp_set_num_threads(1);  // the parent's threads are not here
  try {
    Memory memory = Memory::open(folder, Access::write);
    for (int64_t batch = 0;; ++batch) {
      std::vector<PreparedDocument> documents;
      for (int64_t i = first + batch * kBatch; i < first + (batch + 1) * kBatch; ++i) {
        const vision::Image picture = noise(static_cast<uint64_t>(i), 32);
        documents.push_back(document(fmt::format("d{}", i), fmt::format("caption {}", i), i % 2 ? &picture : nullptr));
      }
      memory.add(documents, kNarrowEmbedder);
      if (batch % 3 == 2) memory.remove(std::vector<std::string>{documents[0].document.id});
      if (::write(pipe, "+", 1) != 1) ::_exit(1);
    }
  } catch (const std::exception& error) {
    std::fprintf(stderr, "child: %s\n", error.what());
  }
  ::_exit(1);
}

/// @return batches that the child had told of when it died
int64_t run_and_kill(const std::filesystem::path& folder, int64_t first, int64_t microseconds) {
  int ends[2];
  EXPECT_EQ(::pipe(ends), 0);
  const pid_t child = ::fork();
  if (child == 0) {
    ::close(ends[0]);
    add_for_ever(folder, first, ends[1]);
  }
  ::close(ends[1]);
  ::usleep(static_cast<useconds_t>(microseconds));
  ::kill(child, SIGKILL);
  int status = 0;
  ::waitpid(child, &status, 0);
  EXPECT_TRUE(WIFSIGNALED(status)) << "the child ended by itself";
  char buffer[4096];
  int64_t batches = 0;
  for (ssize_t n; (n = ::read(ends[0], buffer, sizeof buffer)) > 0;) batches += n;
  ::close(ends[0]);
  return batches;
}

TEST(Kill, LeavesAMemoryThatOpensAndVerifies) {
  const tests::TemporaryFolder folder;
  Memory::create(folder / "m", kNarrowEmbedder, 32);
  const char* wanted = std::getenv("ATELIER_KILLS");
  const int64_t kills = wanted ? std::atoll(wanted) : 6;
  base::Random random(static_cast<uint64_t>(::getpid()));
  int64_t first = 0, told = 0;
  for (int64_t kill = 0; kill < kills; ++kill) {
    const int64_t batches = run_and_kill(folder / "m", first, random.between(1'000, 120'000));
    told += batches;
    const Verification result = verify(folder / "m");
    EXPECT_TRUE(result.problems.empty()) << result.problems.front();
    const Memory memory = Memory::open(folder / "m", kill % 2 ? Access::read : Access::write);
    EXPECT_EQ(memory.size(), result.documents);
    // Whole batches: those told of, and one more at most, which was committed but not yet told.
    int64_t last = first;
    for (int64_t i = first; i < last + kBatch; ++i)
      if (memory.find(fmt::format("d{}", i))) last = i + 1;
    EXPECT_EQ((last - first) % kBatch, 0);
    EXPECT_GE(last, first + batches * kBatch);
    EXPECT_LE(last, first + (batches + 1) * kBatch);
    for (int64_t i = first; i < last; ++i)
      EXPECT_TRUE(memory.find(fmt::format("d{}", i)) || (i - first) % (3 * kBatch) == 2 * kBatch) << i;
    first = last;
  }
  std::printf("%lld kills, %lld batches told of, %lld documents added\n", static_cast<long long>(kills), static_cast<long long>(told),
              static_cast<long long>(first));
  EXPECT_GT(told, 0);
}

}  // namespace
}  // namespace atelier::retrieval
