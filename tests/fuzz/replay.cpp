// Runs a fuzz target without libFuzzer: on files, on every file of folders, on each file's beginnings, and on copies of each
// that are damaged a little, by a fixed plan: the same ones at every run.
#include "tests/fuzz/fuzz.h"

#include <algorithm>
#include <cstdio>
#include <fstream>
#include <iterator>
#include <random>
#include <vector>

namespace fs = std::filesystem;

namespace {

constexpr int kDamaged = 200;  // copies of a file

std::string read(const fs::path& path) {
  std::ifstream file(path, std::ios::binary);
  return std::string((std::istreambuf_iterator<char>(file)), {});
}

void run(const std::string& bytes, size_t size) { LLVMFuzzerTestOneInput(reinterpret_cast<const uint8_t*>(bytes.data()), size); }

/// One to four small changes, such as files suffer and attackers try.
std::string damaged(std::string bytes, const std::vector<std::string>& all, std::mt19937_64& random) {
  const auto below = [&](size_t n) { return n == 0 ? 0 : random() % n; };
  for (size_t changes = 1 + below(4); changes > 0; --changes) {
    const size_t at = below(bytes.size() + 1), length = 1 + below(8);
    switch (below(6)) {
      case 0:
        if (at < bytes.size()) bytes[at] = static_cast<char>(bytes[at] ^ (1 << below(8)));
        break;
      case 1:
        if (at < bytes.size()) bytes[at] = "\0\xff\x7f\x80{}[]\"\\,:-.e09 \n"[below(20)];
        break;
      case 2: bytes.erase(at, length); break;
      case 3: bytes.insert(at, bytes.substr(below(bytes.size() + 1), length)); break;
      case 4: bytes.insert(at, length, static_cast<char>(below(256))); break;
      default: {  // the beginning of this one, the end of another
        const std::string& other = all[below(all.size())];
        bytes = bytes.substr(0, at) + other.substr(below(other.size() + 1));
      }
    }
  }
  return bytes;
}

}  // namespace

int main(int argc, char** argv) {
  std::vector<fs::path> paths;
  for (int i = 1; i < argc; ++i) {
    if (argv[i][0] == '-') continue;  // a flag of libFuzzer's
    if (fs::is_directory(argv[i])) paths.insert(paths.end(), fs::directory_iterator(argv[i]), {});
    else paths.emplace_back(argv[i]);
  }
  std::sort(paths.begin(), paths.end());
  std::vector<std::string> all;
  for (const fs::path& path : paths) all.push_back(read(path));
  std::mt19937_64 random(1);
  for (const std::string& bytes : all) {
    run(bytes, bytes.size());
    // Every beginning of a small file, too: what is cut short is the commonest damage.
    if (bytes.size() <= 512)
      for (size_t size = 0; size < bytes.size(); ++size) run(bytes, size);
    for (int i = 0; i < kDamaged; ++i) {
      const std::string other = damaged(bytes, all, random);
      run(other, other.size());
    }
  }
  std::printf("%zu inputs, %d damaged copies of each\n", all.size(), kDamaged);
  return all.empty() ? 1 : 0;
}
