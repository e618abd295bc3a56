// Runs a fuzz target on files, and on every file of folders: what libFuzzer's own main does without -runs.
#include "tests/fuzz/fuzz.h"

#include <cstdio>
#include <fstream>
#include <iterator>

namespace fs = std::filesystem;

namespace {

void run(const fs::path& path) {
  std::ifstream file(path, std::ios::binary);
  const std::string bytes((std::istreambuf_iterator<char>(file)), {});
  LLVMFuzzerTestOneInput(reinterpret_cast<const uint8_t*>(bytes.data()), bytes.size());
  // Every beginning of a small file, too: what is cut short is the commonest damage.
  if (bytes.size() <= 512)
    for (size_t size = 0; size < bytes.size(); ++size) LLVMFuzzerTestOneInput(reinterpret_cast<const uint8_t*>(bytes.data()), size);
}

}  // namespace

int main(int argc, char** argv) {
  int count = 0;
  for (int i = 1; i < argc; ++i) {
    if (argv[i][0] == '-') continue;  // a flag of libFuzzer's
    if (!fs::is_directory(argv[i])) {
      run(argv[i]);
      ++count;
      continue;
    }
    for (const auto& entry : fs::directory_iterator(argv[i])) {
      run(entry.path());
      ++count;
    }
  }
  std::printf("%d inputs\n", count);
  return count > 0 ? 0 : 1;
}
