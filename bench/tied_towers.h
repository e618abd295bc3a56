#pragma once
/// The joint model with weights of its two towers tied from outside, for bench/ablation.cpp: tensors of both get one memory
/// and one gradient, so that the product needs no switch for what it does not ship.
#include "base/optimizer.h"
#include "fusion/train/fusion_trainer.h"
#include "text/train/text_trainer.h"

#include <map>
#include <memory>
#include <string>

namespace atelier::bench {

/// What pictures and text share, and how fast what comes from the text model learns.
struct Variant {
  std::string name;
  enum class Shared { nothing, attention, everything } shared;  // by the towers; attention: its matrices and all norms
  double text_rate;  // learning rate over that of the image side's own; 0: frozen. Of Shared::attention's text model only
                     // what is shared learns

  /// Whether an image model's tensor is the text model's.
  bool shares(const std::string& image_name) const;
};

/// What all variants start from and how they are trained.
struct Recipe {
  base::Weights weights;  // of the text model
  text::LlamaConfig text;
  fusion::FusionTrainConfig fusion_train;
  base::OptimizerConfig optimizer;  // of the image side's own
};

/// A variant's model and its optimisers, one for what comes from the text model and one for what does not.
class Trainee {
 public:
  struct Loss {
    double flow = 0, caption = 0, text = 0;
  };
  /// Multiplications and additions in the matrices of the towers and of the text's head, so far.
  struct Work {
    double pictures_forward = 0, all = 0;
  };

  /// The image tower starts as a copy of the text model's. @param recipe  outlives this
  Trainee(const Variant& variant, const Recipe& recipe);
  Trainee(const Trainee&) = delete;

  /// Adds the gradients of lambda L_flow + L_LM of the captions behind pictures. @return both, without lambda
  Loss add_gradients(const fusion::FusionBatch& batch);
  /// Adds the gradients of the mean loss of text documents. Does nothing where the text is frozen. @return the loss
  double add_gradients(const text::TextBatch& batch);
  void step();

  /// Weighted sum of the negative log-likelihoods of text, and of the text behind what the context holds.
  Tensor text_sum(const text::TextRows& rows) const;
  Tensor caption_sum(fusion::Context& context, const fusion::TextRows& rows) const;

  /// What an optimiser has of a tensor of either model, by its name there; undefined where it is frozen.
  Tensor gradient(const std::string& name) const;
  /// From the image tower's name of a tensor that both have to the text model's.
  const std::map<std::string, std::string>& shared() const { return shared_; }
  /// Of both models, as modules hold them.
  std::map<std::string, Tensor> tensors() const;
  const fusion::FusionModel& model() const { return model_; }
  bool trains_text() const { return text_optimizer_ != nullptr; }
  const Work& work() const { return work_; }

 private:
  struct Binding {
    Tensor held;  // by a module
    base::Optimizer* optimizer;
    std::string name;  // there
  };
  std::unique_ptr<base::Optimizer> take(const base::NamedTensors& tensors, double rate);
  int64_t connect(const std::string& prefix, const text::Transformer& tower);
  void collect_gradients();
  void count(const Tensor& tokens, bool of_pictures, int passes);
  at::Device device() const { return head_.device(); }

  const Recipe& recipe_;
  base::Parameters text_parameters_;
  std::shared_ptr<const text::TextModel> text_;
  base::Parameters image_parameters_;
  fusion::FusionModel model_;
  Tensor embeddings_, head_;
  std::map<std::string, std::string> shared_;
  std::map<std::string, Binding> bindings_;  // by a module's name of a tensor; frozen ones have none
  std::unique_ptr<base::Optimizer> image_optimizer_, text_optimizer_;
  int64_t tower_numbers_ = 0;  // in a tower's matrices
  Work work_;
};

}  // namespace atelier::bench
