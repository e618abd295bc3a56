#include "fusion/train/question_pack.h"

#include "base/error.h"
#include "tests/support.h"

#include <set>

namespace atelier::fusion {
namespace {

TEST(QuestionPack, KeepsPicturesQuestionsCaptionsAndAnswers) {
  const atelier::tests::TemporaryFolder folder;
  QuestionPackWriter writer;
  writer.add(at::full({4, 8, 8}, 0.5), {{{10, 11}, {12}, {13}}, {{20}, {}, {21, 22}}});
  writer.add(at::full({4, 8, 8}, -0.25), {{{30}, {31, 32}, {33}}});
  writer.write(folder / "q.safetensors");
  const QuestionPack pack(folder / "q.safetensors");
  ASSERT_EQ(pack.size(), 2);
  EXPECT_EQ(pack.latent_shape(), (std::vector<int64_t>{4, 8, 8}));
  EXPECT_TRUE(at::equal(pack.latents({1}), at::full({1, 4, 8, 8}, -0.25)));
  base::Random random(1);
  EXPECT_EQ(pack.question(1, random).caption, (std::vector<int32_t>{31, 32}));
  std::set<std::vector<int32_t>> seen;
  for (int i = 0; i < 50; ++i) {
    const PackedQuestion question = pack.question(0, random);
    seen.insert(question.question);
    if (question.question.size() == 1) {
      EXPECT_TRUE(question.caption.empty());
      EXPECT_EQ(question.answer, (std::vector<int32_t>{21, 22}));
    }
  }
  EXPECT_EQ(seen.size(), 2u) << "each of a picture's questions comes up";
}

TEST(QuestionPack, RefusesOffsetsThatLeadOutside) {
  const atelier::tests::TemporaryFolder folder;
  const auto write = [&](const Tensor& offsets, const Tensor& questions) {
    base::write_safetensors(folder / "bad.safetensors", {{"latents", at::zeros({1, 4, 8, 8}).to(at::kBFloat16)}, {"tokens", at::zeros({3}, at::kInt)}, {"offsets", offsets}, {"picture_questions", questions}});
  };
  const auto list = [](std::vector<int64_t> values) { return at::tensor(values, at::kLong); };
  write(list({0, 1, 2, 4}), list({0, 1}));
  EXPECT_ERROR(QuestionPack(folder / "bad.safetensors"), base::InvalidFile, "offsets must rise from 0 to 3");
  write(list({0, 2, 1, 3}), list({0, 1}));
  EXPECT_ERROR(QuestionPack(folder / "bad.safetensors"), base::InvalidFile, "offsets must rise from 0 to 3");
  write(list({0, 1, 3}), list({0, 1}));
  EXPECT_ERROR(QuestionPack(folder / "bad.safetensors"), base::InvalidFile, "three texts a question");
  write(list({0, 1, 2, 3}), list({0, 1, 1}));
  EXPECT_ERROR(QuestionPack(folder / "bad.safetensors"), base::InvalidFile, "must fit 1 pictures");
  write(list({0, 1, 2, 3}), list({0, 2}));
  EXPECT_ERROR(QuestionPack(folder / "bad.safetensors"), base::InvalidFile, "picture_questions must rise from 0 to 1");
}

}  // namespace
}  // namespace atelier::fusion
