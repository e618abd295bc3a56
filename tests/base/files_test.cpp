#include "base/files.h"

#include "base/error.h"
#include "tests/support.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <fstream>
#include <set>
#include <thread>

namespace atelier::base {
namespace {

using tests::TemporaryFolder;

std::set<std::string> names_in(const fs::path& folder) {
  std::set<std::string> names;
  for (const auto& entry : fs::directory_iterator(folder)) names.insert(entry.path().filename().string());
  return names;
}

TEST(Files, WhatIsWrittenIsRead) {
  const TemporaryFolder folder;
  std::string bytes(100'000, '\0');
  for (size_t i = 0; i < bytes.size(); ++i) bytes[i] = static_cast<char>(i * 7);
  for (const std::string& content : {bytes, std::string(), std::string("a\0b", 3), bytes.substr(0, 4095),
                                     bytes.substr(0, 4096), bytes.substr(0, 4097)}) {
    write_file(folder / "file", content);
    EXPECT_EQ(read_file(folder / "file"), content);
  }
  EXPECT_EQ(names_in(folder.path()), std::set<std::string>{"file"});
}

TEST(Files, ReadingStopsAtTheLimit) {
  const TemporaryFolder folder;
  write_file(folder / "ten", std::string_view("0123456789"));
  EXPECT_EQ(read_file(folder / "ten", 10), "0123456789");
  EXPECT_ERROR(read_file(folder / "ten", 9), InvalidFile, "ten: holds 10 bytes, at most 9 are allowed");

  // A sparse file larger than this machine's memory: must be refused before anything is allocated.
  std::ofstream(folder / "huge").close();
  fs::resize_file(folder / "huge", uintmax_t{1} << 42);
  EXPECT_ERROR(read_file(folder / "huge"), InvalidFile, "holds 4398046511104 bytes");
}

TEST(Files, APipeIsReadToItsEndAndNoFurtherThanTheLimit) {
  const auto through_pipe = [](const std::string& bytes, int64_t limit) {
    int ends[2];
    EXPECT_EQ(::pipe(ends), 0);
    std::thread writer([&] {
      write_all(ends[1], bytes.data(), bytes.size());
      ::close(ends[1]);
    });
    std::string read;
    try {
      read = read_file(fmt::format("/dev/fd/{}", ends[0]), limit);
    } catch (const InvalidFile& error) {
      read = error.what();
    }
    writer.join();
    ::close(ends[0]);
    return read;
  };
  const std::string bytes(20'000, 'x');
  EXPECT_EQ(through_pipe(bytes, 20'000), bytes);
  EXPECT_NE(through_pipe(bytes, 19'999).find("holds more than the 19999 bytes"), std::string::npos);
}

TEST(Files, WhatIsNoFileIsRefused) {
  const TemporaryFolder folder;
  EXPECT_ERROR(read_file(folder / "none"), InvalidFile, "none: cannot be opened: No such file or directory");
  EXPECT_ERROR(read_file(folder.path()), InvalidFile, "is a folder, not a file");
  EXPECT_ERROR(InputFile(folder / "none"), InvalidFile, "cannot be opened");
  EXPECT_ERROR(InputFile(folder.path()), InvalidFile, "is a folder, not a file");
  EXPECT_ERROR(InputFile("/dev/null"), InvalidFile, "is not a regular file");
  EXPECT_ERROR(MappedFile(folder / "none"), InvalidFile, "cannot be opened");
  EXPECT_ERROR(MappedFile(folder.path()), InvalidFile, "is a folder, not a file");
}

TEST(Files, AWriteThatFailsLeavesTheOldFileAndNoOther) {
  const TemporaryFolder folder;
  write_file(folder / "file", std::string_view("old"));
  const auto half = [](int fd) {
    write_all(fd, "new", 3);
    throw std::range_error("half way");
  };
  EXPECT_ERROR(write_file(folder / "file", half), std::range_error, "half way");
  EXPECT_ERROR(write_file(folder / "other", half), std::range_error, "half way");
  EXPECT_EQ(read_file(folder / "file"), "old");
  EXPECT_EQ(names_in(folder.path()), std::set<std::string>{"file"});
}

// The kernel stops the write half way, as a full disk would.
TEST(Files, AWriteThatTheSystemStopsLeavesTheOldFileAndNoOther) {
  const TemporaryFolder folder;
  write_file(folder / "file", std::string_view("old"));
  struct rlimit before;
  ASSERT_EQ(::getrlimit(RLIMIT_FSIZE, &before), 0);
  const auto handler = ::signal(SIGXFSZ, SIG_IGN);
  struct rlimit small = before;
  small.rlim_cur = 1000;
  ASSERT_EQ(::setrlimit(RLIMIT_FSIZE, &small), 0);
  EXPECT_ERROR(write_file(folder / "file", std::string(5000, 'x')), ResourceError, "file: cannot be written: ");
  ::setrlimit(RLIMIT_FSIZE, &before);
  ::signal(SIGXFSZ, handler);
  EXPECT_EQ(read_file(folder / "file"), "old");
  EXPECT_EQ(names_in(folder.path()), std::set<std::string>{"file"});
}

TEST(Files, AKilledWriterLeavesTheOldFileAndNobodyInTheWay) {
  const TemporaryFolder folder;
  write_file(folder / "file", std::string_view("old"));
  const pid_t child = ::fork();
  if (child == 0) {
    write_file(folder / "file", [](int fd) {
      write_all(fd, "new", 3);
      ::kill(::getpid(), SIGKILL);
    });
    ::_exit(0);
  }
  int status = 0;
  ASSERT_EQ(::waitpid(child, &status, 0), child);
  ASSERT_TRUE(WIFSIGNALED(status));
  EXPECT_EQ(read_file(folder / "file"), "old");
  ASSERT_EQ(names_in(folder.path()).size(), 2u);  // the killed one's temporary file

  // The next process may have the same number, and so the same temporary names.
  for (int i = 0; i < 1000; ++i) std::ofstream(folder / fmt::format(".atelier-{}-{}.tmp", ::getpid(), i)) << "left";
  write_file(folder / "file", std::string_view("new"));
  EXPECT_EQ(read_file(folder / "file"), "new");
}

TEST(Files, AFullDiskIsNamed) {
  EXPECT_ERROR(write_file("/dev/full", std::string_view("x")), ResourceError,
               "/dev/full: cannot be written: the disk is full");
}

TEST(Files, APipeIsWrittenNotReplaced) {
  const TemporaryFolder folder;
  const fs::path path = folder / "pipe";
  ASSERT_EQ(::mkfifo(path.c_str(), 0600), 0);
  const int end = ::open(path.c_str(), O_RDWR | O_NONBLOCK);  // a reader, so that the writer need not wait for one
  ASSERT_GE(end, 0);
  write_file(path, std::string_view("bytes"));
  char read[16];
  EXPECT_EQ(::read(end, read, sizeof read), 5);
  EXPECT_EQ(std::string(read, 5), "bytes");
  ::close(end);
  EXPECT_TRUE(fs::is_fifo(path));
}

TEST(Files, WhereNothingCanBeWrittenIsTheUsersChoice) {
  const TemporaryFolder folder;
  EXPECT_ERROR(write_file(folder / "none" / "file", std::string_view("x")), InvalidArgument, "none does not exist");
  EXPECT_ERROR(write_file(folder.path(), std::string_view("x")), InvalidArgument, "is a folder, not a file");
  EXPECT_ERROR(write_file(folder / "", std::string_view("x")), InvalidArgument, "is a folder, not a file");
  write_file(folder / "file", std::string_view("x"));
  EXPECT_ERROR(write_file(folder / "file" / "inner", std::string_view("x")), InvalidArgument, "file does not exist");
  EXPECT_EQ(names_in(folder.path()), std::set<std::string>{"file"});
}

TEST(Files, ALinkIsFollowed) {
  const TemporaryFolder folder;
  fs::create_directory(folder / "store");
  write_file(folder / "store" / "file", std::string_view("old"));
  fs::create_symlink(folder / "store" / "file", folder / "link");
  write_file(folder / "link", std::string_view("new"));
  EXPECT_TRUE(fs::is_symlink(folder / "link"));
  EXPECT_EQ(read_file(folder / "store" / "file"), "new");
}

TEST(Files, NewFilesHaveTheUsualPermissionsAndTheLongestNames) {
  const TemporaryFolder folder;
  const mode_t before = ::umask(022);
  const std::string name(255, 'n');
  write_file(folder / name, std::string_view("x"));
  ::umask(before);
  struct stat status;
  ASSERT_EQ(::stat((folder / name).c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 0777, 0644u);
}

TEST(Files, ReadersOnlyEverSeeWholeFiles) {
  const TemporaryFolder folder;
  const auto content = [](int writer) { return std::string(50'000, static_cast<char>('a' + writer)); };
  write_file(folder / "file", content(0));
  std::vector<std::thread> writers;
  for (int writer = 0; writer < 3; ++writer) {
    writers.emplace_back([&, writer] {
      for (int i = 0; i < 10; ++i) write_file(folder / "file", content(writer));
    });
  }
  for (int i = 0; i < 100; ++i) {
    const std::string seen = read_file(folder / "file");
    ASSERT_EQ(seen.size(), 50'000u);
    ASSERT_EQ(seen, content(seen[0] - 'a'));
  }
  for (std::thread& writer : writers) writer.join();
  EXPECT_EQ(names_in(folder.path()), std::set<std::string>{"file"});
}

TEST(InputFile, ReadsAnyPartAndNothingBeyond) {
  const TemporaryFolder folder;
  write_file(folder / "file", std::string_view("0123456789"));
  InputFile file(folder / "file");
  EXPECT_EQ(file.size(), 10);
  char part[4] = {};
  file.read(part, 4, 6);
  EXPECT_EQ(std::string(part, 4), "6789");
  EXPECT_ERROR(file.read(part, 4, 7), InvalidFile, "file: ends at byte 10, 1 bytes too early");

  InputFile moved = std::move(file);
  moved.read(part, 2, 0);
  EXPECT_EQ(std::string(part, 2), "01");
}

TEST(InputFile, AFileCutShortUnderneathIsAnError) {
  const TemporaryFolder folder;
  write_file(folder / "file", std::string(10'000, 'x'));
  const InputFile file(folder / "file");
  fs::resize_file(folder / "file", 5000);
  std::string bytes(10'000, '\0');
  EXPECT_ERROR(file.read(bytes.data(), 10'000, 0), InvalidFile, "ends at byte 5000, 5000 bytes too early");
}

TEST(MappedFile, ShowsTheWholeFile) {
  const TemporaryFolder folder;
  write_file(folder / "file", std::string_view("0123456789"));
  MappedFile mapped(folder / "file");
  ASSERT_EQ(mapped.size(), 10u);
  EXPECT_EQ(std::string(reinterpret_cast<const char*>(mapped.data()), 10), "0123456789");

  write_file(folder / "empty", std::string_view());
  MappedFile other(folder / "empty");
  EXPECT_EQ(other.size(), 0u);
  other = std::move(mapped);
  EXPECT_EQ(static_cast<char>(other.data()[9]), '9');
}

}  // namespace
}  // namespace atelier::base
