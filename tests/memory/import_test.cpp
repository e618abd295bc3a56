#include "retrieval/memory/import.h"

#include "base/error.h"
#include "base/files.h"
#include "base/progress.h"
#include "tests/memory/fake_embedder.h"
#include "tests/support.h"

namespace atelier::retrieval {
namespace {

using tests::TemporaryFolder;
namespace fs = std::filesystem;


class Import : public testing::Test {
 protected:
  Import() {
    base::set_quiet(true);
    Memory::create(folder_ / "m", kEmbedder, 32);
    fs::create_directories(folder_ / "in/sub");
    options_.on_failure = [this](const std::string& line) { failures_.push_back(line); };
    options_.batch = 4;
  }
  ~Import() override { base::set_quiet(false); }

  void write(const std::string& name, const std::string& bytes) { base::write_file(folder_ / "in" / name, bytes); }
  void picture(const std::string& name, uint64_t seed) { vision::write_image(folder_ / "in" / name, noise(seed)); }
  ImportResult run(const std::string& source = "") {
    failures_.clear();
    Memory memory = Memory::open(folder_ / "m", Access::write);
    return import_documents(memory, kEmbedder, *open_source(source.empty() ? folder_ / "in" : folder_ / "in" / source), options_);
  }
  std::optional<Document> find(const std::string& id) { return Memory::open(folder_ / "m", Access::read).find(id); }

  TemporaryFolder folder_;
  ImportOptions options_;
  std::vector<std::string> failures_;
};

TEST_F(Import, TakesAFolderWithSideFileCaptions) {
  picture("b.png", 1);
  picture("sub/a.JPEG", 2);
  write("b.txt", "\xef\xbb\xbf a red noise\n");
  write("notes.txt", "of no picture");
  options_.tags = {"noise"};
  options_.source = "made here";
  options_.licence = "CC0-1.0";
  const ImportResult result = run();
  EXPECT_EQ(result.added, 2);
  EXPECT_EQ(result.failed, 0);
  const std::optional<Document> b = find("b.png");
  ASSERT_TRUE(b && find("sub/a.JPEG"));
  EXPECT_EQ(b->caption, "a red noise");
  EXPECT_EQ(b->tags, std::vector<std::string>{"noise"});
  EXPECT_EQ(b->source, "made here");
  EXPECT_EQ(b->licence, "CC0-1.0");
  EXPECT_EQ(find("sub/a.JPEG")->content(), Content::picture);
}

TEST_F(Import, GoesOnWhereItWasStopped) {
  for (uint64_t i = 0; i < 6; ++i) picture(fmt::format("{}.png", i), i);
  EXPECT_EQ(run().added, 6);
  for (uint64_t i = 6; i < 9; ++i) picture(fmt::format("{}.png", i), i);
  const ImportResult again = run();
  EXPECT_EQ(again.added, 3);
  EXPECT_EQ(again.known, 6);
  EXPECT_EQ(again.failed, 0);
}

TEST_F(Import, TakesJsonLines) {
  picture("sub/x.png", 1);
  picture("y.png", 2);
  write("list.jsonl",
        "{\"picture\": \"sub/x.png\", \"caption\": \"gr\\u00fcn\", \"tags\": [\"a\", \"b\"], \"licence\": \"MIT\", \"width\": 3}\r\n\n"
        "{\"file_name\": \"y.png\", \"text\": \"hello\", \"id\": \"why\", \"source\": null}\n"
        "{\"caption\": \"words alone\", \"license\": \"CC0\"}");
  const std::unique_ptr<DocumentSource> source = open_source(folder_ / "in/list.jsonl");
  EXPECT_EQ(source->total(), 3);
  EXPECT_EQ(run("list.jsonl").added, 3);
  EXPECT_EQ(find("sub/x.png")->caption, "grün");
  EXPECT_EQ(find("sub/x.png")->tags, (std::vector<std::string>{"a", "b"}));
  EXPECT_EQ(find("why")->caption, "hello");
  EXPECT_EQ(Memory::open(folder_ / "m", Access::read).stats().licences["CC0"], 1);
}

TEST_F(Import, TakesCsv) {
  picture("x.png", 1);
  write("list.csv",
        "Picture,Caption,tags,colour\r\n"
        "x.png,\"a \"\"quoted\"\", comma\",one;two,red\r\n"
        "\r\n"
        ",\"two\nlines\",,\n"
        ",too few\n"
        ",\"behind\"x,,\n"
        ",last,;;three;,\n");
  const std::unique_ptr<DocumentSource> source = open_source(folder_ / "in/list.csv");
  EXPECT_EQ(source->total(), 5);
  const ImportResult result = run("list.csv");
  EXPECT_EQ(result.added, 3);
  ASSERT_EQ(failures_.size(), 2u);
  EXPECT_NE(failures_[0].find("list.csv line 6: has 2 fields, the first line has 4"), std::string::npos) << failures_[0];
  EXPECT_NE(failures_[1].find("line 7: has text behind a quoted field"), std::string::npos) << failures_[1];
  EXPECT_EQ(find("x.png")->caption, "a \"quoted\", comma");
  EXPECT_EQ(find("x.png")->tags, (std::vector<std::string>{"one", "two"}));
  std::vector<std::string> captions, tags;
  const Memory memory = Memory::open(folder_ / "m", Access::read);
  const std::string anything = "lines";
  for (const Hit& hit : memory.search(memory.query(kEmbedder, &anything, nullptr), 10)) {
    captions.push_back(hit.document.caption);
    tags.insert(tags.end(), hit.document.tags.begin(), hit.document.tags.end());
  }
  EXPECT_EQ(std::count(captions.begin(), captions.end(), "two\nlines"), 1);
  EXPECT_EQ(std::count(tags.begin(), tags.end(), "three"), 1);
}

TEST_F(Import, AQuoteThatNeverEndsIsOneFailure) {
  write("list.csv", "caption\ngood\n\"open\nand on\n");
  EXPECT_EQ(run("list.csv").added, 1);
  ASSERT_EQ(failures_.size(), 1u);
  EXPECT_NE(failures_[0].find("line 3: a quoted field never ends"), std::string::npos) << failures_[0];
}

TEST_F(Import, SourcesThatAreNone) {
  EXPECT_ERROR(run("nowhere.jsonl"), base::InvalidFile, "no such file or folder");
  write("list.xml", "<a/>");
  EXPECT_ERROR(run("list.xml"), base::InvalidArgument, "a folder of pictures, a .jsonl or a .csv manifest");
  EXPECT_ERROR(run(), base::InvalidFile, "holds no picture");
  write("list.csv", "colour,size\n1,2\n");
  EXPECT_ERROR(run("list.csv"), base::InvalidFile, "picture or caption among them");
  write("list.csv", "text,caption\n1,2\n");
  EXPECT_ERROR(run("list.csv"), base::InvalidFile, "names caption twice");
}

TEST_F(Import, TwoDocumentsOfOneIdAreAFailureOfTheSecond) {
  write("list.jsonl", "{\"id\": \"x\", \"caption\": \"first\"}\n{\"id\": \"x\", \"caption\": \"second\"}\n");
  const ImportResult result = run("list.jsonl");
  EXPECT_EQ(result.added, 1);
  ASSERT_EQ(failures_.size(), 1u);
  EXPECT_NE(failures_[0].find("list.jsonl line 2: another document has the id x"), std::string::npos) << failures_[0];
}

}  // namespace
}  // namespace atelier::retrieval
