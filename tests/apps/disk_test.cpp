// A disk that is full under a memory: `atelier memory add` says so, and what was there before is still there.
#include "tests/apps/program_fixture.h"
#include "vision/image.h"

#include <algorithm>
#include <random>

namespace atelier::apps {
namespace {

class Disk : public Program {
 protected:
  Outcome memory(std::vector<std::string> arguments) const {
    arguments.insert(arguments.begin(), "memory");
    if (arguments[1] != "verify") arguments.insert(arguments.end(), {"--clip", ATELIER_TEST_DATA "/clip_tiny"});
    return run(std::move(arguments));
  }

  /// Pictures of noise, which no format makes small.
  void pictures(const std::string& name, int count) const {
    fs::create_directory(folder / name);
    std::mt19937 random(static_cast<uint32_t>(count));
    for (int i = 0; i < count; ++i) {
      vision::Image noise(64, 64);
      std::generate(noise.pixels.begin(), noise.pixels.end(), [&] { return static_cast<uint8_t>(random()); });
      vision::write_image(folder / name / (name + std::to_string(i) + ".png"), noise);
    }
  }
};

TEST_F(Disk, WhenFullCostsAMemoryNothingThatItHad) {
  pictures("few", 3);
  pictures("many", 200);
  ASSERT_EQ(memory({"create", "m"}).exit_code, 0);
  ASSERT_EQ(memory({"add", "m", "few"}).out, "3 added, 0 there already, 0 unusable\n");
  const auto documents = [&] {
    const Outcome verified = memory({"verify", "m"});
    EXPECT_EQ(verified.exit_code, 0) << verified.out << verified.err;
    return std::stoi(verified.out);
  };
  {
    const FullDisk full(400'000);
    const Outcome added = memory({"add", "m", "many"});
    EXPECT_EQ(added.exit_code, 1);
    EXPECT_NE(added.err.find("atelier: m/memory.db: "), std::string::npos) << added.err;
    EXPECT_EQ(added.out, "");
    EXPECT_EQ(memory({"search", "m", "--picture", "few/few1.png", "-k", "1"}).exit_code, 0) << "what is there is found";
  }
  const int left = documents();
  EXPECT_GE(left, 3);
  EXPECT_LT(left, 203);
  // With room again the same command goes on.
  const Outcome again = memory({"add", "m", "many"});
  EXPECT_EQ(again.exit_code, 0) << again.err;
  EXPECT_EQ(documents(), 203);
}

// Not even what SQLite keeps beside a database for its readers has room: one sentence says so.
TEST_F(Disk, WhenFullFromTheStartIsSaid) {
  pictures("few", 1);
  ASSERT_EQ(memory({"create", "m"}).exit_code, 0);
  ASSERT_EQ(memory({"add", "m", "few"}).exit_code, 0);
  const FullDisk full(4'000);
  const Outcome found = memory({"search", "m", "x"});
  EXPECT_EQ(found.exit_code, 1);
  EXPECT_NE(found.err.find("atelier: m/memory.db: "), std::string::npos) << found.err;
}

}  // namespace
}  // namespace atelier::apps
