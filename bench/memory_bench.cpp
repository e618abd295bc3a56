// How fast the memory adds and finds, beside FAISS called directly, and what it takes.
//
//   memory_bench [--vectors-only] ROWS...      such as 10000 100000 1000000; 512 dimensions
//
// Every vector lies between two of 2,000 random directions, with noise. --vectors-only leaves out the database.
#include "base/error.h"
#include "base/random.h"
#include "retrieval/memory/inverted_index.h"
#include "retrieval/memory/memory.h"

#include <faiss/IndexFlat.h>
#include <malloc.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <fstream>
#include <numeric>

namespace {

using namespace atelier;
using namespace atelier::retrieval;
namespace fs = std::filesystem;

constexpr int64_t kDimension = 512, kBatch = 256, kNearest = 10;

double seconds(const std::function<void()>& run) {
  const auto start = std::chrono::steady_clock::now();
  run();
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
}

/// The best of several, each at least once, for at most about two seconds in all.
double best_seconds(const std::function<void()>& run) {
  double best = 1e9, all = 0;
  for (int i = 0; i < 20 && all < 2; ++i) {
    const double once = seconds(run);
    best = std::min(best, once);
    all += once;
  }
  return best;
}

double resident_megabytes() {
  ::malloc_trim(0);
  int64_t pages = 0, resident = 0;
  std::ifstream("/proc/self/statm") >> pages >> resident;
  return static_cast<double>(resident * ::sysconf(_SC_PAGESIZE)) / (1 << 20);
}

Tensor clustered(int64_t rows, uint64_t seed) {
  at::Generator centres = base::generator(1), noise = base::generator(2, seed);
  const Tensor centre = at::randn({2000, kDimension}, centres);
  Tensor out = at::empty({rows, kDimension});
  for (int64_t begin = 0; begin < rows; begin += 65536) {
    const int64_t count = std::min<int64_t>(65536, rows - begin);
    const auto some = [&] { return centre.index_select(0, at::randint(2000, {count}, noise).to(at::kLong)); };
    const Tensor share = at::rand({count, 1}, noise);
    const Tensor x = share * some() + (1 - share) * some() + 0.5 * at::randn({count, kDimension}, noise);
    out.narrow(0, begin, count).copy_(x / x.norm(2, -1, true));
  }
  return out;
}

/// Gives document i, whose caption is the number i, row i of a tensor.
class Given : public Embedder {
 public:
  explicit Given(const Tensor& vectors) : vectors_(vectors) {}
  Tensor embed_pictures(std::span<const vision::Image>) const override { return at::empty({0, kDimension}); }
  Tensor embed_texts(std::span<const std::string> texts) const override {
    return vectors_.narrow(0, std::stoll(texts.front()), static_cast<int64_t>(texts.size()));
  }
  int64_t dimension() const override { return kDimension; }
  std::string identity() const override { return "bench"; }

 private:
  Tensor vectors_;
};

void line(const char* what, double ours, double faiss, const char* unit) {
  if (faiss > 0) std::printf("  %-34s %12.2f %12.2f %s\n", what, ours, faiss, unit);
  else std::printf("  %-34s %12.2f %12s %s\n", what, ours, "", unit);
  std::fflush(stdout);
}

void search_lines(const VectorIndex& index, const faiss::IndexFlatIP* direct, const Tensor& queries) {
  const float* q = queries.const_data_ptr<float>();
  for (const int64_t count : {int64_t{1}, queries.size(0)}) {
    std::vector<float> similarities(count * kNearest);
    std::vector<int64_t> rows(count * kNearest);
    const double ours = best_seconds([&] { index.search(q, count, kNearest); });
    const double theirs = direct ? best_seconds([&] { direct->search(count, q, kNearest, similarities.data(), rows.data()); }) : 0;
    if (count == 1) line("one query", ours * 1e3, theirs * 1e3, "ms");
    else line(fmt::format("{} queries at once", count).c_str(), count / ours, theirs > 0 ? count / theirs : 0, "queries/s");
  }
}

void bench(int64_t rows, bool vectors_only, const fs::path& folder) {
  std::printf("%lld vectors of %lld                        memory        FAISS\n", static_cast<long long>(rows), static_cast<long long>(kDimension));
  const Tensor vectors = clustered(rows, 1), queries = clustered(64, 2);
  const float* data = vectors.const_data_ptr<float>();
  std::vector<int64_t> numbers(static_cast<size_t>(rows));
  std::iota(numbers.begin(), numbers.end(), 0);

  double before = resident_megabytes();
  auto direct = std::make_unique<faiss::IndexFlatIP>(kDimension);
  const double faiss_add = seconds([&] {
    for (int64_t i = 0; i < rows; i += kBatch) direct->add(std::min(kBatch, rows - i), data + i * kDimension);
  });
  const double faiss_megabytes = resident_megabytes() - before;

  before = resident_megabytes();
  auto exact = std::make_unique<ExactIndex>(kDimension);
  const double add = seconds([&] {
    for (int64_t i = 0; i < rows; i += kBatch)
      exact->add(std::span(numbers).subspan(static_cast<size_t>(i), static_cast<size_t>(std::min(kBatch, rows - i))), data + i * kDimension);
  });
  const double megabytes = resident_megabytes() - before;
  line("add to the index, batches of 256", rows / add, rows / faiss_add, "vectors/s");
  line("memory used", megabytes, faiss_megabytes, "MB");
  search_lines(*exact, direct.get(), queries);
  direct.reset();

  const fs::path path = folder / "vectors.bin";
  auto file = std::make_unique<VectorFile>(path, kDimension, "bench", VectorFile::create(path, kDimension, "bench"), true);
  file->load([](int64_t, int64_t, const float*) {});
  const double append = seconds([&] {
    for (int64_t i = 0; i < rows; i += 4096) file->append({data + i * kDimension, static_cast<size_t>(std::min<int64_t>(4096, rows - i) * kDimension)});
  });
  line("append to the file, synced", rows / append, 0, "vectors/s, batches of 4096");
  const VectorExtent extent = file->extent();
  file = std::make_unique<VectorFile>(path, kDimension, "bench", extent, false);
  line("verify and load the file", rows / seconds([&] { file->load([](int64_t, int64_t, const float*) {}); }), 0, "vectors/s");

  std::optional<InvertedResult> inverted;
  const double build = seconds([&] { inverted = build_inverted(*exact, *file, 0.98); });
  line("make the inverted lists", build, 0, "s");
  if (inverted) {
    std::printf("  %lld lists, %lld looked at, recall@10 %.3f\n", static_cast<long long>(inverted->plan.lists),
                static_cast<long long>(inverted->plan.probes), inverted->plan.recall);
    search_lines(*inverted->index, nullptr, queries);
    inverted.reset();
  } else {
    std::printf("  more than a quarter of the lists would be needed: exact search stays\n");
  }
  exact.reset();
  file.reset();
  fs::remove(path);
  if (vectors_only) return;

  const Given embedder(vectors);
  Memory::create(folder / "m", embedder);
  {
    Memory memory = Memory::open(folder / "m", Access::write);
    std::vector<PreparedDocument> documents;
    double all = 0;
    for (int64_t i = 0; i < rows; i += kBatch) {
      documents.clear();
      for (int64_t j = i; j < std::min(rows, i + kBatch); ++j) {
        NewDocument d;
        d.caption = std::to_string(j);
        documents.push_back(prepare(std::move(d), 128));
      }
      all += seconds([&] { memory.add(documents, embedder); });
    }
    line("add documents, batches of 256", rows / all, 0, "documents/s");
  }
  line("open the memory", seconds([&] { Memory::open(folder / "m", Access::read); }), 0, "s");
  const Memory memory = Memory::open(folder / "m", Access::read);
  const Tensor query = queries[0].contiguous();
  line("search, with the documents' data", best_seconds([&] { memory.search(query, kNearest); }) * 1e3, 0, "ms");
  fs::remove_all(folder / "m");
}

}  // namespace

int main(int argc, char** argv) {
  std::string name = (fs::temp_directory_path() / "atelier-bench-XXXXXX").string();
  if (!::mkdtemp(name.data())) return 1;
  int status = 0;
  try {
    bool vectors_only = false;
    for (int i = 1; i < argc; ++i) {
      if (std::string(argv[i]) == "--vectors-only") vectors_only = true;
      else bench(std::stoll(argv[i]), vectors_only, name);
    }
  } catch (const std::exception& error) {
    std::fprintf(stderr, "memory_bench: %s\n", error.what());
    status = 1;
  }
  fs::remove_all(name);
  return status;
}
