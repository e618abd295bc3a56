#include "base/error.h"
#include "base/files.h"
#include "retrieval/memory/inverted_index.h"
#include "retrieval/memory/memory.h"
#include "tests/memory/fake_embedder.h"
#include "tests/support.h"

#include <algorithm>
#include <numeric>
#include <set>

namespace atelier::retrieval {
namespace {

using tests::TemporaryFolder;

/// (rows, d) of length 1, in clusters as embeddings are.
Tensor clustered(int64_t rows, int64_t d, uint64_t seed) {
  at::Generator generator = base::generator(seed), centres = base::generator(99);
  const Tensor centre = at::randn({20, d}, centres);
  const Tensor x = centre.index_select(0, at::randint(20, {rows}, generator).to(at::kLong)) + 0.5 * at::randn({rows, d}, generator);
  return (x / x.norm(2, -1, true)).contiguous();
}

std::vector<int64_t> range(int64_t begin, int64_t end) {
  std::vector<int64_t> rows(static_cast<size_t>(end - begin));
  std::iota(rows.begin(), rows.end(), begin);
  return rows;
}

/// What search() must say, computed by LibTorch.
std::vector<int64_t> brute(const Tensor& vectors, const Tensor& query, int64_t k) {
  const Tensor order = std::get<1>(vectors.mv(query).sort(/*stable=*/true, 0, /*descending=*/true)).narrow(0, 0, k).contiguous();
  return {order.const_data_ptr<int64_t>(), order.const_data_ptr<int64_t>() + k};
}

// Over several chunks, with few queries (own threads) and many (FAISS's matrix product).
TEST(ExactIndex, FindsWhatLibTorchFinds) {
  const int64_t rows = 40000, d = 8, k = 12;
  const Tensor vectors = clustered(rows, d, 1), queries = clustered(24, d, 2);
  ExactIndex index(d);
  for (int64_t begin = 0; begin < rows; begin += 7000) {
    const int64_t end = std::min(rows, begin + 7000);
    index.add(range(begin, end), vectors.const_data_ptr<float>() + begin * d);
  }
  EXPECT_EQ(index.size(), rows);
  for (const int64_t count : {1, 24}) {
    const Neighbours found = index.search(queries.const_data_ptr<float>(), count, k);
    for (int64_t q = 0; q < count; ++q) {
      const std::vector<int64_t> expected = brute(vectors, queries[q], k);
      for (int64_t i = 0; i < k; ++i) {
        EXPECT_EQ(found.rows[q * k + i], expected[i]);
        EXPECT_NEAR(found.similarities[q * k + i], vectors[expected[i]].dot(queries[q]).item<float>(), 1e-5);
      }
    }
  }
}

TEST(ExactIndex, ForgetsWhatIsRemoved) {
  const int64_t rows = 20000, d = 8;
  const Tensor vectors = clustered(rows, d, 1), query = clustered(1, d, 2);
  ExactIndex index(d);
  index.add(range(0, rows), vectors.const_data_ptr<float>());
  const std::vector<int64_t> best = brute(vectors, query[0], 30);
  // Every second of the best, the last rows, and a whole chunk.
  std::vector<int64_t> gone = range(19990, 20000), chunk = range(0, 8000);
  gone.insert(gone.end(), chunk.begin(), chunk.end());
  for (size_t i = 0; i < best.size(); i += 2) gone.push_back(best[i]);
  index.remove(gone);
  const std::set<int64_t> gone_set(gone.begin(), gone.end());
  EXPECT_EQ(index.size(), rows - static_cast<int64_t>(gone_set.size()));
  std::vector<int64_t> expected;
  for (const int64_t row : brute(vectors, query[0], 2000))
    if (!gone_set.contains(row)) expected.push_back(row);
  const Neighbours found = index.search(query.const_data_ptr<float>(), 1, 20);
  EXPECT_EQ(found.rows, std::vector<int64_t>(expected.begin(), expected.begin() + 20));
  index.add(std::vector<int64_t>{best[0]}, vectors[best[0]].contiguous().const_data_ptr<float>());
  EXPECT_EQ(index.search(query.const_data_ptr<float>(), 1, 1).rows[0], best[0]);
}

TEST(ExactIndex, HasNoMoreThanThereAre) {
  ExactIndex index(2);
  const float x[] = {1, 0};
  EXPECT_EQ(index.search(x, 1, 2).rows, (std::vector<int64_t>{-1, -1}));
  index.add(std::vector<int64_t>{7}, x);
  EXPECT_EQ(index.search(x, 1, 2).rows, (std::vector<int64_t>{7, -1}));
  index.remove(std::vector<int64_t>{7});
  EXPECT_EQ(index.search(x, 1, 1).rows, (std::vector<int64_t>{-1}));
}

/// 3,000 captions whose vectors are given.
class Given : public FakeEmbedder {
 public:
  explicit Given(Tensor vectors) : FakeEmbedder(vectors.size(1), "given"), vectors_(std::move(vectors)) {}
  Tensor embed_texts(std::span<const std::string> texts) const override {
    std::vector<Tensor> rows;
    for (const std::string& text : texts) rows.push_back(vectors_[std::stoll(text)]);
    return at::stack(rows);
  }

 private:
  Tensor vectors_;
};

void add(Memory& memory, const Given& embedder, int64_t begin, int64_t end) {
  std::vector<PreparedDocument> documents;
  for (int64_t i = begin; i < end; ++i) documents.push_back(document(fmt::format("d{}", i), std::to_string(i)));
  memory.add(documents, embedder);
}

double recall(const Memory& memory, const Tensor& vectors, const std::set<int64_t>& gone = {}) {
  int64_t found = 0, all = 0;
  for (int64_t q = 0; q < 100; ++q) {
    std::vector<int64_t> expected;
    for (const int64_t row : brute(vectors, vectors[q * 7], 30))
      if (!gone.contains(row) && expected.size() < 10) expected.push_back(row);
    for (const Hit& hit : memory.search(vectors[q * 7], 10)) {
      EXPECT_FALSE(gone.contains(hit.document.row));
      found += std::find(expected.begin(), expected.end(), hit.document.row) != expected.end();
    }
    all += 10;
  }
  return static_cast<double>(found) / static_cast<double>(all);
}

TEST(InvertedIndex, ReachesItsRecallThroughTheWholeLifeOfAMemory) {
  const TemporaryFolder folder;
  const Tensor vectors = clustered(3000, 16, 5);
  const Given embedder(vectors);
  const MemoryLimits limits = {.exact = 1000, .recall = 0.98};
  Memory::create(folder / "m", embedder);
  {
    Memory memory = Memory::open(folder / "m", Access::write, limits);
    add(memory, embedder, 0, 900);
    EXPECT_FALSE(memory.refresh_index());  // small
    add(memory, embedder, 900, 2000);
    EXPECT_TRUE(memory.refresh_index());
    EXPECT_FALSE(memory.refresh_index());  // new enough
    const MemoryStats stats = memory.stats();
    EXPECT_EQ(stats.index, "inverted");
    EXPECT_EQ(stats.lists, 89);  // 2 sqrt(2000)
    EXPECT_LT(stats.probes, 23);
    EXPECT_GE(stats.recall, 0.98);
    EXPECT_GE(recall(memory, vectors.narrow(0, 0, 2000)), 0.97);
    add(memory, embedder, 2000, 2500);
    EXPECT_GE(recall(memory, vectors.narrow(0, 0, 2500)), 0.97);
  }
  std::set<int64_t> gone;
  {
    Memory memory = Memory::open(folder / "m", Access::write, limits);  // with the plan, and 500 rows that it does not know
    EXPECT_EQ(memory.stats().index, "inverted");
    EXPECT_EQ(memory.size(), 2500);
    EXPECT_GE(recall(memory, vectors.narrow(0, 0, 2500)), 0.97);
    std::vector<std::string> ids;
    for (int64_t i = 0; i < 2500; i += 50) ids.push_back(fmt::format("d{}", i)), gone.insert(i);
    memory.remove(ids);
    EXPECT_GE(recall(memory, vectors.narrow(0, 0, 2500), gone), 0.97);
  }
  const Memory memory = Memory::open(folder / "m", Access::read, limits);
  EXPECT_EQ(memory.size(), 2450);
  EXPECT_GE(recall(memory, vectors.narrow(0, 0, 2500), gone), 0.97);
  // Similarities are exact whatever the lists are.
  for (const Hit& hit : memory.search(vectors[3], 5))
    EXPECT_NEAR(hit.similarity, vectors[hit.document.row].dot(vectors[3]).item<float>(), 1e-5);
}

// The plan may go, rot, or be of other vectors: the memory is exact then, never wrong.
TEST(InvertedIndex, APlanThatDoesNotFitIsNotUsed) {
  const TemporaryFolder folder;
  const MemoryLimits limits = {.exact = 100, .recall = 0.98};
  const Tensor vectors = clustered(1200, 16, 5), others = clustered(1200, 16, 6);
  const Given embedder(vectors), other(others);
  for (const auto& [name, e] : {std::pair{"m", &embedder}, {"n", &other}}) {
    Memory::create(folder / name, *e);
    Memory memory = Memory::open(folder / name, Access::write, limits);
    add(memory, *e, 0, 1200);
    EXPECT_TRUE(memory.refresh_index());
  }
  const std::filesystem::path plan = folder / "m/index.ivf";
  const std::string good = base::read_file(plan);
  const auto exact = [&] {
    const Memory memory = Memory::open(folder / "m", Access::read, limits);
    EXPECT_EQ(recall(memory, vectors), 1);
    return memory.stats().index == "exact";
  };
  EXPECT_EQ(Memory::open(folder / "m", Access::read, limits).stats().index, "inverted");
  base::write_file(plan, base::read_file(folder / "n/index.ivf"));
  EXPECT_TRUE(exact());
  for (const size_t at : {size_t{9}, size_t{41}, good.size() / 2, good.size() - 1}) {
    std::string bad = good;
    bad[at] ^= 4;
    base::write_file(plan, bad);
    EXPECT_TRUE(exact()) << at;
    EXPECT_EQ(verify(folder / "m").notes.size(), 1u);
  }
  base::write_file(plan, good.substr(0, good.size() - 1));
  EXPECT_TRUE(exact());
  std::filesystem::remove(plan);
  EXPECT_TRUE(exact());
  Memory memory = Memory::open(folder / "m", Access::write, limits);
  EXPECT_TRUE(memory.refresh_index());
}

}  // namespace
}  // namespace atelier::retrieval
