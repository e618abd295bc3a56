#include "retrieval/memory/vector_file.h"

#include "base/error.h"
#include "tests/support.h"

namespace atelier::retrieval {
namespace {

using tests::TemporaryFolder;
constexpr int64_t kDimension = 4;

std::vector<float> values(int64_t rows, float first) {
  std::vector<float> v(static_cast<size_t>(rows * kDimension));
  for (size_t i = 0; i < v.size(); ++i) v[i] = first + static_cast<float>(i);
  return v;
}

/// Blocks of 3, 1 and 2 rows.
VectorExtent write_three(const std::filesystem::path& path) {
  VectorFile file(path, kDimension, "model", VectorFile::create(path, kDimension, "model"), true);
  file.load([](int64_t, int64_t, const float*) {});
  for (const auto& [rows, first] : {std::pair{3, 0}, {1, 100}, {2, 200}}) file.append(values(rows, static_cast<float>(first)));
  return file.extent();
}

TEST(VectorFile, GivesBackWhatWasAppended) {
  const TemporaryFolder folder;
  const VectorExtent extent = write_three(folder / "v");
  EXPECT_EQ(extent.rows, 6);
  EXPECT_EQ(extent.bytes, 256 + 3 * 24 + 6 * kDimension * 4);
  VectorFile file(folder / "v", kDimension, "model", extent, false);
  std::vector<float> all;
  file.load([&](int64_t first, int64_t rows, const float* v) {
    EXPECT_EQ(first * kDimension, static_cast<int64_t>(all.size()));
    all.insert(all.end(), v, v + rows * kDimension);
  });
  ASSERT_EQ(all.size(), 24u);
  EXPECT_EQ(all[12], 100);
  EXPECT_EQ(all[23], 207);
  EXPECT_EQ(file.read(std::vector<int64_t>{5, 0, 3}), (std::vector<float>{204, 205, 206, 207, 0, 1, 2, 3, 100, 101, 102, 103}));
}

// The reason for the file's existence: no flipped bit, wherever it is, goes unseen.
TEST(VectorFile, EveryFlippedBitIsSeen) {
  const TemporaryFolder folder;
  const VectorExtent extent = write_three(folder / "v");
  const std::string good = base::read_file(folder / "v");
  ASSERT_EQ(static_cast<int64_t>(good.size()), extent.bytes);
  for (size_t byte = 0; byte < good.size(); ++byte) {
    std::string bad = good;
    bad[byte] = static_cast<char>(bad[byte] ^ 1 << byte % 8);
    base::write_file(folder / "v", bad);
    EXPECT_THROW(VectorFile(folder / "v", kDimension, "model", extent, false).load([](int64_t, int64_t, const float*) {}), base::InvalidFile)
        << "byte " << byte;
  }
}

TEST(VectorFile, DamageIsNamedAndTheRestStillRead) {
  const TemporaryFolder folder;
  const VectorExtent extent = write_three(folder / "v");
  std::string bytes = base::read_file(folder / "v");
  bytes[256 + 24 + 48 + 24 + 5] ^= 16;  // a vector of the second block
  base::write_file(folder / "v", bytes);
  VectorFile file(folder / "v", kDimension, "model", extent, true);
  int64_t good = 0, damaged = 0;
  file.walk([&](const VectorFile::Block& block, std::span<const float> vectors) {
    (block.damage.empty() ? good : damaged) += block.rows;
    EXPECT_EQ(vectors.empty(), !block.damage.empty());
  });
  EXPECT_EQ(good, 5);
  EXPECT_EQ(damaged, 1);
  EXPECT_ERROR(file.load([](int64_t, int64_t, const float*) {}), base::InvalidFile, "rows 3 to 3 (bytes 328 to 367) fail their checksum");
}

TEST(VectorFile, WhatIsNotCommittedIsCutOffByTheNextWriter) {
  const TemporaryFolder folder;
  const VectorExtent extent = write_three(folder / "v");
  const std::string good = base::read_file(folder / "v");
  base::write_file(folder / "v", good + std::string("BLK1 and half a block"));
  int64_t rows = 0;
  const auto count = [&rows](int64_t, int64_t n, const float*) { rows += n; };
  VectorFile(folder / "v", kDimension, "model", extent, false).load(count);
  EXPECT_GT(std::filesystem::file_size(folder / "v"), good.size());  // a reader changes nothing
  VectorFile(folder / "v", kDimension, "model", extent, true).load(count);
  EXPECT_EQ(rows, 12);
  EXPECT_EQ(base::read_file(folder / "v"), good);
}

TEST(VectorFile, RefusesWhatIsNotItsOwn) {
  const TemporaryFolder folder;
  const VectorExtent extent = write_three(folder / "v");
  const auto open = [&](int64_t dimension, const char* identity, VectorExtent e) { VectorFile(folder / "v", dimension, identity, e, false); };
  EXPECT_ERROR(open(5, "model", extent), base::InvalidFile, "does not belong");
  EXPECT_ERROR(open(kDimension, "other", extent), base::InvalidFile, "does not belong");
  EXPECT_ERROR(open(kDimension, "model", {7, extent.bytes + 40}), base::InvalidFile, "it was cut");
  base::write_file(folder / "v", "not vectors");
  EXPECT_ERROR(open(kDimension, "model", extent), base::InvalidFile, "too short");
  base::write_file(folder / "v", std::string(300, 'x'));
  EXPECT_ERROR(open(kDimension, "model", extent), base::InvalidFile, "no file of a memory's vectors");
}

TEST(VectorFile, FingerprintsTellVectorsApart) {
  const TemporaryFolder folder;
  const VectorExtent extent = write_three(folder / "v");
  VectorFile file(folder / "v", kDimension, "model", extent, true);
  file.load([](int64_t, int64_t, const float*) {});
  const uint32_t three = file.fingerprint(3), six = file.fingerprint(6);
  EXPECT_NE(three, six);
  EXPECT_EQ(file.fingerprint(5), 0u);  // in the middle of a block
  file.append(values(2, 300));
  EXPECT_EQ(file.fingerprint(6), six);
}

}  // namespace
}  // namespace atelier::retrieval
