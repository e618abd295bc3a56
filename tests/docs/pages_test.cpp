// docs/commands is what the program says of itself.
#include "base/error.h"
#include "base/files.h"
#include "tests/support.h"

#include <set>

namespace atelier::docs {
namespace {

namespace fs = std::filesystem;

std::set<std::string> names_in(const fs::path& folder) {
  std::set<std::string> names;
  for (const fs::directory_entry& entry : fs::directory_iterator(folder)) names.insert(entry.path().filename().string());
  return names;
}

TEST(DocsPages, AreTheProgramsOwnHelp) {
  const fs::path repository = ATELIER_SOURCE_DIR, shipped = repository / "docs/commands";
  const tests::TemporaryFolder made;
  const std::string command = fmt::format("bash '{}' '{}' '{}'", (repository / "docs/make_commands.sh").string(), ATELIER_PROGRAM, made.path().string());
  ASSERT_EQ(std::system(command.c_str()), 0);
  ASSERT_GT(names_in(made.path()).size(), 10u);
  EXPECT_EQ(names_in(shipped), names_in(made.path()));
  for (const std::string& name : names_in(made.path()))
    if (fs::exists(shipped / name)) {
      EXPECT_EQ(base::read_file(shipped / name), base::read_file(made.path() / name)) << name << " is stale: docs/make_commands.sh makes it anew";
    }
}

}  // namespace
}  // namespace atelier::docs
