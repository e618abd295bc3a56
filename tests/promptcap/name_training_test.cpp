/// Learning names from scenes of a small corpus.
#include "promptcap/data/name_training.h"
#include "promptcap/describer.h"

#include "tests/corpus/synthetic.h"
#include "tests/support.h"

namespace atelier::promptcap {
namespace {

TEST(NameTraining, WritesNamesThatDescriptionsAreMadeOf) {
  const atelier::tests::TemporaryFolder model;
  const corpus::SyntheticCorpus synthetic;
  const corpus::Corpus corpus = synthetic.open();
  const std::filesystem::path folder = model / "names";
  const NameTrainingOptions options = {.scenes = 120, .pictures = 50, .seed = 3};
  train_names(corpus, options, folder);
  const Names names = Names::load(folder);
  EXPECT_EQ(names.said_in("is the dog left of two cats?").size(), 2u);
  EXPECT_TRUE(names.said_in("goat carrot fox").empty()) << "held out";

  // Of what they learnt from they tell more than chance would, which is one in thirty.
  const corpus::SceneComposer composer(corpus);
  const Describer describer = *Describer::of(model.path());
  int right = 0, all = 0;
  for (uint64_t i = 1; i < 40; ++i) {
    const corpus::Scene scene = composer.compose(options.seed, i);
    const std::string said = describer.describe(describer.look(scene.image), "").text;
    ++all;
    right += said.find(scene.objects[0].noun) != said.npos;
  }
  EXPECT_GT(right, all / 4);

  const std::string bytes = base::read_file(folder / "model.safetensors");
  train_names(corpus, options, folder);
  EXPECT_EQ(base::read_file(folder / "model.safetensors"), bytes) << "the same for the same seed";
}

TEST(NameTraining, TooLittleIsRefused) {
  const atelier::tests::TemporaryFolder model;
  const corpus::SyntheticCorpus synthetic;
  for (const int64_t scenes : {0, 1})
    EXPECT_THROW(train_names(synthetic.open(), {.scenes = scenes, .pictures = 0, .seed = 3}, model / "names"), base::InvalidArgument);
  EXPECT_FALSE(std::filesystem::exists(model / "names"));
}

}  // namespace
}  // namespace atelier::promptcap
