// `atelier memory` with a tiny CLIP of random weights: what it finds means nothing, that it finds does.
#include "apps/program.h"
#include "base/files.h"
#include "base/json.h"
#include "tests/support.h"
#include "vision/image.h"

namespace atelier::apps {
namespace {

namespace fs = std::filesystem;

struct Reported {
  int exit_code = -1;
  std::string out, err;
};

/// In a folder of its own, which is the current one.
class MemoryCommand : public testing::Test {
 protected:
  MemoryCommand() { fs::current_path(folder.path()); }
  ~MemoryCommand() override { fs::current_path(before_); }

  Reported run_line(const std::vector<std::string>& arguments) const {
    std::vector<const char*> pointers = {"atelier", "memory"};
    for (const std::string& argument : arguments) pointers.push_back(argument.c_str());
    testing::internal::CaptureStdout();
    testing::internal::CaptureStderr();
    const int code = apps::run(static_cast<int>(pointers.size()), pointers.data());
    const std::string out = testing::internal::GetCapturedStdout();
    return {code, out, testing::internal::GetCapturedStderr()};
  }

  Reported memory(std::vector<std::string> arguments) const {
    if (arguments[0] == "create" || arguments[0] == "add" || arguments[0] == "search")
      arguments.insert(arguments.end(), {"--clip", std::string(ATELIER_TEST_DATA) + "/clip_tiny"});
    return run_line(arguments);
  }

  void pictures() const {
    fs::create_directory(folder / "in");
    for (int i = 0; i < 3; ++i) {
      vision::write_image(folder / "in" / fmt::format("{}.png", i), vision::Image(20 + i, 20, 3, static_cast<uint8_t>(80 * i)));
      base::write_file(folder / "in" / fmt::format("{}.txt", i), fmt::format("grey number {}\n", i));
    }
    base::write_file(folder / "in/broken.jpg", "no picture");
  }

  tests::TemporaryFolder folder;

 private:
  fs::path before_ = fs::current_path();
};

TEST_F(MemoryCommand, CreatesAddsFindsAndRemoves) {
  pictures();
  EXPECT_EQ(memory({"create", "m"}).exit_code, 0);
  const Reported added = memory({"add", "m", "in", "--licence", "CC0-1.0", "--tags", "grey,flat"});
  EXPECT_EQ(added.exit_code, 0) << added.err;
  EXPECT_EQ(added.out, "3 added, 0 there already, 1 unusable\n");
  EXPECT_NE(added.err.find("broken.jpg: not a PNG or JPEG picture"), std::string::npos) << added.err;
  EXPECT_EQ(memory({"add", "m", "in"}).out, "0 added, 3 there already, 1 unusable\n");
  EXPECT_EQ(memory({"add", "m", "--caption", "words alone", "--id", "w"}).exit_code, 0);

  const Reported found = memory({"search", "m", "grey", "--picture", "in/1.png", "-k", "2", "--json", "-o", "sheet.png"});
  ASSERT_EQ(found.exit_code, 0) << found.err;
  const base::json hits = base::parse_json(found.out, "hits");
  ASSERT_EQ(hits.size(), 2u);
  EXPECT_GE(hits[0]["similarity"].get<double>(), hits[1]["similarity"].get<double>());
  EXPECT_TRUE(fs::exists(folder / "sheet.png"));
  // A picture's own document is the nearest to it and its caption together.
  const Reported own = memory({"search", "m", "grey number 2", "--picture", "in/2.png", "-k", "1"});
  EXPECT_EQ(own.out, "1.0000\t2.png\tgrey number 2\tCC0-1.0\n") << own.err;

  EXPECT_EQ(memory({"remove", "m", "2.png", "w"}).exit_code, 0);
  const Reported none = memory({"remove", "m", "2.png"});
  EXPECT_EQ(none.exit_code, 2);
  EXPECT_NE(none.err.find("there is no document \"2.png\" in m"), std::string::npos) << none.err;
  EXPECT_EQ(memory({"verify", "m"}).out, "2 documents, 4 vectors: all as they were written\n");
  const base::json stats = base::parse_json(memory({"stats", "m"}).out, "stats");
  EXPECT_EQ(stats["documents"]["picture_and_caption"], 2);
  EXPECT_EQ(stats["documents"]["removed"], 2);
  EXPECT_EQ(stats["licences"]["CC0-1.0"], 2);
}

TEST_F(MemoryCommand, SaysWhatIsWrongInOneLine) {
  pictures();
  memory({"create", "m"});
  memory({"add", "m", "in"});
  const auto expect = [&](std::vector<std::string> arguments, int code, const std::string& message) {
    const Reported outcome = memory(std::move(arguments));
    EXPECT_EQ(outcome.exit_code, code) << outcome.err;
    EXPECT_NE(outcome.err.find(message), std::string::npos) << outcome.err;
  };
  expect({"create", "m"}, 2, "there is a memory in m already");
  expect({"stats", "n"}, 3, "there is no memory here; `atelier memory create n` makes one");
  expect({"add", "m", "nowhere"}, 3, "nowhere: there is no such file or folder");
  expect({"add", "m"}, 2, "give a folder, a manifest, a picture or --caption");
  expect({"add", "m", "in/broken.jpg"}, 3, "not a PNG or JPEG picture");
  expect({"search", "m"}, 2, "a search needs a text or a picture");
  // The same weights behind another preprocessing make other vectors.
  fs::copy(std::string(ATELIER_TEST_DATA) + "/clip_tiny", folder / "other");
  base::json preprocessing = base::read_json(folder / "other/preprocessor_config.json");
  preprocessing["resample"] = 2;
  base::write_json(folder / "other/preprocessor_config.json", preprocessing);
  const Reported other = run_line({"search", "m", "x", "--clip", "other"});
  EXPECT_EQ(other.exit_code, 2);
  EXPECT_NE(other.err.find("m was made with the model clip-"), std::string::npos) << other.err;

  std::string bytes = base::read_file(folder / "m/vectors.bin");
  bytes[300] ^= 1;
  base::write_file(folder / "m/vectors.bin", bytes);
  expect({"search", "m", "grey"}, 3, "m/vectors.bin: rows 0 to 2");
  expect({"verify", "m"}, 3, "m: the memory is damaged: 1 problem");
}

}  // namespace
}  // namespace atelier::apps
