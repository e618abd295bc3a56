#include "promptcap/reader.h"

#include "base/error.h"
#include "base/files.h"
#include "tests/promptcap/tiny_pipeline.h"

namespace atelier::promptcap {
namespace {

using tests::TinyPipeline;

std::vector<double> says(const Reader& reader) { return *reader.model().score({{"<caption>a red apple", true}, {"what is it?", false}}, {"a red apple", "a dog"}); }

TEST(Reader, IsTheModelsTextTowerUnlessItBringsAnother) {
  const TinyPipeline pipeline;
  const Reader tower(*pipeline);
  EXPECT_EQ(tower.model().name(), (pipeline.folder() / "text").string());
  EXPECT_TRUE(tower.ours());

  std::filesystem::copy(pipeline.folder() / "text", pipeline.folder() / "reader");
  base::NamedTensors other;
  const base::Weights weights(pipeline.folder() / "text");
  for (const std::string& name : weights.names()) other.emplace_back(name, weights.read(name) * 2);
  base::write_safetensors(pipeline.folder() / "reader/model.safetensors", other);
  const Reader own(*pipeline);
  EXPECT_EQ(own.model().name(), (pipeline.folder() / "reader").string());
  EXPECT_NE(says(own), says(tower));
  EXPECT_EQ(says(own), says(Reader(pipeline.folder() / "reader")));
}

TEST(Reader, BrokenIsSaid) {
  const TinyPipeline pipeline;
  std::filesystem::copy(pipeline.folder() / "text", pipeline.folder() / "reader");
  base::write_file(pipeline.folder() / "reader/model.safetensors", "nothing");
  EXPECT_THROW(Reader{*pipeline}, base::InvalidFile);
}

}  // namespace
}  // namespace atelier::promptcap
