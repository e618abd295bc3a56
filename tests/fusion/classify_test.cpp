#include "fusion/classify.h"
#include "tests/fusion/tiny_model.h"

#include <gtest/gtest.h>

namespace atelier::fusion {
namespace {

using tests::TinyModel;

const UnderstandingSymbols kShotSymbols = {1, 2, 3, 4, 5, 6, 7};

std::vector<Shots> two_classes(const TinyModel& tiny, int64_t shots) {
  std::vector<Shots> classes = {{{20, 21}, {}}, {{20, 22}, {}}};
  for (int64_t i = 0; i < shots; ++i)
    for (size_t c = 0; c < 2; ++c) classes[c].pictures.push_back(tiny.picture(10 + 2 * i + static_cast<int64_t>(c)));
  return classes;
}

// Which class is named first must not matter: every context is read in both orders.
TEST(Classify, SwappingTwoClassesSwapsTheirProbabilities) {
  const TinyModel tiny;
  for (const int64_t shots : {0, 1, 3}) {
    std::vector<Shots> classes = two_classes(tiny, shots);
    const std::vector<double> p = classify(*tiny.model, classes, tiny.picture(1), kShotSymbols);
    EXPECT_NEAR(p[0] + p[1], 1, 1e-12);
    std::swap(classes[0], classes[1]);
    const std::vector<double> q = classify(*tiny.model, classes, tiny.picture(1), kShotSymbols);
    EXPECT_NEAR(p[0], q[1], 1e-6);
    EXPECT_NE(p[0], 0.5);
  }
}

TEST(Classify, TheShotsCount) {
  const TinyModel tiny;
  const std::vector<double> one = classify(*tiny.model, two_classes(tiny, 1), tiny.picture(1), kShotSymbols);
  std::vector<Shots> other = two_classes(tiny, 1);
  other[0].pictures[0] = tiny.picture(30);
  EXPECT_NE(one, classify(*tiny.model, other, tiny.picture(1), kShotSymbols));
}

}  // namespace
}  // namespace atelier::fusion
