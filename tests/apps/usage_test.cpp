// What is wrong with a command line is said in one sentence of our own, with the exit code that --help promises.
#include "tests/apps/program_fixture.h"
#include "vision/image.h"

namespace atelier::apps {
namespace {

struct Case {
  std::vector<std::string> arguments;
  int exit_code;
  std::string message;
};

TEST_F(Program, EveryMistakeOnTheLineIsNamedWithItsLimit) {
  vision::write_image(folder / "x.png", vision::Image(4, 4));
  fs::create_directory(folder / "folder");
  base::write_file(folder / "not_utf8", "\xFF\n");  // refused, but only when it is read
  const std::vector<Case> cases = {
      {{"imagine", "a", "--steps", "2.5"}, 2, "--steps must be a whole number, not 2.5\n"},
      {{"imagine", "a", "--guidance-scale", "much"}, 2, "--guidance-scale must be a number, not much\n"},
      {{"imagine", "a", "--steps"}, 2, "--steps needs a value\n"},
      {{"imagine", "a", "--seed", "1", "--seed", "2"}, 2, "--seed was given several times"},
      {{"imagine", "a", "red", "apple"}, 2, "'red' was not expected here; words that belong together need quotes"},
      {{"imagine", "a", "--sed", "3"}, 2, "there is no flag --sed; did you mean --seed?"},
      {{"imagine", "a", "--trheads=3"}, 2, "there is no flag --trheads; did you mean --threads?"},
      {{"imagine", "a", "--cubism"}, 2, "there is no flag --cubism;"},
      {{"classify", "x.png", "--shot", "folder"}, 2, "there is no flag --shot; did you mean --shots?"},
      {{"caption"}, 2, "pictures is required: PNG or JPEG"},
      {{"caption", "x.png", "--beams", "0"}, 2, "--beams must be 1 to 64, not 0\n"},
      {{"caption", "x.png", "--beams", "x"}, 2, "--beams must be 1 to 64, not x\n"},
      {{"caption", "x.png", "--documents", "3"}, 2, "--documents says nothing without --memory"},
      {{"caption", "x.png", "--beams", "2", "--temperature", "1"}, 2, "give --beams or --temperature, not both"},
      {{"complete", "a", "--temperature", "nan"}, 2, "--temperature must be 0 to 100, not nan\n"},
      {{"complete", "a", "--top-p", "nan"}, 2, "--top-p must be 1e-06 to 1, not nan\n"},
      {{"sketch", "q", "--seconds", "nan"}, 2, "--seconds must be more than 0, not nan\n"},
      {{"sketch", "q", "--limit", "-1"}, 2, "--limit must be 0 or more, not -1\n"},
      {{"ask", "x.png", "q", "--lm-model", "m"}, 2, "--lm-model says nothing without --lm-url"},
      {{"sketch", "q", "--image", "missing.png"}, 3, "missing.png: there is no such file\n"},
      {{"sketch", "q", "--image", "folder"}, 3, "folder: is a folder, not a file\n"},
      {{"complete", "a", "-m", "missing"}, 3, "missing: there is no such folder\n"},
      {{"complete", "a", "-m", "x.png"}, 3, "x.png: is a file, not a folder\n"},
      {{"train", "tokenizer", "--text", "/dev/zero"}, 3, "/dev/zero: is a device, not a file\n"},
      {{"caption", ""}, 3, "'': cannot be opened"},
      {{"train", "tokenizer", "--text", "not_utf8", "-o", "nowhere/tokenizer.json"}, 2, "the folder nowhere does not exist"},
      {{"corpus", "pack", "-o", "nowhere/pack", "--corpus", "nowhere"}, 2, "the folder nowhere does not exist"},
      {{"corpus", "pack-clip", "-o", "nowhere/pack", "--corpus", "nowhere"}, 2, "the folder nowhere does not exist"},
      {{"corpus", "pack-questions", "-o", "nowhere/pack", "--corpus", "nowhere"}, 2, "the folder nowhere does not exist"}};
  for (const Case& c : cases) {
    const Outcome outcome = run(c.arguments);
    EXPECT_EQ(outcome.exit_code, c.exit_code) << c.message << "\n" << outcome.err;
    EXPECT_NE(outcome.err.find(c.message), std::string::npos) << c.message << "\n" << outcome.err;
    EXPECT_TRUE(outcome.err.starts_with("atelier: ")) << outcome.err;
    EXPECT_EQ(outcome.out, "");
  }
}

// A disk that holds no byte: what was to be printed is lost, and a script must learn of it.
TEST_F(Program, AResultThatCannotBePrintedIsAFailure) {
  const auto shell = [&](const std::string& line) {
    const int status = std::system(fmt::format("cd '{}' && {} 2> error", folder.string(), line).c_str());
    return Outcome{WEXITSTATUS(status), "", base::read_file(folder / "error")};
  };
  for (const char* command : {"--version", "--help", "completion bash", "doctor --model missing"}) {
    const Outcome full = shell(fmt::format("{} {} > /dev/full", ATELIER_PROGRAM, command));
    EXPECT_EQ(full.exit_code, 1) << command;
    EXPECT_NE(full.err.find("the result cannot be written to stdout: "), std::string::npos) << command << "\n" << full.err;
  }
  EXPECT_EQ(shell(fmt::format("{} completion bash >&-", ATELIER_PROGRAM)).exit_code, 1);
  const Outcome nothing_to_read = shell(fmt::format("{} imagine --prompt-file - <&-", ATELIER_PROGRAM));
  EXPECT_EQ(nothing_to_read.exit_code, 3);
  EXPECT_NE(nothing_to_read.err.find("stdin: there is no prompt in it"), std::string::npos) << nothing_to_read.err;
}

// The kernel's own file systems say that they hold nothing; that is no full disk.
TEST_F(Program, AFileSystemWithoutASizeIsNotFull) {
  const Outcome outcome = run({"imagine", "a", "--model", hollow_model().string(), "-o", "/proc/a.png"});
  EXPECT_NE(outcome.exit_code, 0);
  EXPECT_EQ(outcome.err.find("full"), std::string::npos) << outcome.err;
}

TEST_F(Program, HiddenFoldersAreNoLabels) {
  vision::write_image(folder / "x.png", vision::Image(4, 4));
  fs::create_directories(folder / "shots/.git");
  fs::create_directories(folder / "shots/a");
  EXPECT_NE(run({"classify", "x.png", "--shots", "shots"}).err.find("shots holds 1 labels"), std::string::npos);
}

}  // namespace
}  // namespace atelier::apps
