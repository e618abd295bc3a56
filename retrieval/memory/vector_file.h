#pragma once
/// The vectors of a memory on disk: a header, then blocks of rows that are appended and never changed.
///
///   header, 256 bytes        magic "ATELVEC1", u32 version 1, u32 dimension, u32 length of the identity, u32 zero,
///                            identity (UTF-8, zero-padded to byte 252), u32 CRC32C of the first 252 bytes
///   block                    u32 magic "BLK1", u32 rows, u64 number of its first row, u32 CRC32C of rows, first row and
///                            vectors, u32 zero; then rows x dimension fp32
///
/// All little-endian. How much of the file counts is not in it: the memory's database says so, in the same transaction
/// that names the documents (retrieval/memory/catalogue.h). Bytes behind that are of an append that did not come to
/// its end, and are cut off by the next one who writes.
#include "base/files.h"

#include <cstdint>
#include <functional>
#include <shared_mutex>
#include <span>
#include <string>
#include <vector>

namespace atelier::retrieval {

/// Rows and bytes of a vector file that are committed.
struct VectorExtent {
  int64_t rows = 0, bytes = 0;
};

class VectorFile {
 public:
  static constexpr int64_t kHeaderBytes = 256, kMaxIdentity = 200, kMaxDimension = 65536;

  /// A new file without rows, atomic. @return its extent
  static VectorExtent create(const std::filesystem::path& path, int64_t dimension, const std::string& identity);

  /// Reads and checks the header.
  /// @param write  only for one process at a time
  /// @throws InvalidFile if it is no vector file, has another dimension or identity or is shorter than `extent`
  VectorFile(const std::filesystem::path& path, int64_t dimension, const std::string& identity, VectorExtent extent, bool write);
  ~VectorFile();

  const std::filesystem::path& path() const { return file_.path(); }
  int64_t dimension() const { return dimension_; }
  VectorExtent extent() const;

  /// Where a block's vectors are. `damage` is why they cannot be used, empty for a good block.
  struct Block {
    int64_t first_row = 0, rows = 0, at = 0;  // at: byte of the first vector
    uint32_t checksum = 0;
    std::string damage;
  };
  /// Reads every block in order and checks it. Of a damaged one `vectors` is empty; if its header is the damage, what
  /// comes behind is out of reach and the walk ends.
  void walk(const std::function<void(const Block& block, std::span<const float> vectors)>& visit) const;

  /// Must come before anything below: walks once, remembers the blocks; a writer then cuts off what is not committed.
  /// @throws InvalidFile naming the first damage, the file untouched
  void load(const std::function<void(int64_t first_row, int64_t rows, const float* vectors)>& visit);

  /// Appends and syncs; counts once the caller has committed extent(). @param vectors  (rows, dimension)
  /// @throws ResourceError, nothing appended
  void append(std::span<const float> vectors);
  /// Back to an extent from before append(), whose commit failed. The bytes stay until the next append: after a commit
  /// that failed half-way the database may still come up with it.
  void forget(VectorExtent extent);

  /// Safe beside append(). @return (rows, dimension) @throws InvalidFile if the file ends early
  std::vector<float> read(std::span<const int64_t> rows) const;

  /// A checksum over the checksums of the blocks that hold the first `rows` rows; 0 if no block ends there.
  uint32_t fingerprint(int64_t rows) const;

 private:
  struct WriteDescriptor {
    int fd = -1;
    ~WriteDescriptor();
  };
  base::InputFile file_;
  WriteDescriptor writer_;
  int64_t dimension_;
  VectorExtent extent_;
  struct Place {
    int64_t first_row, rows, at;
    uint32_t checksum;
  };
  mutable std::shared_mutex mutex_;  // for blocks_ and extent_
  std::vector<Place> blocks_;
};

}  // namespace atelier::retrieval
