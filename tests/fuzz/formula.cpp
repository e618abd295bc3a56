// Formulas as people and problems write them: what is accepted gives a number, or none, at every place, and the same again.
#include "sketchpad/formula.h"
#include "tests/fuzz/fuzz.h"

#include <bit>
#include <cmath>
#include <limits>

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace atelier;
  fuzz::expect_user_errors([&] {
    const std::string text(fuzz::text(data, size));
    const auto formula = sketchpad::Formula::parse(text), again = sketchpad::Formula::parse(text);
    for (const double x : {0.0, -0.0, 1.0, -2.5, 1e300, -1e-300, std::numeric_limits<double>::infinity()}) {
      const double y = formula(x);
      if (!std::isnan(y) && std::bit_cast<uint64_t>(y) != std::bit_cast<uint64_t>(again(x))) __builtin_trap();
    }
  });
  return 0;
}
