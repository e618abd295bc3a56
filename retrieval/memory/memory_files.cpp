#include "retrieval/memory/memory_files.h"

#include "base/error.h"

#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include <cerrno>
#include <system_error>

namespace atelier::retrieval {
namespace fs = std::filesystem;

void MemoryFiles::check(const fs::path& folder) const {
  std::error_code ignored;
  CHECK_FILE(fs::is_regular_file(database, ignored), folder.string(), "there is no memory here; `atelier memory create {}` makes one",
             folder.string());
  CHECK_FILE(fs::is_regular_file(vectors, ignored), folder.string(), "the memory's file {} is missing", vectors.filename().string());
}

Database::Mode read_mode(const MemoryFiles& files) {
  if (::access(files.database.parent_path().c_str(), W_OK) == 0 && ::access(files.database.c_str(), W_OK) == 0) return Database::Mode::read;
  std::error_code error;
  const auto log = fs::file_size(fs::path(files.database) += "-wal", error);
  CHECK_FILE(error || log == 0, files.database.string(), "was not closed; open the memory once where it can be written");
  return Database::Mode::immutable;
}

FolderLock::FolderLock(const fs::path& folder) : fd_(::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC)) {
  if (fd_ < 0) throw base::ResourceError(fmt::format("{}: cannot be opened: {}", folder.string(), std::generic_category().message(errno)));
  if (::flock(fd_, LOCK_EX | LOCK_NB) == 0) return;
  ::close(fd_);
  throw base::ResourceError(fmt::format("{}: another process is writing this memory", folder.string()));
}

FolderLock::~FolderLock() { ::close(fd_); }

}  // namespace atelier::retrieval
