#include "fusion/train/question_pack.h"

#include "base/error.h"

namespace atelier::fusion {

void QuestionPackWriter::add(const Tensor& latents, const std::vector<PackedQuestion>& questions) {
  ASSERT(latents.dim() == 3 && !questions.empty());
  latents_.push_back(latents.to(at::kCPU, at::kBFloat16));
  for (const PackedQuestion& question : questions)
    for (const auto* text : {&question.question, &question.caption, &question.answer}) {
      tokens_.insert(tokens_.end(), text->begin(), text->end());
      offsets_.push_back(static_cast<int64_t>(tokens_.size()));
    }
  picture_questions_.push_back(picture_questions_.back() + static_cast<int64_t>(questions.size()));
}

void QuestionPackWriter::write(const std::filesystem::path& path) const {
  REQUIRE(!latents_.empty(), "there is nothing to pack: no picture was added");
  base::write_safetensors(path, {{"latents", at::stack(latents_)},
                                 {"tokens", at::tensor(tokens_, at::kInt)},
                                 {"offsets", at::tensor(offsets_, at::kLong)},
                                 {"picture_questions", at::tensor(picture_questions_, at::kLong)}});
}

QuestionPack::QuestionPack(const std::filesystem::path& path) {
  const base::Safetensors file(path);
  const std::string where = path.string();
  latents_ = file.read("latents");
  tokens_ = file.read("tokens");
  offsets_ = file.read("offsets");
  picture_questions_ = file.read("picture_questions");
  CHECK_FILE(latents_.dim() == 4 && size() > 0, where, "latents must be (pictures, channels, side, side)");
  CHECK_FILE(tokens_.dim() == 1 && tokens_.scalar_type() == at::kInt, where, "tokens must be (n) int32");
  for (const auto& [name, offsets] : {std::pair("offsets", offsets_), std::pair("picture_questions", picture_questions_)})
    CHECK_FILE(offsets.dim() == 1 && offsets.scalar_type() == at::kLong && offsets.numel() > 1, where, "{} must be (n) int64", name);
  CHECK_FILE(picture_questions_.numel() == size() + 1, where, "picture_questions must fit {} pictures", size());
  CHECK_FILE(offsets_.numel() % 3 == 1, where, "offsets must be of three texts a question");
  // Offsets that do not rise from 0 to the end would read outside their table.
  const auto rises = [](const Tensor& offsets, int64_t end, int64_t least) {
    return offsets[0].item<int64_t>() == 0 && offsets[-1].item<int64_t>() == end && offsets.diff().min().item<int64_t>() >= least;
  };
  CHECK_FILE(rises(offsets_, tokens_.numel(), 0), where, "offsets must rise from 0 to {}", tokens_.numel());
  CHECK_FILE(rises(picture_questions_, offsets_.numel() / 3, 1), where, "picture_questions must rise from 0 to {}, and each picture have one", offsets_.numel() / 3);
}

Tensor QuestionPack::latents(const std::vector<int64_t>& rows) const {
  return latents_.index_select(0, at::tensor(rows, at::kLong)).to(at::kFloat);
}

std::vector<int32_t> QuestionPack::text(int64_t k) const {
  const auto* offsets = offsets_.const_data_ptr<int64_t>();
  const auto* tokens = tokens_.const_data_ptr<int32_t>();
  return {tokens + offsets[k], tokens + offsets[k + 1]};
}

PackedQuestion QuestionPack::question(int64_t row, base::Random& random) const {
  const auto* questions = picture_questions_.const_data_ptr<int64_t>();
  const int64_t q = questions[row] + random.below(questions[row + 1] - questions[row]);
  return {text(3 * q), text(3 * q + 1), text(3 * q + 2)};
}

}  // namespace atelier::fusion
