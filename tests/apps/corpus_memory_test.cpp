#ifndef ATELIER_CORE_ONLY  // the core has neither corpus nor memory
// `atelier corpus memory` over a small corpus and models of random weights: which pictures it takes, and what it keeps of them.
#include "apps/program.h"
#include "fusion/latents.h"
#include "fusion/pipeline.h"
#include "retrieval/memory/memory.h"
#include "tests/eval/small_world.h"

#include <map>
#include <set>

namespace atelier::apps {
namespace {

using retrieval::Access, retrieval::Memory;

class CorpusMemory : public testing::Test {
 protected:
  /// @return the exit code
  int run_line(const std::vector<std::string>& more) const {
    std::vector<std::string> arguments = {"atelier", "--quiet", "corpus", "memory", folder().string(), "--corpus", world_.options().corpus.string(),
                                          "--model", world_.options().models.string()};
    arguments.insert(arguments.end(), more.begin(), more.end());
    std::vector<const char*> pointers;
    for (const std::string& argument : arguments) pointers.push_back(argument.c_str());
    testing::internal::CaptureStderr();
    const int code = apps::run(static_cast<int>(pointers.size()), pointers.data());
    said_ = testing::internal::GetCapturedStderr();
    return code;
  }
  std::filesystem::path folder() const { return world_.file("memory"); }
  Memory open() const { return Memory::open(folder(), Access::read); }

  const eval::tests::SmallWorld world_;
  const corpus::Corpus corpus_ = corpus::Corpus::open(world_.options().corpus);
  mutable std::string said_;
};

TEST_F(CorpusMemory, HoldsWhatTrainingMayUseWithItsLatents) {
  ASSERT_EQ(run_line({}), 0) << said_;
  const Memory memory = open();
  const fusion::Pipeline pipeline = fusion::Pipeline::load(world_.options().models);
  int64_t kept = 0;
  for (int64_t i = 0; i < corpus_.size(); ++i) {
    const corpus::Picture& picture = corpus_.picture(i);
    const auto document = memory.find(picture.id);
    ASSERT_EQ(document.has_value(), picture.split == corpus::Split::train) << picture.id;
    if (!document) continue;
    EXPECT_EQ(document->caption, picture.title + ", " + picture.style);
    EXPECT_EQ(document->licence, "MIT");
    EXPECT_EQ(document->source, "nobody");
    const vision::Image image = vision::over(corpus_.image(i), {255, 255, 255});
    const auto latents = memory.attachment(document->row, pipeline.latents_name());
    ASSERT_TRUE(latents) << picture.id;
    EXPECT_EQ(*latents, fusion::pack_latents(pipeline.encode(image))) << picture.id;
    ++kept;
  }
  EXPECT_EQ(memory.size(), kept);
  EXPECT_TRUE(retrieval::verify(folder()).problems.empty());
}

// Seventeen concepts by three artists: twenty documents are one of each, and three of the second round.
TEST_F(CorpusMemory, AFewDocumentsAreOneOfEveryConceptFirst) {
  ASSERT_EQ(run_line({"--documents", "20"}), 0) << said_;
  const Memory memory = open();
  EXPECT_EQ(memory.size(), 20);
  std::map<std::string, int64_t> of_concept;
  std::set<std::string> artists;
  for (int64_t i = 0; i < corpus_.size(); ++i)
    if (memory.find(corpus_.picture(i).id)) {
      ++of_concept[corpus_.picture(i).concept_id];
      artists.insert(corpus_.picture(i).family);
    }
  EXPECT_EQ(of_concept.size(), 17u);
  for (const auto& [concept_id, documents] : of_concept) EXPECT_LE(documents, 2) << concept_id;
  EXPECT_EQ(artists.size(), 3u);
}

TEST_F(CorpusMemory, HeldOutConceptsComeInOnlyWhenAskedFor) {
  ASSERT_EQ(run_line({"--heldout"}), 0) << said_;
  const Memory memory = open();
  for (int64_t i = 0; i < corpus_.size(); ++i) {
    const corpus::Split split = corpus_.picture(i).split;
    EXPECT_EQ(memory.find(corpus_.picture(i).id).has_value(), split == corpus::Split::train || split == corpus::Split::heldout_concept) << corpus_.picture(i).id;
  }
  EXPECT_EQ(run_line({}), 2) << "a folder that is not empty";
  EXPECT_EQ(open().size(), memory.size());
}

}  // namespace
}  // namespace atelier::apps
#endif
