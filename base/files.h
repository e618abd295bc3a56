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
/// temporary file is gone. A link is followed; a device or pipe (/dev/stdout) is written as it is, without a rename.
/// @throws InvalidArgument if the folder does not exist or `path` is a folder, ResourceError if the disk is full or
///         the folder may not be written
void write_file(const fs::path& path, std::string_view bytes);

/// The same for files too large for one buffer: `fill` gets a file descriptor open for writing, and may throw.
void write_file(const fs::path& path, const std::function<void(int fd)>& fill);

/// write(2) until everything is written. @throws ResourceError with errno's text
void write_all(int fd, const void* data, size_t size);

/// A regular file read at given places, from several threads if need be. Safe for files from elsewhere: one that is
/// cut short while it is read is an error.
class InputFile {
 public:
  /// @throws InvalidFile if it cannot be opened or is a folder, device or pipe
  explicit InputFile(const fs::path& path);
  ~InputFile();
  InputFile(InputFile&& other) noexcept;
  InputFile& operator=(InputFile&& other) noexcept;

  const fs::path& path() const { return path_; }
  int64_t size() const { return size_; }  // bytes, when it was opened
  int fd() const { return fd_; }

  /// Exactly `size` bytes from `offset`. @throws InvalidFile if the file ends before
  void read(void* to, int64_t size, int64_t offset) const;

 private:
  fs::path path_;
  int fd_ = -1;
  int64_t size_ = 0;
};

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
