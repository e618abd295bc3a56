#pragma once
/// Whole files in and out, so that nobody ever sees half of one.
#include <cstdint>
#include <filesystem>
#include <functional>
#include <span>
#include <string>
#include <string_view>

namespace atelier::base {

namespace fs = std::filesystem;

/// @throws InvalidFile if it cannot be opened or read or holds more than `limit` bytes (checked before allocating)
std::string read_file(const fs::path& path, int64_t limit = int64_t{1} << 30);

/// Writes next to `path`, fsyncs, renames over it, fsyncs the folder; on any failure `path` is as it was and the
/// temporary file is gone. @throws InvalidArgument if the folder does not exist, ResourceError if the disk is full
void write_file(const fs::path& path, std::string_view bytes);

/// The same for files too large for one buffer: `fill` gets a file descriptor open for writing.
void write_file(const fs::path& path, const std::function<void(int fd)>& fill);

/// write(2) until everything is written. @throws ResourceError with errno's text
void write_all(int fd, const void* data, size_t size);

/// A file mapped read-only. @throws InvalidFile if it cannot be opened or mapped. Only for files this program wrote
/// and this user owns (a truncation under a map is SIGBUS); files from elsewhere are read with pread.
class MappedFile {
 public:
  explicit MappedFile(const fs::path& path);
  ~MappedFile();
  MappedFile(MappedFile&& other) noexcept;
  MappedFile& operator=(MappedFile&& other) noexcept;
  const std::byte* data() const { return data_; }
  size_t size() const { return size_; }

 private:
  const std::byte* data_ = nullptr;
  size_t size_ = 0;
};

}  // namespace atelier::base
