#include "retrieval/memory/memory.h"

#include "base/error.h"
#include "base/files.h"
#include "tests/memory/fake_embedder.h"
#include "tests/support.h"

#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <thread>

namespace atelier::retrieval {
namespace {

using tests::TemporaryFolder;
namespace fs = std::filesystem;


std::vector<std::string> ids(const std::vector<Hit>& hits) {
  std::vector<std::string> out;
  for (const Hit& hit : hits) out.push_back(hit.document.id);
  return out;
}

Memory fresh(const TemporaryFolder& folder) {
  Memory::create(folder / "m", kEmbedder, 64);
  return Memory::open(folder / "m", Access::write);
}

/// Three pictures with captions, one without, one caption alone.
void fill(Memory& memory) {
  const vision::Image red = plain(250, 0, 0), green = plain(0, 250, 0), blue = plain(0, 0, 250), dark = plain(0, 0, 90);
  const std::vector<PreparedDocument> documents = {document("r", "a red square", &red), document("g", "a green square", &green),
                                                   document("b", "a blue square", &blue), document("d", "", &dark),
                                                   document("t", "nothing but red words")};
  EXPECT_EQ(memory.add(documents, kEmbedder), std::vector<Added>(5, Added::added));
}

std::vector<Hit> search(const Memory& memory, const char* text, int64_t count) {
  const std::string words = text;
  return memory.search(memory.query(kEmbedder, &words, nullptr), count);
}

TEST(Memory, FindsByTextByPictureAndByBoth) {
  const TemporaryFolder folder;
  Memory memory = fresh(folder);
  fill(memory);
  EXPECT_EQ(ids(search(memory, "something green", 1)), (std::vector<std::string>{"g"}));
  const vision::Image red = plain(200, 10, 10);
  const std::string text = "blue";
  const auto by_picture = memory.search(memory.query(kEmbedder, nullptr, &red), 2);
  EXPECT_EQ(by_picture[0].document.id, "r");
  // Halfway between red and blue: both squares come before the green one.
  const auto by_both = ids(memory.search(memory.query(kEmbedder, &text, &red), 5));
  EXPECT_EQ(by_both.back(), "g");
  EXPECT_ERROR(memory.query(kEmbedder, nullptr, nullptr), base::InvalidArgument, "a text or a picture");
}

TEST(Memory, SimilarityIsTheInnerProductWithTheDocumentsVector) {
  const TemporaryFolder folder;
  Memory memory = fresh(folder);
  fill(memory);
  const std::string text = "red";
  const Tensor query = memory.query(kEmbedder, &text, nullptr);
  const std::vector<Hit> hits = memory.search(query, 10);
  ASSERT_EQ(hits.size(), 5u);
  for (size_t i = 0; i < hits.size(); ++i) {
    if (i) {
      EXPECT_GE(hits[i - 1].similarity, hits[i].similarity);
    }
    const Tensor vector = memory.vectors(std::vector<int64_t>{hits[i].document.row})[0];
    EXPECT_NEAR(hits[i].similarity, vector.dot(query).item<float>(), 1e-6);
    EXPECT_NEAR(vector.norm().item<float>(), 1, 1e-6);
  }
  // The normalised mean of the two parts, RA-CM3's document vector.
  const vision::Image red = plain(250, 0, 0);
  const std::string caption = "a red square";
  const Tensor expected = mixed_modal(kEmbedder.embed_texts({&caption, 1}), kEmbedder.embed_pictures({&red, 1}))[0];
  EXPECT_LT((memory.vectors(std::vector<int64_t>{memory.find("r")->row})[0] - expected).abs().max().item<float>(), 1e-6f);
}

TEST(Memory, KeepsEverythingAcrossOpening) {
  const TemporaryFolder folder;
  std::vector<std::string> before;
  const vision::Image red = plain(250, 0, 0);
  {
    Memory memory = fresh(folder);
    NewDocument d;
    d.id = "äpfel/rot.png";
    d.caption = "  Ein roter Apfel \n";
    d.tags = {"fruit", "red, round"};
    d.source = "https://example.org/1";
    d.licence = "CC-BY-4.0";
    d.picture_bytes = vision::encode_png(plain(250, 0, 0, 300));
    memory.add(std::vector<PreparedDocument>{prepare(d, 64)}, kEmbedder);
    fill(memory);
    before = ids(search(memory, "red", 10));
  }
  const Memory memory = Memory::open(folder / "m", Access::read);
  EXPECT_EQ(ids(search(memory, "red", 10)), before);
  const std::optional<Document> d = memory.find("äpfel/rot.png");
  ASSERT_TRUE(d);
  EXPECT_EQ(d->caption, "Ein roter Apfel");
  EXPECT_EQ(d->tags, (std::vector<std::string>{"fruit", "red, round"}));
  EXPECT_EQ(d->source, "https://example.org/1");
  EXPECT_EQ(d->licence, "CC-BY-4.0");
  EXPECT_EQ(d->width, 300);
  EXPECT_EQ(d->content(), Content::both);
  const vision::Image thumbnail = vision::decode_image(memory.thumbnail(d->row), "thumbnail");
  EXPECT_EQ(thumbnail.width, 64);
  EXPECT_EQ(thumbnail.at(30, 30)[0], 250);
  EXPECT_EQ(memory.thumbnail(memory.find("t")->row), "");
  EXPECT_TRUE(verify(folder / "m").problems.empty());
}

TEST(Memory, TheSamePictureTwiceIsOneDocument) {
  const TemporaryFolder folder;
  Memory memory = fresh(folder);
  const vision::Image picture = noise(1), other = noise(2);
  NewDocument same;
  same.id = "other name";
  same.picture_bytes = vision::encode_png(picture, {{"Comment", "another file with the same pixels"}});
  const std::vector<PreparedDocument> documents = {document("a", "first", &picture), document("b", "second", &picture), prepare(same, 64),
                                                   document("a", "third", &other), document("c", "words"), document("d", " words ")};
  EXPECT_EQ(memory.add(documents, kEmbedder),
            (std::vector<Added>{Added::added, Added::known, Added::known, Added::id_taken, Added::added, Added::known}));
  EXPECT_EQ(memory.add(documents, kEmbedder),
            (std::vector<Added>{Added::known, Added::known, Added::known, Added::id_taken, Added::known, Added::known}));
  EXPECT_EQ(memory.size(), 2);
  EXPECT_EQ(memory.find("a")->caption, "first");
}

TEST(Memory, WhatIsRemovedIsFoundNoMoreAndMayComeBack) {
  const TemporaryFolder folder;
  const vision::Image red = plain(250, 0, 0);
  {
    Memory memory = fresh(folder);
    fill(memory);
    EXPECT_ERROR(memory.remove(std::vector<std::string>{"r", "nobody"}), base::InvalidArgument, "no document \"nobody\"");
    EXPECT_TRUE(memory.find("r"));  // all or none
    memory.remove(std::vector<std::string>{"r", "t"});
    EXPECT_FALSE(memory.find("r"));
    EXPECT_EQ(memory.size(), 3);
  }
  Memory memory = Memory::open(folder / "m", Access::write);
  EXPECT_EQ(memory.size(), 3);
  for (const std::string& id : ids(search(memory, "red", 10))) EXPECT_TRUE(id != "r" && id != "t") << id;
  EXPECT_TRUE(verify(folder / "m").problems.empty());
  EXPECT_EQ(memory.add(std::vector<PreparedDocument>{document("r", "red again", &red)}, kEmbedder)[0], Added::added);
  EXPECT_EQ(search(memory, "red", 1)[0].document.caption, "red again");
  EXPECT_EQ(memory.stats().removed, 2);
}

// RA-CM3's rules on the memory's own index: the red square is the query, the caption alone has one modality only.
TEST(Memory, RetrievesByTheRules) {
  const TemporaryFolder folder;
  Memory memory = fresh(folder);
  fill(memory);
  const Tensor query = memory.vectors(std::vector<int64_t>{memory.find("r")->row})[0];
  EXPECT_EQ(memory.retrieve(query, {1, 1.1, true})[0].document.id, "r");
  EXPECT_EQ(ids(memory.retrieve(query, {4, 0.9, true})).size(), 2u);
  for (const std::string& id : ids(memory.retrieve(query, {4, 0.9, true}))) EXPECT_TRUE(id == "g" || id == "b") << id;
  EXPECT_EQ(ids(memory.retrieve(query, {4, 0.9, true}, std::vector<std::string>{"g"})), (std::vector<std::string>{"b"}));
  EXPECT_GE(memory.retrieve(query, {4, 1.1, false}).size(), 3u);
}

// The one document with a picture is behind two hundred captions, further than the first candidates.
TEST(Memory, RetrievesAsFarDownTheListAsItMust) {
  const TemporaryFolder folder;
  Memory memory = fresh(folder);
  std::vector<PreparedDocument> documents;
  for (int i = 0; i < 200; ++i) documents.push_back(document(fmt::format("t{}", i), fmt::format("red number {}", i)));
  const vision::Image green = plain(0, 250, 0);
  documents.push_back(document("g", "green", &green));
  memory.add(documents, kEmbedder);
  const std::string text = "red";
  EXPECT_EQ(ids(memory.retrieve(memory.query(kEmbedder, &text, nullptr), {2, 0.9, true})), (std::vector<std::string>{"g"}));
}

TEST(Memory, RefusesAnotherModel) {
  const TemporaryFolder folder;
  Memory memory = fresh(folder);
  fill(memory);
  const FakeEmbedder other(16, "fake-2");
  const std::string text = "red";
  EXPECT_ERROR(memory.query(other, &text, nullptr), base::InvalidArgument, "made with the model fake-1 and cannot be used with fake-2");
  EXPECT_ERROR(memory.add(std::vector<PreparedDocument>{document("x", "x")}, other), base::InvalidArgument, "fake-2");
  EXPECT_EQ(memory.size(), 5);
}

TEST(Memory, HasOneWriterAndAnyReaders) {
  const TemporaryFolder folder;
  Memory writer = fresh(folder);
  const Memory reader = Memory::open(folder / "m", Access::read);
  EXPECT_ERROR(Memory::open(folder / "m", Access::write), base::ResourceError, "another process is writing");
  fill(writer);
  EXPECT_EQ(reader.size(), 0);  // as of when it opened
  EXPECT_EQ(Memory::open(folder / "m", Access::read).size(), 5);
  EXPECT_TRUE(verify(folder / "m").problems.empty());
}

// An installed memory belongs to root and is read by everybody: nothing may be locked, and no file may appear.
TEST(Memory, CanBeReadWhereNothingMayBeWritten) {
  const TemporaryFolder folder;
  {
    Memory memory = fresh(folder);
    fill(memory);
  }
  fs::permissions(folder.path(), fs::perms(0755));
  fs::permissions(folder / "m", fs::perms(0555));
  const pid_t child = ::fork();
  if (child == 0) {
    if (::geteuid() == 0 && ::setuid(65534) != 0) ::_exit(2);
    try {
      ::_exit(Memory::open(folder / "m", Access::read).size() == 5 && verify(folder / "m").problems.empty() ? 0 : 3);
    } catch (const std::exception& error) {
      std::fprintf(stderr, "%s\n", error.what());
      ::_exit(4);
    }
  }
  int status = 0;
  ::waitpid(child, &status, 0);
  EXPECT_EQ(WEXITSTATUS(status), 0);
  EXPECT_EQ(std::distance(fs::directory_iterator(folder / "m"), {}), 2);
  fs::permissions(folder / "m", fs::perms(0755));
}

TEST(Memory, CreateTakesOnlyAnEmptyFolder) {
  const TemporaryFolder folder;
  Memory::create(folder / "m", kEmbedder);
  EXPECT_ERROR(Memory::create(folder / "m", kEmbedder), base::InvalidArgument, "already");
  fs::create_directory(folder / "n");
  base::write_file(folder / "n" / "letter.txt", "dear");
  EXPECT_ERROR(Memory::create(folder / "n", kEmbedder), base::InvalidArgument, "not empty: it holds letter.txt");
  EXPECT_ERROR(Memory::open(folder / "nowhere", Access::read), base::InvalidFile, "atelier memory create");
}

TEST(Memory, AttachmentsBelongToTheirDocument) {
  const TemporaryFolder folder;
  Memory memory = fresh(folder);
  fill(memory);
  const int64_t row = memory.find("r")->row;
  memory.attach(row, "latents", std::string("\0\1\2", 3));
  memory.attach(row, "latents", std::string("\0\1\3", 3));
  EXPECT_EQ(memory.attachment(row, "latents"), std::string("\0\1\3", 3));
  EXPECT_EQ(memory.attachment(row, "other"), std::nullopt);
  memory.remove(std::vector<std::string>{"r"});
  EXPECT_EQ(memory.attachment(row, "latents"), std::nullopt);
  EXPECT_ERROR(memory.attach(row, "latents", "x"), base::InvalidArgument, "no document in row");
}

// Searches run beside an add: every one sees a whole number of batches, and nothing that is not committed.
TEST(Memory, SearchingWhileAddingIsSafe) {
  const TemporaryFolder folder;
  Memory memory = fresh(folder);
  std::atomic<bool> done = false;
  std::atomic<int64_t> searches = 0;
  std::vector<std::thread> readers;
  const std::string text = "red";
  const Tensor query = memory.query(kEmbedder, &text, nullptr);
  for (int t = 0; t < 2; ++t)
    readers.emplace_back([&] {
      size_t most = 0;
      while (!done || searches < 4) {
        const std::vector<Hit> hits = memory.search(query, 1000);
        EXPECT_EQ(hits.size() % 10, 0u);
        EXPECT_GE(hits.size(), most);
        most = hits.size();
        memory.retrieve(query, {2, 0.9, false});
        ++searches;
      }
    });
  for (int batch = 0; batch < 12; ++batch) {
    std::vector<PreparedDocument> documents;
    for (int i = 0; i < 10; ++i) documents.push_back(document(fmt::format("{}-{}", batch, i), fmt::format("red {} {}", batch, i)));
    memory.add(documents, kEmbedder);
  }
  done = true;
  for (std::thread& reader : readers) reader.join();
  EXPECT_EQ(memory.search(query, 1000).size(), 120u);
}

}  // namespace
}  // namespace atelier::retrieval
