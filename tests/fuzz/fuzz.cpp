#include "tests/fuzz/fuzz.h"

#include <cstdio>
#include <cstdlib>

namespace atelier::fuzz {
namespace {

/// In memory where there is a place for it: a disk would be the slowest part of a target.
struct Folder {
  std::filesystem::path path;
  Folder() {
    const char* parent = std::filesystem::is_directory("/dev/shm") ? "/dev/shm" : "/tmp";
    std::string name = std::string(parent) + "/atelier-fuzz-XXXXXX";
    if (mkdtemp(name.data()) == nullptr) std::abort();
    path = name;
  }
  ~Folder() {
    std::error_code ignored;
    std::filesystem::remove_all(path, ignored);
  }
};

}  // namespace

const std::filesystem::path& folder() {
  static const Folder it;
  return it.path;
}

std::filesystem::path as_file(const uint8_t* data, size_t size, const char* name) {
  const std::filesystem::path path = folder() / name;
  std::FILE* file = std::fopen(path.c_str(), "wb");
  if (file == nullptr || std::fwrite(data, 1, size, file) != size) std::abort();
  std::fclose(file);
  return path;
}

}  // namespace atelier::fuzz
