#pragma once
/// Learned models that tools may ask, as the sketchpad sees them. Whoever has a model folder implements it
/// (apps/service/starter_models.h); what is never asked need not be loaded.
#include "sketchpad/tool.h"

namespace atelier::sketchpad {

/// A document that a memory finds.
struct Recalled {
  std::string id, caption, source, licence;
  double similarity = 0;                                   // to what was asked
  std::shared_ptr<const vision::Image> picture = nullptr;  // may be small; null: the document has none
};

struct Answered {
  std::string answer;
  std::string caption;  // for the question, from which it was answered
};

/// Every member may be called from several threads and throws InvalidArgument, in a sentence without a tool's name, if
/// there is no model for it, InvalidFile if that model is damaged.
class Models {
 public:
  virtual ~Models() = default;

  /// Of a picture and each of the others, then each of the texts: cosines in a space of pictures and words, -1 to 1.
  virtual std::vector<double> similarities(const vision::Image& picture, const std::vector<std::shared_ptr<const vision::Image>>& others,
                                           const std::vector<std::string>& texts) = 0;
  /// @param question  not blank
  virtual Answered answer(const vision::Image& picture, const std::string& question) = 0;
  /// @param text, picture  one of them or both; null: none @return at most `count`, the most similar first
  virtual std::vector<Recalled> recall(const std::string* text, const vision::Image* picture, int64_t count) = 0;
  /// @param on_step  called after each; what it throws ends the work
  virtual vision::Image imagine(const std::string& prompt, int64_t steps, uint64_t seed, const std::function<void()>& on_step) = 0;
};

/// Every tool; without models those that need them say so when they are called.
Toolbox sketch_tools(const std::shared_ptr<Models>& models);

}  // namespace atelier::sketchpad
