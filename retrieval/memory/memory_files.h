#pragma once
/// The files of a memory's folder, and who may write in it.
#include "retrieval/memory/database.h"

#include <filesystem>

namespace atelier::retrieval {

struct MemoryFiles {
  std::filesystem::path database, vectors, plan;
  explicit MemoryFiles(const std::filesystem::path& folder)
      : database(folder / "memory.db"), vectors(folder / "vectors.bin"), plan(folder / "index.ivf") {}
  /// @throws InvalidFile if the folder holds no memory
  void check(const std::filesystem::path& folder) const;
};

/// How the database is read: on a medium that cannot be written, SQLite must not try to lock.
Database::Mode read_mode(const MemoryFiles& files);

/// Held by the one process that writes; gone with the process, however it ends.
class FolderLock {
 public:
  /// @throws ResourceError if another process holds it
  explicit FolderLock(const std::filesystem::path& folder);
  ~FolderLock();
  FolderLock(const FolderLock&) = delete;
  FolderLock& operator=(const FolderLock&) = delete;

 private:
  int fd_;
};

}  // namespace atelier::retrieval
