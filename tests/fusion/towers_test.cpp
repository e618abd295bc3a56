// The two-tower pass against numbers written from the papers' formulas in float64 (shared fixtures, lmfusion_towers).
#include "base/json.h"
#include "base/ops.h"
#include "base/safetensors.h"
#include "tests/support.h"
#include "text/transformer.h"

#include <gtest/gtest.h>

namespace atelier {
namespace {

struct Towers {
  base::Safetensors file{kData / "lmfusion_towers.safetensors"};
  base::Weights weights{kData / "lmfusion_towers.safetensors"};
  base::Parameters parameters = base::Parameters::read_float(weights);
  text::LlamaConfig config = base::read_config<text::LlamaConfig>(kData / "lmfusion_towers.json", base::UnknownFields::ignore);
  text::Transformer text{parameters.root() / "text", config}, image{parameters.root() / "image", config};

  struct Segment {
    int64_t begin, end;
    bool picture;
  };
  // A layout's runs of text and of one picture each.
  static std::vector<Segment> segments(const Tensor& image) {
    std::vector<Segment> result;
    const Tensor ids = image.to(at::kLong);
    for (int64_t i = 0; i < ids.size(0); ++i) {
      const auto id = ids[i].item<int64_t>();
      if (result.empty() || id != ids[i - 1].item<int64_t>()) result.push_back({i, i, id >= 0});
      result.back().end = i + 1;
    }
    return result;
  }

  Tensor run(const std::string& layout) {
    const Tensor x = file.read(layout + ".x");
    text::KvCache cache;
    std::vector<Tensor> outputs;
    for (const Segment& s : segments(file.read(layout + ".image"))) {
      const text::Transformer& tower = s.picture ? image : text;
      const base::Rope rope = text::make_rope(config, at::arange(s.begin, s.end).unsqueeze(0));
      const Tensor h = tower.forward(x.slice(0, s.begin, s.end).unsqueeze(0), rope, /*causal=*/!s.picture, cache);
      cache.commit();
      outputs.push_back(tower.norm(h).squeeze(0));
    }
    return at::cat(outputs);
  }
};

class Layouts : public testing::TestWithParam<std::string> {};

TEST_P(Layouts, OutputsEqualTheFormulas) {
  const at::NoGradGuard no_gradient;
  Towers towers;
  const Tensor expected = towers.file.read(GetParam() + ".output");
  // fp32 against float64 over three layers of width 32.
  EXPECT_LT((towers.run(GetParam()) - expected).abs().max().item<double>(), 2e-5);
}

// Segment after segment, the keys that rows see are exactly those that Transfusion's N x N mask allows.
TEST_P(Layouts, RangesEqualTheMask) {
  Towers towers;
  const Tensor mask = towers.file.read(GetParam() + ".mask").to(at::kBool);
  for (const auto& s : Towers::segments(towers.file.read(GetParam() + ".image"))) {
    const Tensor ours = base::attention_mask({{}, !s.picture}, s.end - s.begin, s.end, at::kCPU);
    const Tensor rows = mask.slice(0, s.begin, s.end);
    EXPECT_FALSE(rows.slice(1, s.end).any().item<bool>()) << "a row sees a later segment";
    const Tensor own = rows.slice(1, 0, s.end);
    if (ours.defined()) {
      EXPECT_TRUE(at::equal(ours.squeeze(0).squeeze(0), own));
    } else if (s.picture || s.end - s.begin == 1) {
      EXPECT_TRUE(own.all().item<bool>());
    } else {
      EXPECT_TRUE(at::equal(own, at::ones_like(own).tril()));
    }
  }
}

INSTANTIATE_TEST_SUITE_P(Fixtures, Layouts, testing::Values("caption_first", "picture_first", "two_documents"));

// Left padding only shifts a sequence: what is real must not notice it.
TEST(AttentionMask, PaddingIsNeverSeenByARealRow) {
  const Tensor start = at::tensor(std::vector<int64_t>{0, 3});
  const Tensor mask = base::attention_mask({start, true}, 5, 8, at::kCPU);  // rows 3..7 of 8 keys
  for (int64_t b = 0; b < 2; ++b)
    for (int64_t row = 0; row < 5; ++row)
      for (int64_t key = 0; key < 8; ++key)
        EXPECT_EQ(mask[b][0][row][key].item<bool>(), key <= row + 3 && key >= (b == 0 ? 0 : 3));
}

}  // namespace
}  // namespace atelier
