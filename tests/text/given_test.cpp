/// What a writer is given is read, not learnt.
#include "base/error.h"
#include "tests/support.h"
#include "text/train/text_trainer.h"

namespace atelier::text {
namespace {

TEST(GivenText, OnlyWhatFollowsOtherSymbolsIsLearnt) {
  const tests::TemporaryFolder folder;
  const std::string document = "<question>ab cd<answer>ef<obs>gh<answer>ij";
  const auto line_once = [&, done = 0](std::string& line) mutable { return line = document, done++ < 1; };
  const Tokenizer tokenizer = train_tokenizer([&, done = 0](std::string& line) mutable { return line = "ab cd ef gh ij", done++ < 3; }, 330, control_symbols());
  // A document for validation says nothing here: which it is depends on its text alone.
  pack_text(tokenizer, line_once, folder / "text.safetensors");
  const TextPack pack(folder / "text.safetensors", tokenizer.size());
  TextTrainConfig config;
  config.batch = 1, config.masked_share = 0, config.given = {"<question>", "<obs>"};
  const auto learnt = [&](const std::vector<std::string>& given) {
    const TextBatch batch = make_batch(pack, config, TextSymbols::of(tokenizer, given), 0);
    std::vector<TokenId> ids;
    for (int64_t i = 0; i < batch.groups.at(0).targets.numel(); ++i) ids.push_back(static_cast<TokenId>(batch.groups[0].targets[i].item<int64_t>()));
    return tokenizer.decode(ids, /*with_special=*/true);
  };
  EXPECT_EQ(learnt({}), document + "<eos>");
  EXPECT_EQ(learnt(config.given), "<question><answer>ef<obs><answer>ij<eos>");
  EXPECT_ERROR(TextSymbols::of(tokenizer, {"a"}), base::InvalidArgument, "control symbols");
}

}  // namespace
}  // namespace atelier::text
