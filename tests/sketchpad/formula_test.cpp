#include "sketchpad/formula.h"
#include "base/error.h"
#include "base/random.h"
#include "../support.h"

#include <cmath>

namespace atelier::sketchpad {
namespace {

double at(std::string_view text, double x) { return Formula::parse(text)(x); }

// The spellings of IsoBench's convexity and parity items: Python code and the same in LaTeX.
TEST(Formula, ReadsPythonAndLatexAlike) {
  const double x = 0.7;
  struct Case {
    const char *code, *latex;
    double value;
  };
  const Case cases[] = {
      {"f(x) = -0.11*x**2 + 0.62*log(x) - 2.7*Abs(x) + 0.04",
          "$$f(x) = - 0.11 x^{2} + 0.62 \\log{\\left(x \\right)} - 2.7 \\left|{x}\\right| + 0.04$$",
          -0.11 * x * x + 0.62 * std::log(x) - 2.7 * x + 0.04},
      {"f(x) = 1.3 - exp(1.07*x)", "$$f(x) = 1.3 - e^{1.07 x}$$", 1.3 - std::exp(1.07 * x)},
      {"f(x) = exp(1.0*x) - 0.79*log(x) + 0.58*Abs(x) - 14.96",
          "$$f(x) = e^{1.0 x} - 0.79 \\log{\\left(x \\right)} + 0.58 \\left|{x}\\right| - 14.96$$",
          std::exp(x) - 0.79 * std::log(x) + 0.58 * x - 14.96},
      {"f(x) = -2*x**5/(2*x**8 - 4*x**6 + 12*x**4 + 4*x**2 + 11.16)",
          "$$f(x) = - \\frac{2 x^{5}}{2 x^{8} - 4 x^{6} + 12 x^{4} + 4 x^{2} + 11.16}$$",
       -2 * std::pow(x, 5) / (2 * std::pow(x, 8) - 4 * std::pow(x, 6) + 12 * std::pow(x, 4) + 4 * x * x + 11.16)},
      {"f(x) = x**5*(6.0 - 8.0*x**2)/(10.0*x**10 + 6.0*x**8 - 2.0*x**4 + 11.04)",
          "$$f(x) = \\frac{x^{5} \\cdot \\left(6.0 - 8.0 x^{2}\\right)}{10.0 x^{10} + 6.0 x^{8} - 2.0 x^{4} + 11.04}$$",
       std::pow(x, 5) * (6 - 8 * x * x) / (10 * std::pow(x, 10) + 6 * std::pow(x, 8) - 2 * std::pow(x, 4) + 11.04)},
      {"f(x) = 2*x**5*(x**2 - 4)/(2*x**10 + 10*x**6 + 11.2)",
          "$$f(x) = \\frac{2 x^{5} \\left(x^{2} - 4\\right)}{2 x^{10} + 10 x^{6} + 11.2}$$",
       2 * std::pow(x, 5) * (x * x - 4) / (2 * std::pow(x, 10) + 10 * std::pow(x, 6) + 11.2)},
      {"f(x) = -24.04/(4*x**10 + 8*x**4 - 6*x**2 + 24.94)", "$$f(x) = - \\frac{24.04}{4 x^{10} + 8 x^{4} - 6 x^{2} + 24.94}$$",
          -24.04 / (4 * std::pow(x, 10) + 8 * std::pow(x, 4) - 6 * x * x + 24.94)},
  };
  for (const Case& c : cases) {
    EXPECT_NEAR(at(c.code, x), c.value, 1e-12) << c.code;
    EXPECT_NEAR(at(c.latex, x), c.value, 1e-12) << c.latex;
  }
}

TEST(Formula, PrecedenceIsPythons) {
  EXPECT_EQ(at("-x**2", 3), -9);
  EXPECT_EQ(at("2**3**2", 0), 512);
  EXPECT_EQ(at("2**-1", 0), 0.5);
  EXPECT_EQ(at("8/4/2", 0), 1);
  EXPECT_EQ(at("1 - 2 - 3", 0), -4);
  EXPECT_EQ(at("--x", 2), 2);
  EXPECT_EQ(at("sin(x)**2 + cos(x)**2", 0.3), 1);
  EXPECT_EQ(at("2x^2", 3), 18);
}

TEST(Formula, MultipliesWhatStandsSideBySide) {
  EXPECT_EQ(at("2x(x+1)", 3), 24);
  EXPECT_EQ(at("(x-1)(x+1)", 3), 8);
  EXPECT_NEAR(at("x sin(x)", 2), 2 * std::sin(2), 1e-15);
  EXPECT_NEAR(at("xsin x", 2), 2 * std::sin(2), 1e-15);
  EXPECT_EQ(at("2|x-5|", 3), 4);
  EXPECT_EQ(at("|x|*|x - 1|", -3), 12);
}

TEST(Formula, IsNotANumberOutsideItsDomain) {
  EXPECT_TRUE(std::isnan(at("log(x)", -1)));
  EXPECT_TRUE(std::isnan(at("sqrt(x)", -1)));
  EXPECT_TRUE(std::isinf(at("1/x", 0)));
}

TEST(Formula, SaysWhatItCannotRead) {
  using base::InvalidArgument;
  EXPECT_ERROR(Formula::parse(""), InvalidArgument, "ends where");
  EXPECT_ERROR(Formula::parse("x +"), InvalidArgument, "ends where");
  EXPECT_ERROR(Formula::parse("(x"), InvalidArgument, "')' expected");
  EXPECT_ERROR(Formula::parse("|x"), InvalidArgument, "'|' expected");
  EXPECT_ERROR(Formula::parse("x y"), InvalidArgument, "unknown name \"y\"");
  EXPECT_ERROR(Formula::parse("__import__('os')"), InvalidArgument, "cannot read");
  EXPECT_ERROR(Formula::parse("system(x)"), InvalidArgument, "unknown name");
  EXPECT_ERROR(Formula::parse("g(y) = x"), InvalidArgument, "before the equals sign");
  EXPECT_ERROR(Formula::parse("x = 1 = 2"), InvalidArgument, "cannot read");
  EXPECT_ERROR(Formula::parse("\\frac{x}"), InvalidArgument, "two groups");
  EXPECT_ERROR(Formula::parse("1e999"), InvalidArgument, "number");
  EXPECT_ERROR(Formula::parse(std::string("x\0y", 3)), InvalidArgument, "cannot read");
}

TEST(Formula, DepthAndLengthAreLimited) {
  const auto nested = [](int depth, const std::string& open, const std::string& close) {
    std::string text;
    for (int i = 0; i < depth; ++i) text += open;
    text += "x";
    for (int i = 0; i < depth; ++i) text += close;
    return text;
  };
  EXPECT_EQ(at(nested(20, "(", ")"), 2), 2);
  EXPECT_ERROR(Formula::parse(nested(400, "(", ")")), base::InvalidArgument, "nested deeper");
  EXPECT_ERROR(Formula::parse(nested(900, "-", "")), base::InvalidArgument, "nested deeper");
  EXPECT_ERROR(Formula::parse(nested(300, "x^", "")), base::InvalidArgument, "nested deeper");
  EXPECT_ERROR(Formula::parse(nested(120, "sin ", "")), base::InvalidArgument, "nested deeper");
  EXPECT_ERROR(Formula::parse(std::string(2000, 'x')), base::InvalidArgument, "1000 bytes");
  EXPECT_NO_THROW(at(std::string(999, 'x'), 1));
}

// Whatever the characters, the parser answers with a function or one sentence.
TEST(Formula, SurvivesRandomText) {
  const std::string_view pieces[] = {"x", "2", ".5", "+", "-", "*", "**", "/", "^", "(", ")", "{", "}", "|", "sin", "log", "\\frac",
      "\\left", "\\right", "e", "pi", " ", "=", "\\", "$", "\xC3", "f(x) ="};
  base::Random random(8);
  int read = 0;
  for (int i = 0; i < 20'000; ++i) {
    std::string text;
    for (int64_t n = random.between(1, 12); n > 0; --n) text += pieces[random.below(std::ssize(pieces))];
    try {
      (void)Formula::parse(text)(0.5);
      ++read;
    } catch (const base::InvalidArgument&) {
    }
  }
  EXPECT_GT(read, 500);
}

}  // namespace
}  // namespace atelier::sketchpad
