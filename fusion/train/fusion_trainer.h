#pragma once
/// Training of the joint model (LMFusion 3.3): the text tower frozen, everything of the image side trained on
///   L = L_LM + lambda L_diffusion
/// with the caption first in 80 % of the pictures and the picture first, at most half noised, in 20 %. Retrieved documents
/// may stand before them (RA-CM3: K drawn from 0, 1, 2; their captions' loss weighs 0.1), and a share of the captions
/// goes through CM3's masked-span transform: the masks' words follow behind the picture. Questions about pictures may have
/// a share of their own (fusion/understanding.h): their pictures are read, not drawn.
#include "base/distributed.h"
#include "base/training_run.h"
#include "fusion/model.h"
#include "fusion/train/pack.h"
#include "fusion/train/question_pack.h"
#include "fusion/understanding.h"
#include "text/cm3.h"

#include <filesystem>
#include <memory>
#include <string>

namespace atelier::fusion {

/// What identifies a run: saved with it, and compared when it resumes.
struct FusionTrainConfig {
  FusionConfig model;
  base::OptimizerConfig optimizer;
  int64_t batch = 64;             // pictures a step, over all ranks
  double picture_first = 0.2;     // share of the batch
  double caption_drop = 0.1;      // classifier-free guidance
  double infill = 0;              // share of the batch whose captions have masked spans, filled behind the picture
  double questions = 0;           // share of the batch that are questions about pictures; a QuestionPack must be there
  int64_t documents = 0;          // K is drawn from 0..documents; the pack must hold neighbours
  double document_weight = 0.1;   // of the language loss on retrieved captions
  double lambda = 5;              // weight of the diffusion loss; 0: pictures before captions stand clean
  bool cross_attention_only = false;  // learn to read pictures better, and draw as before, bit for bit
  int64_t max_caption_tokens = 48;
  int64_t seed = 0;

  template <class Visitor>
  void visit(Visitor& v);
};

struct FusionTrainOptions {
  std::filesystem::path pack, text, vae;  // vae: for sample grids; may be empty
  std::filesystem::path questions;        // QuestionPack; may be empty
  std::filesystem::path from;             // component folder whose weights a new run starts from, as many blocks of
                                          // cross-attention as they have or the config asks for; empty: the text tower's
  std::filesystem::path teacher;          // component folder of weights that draw already; may be empty
  std::filesystem::path export_folder;    // written when training ends; may be empty
  base::RunOptions run;
  int64_t report_every = 100, validate_every = 1000;  // steps
  std::vector<std::string> sample_prompts;            // one grid of them at each validation
};

/// A text segment of each sequence, padded behind.
struct TextRows {
  Tensor ids;      // (n, L) int64
  Tensor lengths;  // (n) int64
  Tensor weight;   // (n, L) fp32: of the language loss of predicting ids[:, i]
};

/// Sequences of one layout: K documents, text, the picture, and what follows it.
struct FusionPart {
  struct Document {
    TextRows caption;  // [<eoi>] <bos> caption <boi>
    Tensor latents;    // (n, C, S, S) fp32, clean
  };
  std::vector<Document> documents;
  TextRows before;     // [<eoi>] <bos> caption <boi>
  Tensor latents;      // (n, C, S, S) fp32
  Tensor epsilon;      // (n, C, S, S) fp32; undefined, as is time: the picture is read clean, and not learnt to be drawn
  Tensor time;         // (n) fp32
  std::vector<TextRows> after;  // <eoi> text <eos>, each behind the picture by itself; none: nothing follows
};

struct FusionBatch {
  std::vector<FusionPart> parts;
  int64_t pictures = 0;         // of the whole batch, over all ranks
  double language_weight = 0;   // sum of all weights, over all ranks
};

struct ControlIds {
  int32_t pad, bos, eos, boi, eoi;
  text::SpanSymbols spans;
  int32_t question = -1, caption = -1, answer = -1;

  UnderstandingSymbols understanding() const { return {bos, eos, boi, eoi, question, caption, answer}; }
};

/// The batch of a step: a function of (seed, step) alone, so a resumed run sees what an unbroken one would.
/// @param share  this rank's part of the pictures; draws are made for all, so that ranks together see one rank's batch
/// @param questions  not null where config.questions is above 0
FusionBatch make_batch(const Pack& pack, const FusionTrainConfig& config, const ControlIds& ids, int64_t step,
                       const base::Ranks& ranks, const QuestionPack* questions = nullptr);

/// Sums over this rank's share of the mean losses over the whole batch.
struct FusionLoss {
  double diffusion = 0, language = 0;
};

/// Adds the losses' gradients to the optimizer's with backward().
/// @param teacher  where given, pictures are learnt to be drawn as it would draw them: its prediction is the target instead of
///   the noise's (distillation, as in Learning without Forgetting, Li and Hoiem 2016), so that weights that learn to answer
///   keep drawing what they drew, for fewer pictures than noisy targets would take
FusionLoss accumulate_gradients(const FusionModel& model, const FusionTrainConfig& config, const FusionBatch& batch,
                                base::Optimizer& optimizer, const FusionModel* teacher = nullptr);

/// These pictures behind their captions and K = `documents` documents; without noise and times.
FusionPart validation_part(const Pack& pack, const FusionTrainConfig& config, const ControlIds& ids, const std::vector<int64_t>& rows,
                           int64_t documents, base::Random& random);

/// Mean squared error of the prediction on fixed rows, noise and times (t = 150, 400, 600, 800, 950), one figure a time,
/// behind K = `documents` documents.
std::vector<double> validation_errors(const FusionModel& model, const Pack& pack, const FusionTrainConfig& config, const ControlIds& ids,
                                      const std::vector<int64_t>& rows, int64_t documents);

/// The whole run. @throws InvalidArgument, InvalidFile for options and files that do not fit
void train_fusion(const FusionTrainConfig& config, const FusionTrainOptions& options);

template <class Visitor>
void FusionTrainConfig::visit(Visitor& v) {
  using base::any, base::range;
  v("model", model, any());
  v("optimizer", optimizer, any());
  v("batch", batch, range(1, 65536));
  v("picture_first", picture_first, range(0, 1));
  v("caption_drop", caption_drop, range(0, 1));
  v("infill", infill, range(0, 1));
  v("questions", questions, range(0, 1));
  v("documents", documents, range(0, 8));
  v("document_weight", document_weight, range(0, 1));
  v("lambda", lambda, range(0, 1000));
  v("cross_attention_only", cross_attention_only, any());
  v("max_caption_tokens", max_caption_tokens, range(1, 1024));
  v("seed", seed, any());
}

}  // namespace atelier::fusion
