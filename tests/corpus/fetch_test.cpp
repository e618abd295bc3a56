#include "corpus/process.h"
#include "corpus/sources.h"
#include "base/error.h"
#include "base/files.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <cstdlib>

namespace atelier::corpus {
namespace {

namespace fs = std::filesystem;

TEST(RunProgram, ReturnsWhatItPrints) { EXPECT_EQ(run_program({"echo", "a b; c"}, "/", ""), "a b; c\n"); }

TEST(RunProgram, RunsInTheFolderGiven) { EXPECT_EQ(run_program({"pwd"}, "/usr", ""), "/usr\n"); }

TEST(RunProgram, SaysWhatIsMissingAndWhatFailed) {
  try {
    run_program({"no-such-program-here"}, "/", "install it with: apt install nothing");
    FAIL();
  } catch (const base::InvalidArgument& error) {
    EXPECT_STREQ(error.what(), "the program no-such-program-here is missing; install it with: apt install nothing");
  }
  try {
    run_program({"ls", "/no/such/folder"}, "/", "");
    FAIL();
  } catch (const base::ResourceError& error) {
    EXPECT_NE(std::string(error.what()).find("/no/such/folder"), std::string::npos);
  }
}

// PATH leads to a folder of our own, where npm is what the test makes it.
class Fetch : public testing::Test {
 protected:
  void SetUp() override {
    folder_ = fs::temp_directory_path() / fmt::format("atelier_fetch_{}", getpid());
    fs::create_directories(folder_ / "bin");
    path_ = std::getenv("PATH");
  }
  void TearDown() override {
    setenv("PATH", path_.c_str(), 1);
    fs::remove_all(folder_);
  }
  void npm(const std::string& script) {
    base::write_file(folder_ / "bin/npm", "#!/bin/sh\n" + script);
    fs::permissions(folder_ / "bin/npm", fs::perms::owner_all);
    setenv("PATH", ((folder_ / "bin").string() + ":" + path_).c_str(), 1);
  }
  fs::path folder_;
  std::string path_;
};

TEST_F(Fetch, SaysHowToInstallNpm) {
  setenv("PATH", (folder_ / "bin").c_str(), 1);
  try {
    fetch(folder_ / "corpus");
    FAIL();
  } catch (const base::InvalidArgument& error) {
    EXPECT_NE(std::string(error.what()).find("apt install npm"), std::string::npos) << error.what();
  }
}

// The archive is not what the table says: it must never be unpacked to where build() looks.
TEST_F(Fetch, RefusesAnArchiveOfAnotherHash) {
  npm("cd \"$4\" && echo tampered > a.tgz");
  EXPECT_THROW(fetch(folder_ / "corpus"), base::InvalidFile);
  EXPECT_FALSE(fs::exists(folder_ / "corpus/sources" / folder_name(source_table().packages[0])));
}

TEST_F(Fetch, LeavesAloneWhatIsThere) {
  npm("exit 1");
  setenv("PATH", (folder_ / "bin").c_str(), 1);
  for (const Package& package : source_table().packages) fs::create_directories(folder_ / "corpus/sources" / folder_name(package));
  EXPECT_NO_THROW(fetch(folder_ / "corpus"));
}

TEST(SourceTable, IsSound) {
  std::set<std::string> packages, styles, names;
  for (const Package& package : source_table().packages) {
    EXPECT_EQ(package.sha512.size(), 128u) << package.name;
    EXPECT_TRUE(packages.insert(package.name).second) << package.name;
  }
  for (const Source& source : source_table().sources) {
    EXPECT_TRUE(packages.contains(source.package)) << source.source;
    EXPECT_TRUE(names.insert(source.source).second) << source.source;
    EXPECT_TRUE(styles.insert(source.style).second) << source.style;
    EXPECT_FALSE(source.licence.empty() || source.credit.empty()) << source.source;
    // Only what is free of share-alike terms is trained on.
    const bool clean = source.licence.find("SA") == std::string::npos && source.licence.find("GPL") == std::string::npos;
    EXPECT_EQ(source.split == "train", clean) << source.source;
    EXPECT_FALSE(HeldOut::instance().names_one(source.style)) << source.style;
  }
}

}  // namespace
}  // namespace atelier::corpus
