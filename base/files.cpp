#include "base/files.h"

#include "base/error.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <system_error>
#include <utility>

namespace atelier::base {

namespace {

std::string error_text(int error) {
  if (error == ENOSPC || error == EDQUOT) return "the disk is full";
  return std::generic_category().message(error);
}

/// Closes a descriptor, whatever happens.
struct Descriptor {
  int fd;
  explicit Descriptor(int open_fd) : fd(open_fd) {}
  ~Descriptor() {
    if (fd >= 0) ::close(fd);
  }
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
};

/// How a file is called in a message, where an empty name would not be seen.
std::string shown(const fs::path& path) { return path.empty() ? "''" : path.string(); }

struct stat status_of(int fd, const fs::path& path) {
  struct stat status;
  CHECK_FILE(::fstat(fd, &status) == 0, path, "cannot be read: {}", error_text(errno));
  CHECK_FILE(!S_ISDIR(status.st_mode), path, "is a folder, not a file");
  return status;
}

/// One read(2) or pread(2), again after signals. @return bytes, 0 at the end
template <class Read>
size_t read_some(const fs::path& path, const Read& read) {
  ssize_t count;
  do {
    count = read();
  } while (count < 0 && errno == EINTR);
  CHECK_FILE(count >= 0, path, "cannot be read: {}", error_text(errno));
  return static_cast<size_t>(count);
}

/// A new empty file in `folder` under a name that nobody else has, open for writing with the usual permissions.
std::pair<int, fs::path> create_temporary(const fs::path& folder, const fs::path& target) {
  static std::atomic<int> counter{0};
  while (true) {
    // Not made of the target's name: that may already be as long as names may be.
    fs::path path = folder / fmt::format(".atelier-{}-{}.tmp", ::getpid(), counter++);
    const int fd = ::open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
    if (fd >= 0) return {fd, std::move(path)};
    if (errno == EEXIST) continue;  // left behind by a killed process that had our number
    throw ResourceError(fmt::format("{}: cannot be written: {}", target.string(), error_text(errno)));
  }
}

/// Runs `fill` and names the file in what it throws about the machine.
void fill_named(const fs::path& path, const std::function<void(int fd)>& fill, int fd) {
  try {
    fill(fd);
  } catch (const ResourceError& error) {
    throw ResourceError(fmt::format("{}: {}", path.string(), error.what()));
  }
}

void check_written(bool success, const fs::path& path) {
  if (!success) throw ResourceError(fmt::format("{}: cannot be written: {}", path.string(), error_text(errno)));
}

void sync_folder(const fs::path& folder) {
  // The file is whole by now; where folders cannot be opened or synced, only the moment it becomes durable is unknown.
  const Descriptor descriptor(::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (descriptor.fd >= 0) ::fsync(descriptor.fd);
}

}  // namespace

std::string read_file(const fs::path& path, int64_t limit) {
  const Descriptor file(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  CHECK_FILE(file.fd >= 0, shown(path), "cannot be opened: {}", error_text(errno));
  const struct stat status = status_of(file.fd, path);
  CHECK_FILE(status.st_size <= limit, path, "holds {} bytes, at most {} are allowed", status.st_size, limit);

  // One byte more than expected, so that the end is seen without growing; pipes and /proc files have no size.
  std::string bytes(std::max<int64_t>(status.st_size + 1, 4096), '\0');
  size_t used = 0;
  while (const size_t count = read_some(
             path, [&] { return ::read(file.fd, bytes.data() + used, bytes.size() - used); })) {
    used += count;
    CHECK_FILE(used <= static_cast<size_t>(limit), path, "holds more than the {} bytes that are allowed", limit);
    if (used == bytes.size()) bytes.resize(used * 2);
  }
  bytes.resize(used);
  return bytes;
}

void write_all(int fd, const void* data, size_t size) {
  const char* next = static_cast<const char*>(data);
  while (size > 0) {
    const ssize_t count = ::write(fd, next, size);
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) throw ResourceError("cannot be written: " + error_text(errno));
    next += count;
    size -= static_cast<size_t>(count);
  }
}

void write_file(const fs::path& path, std::string_view bytes) {
  write_file(path, [&](int fd) { write_all(fd, bytes.data(), bytes.size()); });
}

void write_file(const fs::path& path, const std::function<void(int fd)>& fill) {
  std::error_code ignored;
  const fs::file_status status = fs::status(path, ignored);
  REQUIRE(path.has_filename() && !fs::is_directory(status), "{} is a folder, not a file", path.string());
  if (fs::exists(status) && !fs::is_regular_file(status)) {
    // Renaming over a device would put a file in its place.
    const Descriptor device(::open(path.c_str(), O_WRONLY | O_CLOEXEC));
    check_written(device.fd >= 0, path);
    fill_named(path, fill, device.fd);
    return;
  }

  fs::path target = path;
  if (fs::is_symlink(path, ignored) && fs::exists(status)) target = fs::canonical(path);
  const fs::path folder = target.has_parent_path() ? target.parent_path() : fs::path(".");
  REQUIRE(fs::is_directory(folder, ignored), "the folder {} does not exist (for {})", folder.string(),
          path.filename().string());

  auto [fd, temporary] = create_temporary(folder, path);
  try {
    Descriptor file(fd);
    fill_named(path, fill, file.fd);
    check_written(::fsync(file.fd) == 0, path);
    // Network file systems report a full disk only here.
    check_written(::close(std::exchange(file.fd, -1)) == 0, path);
    check_written(::rename(temporary.c_str(), target.c_str()) == 0, path);
  } catch (...) {
    ::unlink(temporary.c_str());
    throw;
  }
  sync_folder(folder);
}

InputFile::InputFile(const fs::path& path) : path_(path), fd_(::open(path.c_str(), O_RDONLY | O_CLOEXEC)) {
  CHECK_FILE(fd_ >= 0, path, "cannot be opened: {}", error_text(errno));
  Descriptor guard(fd_);  // no destructor runs for an object whose constructor throws
  const struct stat status = status_of(fd_, path);
  CHECK_FILE(S_ISREG(status.st_mode), path, "is not a regular file");
  size_ = status.st_size;
  guard.fd = -1;
}

InputFile::~InputFile() {
  if (fd_ >= 0) ::close(fd_);
}

InputFile::InputFile(InputFile&& other) noexcept
    : path_(std::move(other.path_)), fd_(std::exchange(other.fd_, -1)), size_(std::exchange(other.size_, 0)) {}

InputFile& InputFile::operator=(InputFile&& other) noexcept {
  std::swap(path_, other.path_);
  std::swap(fd_, other.fd_);
  std::swap(size_, other.size_);
  return *this;
}

void InputFile::read(void* to, int64_t size, int64_t offset) const {
  char* next = static_cast<char*>(to);
  while (size > 0) {
    const size_t count =
        read_some(path_, [&] { return ::pread(fd_, next, static_cast<size_t>(size), offset); });
    CHECK_FILE(count > 0, path_, "ends at byte {}, {} bytes too early", offset, size);
    next += count;
    offset += static_cast<int64_t>(count);
    size -= static_cast<int64_t>(count);
  }
}

MappedFile::MappedFile(const fs::path& path) {
  const InputFile file(path);
  size_ = static_cast<size_t>(file.size());
  if (size_ == 0) return;  // mmap refuses to map nothing
  void* address = ::mmap(nullptr, size_, PROT_READ, MAP_PRIVATE, file.fd(), 0);
  CHECK_FILE(address != MAP_FAILED, path, "cannot be mapped: {}", error_text(errno));
  data_ = static_cast<const std::byte*>(address);
}

MappedFile::~MappedFile() {
  if (data_ != nullptr) ::munmap(const_cast<std::byte*>(data_), size_);
}

MappedFile::MappedFile(MappedFile&& other) noexcept
    : data_(std::exchange(other.data_, nullptr)), size_(std::exchange(other.size_, 0)) {}

MappedFile& MappedFile::operator=(MappedFile&& other) noexcept {
  std::swap(data_, other.data_);
  std::swap(size_, other.size_);
  return *this;
}

}  // namespace atelier::base
