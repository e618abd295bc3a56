#include "corpus/corpus.h"
#include "base/error.h"
#include "base/safetensors.h"
#include "synthetic.h"

#include <gtest/gtest.h>

namespace atelier::corpus {
namespace {

namespace fs = std::filesystem;

// What opening says, or "" if it opens.
std::string refusal(const fs::path& folder) {
  try {
    Corpus::open(folder);
    return "";
  } catch (const base::InvalidFile& error) {
    return error.what();
  }
}

class BrokenCorpus : public testing::Test {
 protected:
  void edit(const char* name, const std::function<void(std::string&)>& change) {
    std::string bytes = base::read_file(corpus_.folder() / name);
    change(bytes);
    base::write_file(corpus_.folder() / name, bytes);
  }
  void replace(const char* name, const std::string& from, const std::string& to) {
    edit(name, [&](std::string& bytes) { bytes.replace(bytes.find(from), from.size(), to); });
  }
  SyntheticCorpus corpus_;
};

TEST_F(BrokenCorpus, OpensWhole) { EXPECT_EQ(refusal(corpus_.folder()), ""); }

TEST_F(BrokenCorpus, AFolderWithoutOneNamesTheCommandsThatMakeIt) {
  fs::remove(corpus_.folder() / "corpus.jsonl");
  EXPECT_NE(refusal(corpus_.folder()).find("atelier corpus build"), std::string::npos) << refusal(corpus_.folder());
}

TEST_F(BrokenCorpus, AFileCutShortIsRefused) {
  edit("pictures.safetensors", [](std::string& bytes) { bytes.resize(bytes.size() - 1); });
  EXPECT_NE(refusal(corpus_.folder()).find("pictures.safetensors"), std::string::npos);
}

TEST_F(BrokenCorpus, OneLineMoreThanPicturesIsRefused) {
  edit("corpus.jsonl", [](std::string& bytes) { bytes += bytes.substr(0, bytes.find('\n') + 1); });
  EXPECT_NE(refusal(corpus_.folder()).find("lines"), std::string::npos);
}

TEST_F(BrokenCorpus, ALineThatIsNoPictureIsRefusedByNumber) {
  for (auto [from, to] : {std::pair{"\"title\"", "\"tltle\""}, {"\"train\"", "\"traim\""}, {"[\"thing\"", "[1, \"ing\""}}) {
    SyntheticCorpus fresh;
    std::string bytes = base::read_file(fresh.folder() / "corpus.jsonl");
    bytes.replace(bytes.find(from), std::string(from).size(), to);
    base::write_file(fresh.folder() / "corpus.jsonl", bytes);
    EXPECT_NE(refusal(fresh.folder()).find("corpus.jsonl line 1:"), std::string::npos) << from << ": " << refusal(fresh.folder());
  }
}

// A picture that is held out in one file and trained on by the other must not slip into training.
TEST_F(BrokenCorpus, SplitsThatDifferBetweenTheFilesAreRefused) {
  replace("corpus.jsonl", "\"heldout_concept\"", "\"train\"");
  EXPECT_NE(refusal(corpus_.folder()).find("another split"), std::string::npos);
}

TEST_F(BrokenCorpus, AWeightOutsideTrainingIsRefused) {
  const base::Safetensors file(corpus_.folder() / "pictures.safetensors");
  base::NamedTensors tensors = {{"pixels", file.read("pixels")}, {"split", file.read("split")}, {"weight", at::ones_like(file.read("weight"))}};
  base::write_safetensors(corpus_.folder() / "pictures.safetensors", tensors);
  EXPECT_NE(refusal(corpus_.folder()).find("weight 1 of row"), std::string::npos) << refusal(corpus_.folder());
}

TEST(DefaultFolder, FollowsTheEnvironment) {
  setenv("ATELIER_ARG_CORPUS", "/a/b", 1);
  EXPECT_EQ(default_folder(), "/a/b");
  unsetenv("ATELIER_ARG_CORPUS");
  const char* cache = std::getenv("XDG_CACHE_HOME");
  const std::string before = cache ? cache : "";
  setenv("XDG_CACHE_HOME", "/c", 1);
  EXPECT_EQ(default_folder(), "/c/atelier/corpus");
  before.empty() ? unsetenv("XDG_CACHE_HOME") : setenv("XDG_CACHE_HOME", before.c_str(), 1);
}

}  // namespace
}  // namespace atelier::corpus
