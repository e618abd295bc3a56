// What users and machines do to a memory: one clear line each, and the memory stays whole.
#include "base/error.h"
#include "base/files.h"
#include "base/progress.h"
#include "retrieval/memory/catalogue.h"
#include "retrieval/memory/import.h"
#include "tests/memory/fake_embedder.h"
#include "tests/support.h"
#include "vision/container.h"

#include <omp.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>

namespace atelier::retrieval {
namespace {

using tests::TemporaryFolder;
namespace fs = std::filesystem;


void make(const fs::path& folder, int documents = 5) {
  Memory::create(folder, kEmbedder);
  Memory memory = Memory::open(folder, Access::write);
  std::vector<PreparedDocument> batch;
  for (int i = 0; i < documents; ++i) {
    const vision::Image picture = noise(static_cast<uint64_t>(i));
    batch.push_back(document(fmt::format("d{}", i), fmt::format("noise {}", i), &picture));
  }
  memory.add(batch, kEmbedder);
}

/// A PNG that says it has 30,000 x 27,000 pixels, 2.4 GB, in 64 bytes.
std::string bomb() {
  const std::string size("\0\0\x75\x30\0\0\x69\x78", 8), form("\x08\x02\0\0\0", 5);
  return vision::encode_png(plain(1, 2, 3, 1)).substr(0, 8) + vision::png_chunk("IHDR", size + form) + vision::png_chunk("IDAT", "7 bytes") +
         vision::png_chunk("IEND", "");
}

TEST(BadInput, InABulkImportIsCountedListedAndPassedOver) {
  const TemporaryFolder folder;
  make(folder / "m");
  const fs::path in = folder / "in";
  fs::create_directory(in);
  const std::string good = vision::encode_png(noise(77));
  base::write_file(in / "good.png", good);
  base::write_file(in / "empty.png", "");
  base::write_file(in / "cut.png", good.substr(0, good.size() / 2));
  base::write_file(in / "text.png", "not a picture");
  base::write_file(in / "bomb.png", bomb());
  ASSERT_EQ(fs::file_size(in / "bomb.png"), 64u);
  std::string lines = "{\"picture\": \"empty.png\"}\n{\"picture\": \"cut.png\"}\n{\"picture\": \"text.png\"}\n{\"picture\": \"bomb.png\"}\n";
  lines += "{\"picture\": \"missing.png\"}\nthis is no JSON\n{\"caption\": \"b\xff d\"}\n{\"caption\": 7}\n[1, 2]\n{\"colour\": \"red\"}\n";
  lines += "{\"caption\": \"bell \\u0007\"}\n{\"caption\": \"" + std::string(20000, 'a') + "\"}\n{\"caption\": \"cut\n";
  base::write_file(in / "list.jsonl", lines + "{\"picture\": \"good.png\", \"caption\": \"good\"}\n");

  base::set_quiet(true);
  std::vector<std::string> failures;
  ImportOptions options;
  options.on_failure = [&](const std::string& line) { failures.push_back(line); };
  ImportResult result;
  {
    Memory memory = Memory::open(folder / "m", Access::write);
    result = import_documents(memory, kEmbedder, *open_source(in / "list.jsonl"), options);
  }
  base::set_quiet(false);
  EXPECT_EQ(result.added, 1);
  EXPECT_EQ(result.failed, 13);
  ASSERT_EQ(failures.size(), 13u);
  const auto said = [&](const std::string& fragment) {
    return std::count_if(failures.begin(), failures.end(), [&](const std::string& line) { return line.find(fragment) != line.npos; });
  };
  for (const char* fragment : {"empty.png: is empty", "cut.png: ", "text.png: ", "bomb.png: ", "missing.png: cannot be opened",
                               "line 6: is not valid JSON", "line 7: is not valid UTF-8", "line 8: caption must be a string, not 7",
                               "line 9: is no JSON object", "line 10: has neither a picture nor a caption", "line 11: the caption holds a control",
                               "line 12: the caption has 20000 bytes", "line 13: is not valid JSON"})
    EXPECT_EQ(said(fragment), 1) << fragment;
  EXPECT_EQ(said("\n"), 0);  // one line each
  EXPECT_EQ(said("30000"), 1) << fmt::format("{}", fmt::join(failures, "\n"));  // the bomb is refused for what it claims
  EXPECT_EQ(Memory::open(folder / "m", Access::read).find("good.png")->caption, "good");
  EXPECT_EQ(verify(folder / "m").documents, 6);
  EXPECT_TRUE(verify(folder / "m").problems.empty());
}

TEST(BadInput, ASideFileThatIsNotUtf8) {
  const TemporaryFolder folder;
  fs::create_directory(folder / "in");
  vision::write_image(folder / "in/a.png", noise(1));
  base::write_file(folder / "in/a.txt", "latin1: \xe4");
  NewDocument d;
  EXPECT_ERROR(open_source(folder / "in")->next(d), base::InvalidFile, "a.txt: the caption is not UTF-8");
}

// One flipped bit: refused when opened, named by verify, and the file stays as it is.
TEST(BadInput, AFlippedBitInTheVectors) {
  const TemporaryFolder folder;
  make(folder / "m");
  const fs::path vectors = folder / "m/vectors.bin";
  std::string bytes = base::read_file(vectors);
  bytes[bytes.size() - 9] ^= 32;
  base::write_file(vectors, bytes);
  EXPECT_ERROR(Memory::open(folder / "m", Access::read), base::InvalidFile, "vectors.bin: rows 0 to 4");
  EXPECT_ERROR(Memory::open(folder / "m", Access::write), base::InvalidFile, "fail their checksum: the file is damaged");
  const Verification result = verify(folder / "m");
  ASSERT_EQ(result.problems.size(), 1u);
  EXPECT_EQ(result.documents, 5);
  EXPECT_EQ(base::read_file(vectors), bytes);
}

TEST(BadInput, ADamagedDatabase) {
  const TemporaryFolder folder;
  make(folder / "m", 200);
  const fs::path database = folder / "m/memory.db";
  const std::string good = base::read_file(database);
  // A changed caption, which SQLite itself cannot see.
  std::string bad = good;
  bad.replace(bad.find("noise 150"), 9, "voice 150");
  base::write_file(database, bad);
  const Verification result = verify(folder / "m");
  ASSERT_EQ(result.problems.size(), 1u);
  EXPECT_NE(result.problems[0].find("row 150 (d150) fails its checksum"), std::string::npos) << result.problems[0];
  for (const std::string& bytes : {std::string(5000, 'x'), good.substr(0, 6000), std::string()}) {
    base::write_file(database, bytes);
    EXPECT_FALSE(verify(folder / "m").problems.empty());
    EXPECT_THROW(Memory::open(folder / "m", Access::read), base::InvalidFile);
  }
}

TEST(BadInput, AFileThatIsMissingOrCut) {
  const TemporaryFolder folder;
  make(folder / "m");
  fs::resize_file(folder / "m/vectors.bin", fs::file_size(folder / "m/vectors.bin") - 1);
  EXPECT_ERROR(Memory::open(folder / "m", Access::read), base::InvalidFile, "it was cut");
  EXPECT_EQ(verify(folder / "m").problems.size(), 1u);
  fs::remove(folder / "m/vectors.bin");
  EXPECT_ERROR(Memory::open(folder / "m", Access::read), base::InvalidFile, "vectors.bin is missing");
}

// An installed memory may lie where nothing can be written: no lock, no file beside it.
TEST(BadInput, AMediumThatCannotBeWritten) {
  const TemporaryFolder folder;
  make(folder / "a # % ? name");
  Catalogue catalogue(folder / "a # % ? name" / "memory.db", Database::Mode::immutable);
  EXPECT_EQ(catalogue.counts().documents, 5);
  EXPECT_FALSE(fs::exists(folder / "a # % ? name" / "memory.db-shm"));
  EXPECT_THROW(catalogue.database().run("DELETE FROM documents"), base::ResourceError);
}

/// In a process of its own: no file may grow past `limit` bytes, as on a full disk. @return its exit code: 0 if a batch
/// failed with a ResourceError, the memory went on as before, and takes documents again when there is room.
int fill_the_disk(const fs::path& folder, rlim_t limit) {
  const pid_t child = ::fork();
  if (child == 0) {
    const auto failed_at = [](int code) { ::_exit(code); };
    try {
      ::omp_set_num_threads(1);  // the parent's threads are not here
      std::signal(SIGXFSZ, SIG_IGN);
      Memory memory = Memory::open(folder, Access::write);
      rlimit limits = {};
      ::getrlimit(RLIMIT_FSIZE, &limits);
      limits.rlim_cur = limit;
      ::setrlimit(RLIMIT_FSIZE, &limits);
      bool full = false;
      int64_t before = 0;
      uint64_t number = 0;
      std::vector<PreparedDocument> batch;
      while (!full && number < 5000) {
        batch.clear();
        for (int i = 0; i < 16; ++i, ++number) {
          const vision::Image picture = noise(1000 + number, 64);
          batch.push_back(document(fmt::format("n{}", number), fmt::format("text {}", number), &picture));
        }
        before = memory.size();
        try {
          memory.add(batch, kEmbedder);
        } catch (const base::ResourceError&) {
          full = true;
        }
      }
      if (!full) failed_at(2);
      if (memory.size() != before) failed_at(3);
      limits.rlim_cur = limits.rlim_max;
      ::setrlimit(RLIMIT_FSIZE, &limits);
      if (!verify(folder).problems.empty() || verify(folder).documents != before) failed_at(4);
      if (memory.add(batch, kEmbedder) != std::vector<Added>(16, Added::added)) failed_at(5);
      if (memory.search(memory.query(kEmbedder, &batch[0].document.caption, nullptr), 5).size() != 5) failed_at(6);
    } catch (const std::exception& error) {
      std::fprintf(stderr, "%s\n", error.what());
      failed_at(7);
    }
    ::_exit(0);
  }
  int status = 0;
  ::waitpid(child, &status, 0);
  return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

TEST(BadInput, AFullDiskWhileVectorsAreWritten) {
  const TemporaryFolder folder;
  const FakeEmbedder wide(4096);  // 16 KB a vector: their file is the first to be full
  Memory::create(folder / "m", wide);
  const pid_t child = ::fork();
  if (child == 0) {
    ::omp_set_num_threads(1);
    std::signal(SIGXFSZ, SIG_IGN);
    Memory memory = Memory::open(folder / "m", Access::write);
    rlimit limits = {};
    ::getrlimit(RLIMIT_FSIZE, &limits);
    limits.rlim_cur = 100'000;  // in the middle of the seventh vector
    ::setrlimit(RLIMIT_FSIZE, &limits);
    const std::vector<PreparedDocument> first = {document("a", "a"), document("b", "b")};
    std::vector<PreparedDocument> second;
    for (int i = 0; i < 8; ++i) second.push_back(document(fmt::format("c{}", i), fmt::format("c{}", i)));
    int code = 1;
    try {
      memory.add(first, wide);
      memory.add(second, wide);
    } catch (const base::ResourceError& error) {
      code = std::string(error.what()).find("vectors.bin: cannot be written: File too large") != std::string::npos ? 0 : 2;
    }
    // The bytes that did fit are given back.
    if (memory.size() != 2 || fs::file_size(folder / "m/vectors.bin") != 256 + 24 + 2 * 16384) code = 3;
    limits.rlim_cur = limits.rlim_max;
    ::setrlimit(RLIMIT_FSIZE, &limits);
    if (memory.add(second, wide) != std::vector<Added>(8, Added::added)) code = 4;
    ::_exit(code);
  }
  int status = 0;
  ::waitpid(child, &status, 0);
  EXPECT_EQ(WEXITSTATUS(status), 0);
  EXPECT_EQ(Memory::open(folder / "m", Access::read).size(), 10);
  EXPECT_TRUE(verify(folder / "m").problems.empty());
}

TEST(BadInput, AFullDiskWhileTheDatabaseIsWritten) {
  const TemporaryFolder folder;
  make(folder / "m");
  EXPECT_EQ(fill_the_disk(folder / "m", 700'000), 0);
  EXPECT_TRUE(verify(folder / "m").problems.empty());
}

}  // namespace
}  // namespace atelier::retrieval
