#include "fusion/classify.h"

#include "base/error.h"

#include <algorithm>

namespace atelier::fusion {

std::vector<double> classify(const FusionModel& model, const std::vector<Shots>& classes, const Tensor& picture,
                             const UnderstandingSymbols& symbols) {
  const size_t n = classes.size(), shots = classes.at(0).pictures.size();
  ASSERT(n >= 2 && std::all_of(classes.begin(), classes.end(), [&](const Shots& c) { return c.pictures.size() == shots; }));
  const UnderstandingLayout layout = understanding_layout({}, Reply::caption, symbols);
  std::vector<std::vector<int32_t>> labels;
  for (const Shots& c : classes) {
    labels.push_back(c.label);
    labels.back().push_back(symbols.eos);
  }
  const Tensor every_token = at::ones({model.text().config().vocab_size}, at::kBool);
  Tensor sum = at::zeros({static_cast<int64_t>(n)}, at::kDouble);
  const auto read = [&](const std::vector<ContextDocument>& documents) {
    const Context context = read_pictures(model, layout, {picture}, documents, symbols);
    sum += at::tensor(Decoder(model, context, layout.after, every_token).log_likelihoods(labels), at::kDouble).softmax(0);
  };
  if (shots == 0) read({});
  for (size_t shot = 0; shot < shots; ++shot)
    for (size_t first = 0; first < n; ++first) {
      std::vector<ContextDocument> documents;
      for (size_t i = 0; i < n; ++i) {
        const Shots& c = classes[(first + i) % n];
        documents.push_back({c.label, c.pictures[shot]});
      }
      read(documents);
    }
  const Tensor mean = sum / sum.sum();
  return {mean.const_data_ptr<double>(), mean.const_data_ptr<double>() + n};
}

}  // namespace atelier::fusion
