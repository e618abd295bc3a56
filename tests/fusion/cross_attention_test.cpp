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

// Patches of a close-up, averaged two by two, stand where they lie in the picture, between the picture's own.
TEST(CrossAttention, CloseUpsStandWhereTheyLie) {
  CrossAttentionConfig config = kTiny;
  config.patches = 16;
  base::Parameters parameters = base::Parameters::fresh(3);
  const CrossAttention attention(parameters.root(), config);
  const auto named = [&](const std::string& name) {
    for (const auto& [known, tensor] : parameters.all())
      if (known == "layers.0." + name) return tensor;
    throw std::logic_error(name);
  };
  const at::NoGradGuard no_gradient;
  const Tensor values = at::randn({3, 1, 2, 16, 4}, base::generator(4), at::kFloat);
  for (const int64_t which : {0, 1}) {  // keys, values
    const Tensor position = named(which == 0 ? "position" : "v_position");
    Tensor(named(which == 0 ? "close_up" : "v_close_up")).fill_(0.25);
    Tensor(position).copy_(at::randn({16, 16}, base::generator(5), at::kFloat));
    const auto of = [&](const Tensor& boxes) { return attention.see(values, boxes)[which].transpose(1, 2).flatten(2)[0]; };  // (patches, hidden)
    const Tensor bare = (of({}) - position).view({2, 2, 2, 2, 16}).mean({1, 3}).view({4, 16}), grid = position.view({4, 4, 16});
    const Tensor whole = of(tests::box(0, 0, 1, 1)) - bare - 0.25;
    EXPECT_TRUE(at::allclose(whole[1], grid.slice(0, 0, 2).slice(1, 2, 4).mean({0, 1}), 1e-4, 1e-5)) << "between the four that it covers";
    const Tensor corner = of(tests::box(0.75, 0, 0.25, 0.25)) - bare - 0.25;
    EXPECT_TRUE(at::allclose(corner[1], position[3], 1e-4, 1e-5)) << "no further out than the outermost";
    EXPECT_TRUE(at::allclose(corner[0], 0.75 * position[3] + 0.25 * position[2], 1e-4, 1e-5)) << "a quarter of a patch to the left";
    EXPECT_TRUE(at::allclose(corner[2], 0.5625 * position[3] + 0.1875 * (position[2] + position[7]) + 0.0625 * position[6], 1e-4, 1e-5));
  }
}

// Words before a picture are read like it, but for those that only fill up a batch.
TEST(CrossAttention, ReadsTheWordsBeforeThePicture) {
  Blocks blocks;
  blocks.open();
  const at::NoGradGuard no_gradient;
  blocks["layers.0.word_v_proj.weight"].copy_(at::randn({16, 32}, base::generator(7), at::kFloat));
  const auto words = [](uint64_t seed) { return at::randn({2, 3, 16}, base::generator(seed), at::kFloat); };
  const Tensor pictures = blocks.attention.see(blocks.values), embedded = words(8), hidden = words(9);
  const auto read = [&](const Tensor& e, const Tensor& h, const Tensor& valid) {
    return blocks.attention.read(blocks.hidden, at::cat({blocks.attention.see_words(e, h), pictures}, 3), valid);
  };
  const Tensor all = read(embedded, hidden, {});
  EXPECT_FALSE(at::allclose(all, blocks.attention.read(blocks.hidden, pictures)));
  EXPECT_FALSE(at::allclose(all, read(words(10), hidden, {})));
  EXPECT_FALSE(at::allclose(all, read(embedded, words(10), {})));
  const Tensor none = at::zeros({2, 3}, at::kBool);
  EXPECT_TRUE(at::allclose(read(embedded, hidden, none), blocks.attention.read(blocks.hidden, pictures), 1e-4, 1e-5));
}

// What is seen closer changes what is said, and nothing of the sequence that it stands in.
TEST(FusionModel, CloseUpsAreReadAndLeaveTheSequenceAsItIs) {
  const at::NoGradGuard no_gradient;
  const TinyModel tiny;
  const auto read = [&](const std::vector<CloseUp>& close_ups) {
    Context context = tiny.model->begin(1);
    tiny.model->append_text(context, ids({1, 8, 3}));
    tiny.model->append_picture(context, tiny.picture(1), close_ups);
    return context;
  };
  const CloseUp left = {tiny.picture(2), tests::box(0, 0.25, 0.5, 0.5)}, right = {tiny.picture(2), tests::box(0.5, 0.25, 0.5, 0.5)};
  Context without = read({}), with = read({left}), elsewhere = read({right});
  EXPECT_EQ(without.seen.size(3), 3 + tiny.model->patches()) << "three words and the picture";
  EXPECT_EQ(with.seen.size(3), 3 + tiny.model->patches() / 4 + tiny.model->patches());
  EXPECT_EQ(with.cache.length(), without.cache.length());
  EXPECT_TRUE(at::equal(with.cache.contents().keys, without.cache.contents().keys));
  EXPECT_TRUE(at::equal(with.next, without.next));
  EXPECT_TRUE(at::equal(with.seen.slice(3, -tiny.model->patches()), without.seen.slice(3, 3))) << "the picture itself is seen as ever";
  const auto said = [&](Context& context) { return tiny.model->append_text(context, ids({4, 9})); };
  const Tensor a = said(without), b = said(with), c = said(elsewhere);
  EXPECT_GT((a - b).abs().max().item<double>(), 1e-4);
  EXPECT_GT((b - c).abs().max().item<double>(), 1e-5) << "where it lies counts";
}

// Weights that were trained without them go on as they were.
TEST(FusionModel, WeightsThatKnowNoCloseUpsAreGivenNone) {
  const at::NoGradGuard no_gradient;
  const atelier::tests::TemporaryFolder folder;
  const TinyModel tiny;
  base::NamedTensors before;
  for (const auto& [name, tensor] : tiny.parameters.all())
    if (name.find("close_up") == std::string::npos && name.find("v_position") == std::string::npos && name.find("word_") == std::string::npos) before.emplace_back(name, tensor);
  ASSERT_LT(before.size(), tiny.parameters.all().size());
  base::write_safetensors(folder / "model.safetensors", before);
  const base::Weights weights(folder / "model.safetensors");
  base::Parameters parameters = base::Parameters::read_float(weights);
  const FusionModel model(parameters.root(), tiny.config, tiny.text);
  EXPECT_TRUE(tiny.model->reads_closely());
  EXPECT_FALSE(model.reads_closely());
  Context context = model.begin(1);
  model.append_text(context, ids({1, 8, 3}));
  model.append_picture(context, tiny.picture(1), {{tiny.picture(2), tests::box(0, 0, 0.5, 0.5)}});
  EXPECT_EQ(context.seen.size(3), model.patches());
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
  EXPECT_EQ(one.size(3), 3 + tiny.model->patches()) << "the words before it, and it";
  tiny.model->append_text(context, ids({4, 3}));
  tiny.model->append_picture(context, tiny.picture(3));
  EXPECT_EQ(context.seen.size(3), 3 + 2 * tiny.model->patches());
  EXPECT_TRUE(at::equal(context.seen.narrow(3, 0, one.size(3)), one));
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
    EXPECT_EQ(at::equal(tensor, before[i++]), !name.starts_with("cross_attention.") || name.find("close_up") != std::string::npos) << name << ": of pictures that are drawn there are no close-ups";
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
