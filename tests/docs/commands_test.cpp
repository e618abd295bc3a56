// Every command that the repository's Markdown shows is run, or at least parsed by the program's own parser.
//
// A block tagged `sh` is run as it stands, one after the other, in a folder with some pictures; a block tagged `sh parsed`
// (training, figures of half an hour, servers of others) goes through the shell, but the program is only asked whether it
// would accept the words. So are the examples in the program's own help, and commands inside sentences.
#include "base/error.h"
#include "base/files.h"
#include "tests/docs/markdown.h"
#include "tests/docs/parse.h"
#include "tests/support.h"
#include "vision/image.h"

#include <sys/wait.h>

#include <csignal>
#include <regex>
#include <sstream>
#include <thread>

namespace atelier::docs {
namespace {

namespace fs = std::filesystem;

/// A disk of one colour on a ground of another.
vision::Image disk(std::array<uint8_t, 3> colour, std::array<uint8_t, 3> ground, int64_t radius) {
  constexpr int64_t kSide = 128;
  vision::Image image(kSide, kSide);
  for (int64_t y = 0; y < kSide; ++y)
    for (int64_t x = 0; x < kSide; ++x) {
      const bool inside = (x - kSide / 2) * (x - kSide / 2) + (y - kSide / 2) * (y - kSide / 2) < radius * radius;
      std::copy_n((inside ? colour : ground).begin(), 3, &image.pixels[static_cast<size_t>(3 * (y * kSide + x))]);
    }
  return image;
}

class Commands : public ::testing::TestWithParam<fs::path> {
 protected:
  void SetUp() override {
    const auto tool = [&](const fs::path& name) {
      fs::create_directories((scratch / name).parent_path());
      fs::create_symlink(kRepository / "tests/docs/tool.sh", scratch / name);
    };
    for (const char* name : {"atelier", "curl", "cmake", "ninja", "python", "node", "npm", "pip", "grep"}) tool(fs::path("bin") / name);
    for (const char* name : {"atelier", "build/bin/atelier"}) tool(name);
    for (const fs::path& script : files_ending(".sh", kRepository))
      if (*script.begin() != "docs") tool(script);
    fs::create_directories(scratch / "models");
    fs::create_symlink(kRepository / "models/starter", scratch / "models/starter");
    // The scripts of docs are copies, so that they find the tools above and write here.
    for (const fs::directory_entry& entry : fs::directory_iterator(kRepository / "docs"))
      if (entry.is_regular_file()) fs::create_directories(scratch / "docs"), fs::copy_file(entry.path(), scratch / "docs" / entry.path().filename());
    // What the documents call the reader's own files. A new name is reported as missing by the command that wants it.
    const vision::Image red = disk({210, 40, 40}, {255, 255, 255}, 40), blue = disk({40, 80, 200}, {255, 255, 255}, 40);
    for (const char* name : {"cat.png", "desk.png", "logo.png", "query.png", "shapes.png", "face.png", "mine.png"}) vision::write_image(scratch / name, red);
    vision::write_image(scratch / "hat.png", disk({255, 255, 255}, {0, 0, 0}, 30));
    for (const char* label : {"blicket", "dax"}) {
      fs::create_directories(scratch / "shots" / label);
      vision::write_image(scratch / "shots" / label / "1.png", label[0] == 'b' ? red : blue);
    }
    for (const char* name : {"home/Pictures", "home/.config/fish/completions"}) fs::create_directories(scratch / name);
    vision::write_image(scratch / "home/Pictures/sea.png", blue);
    base::write_file(scratch / "home/Pictures/sea.txt", "the sea\n");
  }

  void TearDown() override {
    if (!fs::exists(scratch / "service.pid")) return;
    const pid_t service = std::stoi(base::read_file(scratch / "service.pid"));
    kill(service, SIGTERM);
    for (int i = 0; i < 600 && kill(service, 0) == 0; ++i) std::this_thread::sleep_for(std::chrono::milliseconds(50));
    EXPECT_NE(kill(service, 0), 0) << "the service goes on after SIGTERM";
  }

  /// Runs shell lines in the scratch folder. @param mode run or parsed
  void shell(const std::string& lines, const std::string& mode, const std::string& place, Form form = Form::whole) {
    base::write_file(scratch / "block.sh", lines);
    const std::string command =
        fmt::format("cd '{0}' && env -u ATELIER_MODELS HOME='{0}/home' PATH='{0}/bin':\"$PATH\" DOCS_MODE={1} DOCS_FOLDER='{0}' DOCS_PROGRAM='{2}' "
                    "DOCS_REPOSITORY='{3}' bash -eu -o pipefail -c 'trap \"echo line \\$LINENO of the block failed >&2\" ERR; . ./block.sh' >block.out 2>&1 </dev/null",
                    scratch.path().string(), mode, ATELIER_PROGRAM, kRepository.string());
    const int status = std::system(command.c_str());
    EXPECT_EQ(status, 0) << place << "\n" << lines << "\n" << base::read_file(scratch / "block.out");
    if (mode == "parsed") check_parsed(place, form);
  }

  /// What the blocks' `atelier` was called with.
  void check_parsed(const std::string& place, Form form) {
    if (!fs::exists(scratch / "parsed")) return;
    std::istringstream written(base::read_file(scratch / "parsed"));
    fs::remove(scratch / "parsed");
    for (std::string count; std::getline(written, count, '\0');) {
      std::vector<std::string> words(std::stoul(count));
      for (std::string& word : words) std::getline(written, word, '\0');
      EXPECT_EQ(complaint(words, form), "") << place << "\natelier " << fmt::format("{}", fmt::join(words, " "));
    }
  }

  tests::TemporaryFolder scratch;
};

/// Lines that end in a backslash go on with the next one.
std::vector<std::string> whole_lines(const std::string& text) {
  std::vector<std::string> lines;
  std::istringstream stream(text);
  for (std::string line, part; std::getline(stream, part);) {
    line += part;
    if (line.ends_with('\\')) {
      line.back() = ' ';
      continue;
    }
    lines.push_back(std::move(line));
    line.clear();
  }
  return lines;
}

/// In a help text: a command of ours, perhaps with a remark behind two spaces or more.
std::string example_in(const std::string& line) {
  static const std::regex example(R"(^ *((\S.*(\| |<\())?(\./)?atelier (?:[^ ]+ ?)+).*)");
  std::smatch found;
  return std::regex_match(line, found, example) ? found[1].str() : "";
}

TEST_P(Commands, Hold) {
  const Document document = read_markdown(base::read_file(kRepository / GetParam()));
  for (const Block& block : document.blocks) {
    const std::string place = fmt::format("{}, line {}", GetParam().string(), block.line);
    EXPECT_NE(block.tag, "") << place << ": say what is in the fence: sh, sh parsed, text, json, ...";
    EXPECT_NE(block.tag, "indented") << place << ": a fence would say what this is";
    if (block.tag == "sh") {
      shell(block.text, "run", place);
      continue;
    }
    if (block.tag == "sh parsed") {
      shell(block.text, "parsed", place);
      continue;
    }
    EXPECT_FALSE(block.tag.starts_with("sh")) << place << ": sh or sh parsed, not " << block.tag;
    std::string examples;
    for (const std::string& line : whole_lines(block.text))
      if (const std::string example = example_in(line); !example.empty()) examples += example + "\n";
    if (!examples.empty()) shell(examples, "parsed", place);
  }
  std::string mentions;
  for (const Piece& piece : document.code) {
    const bool ours = piece.text.starts_with("atelier ") || piece.text.starts_with("./atelier "), leaves_out = piece.text.find("…") != std::string::npos;
    if (ours && !leaves_out) mentions += piece.text + "\n";
  }
  if (!mentions.empty()) shell(mentions, "parsed", GetParam().string() + ", in its sentences", Form::mention);
}

std::string test_name(const ::testing::TestParamInfo<fs::path>& info) {
  std::string name = info.param.string();
  for (char& c : name)
    if (!std::isalnum(static_cast<unsigned char>(c))) c = '_';
  return name;
}

INSTANTIATE_TEST_SUITE_P(Docs, Commands, ::testing::ValuesIn(files_ending(".md", kRepository)), test_name);

TEST(DocsExamples, AreFoundInHelpTexts) {
  EXPECT_EQ(example_in("  atelier imagine \"a blue fish\" -b 9      nine ideas"), "atelier imagine \"a blue fish\" -b 9 ");
  EXPECT_EQ(example_in("  echo \"a house\" | atelier imagine --prompt-file -"), "echo \"a house\" | atelier imagine --prompt-file -");
  EXPECT_EQ(example_in("  source <(atelier completion bash)"), "source <(atelier completion bash)");
  EXPECT_EQ(example_in("Usage: atelier imagine [OPTIONS] [prompt]"), "");
}

}  // namespace
}  // namespace atelier::docs
