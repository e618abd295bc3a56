#include "eval/workbench.h"

#include "base/error.h"
#include "base/progress.h"

namespace atelier::eval {

const corpus::Corpus& Workbench::corpus() {
  if (!corpus_) corpus_.emplace(corpus::Corpus::open(options_.corpus));
  return *corpus_;
}

const fusion::Pipeline& Workbench::pipeline() {
  if (!pipeline_) pipeline_.emplace(fusion::Pipeline::load(options_.models));
  return *pipeline_;
}

const retrieval::ClipEmbedder& Workbench::judge() {
  if (!judge_) judge_.emplace(retrieval::Clip::load(options_.models / "clip"));
  return *judge_;
}

std::vector<int64_t> Workbench::rows(const std::function<bool(const corpus::Picture&, int64_t)>& wanted) {
  std::vector<int64_t> found;
  for (int64_t i = 0; i < corpus().size(); ++i)
    if (wanted(corpus().picture(i), i)) found.push_back(i);
  return found;
}

Tensor Workbench::vectors(const std::vector<int64_t>& rows) {
  constexpr size_t kAtOnce = 256;
  std::vector<int64_t> missing;
  for (const int64_t row : rows)
    if (kept_.try_emplace(row).second) missing.push_back(row);
  std::optional<base::Progress> progress;
  if (missing.size() > kAtOnce) progress.emplace("embedding", static_cast<int64_t>(missing.size()), "pictures");
  for (size_t begin = 0; begin < missing.size(); begin += kAtOnce) {
    base::throw_if_cancelled();
    const size_t end = std::min(missing.size(), begin + kAtOnce);
    std::vector<vision::Image> pictures;
    for (size_t i = begin; i < end; ++i) pictures.push_back(picture(missing[i]));
    const Tensor found = judge().embed_pictures(pictures);
    for (size_t i = begin; i < end; ++i) kept_[missing[i]] = found[static_cast<int64_t>(i - begin)];
    if (progress) progress->set(static_cast<int64_t>(end));
  }
  std::vector<Tensor> all;
  for (const int64_t row : rows) all.push_back(kept_.at(row));
  return all.empty() ? at::zeros({0, judge().dimension()}) : at::stack(all);
}

vision::Image Workbench::draw(const fusion::PipelinePrompt& prompt, uint64_t seed) {
  fusion::GenerateOptions options;
  options.seed = seed;
  return pipeline().draw(prompt, options);
}

std::string Workbench::keep(const std::string& name, const vision::Image& image) {
  vision::write_image(options_.output / name, image);
  return name;
}

ConceptJudge::ConceptJudge(Workbench& bench, std::vector<std::vector<int64_t>> rows) : bench_(bench), rows_(std::move(rows)) {
  std::vector<int64_t> all;
  for (const auto& some : rows_) all.insert(all.end(), some.begin(), some.end());
  bench_.vectors(all);
}

bool ConceptJudge::knows(int64_t one, const std::string& without_family) const {
  for (const int64_t row : rows_[static_cast<size_t>(one)])
    if (bench_.corpus().picture(row).family != without_family) return true;
  return false;
}

const Tensor& ConceptJudge::prototypes(const std::string& without_family) const {
  Tensor& matrix = prototypes_[without_family];
  if (matrix.defined()) return matrix;
  std::vector<Tensor> classes;
  for (const auto& rows : rows_) {
    std::vector<int64_t> others;
    for (const int64_t row : rows)
      if (bench_.corpus().picture(row).family != without_family) others.push_back(row);
    classes.push_back(others.empty() ? at::zeros({bench_.judge().dimension()}) : prototype(bench_.vectors(others)));
  }
  return matrix = at::stack(classes);
}

int64_t ConceptJudge::name(const Tensor& vector, const std::string& without_family) const {
  return prototypes(without_family).matmul(vector).argmax().item<int64_t>();
}

std::vector<double> similarities(const Tensor& a, const Tensor& b) {
  const Tensor products = (a.to(at::kDouble) * b.to(at::kDouble)).sum(1).contiguous();
  return {products.const_data_ptr<double>(), products.const_data_ptr<double>() + products.numel()};
}

}  // namespace atelier::eval
