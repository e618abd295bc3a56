// What text reads of a picture beside the shared attention.
#include "fusion/cross_attention.h"

#include "fusion/generate.h"
#include "fusion/train/fusion_trainer.h"
#include "fusion/understanding.h"
#include "tests/fusion/tiny_model.h"
#include "tests/fusion/tiny_pack.h"
#include "tests/support.h"

#include <cmath>

namespace atelier::fusion {
namespace {

using tests::ids, tests::TinyModel;

constexpr CrossAttentionConfig kTiny = {.layers = 1, .image_layers = 3, .image_size = 8, .patches = 5, .hidden_size = 16, .num_attention_heads = 2};

struct Blocks {
  base::Parameters parameters = base::Parameters::fresh(3);
  CrossAttention attention{parameters.root(), kTiny};
  Tensor values = at::randn({3, 2, 2, 5, 4}, base::generator(4), at::kFloat), hidden = at::randn({2, 6, 16}, base::generator(5), at::kFloat);

  Tensor operator[](const std::string& name) const {
    for (const auto& [known, tensor] : parameters.all())
      if (known == name) return tensor;
    throw std::logic_error(name);
  }
  void open() {
    const at::NoGradGuard no_gradient;
    for (const char* name : {"layers.0.o_proj.weight", "layers.0.down_proj.weight"}) (*this)[name].copy_(at::randn((*this)[name].sizes(), base::generator(6), at::kFloat));
  }
};

TEST(CrossAttention, AtFirstLeavesTextAsItWas) {
  const Blocks blocks;
  EXPECT_TRUE(at::equal(blocks.attention.read(blocks.hidden, blocks.attention.see(blocks.values)), blocks.hidden));
}

// Softmax over patches, head by head, written out.
TEST(CrossAttention, IsAttentionOverPatchesAndThenSwiGlu) {
  Blocks blocks;
  blocks.open();
  const Tensor got = blocks.attention.read(blocks.hidden, blocks.attention.see(blocks.values));
  const auto w = [&](const std::string& name) { return blocks["layers.0." + name + "_proj.weight"]; };
  for (int64_t b = 0; b < 2; ++b) {
    std::vector<Tensor> keys, values;
    for (int64_t p = 0; p < 5; ++p) {
      std::vector<Tensor> layers;
      for (int64_t l = 0; l < 3; ++l) {
        const Tensor v = blocks.values[l][b].select(1, p).flatten();  // (kv_heads * head_dim)
        layers.push_back(v / std::sqrt(v.square().mean().item<double>() + 1e-5));
      }
      const Tensor x = at::cat(layers);
      keys.push_back(at::mv(w("k"), x) + blocks["layers.0.position"][p]);
      values.push_back(at::mv(w("v"), x));
    }
    for (int64_t t = 0; t < 6; ++t) {
      const Tensor h = blocks.hidden[b][t], q = at::mv(w("q"), h);
      std::vector<Tensor> heads;
      for (int64_t head = 0; head < 2; ++head) {
        const auto part = [&](const Tensor& x) { return x.narrow(-1, 8 * head, 8); };
        const Tensor weights = (at::mv(part(at::stack(keys)), part(q)) / std::sqrt(8.0)).softmax(0);
        heads.push_back(at::mv(part(at::stack(values)).t(), weights));
      }
      const Tensor x = h + at::mv(w("o"), at::cat(heads)), f = x * (x.square().mean() + 1e-5).rsqrt();
      const Tensor expected = x + at::mv(w("down"), at::silu(at::mv(w("gate"), f)) * at::mv(w("up"), f));
      EXPECT_LT((got[b][t] - expected).abs().max().item<double>(), 1e-4) << b << " " << t;
    }
  }
}

// The order of patches counts through their positions alone.
TEST(CrossAttention, KnowsWhereAPatchIs) {
  Blocks blocks;
  blocks.open();
  const Tensor turned = blocks.values.flip({3});
  const auto difference = [&] {
    return (blocks.attention.read(blocks.hidden, blocks.attention.see(blocks.values)) - blocks.attention.read(blocks.hidden, blocks.attention.see(turned))).abs().max().item<double>();
  };
  EXPECT_GT(difference(), 1e-4);
  blocks["layers.0.position"].zero_();
  EXPECT_LT(difference(), 1e-5);
}

// Of a document text sees what the shared attention shows; of the pictures that it is about, more, however many they are.
TEST(FusionModel, TextReadsItsOwnPicturesDirectlyAndDocumentsNot) {
  const at::NoGradGuard no_gradient;
  const TinyModel tiny;
  Context context = tiny.model->begin(1);
  tiny.model->append_text(context, ids({1, 8, 3}));
  tiny.model->append_document(context, tiny.picture(1));
  EXPECT_FALSE(context.seen.defined());
  tiny.model->append_text(context, ids({4, 1, 3}));
  tiny.model->append_picture(context, tiny.picture(2));
  const Tensor one = context.seen;
  EXPECT_EQ(one.size(3), tiny.model->patches());
  tiny.model->append_text(context, ids({4, 3}));
  tiny.model->append_picture(context, tiny.picture(3));
  EXPECT_EQ(context.seen.size(3), 2 * tiny.model->patches());
  EXPECT_TRUE(at::equal(context.seen.narrow(3, 0, tiny.model->patches()), one));
}

// Weights of before get the blocks, and nothing else of them moves.
TEST(FusionTrainer, CrossAttentionIsLearntByItself) {
  const atelier::tests::TemporaryFolder folder;
  tests::write_tiny_pack(folder / "pack.safetensors");
  const Pack pack(folder / "pack.safetensors");
  TinyModel tiny;
  FusionTrainConfig config;
  config.model = tiny.config;
  config.batch = 8;
  config.lambda = 0;
  config.picture_first = 1;
  config.optimizer.learning_rate = 0.01;
  config.optimizer.warmup_steps = 5;
  std::vector<Tensor> before;
  for (const auto& [name, tensor] : tiny.parameters.all()) before.push_back(tensor.clone());
  base::Parameters learnt = tiny.parameters.under("cross_attention.");
  ASSERT_GT(learnt.all().size(), 10u);
  base::Optimizer optimizer(learnt, config.optimizer);
  double first = 0, last = 0;
  for (int64_t step = 0; step < 30; ++step) {
    const FusionBatch batch = make_batch(pack, config, tests::kIds, step, {});
    for (const FusionPart& part : batch.parts) EXPECT_FALSE(part.time.defined()) << "with lambda 0 what is read is read clean";
    const FusionLoss loss = accumulate_gradients(*tiny.model, config, batch, optimizer);
    EXPECT_EQ(loss.diffusion, 0);
    (step < 15 ? first : last) += loss.language;
    optimizer.step();
  }
  EXPECT_LT(last, 0.9 * first);
  size_t i = 0;
  for (const auto& [name, tensor] : tiny.parameters.all())
    EXPECT_EQ(at::equal(tensor, before[i++]), !name.starts_with("cross_attention.")) << name;
}

TEST(Parameters, AModelGrowsByAPart) {
  const atelier::tests::TemporaryFolder folder;
  base::write_safetensors(folder / "w.safetensors", {{"old.weight", at::ones({2, 2})}});
  const base::Weights weights(folder / "w.safetensors");
  base::Parameters parameters = base::Parameters::read(weights);
  parameters.draw_missing("new.", 1);
  EXPECT_TRUE(parameters.make("old.weight", {2, 2}, base::zeros()).equal(at::ones({2, 2})));
  EXPECT_TRUE(parameters.make("new.weight", {3}, base::ones()).equal(at::ones({3})));
  EXPECT_FALSE(parameters.available("old.bias"));
  EXPECT_ERROR(parameters.make("old.bias", {2}, base::zeros()), base::InvalidFile, "there is no old.bias");
}

}  // namespace
}  // namespace atelier::fusion
