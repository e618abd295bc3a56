/// Packing, batches, the loss of the head, and a training that may be cut anywhere.
#include "text/train/text_trainer.h"

#include "base/error.h"
#include "base/files.h"
#include "base/progress.h"
#include "tests/support.h"
#include "text/generate.h"
#include "text/train/token_loss.h"

#include <cmath>
#include <set>

namespace atelier::text {
namespace {

std::vector<std::string> corpus() {
  std::vector<std::string> lines;
  for (const char* colour : {"red", "blue", "green", "yellow", "black"})
    for (const char* thing : {"apple", "car", "house", "cat", "tree", "boat"})
      for (const char* place : {"left of a dog", "on the table", "<question>what colour?<answer>", ""})
        lines.push_back(fmt::format("a {} {} {}{}", colour, thing, place, std::string(place).ends_with('>') ? colour : ""));
  return lines;
}

std::function<bool(std::string&)> next_of(const std::vector<std::string>& lines) {
  return [&lines, i = size_t{0}](std::string& line) mutable { return i < lines.size() ? (line = lines[i++], true) : false; };
}

class TextTraining : public testing::Test {
 protected:
  TextTraining() {
    base::set_quiet(true);
    const auto lines = corpus();
    const Tokenizer tokenizer = train_tokenizer(next_of(lines), 360, control_symbols());
    tokenizer.save(folder_ / "tokenizer.json");
    counts_ = pack_text(tokenizer, next_of(lines), folder_ / "text.safetensors");
    config_.model.hidden_size = 32;
    config_.model.intermediate_size = 64;
    config_.model.num_hidden_layers = 2;
    config_.model.num_attention_heads = config_.model.num_key_value_heads.emplace(2);
    config_.model.head_dim = 16;
    config_.model.vocab_size = tokenizer.size();
    config_.batch = 32;
    config_.context = 40;
    config_.optimizer.total_steps = 12;
    config_.optimizer.warmup_steps = 2;
  }
  ~TextTraining() override { base::set_quiet(false); }
  TextTrainOptions options(const std::string& run) {
    TextTrainOptions options;
    options.pack = folder_ / "text.safetensors";
    options.tokenizer = folder_ / "tokenizer.json";
    options.run.folder = folder_ / run;
    return options;
  }
  tests::TemporaryFolder folder_;
  PackCounts counts_;
  TextTrainConfig config_;
};

TEST_F(TextTraining, PackHoldsEveryDocumentOnce) {
  const Tokenizer tokenizer = Tokenizer::load(folder_.path());
  const TextPack pack(folder_ / "text.safetensors", tokenizer.size());
  const auto lines = corpus();
  EXPECT_EQ(counts_.documents, static_cast<int64_t>(lines.size()));
  EXPECT_EQ(pack.tokens(), counts_.tokens);
  EXPECT_EQ(static_cast<int64_t>(pack.validation().size()), counts_.validation);
  EXPECT_EQ(pack.training().size() + pack.validation().size(), lines.size());
  for (size_t i = 0; i < lines.size(); ++i) {
    const auto ids = pack.document(static_cast<int64_t>(i));
    EXPECT_EQ(tokenizer.decode({ids.begin(), ids.end()}, true), lines[i]);
  }
  EXPECT_ERROR(TextPack(folder_ / "text.safetensors", 100), base::InvalidFile, "the vocabulary has 100");
  EXPECT_ERROR(pack_text(tokenizer, next_of({}), folder_ / "none"), base::InvalidArgument, "empty");
}

TEST_F(TextTraining, AnEpochShowsEveryDocumentOnce) {
  const Tokenizer tokenizer = Tokenizer::load(folder_.path());
  const TextPack pack(folder_ / "text.safetensors", tokenizer.size());
  const TextSymbols symbols = TextSymbols::of(tokenizer);
  config_.masked_share = 0;
  config_.batch = 1;
  std::multiset<std::vector<int64_t>> seen, all;
  for (int64_t step = 0; step < static_cast<int64_t>(pack.training().size()); ++step) {
    const Tensor targets = make_batch(pack, config_, symbols, step).groups.at(0).targets;
    seen.emplace(targets.const_data_ptr<int64_t>(), targets.const_data_ptr<int64_t>() + targets.numel());
  }
  for (const int64_t i : pack.training()) {
    std::vector<int64_t> document(pack.document(i).begin(), pack.document(i).end());
    document.push_back(tokenizer.id("<eos>"));
    all.insert(document);
  }
  EXPECT_EQ(seen, all);
}

TEST_F(TextTraining, BatchesPredictTheNextTokenAndNeverAMask) {
  const Tokenizer tokenizer = Tokenizer::load(folder_.path());
  const TextPack pack(folder_ / "text.safetensors", tokenizer.size());
  const TextSymbols symbols = TextSymbols::of(tokenizer);
  config_.masked_share = 1;
  const TextBatch batch = make_batch(pack, config_, symbols, 3);
  double weight = 0;
  int64_t masks = 0;
  for (const TextRows& rows : batch.groups) {
    const Tensor flat = rows.ids.flatten();
    EXPECT_TRUE(at::equal(rows.ids.select(1, 0), at::full({rows.ids.size(0)}, symbols.bos, at::kLong)));
    for (int64_t i = 0; i < rows.places.numel(); ++i) {
      const int64_t place = rows.places[i].item<int64_t>(), target = rows.targets[i].item<int64_t>();
      EXPECT_FALSE(symbols.spans.is_mask(static_cast<TokenId>(target)));
      if (target == symbols.spans.end_of_document || (place + 1) % rows.ids.size(1) == 0) continue;  // not an input
      EXPECT_EQ(flat[place + 1].item<int64_t>(), target);
    }
    weight += rows.loss_weight.sum().item<double>();
    masks += (rows.ids >= symbols.spans.first_mask).logical_and(rows.ids < symbols.spans.first_mask + kMaxSpans).sum().item<int64_t>();
  }
  EXPECT_NEAR(weight, batch.weight, 1e-6);
  EXPECT_GE(masks, 2 * config_.batch);
}

TEST(TokenLoss, EqualsLogSoftmaxAndItsGradients) {
  const at::Generator generator = base::generator(4);
  Tensor hidden = at::randn({600, 16}, generator).requires_grad_(), head = at::randn({50, 16}, generator).requires_grad_();
  const Tensor targets = at::randint(50, {600}, generator, at::kLong), weight = at::rand({600}, generator);
  const auto gradients = [&](const Tensor& loss) {
    hidden.mutable_grad() = head.mutable_grad() = Tensor();
    (loss * 0.5).backward();
    return std::pair(hidden.grad().clone(), head.grad().clone());
  };
  const Tensor plain = -(at::mm(hidden, head.t()).log_softmax(1).gather(1, targets.unsqueeze(1)).squeeze(1) * weight).sum();
  const Tensor ours = token_loss(hidden, head, targets, weight);
  EXPECT_NEAR(ours.item<double>(), plain.item<double>(), 1e-2);  // a sum of 600 terms of about 4, fp32
  const auto [hidden_plain, head_plain] = gradients(plain);
  const auto [hidden_ours, head_ours] = gradients(ours);
  EXPECT_TRUE(at::allclose(hidden_ours, hidden_plain, 1e-4, 1e-5));
  EXPECT_TRUE(at::allclose(head_ours, head_plain, 1e-4, 1e-4));
}

// A run that is stopped and goes on must be the run that was never stopped, bit for bit.
TEST_F(TextTraining, ResumedEqualsUnbroken) {
  config_.optimizer.decay_fraction = 0;  // the rate's fall would be planned from total_steps
  TextTrainConfig first = config_;
  first.optimizer.total_steps = 5;
  auto whole = options("whole"), parts = options("parts");
  whole.export_folder = folder_ / "a";
  parts.export_folder = folder_ / "b";
  train_text(config_, whole);
  train_text(first, parts);
  train_text(config_, parts);
  EXPECT_EQ(base::read_file(folder_ / "a" / "model.safetensors"), base::read_file(folder_ / "b" / "model.safetensors"));
}

TEST_F(TextTraining, LearnsAndExportsAComponent) {
  config_.optimizer.total_steps = 150;
  auto run = options("run");
  run.export_folder = folder_ / "text";
  run.validate_every = 10;
  const auto loss = train_text(config_, run);
  if (counts_.validation > 0) {
    ASSERT_TRUE(loss.has_value());
    EXPECT_LT(*loss, 0.5 * std::log(static_cast<double>(config_.model.vocab_size)));
  }
  const TextComponent component = TextComponent::load(folder_ / "text");
  EXPECT_EQ(component.begin, std::vector<TokenId>{component.tokenizer.id("<bos>")});
  EXPECT_EQ(component.end, std::vector<TokenId>{component.tokenizer.id("<eos>")});
  std::vector<TokenId> prompt = component.begin;
  for (const TokenId id : component.tokenizer.encode("a blue")) prompt.push_back(id);
  const auto tokens = generate(component.model, prompt, {.sampling = {.temperature = 0}, .max_new_tokens = 30, .stop = component.end});
  EXPECT_EQ(tokens.back(), component.end[0]) << "a document ends";
  EXPECT_EQ(component.tokenizer.decode(tokens).substr(0, 1), " ");
}

TEST_F(TextTraining, RefusesWhatCannotBe) {
  config_.context = 1;
  EXPECT_ERROR(train_text(config_, options("x")), base::InvalidArgument, "context");
  auto none = options("x");
  none.pack = folder_ / "none";
  config_.context = 40;
  EXPECT_ERROR(train_text(config_, none), base::InvalidFile, "none");
}

}  // namespace
}  // namespace atelier::text
