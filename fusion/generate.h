#pragma once
/// Drawing and writing with the joint model: Transfusion's loop of a language mode and a diffusion mode.
#include "fusion/model.h"
#include "fusion/negtome.h"
#include "fusion/sampler.h"

#include <functional>
#include <string>
#include <vector>

namespace atelier::fusion {

struct GenerateOptions {
  int64_t num_inference_steps = 25;  // 1..1000
  double guidance_scale = 4;         // 1: without guidance
  std::string sampler = "ddim";
  uint64_t seed = 0;                 // every random draw of this picture
  /// Editing (SDEdit, Meng et al.): start from this picture, noised to `strength` of the way, not from noise alone.
  Tensor init;                       // (1, C, S, S) fp32, normalised; undefined: from noise
  double strength = 1;               // 0..1: 1 forgets `init` but for what `keep` says
  /// Infilling (RePaint, Lugmayr et al., without resampling): after every step what is kept is put back, as noisy.
  Tensor keep;                       // (1, 1, S, S) fp32 in [0, 1]: 1 stays as in `init`; undefined: nothing must stay
  TokenMerging merging;
  /// After each step: its index and the network's idea of the finished latents (1, C, S, S).
  std::function<void(int64_t step, const Tensor& x0)> on_step;
};

/// Draws one picture. Classifier-free guidance (Ho and Salimans): e = e_negative + scale (e_prompt - e_negative), both
/// halves as one batch of two; the prefix is computed once.
///
/// Pictures are drawn one at a time on purpose: matrix kernels round differently for different batch sizes, and a batch
/// of N must equal N singles bit for bit. Two rows of 64 patches fill two cores already.
/// @param prompt, negative  token ids from <bos> to <boi>; without a negative prompt: <bos> <boi>
/// @return latents (1, C, S, S) fp32, normalised
/// @throws InvalidArgument for options out of range, Cancelled between steps
Tensor draw(const FusionModel& model, const std::vector<int32_t>& prompt, const std::vector<int32_t>& negative,
            const GenerateOptions& options);

/// A retrieved document: caption and clean picture (RA-CM3).
struct ContextDocument {
  std::vector<int32_t> caption;  // without control symbols
  Tensor latents;                // (1, C, S, S) fp32, normalised
};

/// Documents, the first first, and behind them a prompt; computed once, read-only while a picture is drawn.
/// @param prompt  ids from <bos> to <boi>
Context begin_with_documents(const FusionModel& model, const std::vector<ContextDocument>& documents,
                             const std::vector<int32_t>& prompt, int32_t bos, int32_t boi, int32_t eoi);

/// The same behind any context of batch 1 (documents, earlier pictures) and, for guidance, its counterpart.
Tensor draw(const FusionModel& model, Context& context, Context* negative, const GenerateOptions& options);

/// The tokens that a finished picture has at each step of such a drawing, noised to the step's timestep along one
/// trajectory of its own: what `merging` takes to stay away from it.
/// @param latents (1, C, S, S) fp32, normalised @param options  seed: of its noise; merging.config: which tokens, and how far down
std::shared_ptr<const TokenTrace> trace_reference(const FusionModel& model, const std::vector<int32_t>& prompt,
                                                  const std::vector<int32_t>& negative, const Tensor& latents,
                                                  const GenerateOptions& options);

/// What the model wrote or drew, in order: one of the two.
struct Segment {
  std::vector<int32_t> tokens;
  Tensor latents;  // (1, C, S, S), or undefined
};

struct InterleaveOptions {
  GenerateOptions picture;
  int64_t max_new_tokens = 128;
  int64_t max_pictures = 4;
  std::vector<int32_t> stop;   // ids that end it, such as <eos>
  int32_t bos, boi, eoi;
  /// Chooses the next token. @param logits (vocab) fp32
  std::function<int32_t(const Tensor& logits)> choose;
};

/// Language mode: tokens until one opens a picture (<boi>); diffusion mode: the picture is drawn, encoded clean at t = 0
/// and closed (<eoi>); and so on until a stop token, max_new_tokens or max_pictures. @param prompt ids from <bos> on
std::vector<Segment> interleave(const FusionModel& model, const std::vector<int32_t>& prompt, const InterleaveOptions& options);

/// Token ids as (1, tokens) int64 on the model's device.
Tensor as_ids(const FusionModel& model, const std::vector<int32_t>& ids);

}  // namespace atelier::fusion
