// Functions: parity by the powers that are in them, convexity by the signs of convex parts.
#include "sketchpad/problems/phrases.h"
#include "sketchpad/problems/random_problems.h"

#include <fmt/format.h>

namespace atelier::sketchpad {
namespace {

double coefficient(base::Random& random, double most) { return std::round((0.2 + random.uniform() * most) * 100) / 100; }

/// Terms such as -3*x**5 joined with their signs.
class Sum {
 public:
  void add(double c, const std::string& what) {
    const std::string size = what.empty() ? fmt::format("{:g}", std::abs(c)) : fmt::format("{:g}*{}", std::abs(c), what);
    text_ += text_.empty() ? (c < 0 ? "-" : "") + size : (c < 0 ? " - " : " + ") + size;
  }
  const std::string& text() const { return text_; }

 private:
  std::string text_;
};

std::string power(int64_t exponent) { return exponent == 1 ? "x" : fmt::format("x**{}", exponent); }

/// Different powers of one parity (0 even, 1 odd), descending.
std::vector<int64_t> powers(base::Random& random, int64_t parity, int64_t count, int64_t most) {
  std::vector<int64_t> out;
  while (static_cast<int64_t>(out.size()) < count) {
    const int64_t p = 2 * random.between(parity ? 0 : 1, most / 2) + parity;
    if (std::find(out.begin(), out.end(), p) == out.end()) out.push_back(p);
  }
  std::sort(out.rbegin(), out.rend());
  return out;
}

double whole(base::Random& random) { return static_cast<double>(random.between(1, 9)) * (random.chance(0.5) ? 1 : -1); }

}  // namespace

RandomProblem random_parity(base::Random& random) {
  const std::string verdict = one_of({"even", "odd", "neither"}, random);
  Sum above, below;
  if (verdict != "odd")
    for (const int64_t p : powers(random, 0, random.between(1, 3), 10)) above.add(whole(random), power(p));
  if (verdict != "even")
    for (const int64_t p : powers(random, 1, random.between(1, 2), 9)) above.add(whole(random), power(p));
  if (verdict != "odd") above.add(coefficient(random, 25) * (random.chance(0.5) ? 1 : -1), "");
  // An even divisor without zeros.
  for (const int64_t p : powers(random, 0, random.between(1, 3), 10)) below.add(static_cast<double>(random.between(2, 12)), power(p));
  below.add(coefficient(random, 30) + 2, "");
  const std::string formula = random.chance(0.9) ? fmt::format("({})/({})", above.text(), below.text()) : above.text();
  return {Problem{.fields = {{"formula", formula}}, .choices = {"even", "odd", "neither"}, .answer = verdict}};
}

RandomProblem random_convexity(base::Random& random) {
  const bool positive = random.chance(0.6), convex = random.chance(0.5);
  const double sign = convex ? 1 : -1;
  Sum sum;
  const int64_t count = random.between(1, 3);
  bool curved = false;
  for (int64_t i = 0; i < count; ++i) {
    const int64_t kind = random.below(positive ? 5 : 3);
    if (kind == 0) sum.add(sign * coefficient(random, 1.2), power(positive ? random.between(2, 7) : 2 * random.between(1, 3))), curved = true;
    else if (kind == 1) sum.add(sign, fmt::format("exp({:g}*x)", coefficient(random, 1.4) * (random.chance(0.8) ? 1 : -1))), curved = true;
    else if (kind == 2) sum.add(sign * coefficient(random, 2.5), "Abs(x)"), curved |= !positive;
    else sum.add(-sign * coefficient(random, 2), "log(x)"), curved = true;
  }
  if (!curved) sum.add(sign * coefficient(random, 1.2), "x**2");
  sum.add(coefficient(random, 18) * (random.chance(0.5) ? 1 : -1), "");
  return {Problem{.fields = {{"formula", sum.text()}, {"domain", positive ? "x > 0" : "all x"}}, .choices = {"convex", "concave"},
                  .answer = convex ? "convex" : "concave"}};
}

}  // namespace atelier::sketchpad
