#pragma once
/// What the rows of `atelier eval` share: models and corpus, opened when first needed, CLIP vectors kept, pictures drawn.
#include "corpus/corpus.h"
#include "eval/report.h"
#include "fusion/pipeline.h"
#include "retrieval/clip_embedder.h"
#include "text/client/chat.h"

#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

namespace atelier::eval {

struct EvalOptions {
  std::filesystem::path models;  // a whole model: text/, fusion/, vae/, clip/, planner/
  std::filesystem::path corpus = corpus::default_folder();
  std::filesystem::path tasks;   // folder of Visual Sketchpad's sets; empty: fresh random problems
  std::filesystem::path output;  // folder for plots and sheets, there already
  text::ChatConfig server = {};  // whose language model answers from captions; without a URL the model's own
  Size size = Size::usual;       // half an hour on two cores without AMX; quick: three minutes; full: hours
};

class Workbench {
 public:
  explicit Workbench(EvalOptions options) : options_(std::move(options)) {}

  const EvalOptions& options() const { return options_; }
  /// How many samples.
  int64_t count(int64_t quick, int64_t usual, int64_t full) const { return options_.size == Size::quick ? quick : options_.size == Size::usual ? usual : full; }

  /// Opened at the first call. @throws what their open and load throw
  const corpus::Corpus& corpus();
  const fusion::Pipeline& pipeline();
  /// The CLIP of the model: it never trained on held-out concepts, combinations or styles either.
  const retrieval::ClipEmbedder& judge();

  /// Rows of the corpus that fulfil a condition, in its order.
  std::vector<int64_t> rows(const std::function<bool(const corpus::Picture&, int64_t row)>& wanted);
  /// Rows that training draws.
  bool trained(int64_t row) { return corpus().picture(row).split == corpus::Split::train && corpus().weight(row) > 0; }
  /// A corpus picture on white, RGB.
  vision::Image picture(int64_t row) { return vision::over(corpus().image(row), {255, 255, 255}); }

  /// CLIP vectors of corpus pictures, kept. @return (rows, d) of length 1
  Tensor vectors(const std::vector<int64_t>& rows);
  Tensor vectors(const std::vector<vision::Image>& pictures) { return judge().embed_pictures(pictures); }

  /// With the program's own steps and guidance.
  vision::Image draw(const fusion::PipelinePrompt& prompt, uint64_t seed);

  /// Writes a plot or a sheet as PNG into the output folder. @return its file name
  std::string keep(const std::string& name, const vision::Image& image);

 private:
  EvalOptions options_;
  std::optional<corpus::Corpus> corpus_;
  std::optional<fusion::Pipeline> pipeline_;
  std::optional<retrieval::ClipEmbedder> judge_;
  std::unordered_map<int64_t, Tensor> kept_;
};

/// `count` of the items (all if there are fewer) in an order that depends on `stream` alone.
template <class T>
std::vector<T> sample(std::vector<T> items, int64_t count, uint64_t stream) {
  base::Random random(2026, stream);
  const auto n = static_cast<int64_t>(items.size());
  for (int64_t i = 0; i < std::min(count, n); ++i) std::swap(items[static_cast<size_t>(i)], items[static_cast<size_t>(random.between(i, n - 1))]);
  items.resize(static_cast<size_t>(std::min(count, n)));
  return items;
}

/// Names pictures by the nearest prototype: the normalised mean of CLIP vectors of real pictures of each class.
class ConceptJudge {
 public:
  /// @param rows  of each class, in the corpus
  ConceptJudge(Workbench& bench, std::vector<std::vector<int64_t>> rows);

  /// @param without_family  whose pictures do not count, so that no artist is compared with himself; empty: all count
  /// @return (classes, d); zeros where nothing is left of a class
  const Tensor& prototypes(const std::string& without_family = "") const;
  /// The nearest class of a vector (d).
  int64_t name(const Tensor& vector, const std::string& without_family = "") const;
  bool knows(int64_t one, const std::string& without_family) const;

 private:
  Workbench& bench_;
  std::vector<std::vector<int64_t>> rows_;
  mutable std::unordered_map<std::string, Tensor> prototypes_;
};

/// 1 where a is b, 0 elsewhere: what mean_interval makes an accuracy of.
inline double right(bool yes) { return yes ? 1 : 0; }

/// Inner products row by row. @param a, b (n, d) @return n numbers
std::vector<double> similarities(const Tensor& a, const Tensor& b);

}  // namespace atelier::eval
