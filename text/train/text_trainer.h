#pragma once
/// `atelier train text`: the text tower from packed text, as a plain language model with CM3's masked spans on a share
/// of the documents.
///
/// Documents are short (a caption, a gloss, a question with its answer), so each has a row of its own, with positions
/// from 0 as in use later; rows of like length run together and little is padding.
#include "base/training_run.h"
#include "text/cm3.h"
#include "text/train/text_pack.h"
#include "text/transformer.h"

#include <filesystem>
#include <optional>
#include <vector>

namespace atelier::text {

/// All that decides what a run learns; a checkpoint belongs to one of these.
struct TextTrainConfig {
  LlamaConfig model = default_model();
  base::OptimizerConfig optimizer = default_optimizer();
  int64_t batch = 256;          // documents a step
  int64_t context = 128;        // tokens of a document at most; what is longer is cut
  double masked_share = 0.25;   // of the documents, with CM3's transform
  std::vector<std::string> given = {};  // control symbols: what follows one, up to the next, is read but not learnt
  int64_t seed = 0;

  static LlamaConfig default_model();
  static base::OptimizerConfig default_optimizer();

  template <class Visitor>
  void visit(Visitor& v) {
    using base::any, base::range;
    v("model", model, any());
    v("optimizer", optimizer, any());
    v("batch", batch, range(1, 1 << 16));
    v("context", context, range(2, 1 << 16));
    v("masked_share", masked_share, range(0, 1));
    v("given", given, any());
    v("seed", seed, range(0, 9e15));
  }
};

struct TextTrainOptions {
  std::filesystem::path pack, tokenizer;  // text.safetensors, tokenizer.json
  std::filesystem::path from;             // component folder whose weights a new run starts from; may be empty
  std::filesystem::path export_folder;    // written when training ends; may be empty
  base::RunOptions run;
  int64_t report_every = 50, validate_every = 500;  // steps
};

/// Rows of one length: <bos> document <eos>, padded behind, where causal rows do not look.
struct TextRows {
  Tensor ids;          // (rows, length) int64
  Tensor places;       // (n) int64, which of rows x length predict something
  Tensor targets;      // (n) int64
  Tensor loss_weight;  // (n) fp32
};

struct TextBatch {
  std::vector<TextRows> groups;
  double weight = 0;  // sum of all loss_weight
};

struct TextSymbols {
  TokenId pad, bos;
  SpanSymbols spans;
  std::vector<bool> is_control;  // by id: no masked span reaches across one
  std::vector<bool> is_given;    // by id: what follows it is not learnt
  /// @throws InvalidArgument if a given symbol is none of the vocabulary's control symbols
  static TextSymbols of(const Tokenizer& tokenizer, const std::vector<std::string>& given = {});
};

/// The batch of a step, a function of (seed, step) alone: every epoch shuffles the documents anew.
TextBatch make_batch(const TextPack& pack, const TextTrainConfig& config, const TextSymbols& symbols, int64_t step);
/// The given documents as they are, without masks.
TextBatch plain_batch(const TextPack& pack, const TextTrainConfig& config, const TextSymbols& symbols,
                      std::span<const int64_t> documents);

/// Trains, or goes on training, until total_steps, time or Ctrl-C; exports the averaged weights then, but after Ctrl-C.
/// @return the last validation loss in nats a token, if there was a validation
std::optional<double> train_text(const TextTrainConfig& config, const TextTrainOptions& options);

/// A component folder: config.json in Hugging Face's layout, model.safetensors in bf16, tokenizer.json and what
/// goes with it, generation_config.json.
void export_text(const LlamaConfig& config, const base::NamedTensors& weights, const Tokenizer& tokenizer,
                 const std::filesystem::path& folder);

}  // namespace atelier::text
