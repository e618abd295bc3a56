#include "promptcap/examples.h"

#include "base/error.h"
#include "base/random.h"
#include "base/safetensors.h"

#include <algorithm>

namespace atelier::promptcap {

using base::json;

std::vector<int64_t> choose_examples(const Tensor& question, const Tensor& picture, const Tensor& questions, const Tensor& pictures, int64_t count) {
  const Tensor score = questions.matmul(question) + pictures.matmul(picture);  // (N)
  const Tensor best = std::get<1>(score.topk(std::min(count, score.size(0)))).flip(0).contiguous();
  return {best.data_ptr<int64_t>(), best.data_ptr<int64_t>() + best.numel()};
}

ExamplePool ExamplePool::load(const std::filesystem::path& path) {
  const base::Safetensors file(path);
  const std::string where = path.string();
  ExamplePool pool;
  pool.questions_ = file.read("question").to(at::kFloat);
  pool.pictures_ = file.read("picture").to(at::kFloat);
  const auto metadata = [&](const char* name) -> const std::string& {
    const auto found = file.metadata().find(name);
    CHECK_FILE(found != file.metadata().end(), where, "there is no {} in its metadata", name);
    return found->second;
  };
  pool.embedder_ = metadata("embedder");
  const json list = base::parse_json(metadata("examples"), where);
  CHECK_FILE(list.is_array() && !list.empty(), where, "examples must be a list");
  for (const json& entry : list) {
    const bool three = entry.is_array() && entry.size() == 3 && std::all_of(entry.begin(), entry.end(), [](const json& part) { return part.is_string(); });
    CHECK_FILE(three, where, "an example must be [caption, question, answer], not {}", base::shown(entry));
    pool.examples_.push_back({entry[0], entry[1], entry[2]});
  }
  const auto n = static_cast<int64_t>(pool.examples_.size());
  CHECK_FILE(pool.questions_.dim() == 2 && pool.questions_.size(0) == n && pool.pictures_.sizes() == pool.questions_.sizes(), where,
             "question and picture must be ({}, d), a row an example", n);
  return pool;
}

ExamplePool ExamplePool::make(std::vector<Example> examples, std::span<const vision::Image> pictures, const retrieval::Embedder& embedder) {
  ASSERT(examples.size() == pictures.size());
  REQUIRE(!examples.empty(), "there are no examples");
  std::vector<std::string> questions;
  for (const Example& example : examples) questions.push_back(example.question);
  ExamplePool pool;
  pool.questions_ = embedder.embed_texts(questions);
  pool.pictures_ = embedder.embed_pictures(pictures);
  pool.embedder_ = embedder.identity();
  pool.examples_ = std::move(examples);
  return pool;
}

void ExamplePool::save(const std::filesystem::path& file) const {
  json list = json::array();
  for (const Example& example : examples_) list.push_back({example.caption, example.question, example.answer});
  base::write_safetensors(file, {{"question", questions_.to(at::kBFloat16)}, {"picture", pictures_.to(at::kBFloat16)}},
                          {{"embedder", embedder_}, {"examples", base::dump_json(list)}});
}

std::vector<Example> ExamplePool::choose(const retrieval::Embedder& embedder, const std::string& question, const vision::Image& picture, int64_t count) const {
  REQUIRE(embedder.identity() == embedder_, "these examples were made with {}, not with {}", embedder_, embedder.identity());
  const Tensor asked = embedder.embed_texts({&question, 1})[0], seen = embedder.embed_pictures({&picture, 1})[0];
  std::vector<Example> chosen;
  for (const int64_t row : choose_examples(asked, seen, questions_, pictures_, count)) chosen.push_back(examples_[row]);
  return chosen;
}

}  // namespace atelier::promptcap
