#include "retrieval/memory/vector_file.h"

#include "base/error.h"
#include "retrieval/memory/checksum.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <system_error>

namespace atelier::retrieval {
namespace {

constexpr char kMagic[8] = {'A', 'T', 'E', 'L', 'V', 'E', 'C', '1'};
constexpr uint32_t kVersion = 1, kBlockMagic = 0x314b4c42;  // "BLK1"
constexpr int64_t kMaxBlockRows = 4096;

struct FileHeader {
  char magic[8];
  uint32_t version, dimension, identity_length, zero;
  char identity[228];
  uint32_t checksum;
};
static_assert(sizeof(FileHeader) == VectorFile::kHeaderBytes);

struct BlockHeader {
  uint32_t magic, rows;
  uint64_t first_row;
  uint32_t checksum, zero;
};
static_assert(sizeof(BlockHeader) == 24);

uint32_t header_checksum(const FileHeader& header) { return crc32c(&header, offsetof(FileHeader, checksum)); }

uint32_t block_checksum(const BlockHeader& header, const float* vectors, int64_t bytes) {
  const uint32_t head = crc32c(&header.first_row, 8, crc32c(&header.rows, 4));
  return crc32c(vectors, static_cast<size_t>(bytes), head);
}

[[noreturn]] void fail(const std::filesystem::path& path, int error) {
  throw base::ResourceError(fmt::format("{}: cannot be written: {}", path.string(),
                                        error == ENOSPC || error == EDQUOT ? "the disk is full" : std::generic_category().message(error)));
}

}  // namespace

VectorExtent VectorFile::create(const std::filesystem::path& path, int64_t dimension, const std::string& identity) {
  ASSERT(dimension >= 1 && dimension <= kMaxDimension && identity.size() <= kMaxIdentity);
  FileHeader header = {};
  std::memcpy(header.magic, kMagic, sizeof kMagic);
  header.version = kVersion;
  header.dimension = static_cast<uint32_t>(dimension);
  header.identity_length = static_cast<uint32_t>(identity.size());
  std::memcpy(header.identity, identity.data(), identity.size());
  header.checksum = header_checksum(header);
  base::write_file(path, std::string_view(reinterpret_cast<const char*>(&header), sizeof header));
  return {0, kHeaderBytes};
}

VectorFile::WriteDescriptor::~WriteDescriptor() {
  if (fd >= 0) ::close(fd);
}

VectorFile::VectorFile(const std::filesystem::path& path, int64_t dimension, const std::string& identity, VectorExtent extent,
                       bool write)
    : file_(path), dimension_(dimension), extent_(extent) {
  CHECK_FILE(file_.size() >= kHeaderBytes, path, "is too short for a memory's vectors");
  FileHeader header;
  file_.read(&header, sizeof header, 0);
  CHECK_FILE(std::memcmp(header.magic, kMagic, sizeof kMagic) == 0, path, "is no file of a memory's vectors");
  CHECK_FILE(header.checksum == header_checksum(header), path, "the header fails its checksum: the file is damaged");
  CHECK_FILE(header.version == kVersion, path, "has version {}, this program reads {}", header.version, kVersion);
  CHECK_FILE(header.dimension == dimension && header.identity_length <= kMaxIdentity &&
                 identity == std::string_view(header.identity, header.identity_length),
             path, "does not belong to the database beside it");
  CHECK_FILE(file_.size() >= extent.bytes, path, "holds {} bytes, {} were written: it was cut", file_.size(), extent.bytes);
  if (!write) return;
  writer_.fd = ::open(path.c_str(), O_RDWR | O_CLOEXEC);
  if (writer_.fd < 0) fail(path, errno);
}

VectorFile::~VectorFile() = default;

VectorExtent VectorFile::extent() const {
  const std::shared_lock lock(mutex_);
  return extent_;
}

void VectorFile::walk(const std::function<void(const Block&, std::span<const float>)>& visit) const {
  std::vector<float> vectors;
  int64_t row = 0, at = kHeaderBytes;
  while (at < extent_.bytes) {
    const int64_t room = extent_.bytes - at - static_cast<int64_t>(sizeof(BlockHeader));
    BlockHeader header = {};
    if (room >= 0) file_.read(&header, sizeof header, at);
    if (room < 0 || header.magic != kBlockMagic || header.zero != 0 || header.first_row != static_cast<uint64_t>(row) || header.rows < 1 ||
        header.rows > kMaxBlockRows || header.rows * dimension_ * 4 > room) {
      visit({row, extent_.rows - row, at, 0, fmt::format("the head of the block of row {} at byte {} is damaged", row, at)}, {});
      return;
    }
    const int64_t bytes = header.rows * dimension_ * 4;
    Block block = {row, header.rows, at + static_cast<int64_t>(sizeof header), header.checksum, {}};
    vectors.resize(static_cast<size_t>(header.rows * dimension_));
    file_.read(vectors.data(), bytes, block.at);
    if (block_checksum(header, vectors.data(), bytes) != header.checksum)
      block.damage = fmt::format("rows {} to {} (bytes {} to {}) fail their checksum: the file is damaged", row, row + block.rows - 1,
                                 at, block.at + bytes - 1);
    visit(block, block.damage.empty() ? std::span<const float>(vectors) : std::span<const float>());
    row += block.rows;
    at = block.at + bytes;
  }
  if (row != extent_.rows)
    visit({row, extent_.rows - row, at, 0, fmt::format("holds {} rows, {} were written", row, extent_.rows)}, {});
}

void VectorFile::load(const std::function<void(int64_t, int64_t, const float*)>& visit) {
  blocks_.clear();
  walk([&](const Block& block, std::span<const float> vectors) {
    CHECK_FILE(block.damage.empty(), path().string(), "{}", block.damage);
    blocks_.push_back({block.first_row, block.rows, block.at, block.checksum});
    visit(block.first_row, block.rows, vectors.data());
  });
  // Only now: a file that does not verify is left as it is found.
  if (writer_.fd >= 0 && ::ftruncate(writer_.fd, extent_.bytes) != 0) fail(path(), errno);
}

void VectorFile::append(std::span<const float> vectors) {
  ASSERT(writer_.fd >= 0 && vectors.size() % static_cast<size_t>(dimension_) == 0);
  const int64_t rows = static_cast<int64_t>(vectors.size()) / dimension_;
  VectorExtent end = extent_;
  std::vector<Place> places;
  try {
    // A failed append may have left bytes behind.
    if (::ftruncate(writer_.fd, end.bytes) != 0 || ::lseek(writer_.fd, end.bytes, SEEK_SET) < 0) fail(path(), errno);
    for (int64_t done = 0; done < rows;) {
      BlockHeader header = {kBlockMagic, static_cast<uint32_t>(std::min(rows - done, kMaxBlockRows)), static_cast<uint64_t>(end.rows), 0, 0};
      const float* first = vectors.data() + done * dimension_;
      const int64_t bytes = header.rows * dimension_ * 4;
      header.checksum = block_checksum(header, first, bytes);
      base::write_all(writer_.fd, &header, sizeof header);
      base::write_all(writer_.fd, first, static_cast<size_t>(bytes));
      places.push_back({end.rows, header.rows, end.bytes + static_cast<int64_t>(sizeof header), header.checksum});
      end.rows += header.rows;
      end.bytes += static_cast<int64_t>(sizeof header) + bytes;
      done += header.rows;
    }
    if (::fdatasync(writer_.fd) != 0) fail(path(), errno);
  } catch (const base::ResourceError& error) {
    // Gives the disk its space back; if not, the next append will.
    [[maybe_unused]] const int ignored = ::ftruncate(writer_.fd, extent_.bytes);
    const std::string message = error.what();
    if (message.starts_with(path().string())) throw;
    throw base::ResourceError(fmt::format("{}: {}", path().string(), message));
  }
  const std::unique_lock lock(mutex_);
  blocks_.insert(blocks_.end(), places.begin(), places.end());
  extent_ = end;
}

void VectorFile::forget(VectorExtent extent) {
  const std::unique_lock lock(mutex_);
  extent_ = extent;
  while (!blocks_.empty() && blocks_.back().first_row >= extent.rows) blocks_.pop_back();
}

std::vector<float> VectorFile::read(std::span<const int64_t> rows) const {
  const std::shared_lock lock(mutex_);
  std::vector<float> vectors(rows.size() * static_cast<size_t>(dimension_));
  for (size_t i = 0; i < rows.size(); ++i) {
    ASSERT(rows[i] >= 0 && rows[i] < extent_.rows);
    auto place = std::upper_bound(blocks_.begin(), blocks_.end(), rows[i], [](int64_t row, const Place& p) { return row < p.first_row; });
    ASSERT(place != blocks_.begin());
    --place;
    file_.read(vectors.data() + static_cast<int64_t>(i) * dimension_, dimension_ * 4, place->at + (rows[i] - place->first_row) * dimension_ * 4);
  }
  return vectors;
}

uint32_t VectorFile::fingerprint(int64_t rows) const {
  uint32_t sum = 0;
  for (const Place& place : blocks_) {
    if (place.first_row + place.rows > rows) return 0;
    sum = crc32c(&place.checksum, sizeof place.checksum, sum);
    if (place.first_row + place.rows == rows) return sum;
  }
  return 0;
}

}  // namespace atelier::retrieval
