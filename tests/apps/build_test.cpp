// How the program is built, read off it: what makes a bug in it harder to use (docs/service.md).
#include "tests/apps/program_fixture.h"

#include <array>
#include <cstdio>
#include <memory>

namespace atelier::apps {
namespace {

/// What readelf, which comes with every compiler, says of the program.
std::string readelf(const std::string& flags) {
  const std::unique_ptr<FILE, int (*)(FILE*)> pipe(popen(("readelf -W " + flags + " " ATELIER_PROGRAM).c_str(), "r"), pclose);
  std::string said;
  std::array<char, 65536> part;
  for (size_t got; pipe && (got = fread(part.data(), 1, part.size(), pipe.get())) > 0;) said.append(part.data(), got);
  return said;
}

TEST(Build, IsAPositionIndependentExecutable) {
  EXPECT_NE(readelf("-h").find("DYN (Position-Independent Executable file)"), std::string::npos) << readelf("-h");
}

TEST(Build, BindsEverythingAtStartAndThenOnlyReads) {
  EXPECT_NE(readelf("-d").find("BIND_NOW"), std::string::npos);
  const std::string segments = readelf("-l");
  EXPECT_NE(segments.find("GNU_RELRO"), std::string::npos);
  const size_t stack = segments.find("GNU_STACK");
  ASSERT_NE(stack, std::string::npos);
  EXPECT_EQ(segments.substr(stack, segments.find('\n', stack) - stack).find("RWE"), std::string::npos) << "the stack can be executed";
}

TEST(Build, GuardsItsStackAndChecksWhatLibcCopies) {
  const std::string symbols = readelf("--dyn-syms");
  EXPECT_NE(symbols.find("__stack_chk_fail"), std::string::npos);
#if defined(NDEBUG) && !defined(__SANITIZE_ADDRESS__)  // -D_FORTIFY_SOURCE needs -O and is not for sanitizers
  EXPECT_NE(symbols.find("_chk@"), std::string::npos) << "no call of a checked function";
#endif
}

// The first library that has sgemm_ serves all: LibTorch's matrix products must not become those of FAISS's OpenBLAS.
TEST(Build, FindsTheMatrixProductsOfLibTorchFirst) {
  const std::string needed = readelf("-d");
  const size_t torch = needed.find("[libtorch_cpu.so"), openblas = needed.find("[libopenblas");
  ASSERT_NE(torch, std::string::npos) << needed;
  EXPECT_LT(torch, openblas) << needed;  // npos, the largest, if a memory is not in this build
}

// The standard library's regular expressions recurse for every byte that they match: a long line is the end of the stack.
TEST(Build, HasNoRegularExpressionsOfTheStandardLibrary) {
  int files = 0;
  for (const char* part : {"base", "vision", "text", "fusion", "retrieval", "promptcap", "sketchpad", "corpus", "eval", "apps"})
    for (const fs::directory_entry& entry : fs::recursive_directory_iterator(fs::path(ATELIER_SOURCE_DIR) / part)) {
      if (entry.path().extension() != ".cpp" && entry.path().extension() != ".h") continue;
      ++files;
      EXPECT_EQ(base::read_file(entry.path()).find("#include <regex>"), std::string::npos) << entry.path();
    }
  EXPECT_GT(files, 300);
}

}  // namespace
}  // namespace atelier::apps
