#pragma once
/// A function of one variable, parsed from text and evaluated on numbers: nothing is executed.
///
/// Python's and LaTeX's spellings: + - * / ** ^ , parentheses and braces, |x|, \frac{a}{b}, \left( \right), \cdot, unary
/// minus (-x**2 is -(x**2)), right-associative powers, implicit multiplication (2x, 3(x+1), x sin(x)), sin cos tan asin
/// acos atan sinh cosh tanh exp log ln log10 log2 sqrt abs Abs sign floor ceil, pi, e. "f(x) =" or "y =" may stand in
/// front, and $$ around. A power of a negative number to a fraction is not a number, as are all values outside a domain.
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace atelier::sketchpad {

class Formula {
 public:
  /// @param variable  one letter. @throws InvalidArgument naming the place: longer than 1000 bytes, nested deeper than
  ///                  50, an unknown name, a stray character
  static Formula parse(std::string_view text, char variable = 'x');

  /// NaN or infinite where the function is not defined.
  double operator()(double x) const;
  const std::string& text() const { return text_; }

 private:
  friend class FormulaParser;
  enum class Op : uint8_t { number, variable, add, subtract, multiply, divide, power, negate, function };
  struct Step {
    Op op;
    double value = 0;
    double (*function)(double) = nullptr;
  };
  std::vector<Step> steps_;  // postfix
  std::string text_;
};

}  // namespace atelier::sketchpad
