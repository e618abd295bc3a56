#pragma once
/// The language model that answers from captions where the user names no other (PromptCap, 3.3).
///
/// A text tower that has to stay as the image tower met it is a general one. A model may bring another beside it, in
/// reader/: the same tower, tuned on questions about captions.
#include "fusion/pipeline.h"
#include "text/client/local_model.h"

#include <memory>

namespace atelier::promptcap {

class Reader {
 public:
  /// The model's reader/ if it has one, else its own text tower. @param pipeline  must outlive this
  /// @throws InvalidFile where reader/ is broken
  explicit Reader(const fusion::Pipeline& pipeline);
  /// A text model of a folder of its own. @throws InvalidFile
  explicit Reader(const std::filesystem::path& folder);

  const text::LocalLanguageModel& model() const { return *model_; }
  /// Whether it knows our control symbols, and with them the template "local"; others read the paper's.
  bool ours() const { return ours_; }

 private:
  std::unique_ptr<const text::TextComponent> component_;  // none: the pipeline's own
  std::unique_ptr<const text::LocalLanguageModel> model_;
  bool ours_ = true;
};

}  // namespace atelier::promptcap
