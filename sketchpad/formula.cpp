#include "sketchpad/formula.h"

#include "base/error.h"

#include <array>
#include <charconv>
#include <cmath>
#include <iterator>
#include <numbers>

namespace atelier::sketchpad {
namespace {

constexpr size_t kMostBytes = 1000;
constexpr int kMostDepth = 100;  // a parenthesis costs two

struct Function {
  std::string_view name;
  double (*function)(double);
};

// Longer names before their own beginnings: the first that fits is taken.
constexpr Function kFunctions[] = {
    {"arcsin", [](double x) { return std::asin(x); }}, {"arccos", [](double x) { return std::acos(x); }},
    {"arctan", [](double x) { return std::atan(x); }}, {"asin", [](double x) { return std::asin(x); }},
    {"acos", [](double x) { return std::acos(x); }},   {"atan", [](double x) { return std::atan(x); }},
    {"sinh", [](double x) { return std::sinh(x); }},   {"cosh", [](double x) { return std::cosh(x); }},
    {"tanh", [](double x) { return std::tanh(x); }},   {"sin", [](double x) { return std::sin(x); }},
    {"cos", [](double x) { return std::cos(x); }},     {"tan", [](double x) { return std::tan(x); }},
    {"exp", [](double x) { return std::exp(x); }},     {"log10", [](double x) { return std::log10(x); }},
    {"log2", [](double x) { return std::log2(x); }},   {"log", [](double x) { return std::log(x); }},
    {"ln", [](double x) { return std::log(x); }},      {"sqrt", [](double x) { return std::sqrt(x); }},
    {"abs", [](double x) { return std::abs(x); }},     {"Abs", [](double x) { return std::abs(x); }},
    {"sign", [](double x) { return static_cast<double>((x > 0) - (x < 0)); }},
    {"floor", [](double x) { return std::floor(x); }}, {"ceil", [](double x) { return std::ceil(x); }},
};

struct Constant {
  std::string_view name;
  double value;
};
constexpr Constant kConstants[] = {{"pi", std::numbers::pi}, {"e", std::numbers::e}, {"E", std::numbers::e}};

bool is_letter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }
bool is_digit(char c) { return c >= '0' && c <= '9'; }

}  // namespace

// Recursive descent; every descent counts its depth.
class FormulaParser {
 public:
  FormulaParser(std::string_view text, char variable) : text_(text), variable_(variable) {}

  void run(Formula& out) {
    out_ = &out;
    if (const size_t equals = text_.find('='); equals != text_.npos) head(equals);
    sum();
    skip();
    // A second dollar sign of $$...$$ has been skipped as a blank.
    REQUIRE(at_ == text_.size(), "formula: cannot read {} at character {}", near(), at_ + 1);
  }

 private:
  using Op = Formula::Op;

  // "f(x) =", "y =": one short name in front of the only equals sign.
  void head(size_t equals) {
    std::string name;
    for (char c : text_.substr(0, equals))
      if (c != ' ' && c != '$') name += c;
    const bool good = (name.size() == 1 && is_letter(name[0])) || (name.size() == 4 && is_letter(name[0]) && name[1] == '(' &&
        name[2] == variable_ && name[3] == ')');
    REQUIRE(good, "formula: only \"f({0}) =\" or \"y =\" may stand before the equals sign, not \"{1}\"", variable_, name.substr(0, 40));
    at_ = equals + 1;
  }

  std::string near() const { return fmt::format("\"{}\"", text_.substr(at_, 12)); }

  void skip() {
    for (;;) {
      while (at_ < text_.size() && (text_[at_] == ' ' || text_[at_] == '\t' || text_[at_] == '$')) ++at_;
      const std::string_view rest = text_.substr(at_);
      if (rest.starts_with("\\left") && rest.size() > 5 && !is_letter(rest[5])) at_ += 5;
      else if (rest.starts_with("\\right") && rest.size() > 6 && !is_letter(rest[6])) at_ += 6;
      else if (rest.starts_with("\\,") || rest.starts_with("\\;") || rest.starts_with("\\ ")) at_ += 2;
      else return;
    }
  }

  char peek() {
    skip();
    return at_ < text_.size() ? text_[at_] : '\0';
  }

  bool take(std::string_view token) {
    skip();
    if (!text_.substr(at_).starts_with(token)) return false;
    at_ += token.size();
    return true;
  }

  void put(Op op, double value = 0, double (*function)(double) = nullptr) { out_->steps_.push_back({op, value, function}); }

  struct Deeper {
    explicit Deeper(int& depth) : depth(depth) { REQUIRE(++depth <= kMostDepth, "formula: nested deeper than {}", kMostDepth / 2); }
    ~Deeper() { --depth; }
    int& depth;
  };

  void sum() {
    const Deeper deeper(depth_);
    product();
    for (;;) {
      const char c = peek();
      if (c == '+') ++at_, product(), put(Op::add);
      else if (c == '-') ++at_, product(), put(Op::subtract);
      else return;
    }
  }

  bool starts_factor() {
    const char c = peek();
    if (c == '|') return bars_ == 0;  // inside |...| a bar in this place closes
    return is_letter(c) || is_digit(c) || c == '.' || c == '(' || c == '{' || c == '\\';
  }

  void product() {
    signed_factor();
    for (;;) {
      if (peek() == '*' && !text_.substr(at_).starts_with("**")) ++at_, signed_factor(), put(Op::multiply);
      else if (take("\\cdot") || take("\\times")) signed_factor(), put(Op::multiply);
      else if (peek() == '/') ++at_, signed_factor(), put(Op::divide);
      else if (starts_factor()) power(), put(Op::multiply);
      else return;
    }
  }

  void signed_factor() {
    const Deeper deeper(depth_);
    const char c = peek();
    if (c == '-') ++at_, signed_factor(), put(Op::negate);
    else if (c == '+') ++at_, signed_factor();
    else power();
  }

  void power() {
    primary();
    if (take("**") || take("^")) signed_factor(), put(Op::power);
  }

  void close(char with) {
    REQUIRE(peek() == with, "formula: '{}' expected at character {}{}", with, at_ + 1, at_ < text_.size() ? ", not " + near() : "");
    ++at_;
  }

  // Bars of an outer |...| do not close inside parentheses.
  void grouped(char with) {
    const int outer = bars_;
    bars_ = 0;
    sum();
    close(with);
    bars_ = outer;
  }

  void primary() {
    const char c = peek();
    if (is_digit(c) || c == '.') return number();
    if (c == '(') return ++at_, grouped(')');
    if (c == '{') return ++at_, grouped('}');
    if (c == '|') {
      ++at_, ++bars_;
      sum();
      close('|');
      --bars_;
      return put(Op::function, 0, [](double x) { return std::abs(x); });
    }
    if (take("\\frac")) {
      REQUIRE(peek() == '{', "formula: \\frac needs two groups in braces");
      ++at_, grouped('}');
      REQUIRE(peek() == '{', "formula: \\frac needs two groups in braces");
      ++at_, grouped('}');
      return put(Op::divide);
    }
    if (c == '\\') ++at_;
    if (at_ < text_.size() && is_letter(text_[at_])) return name();
    REQUIRE(at_ < text_.size(), "formula: it ends where a number, {} or a parenthesis is expected", variable_);
    throw base::InvalidArgument(fmt::format("formula: cannot read {} at character {}", near(), at_ + 1));
  }

  void number() {
    const std::string_view rest = text_.substr(at_);
    double value = 0;
    // "2e" is 2 times e, "2e3" is 2000: from_chars reads exactly so.
    const auto [end, error] = std::from_chars(rest.data(), rest.data() + rest.size(), value);
    REQUIRE(error == std::errc() && std::isfinite(value), "formula: cannot read the number {}", near());
    at_ += static_cast<size_t>(end - rest.data());
    put(Op::number, value);
  }

  void name() {
    const std::string_view rest = text_.substr(at_);
    for (const Function& f : kFunctions)
      if (rest.starts_with(f.name)) {
        at_ += f.name.size();
        // sin(x)**2 is (sin x)**2; without parentheses the argument is one power: sin x + 1 is (sin x) + 1.
        if (const char c = peek(); c == '(' || c == '{' || c == '|') primary();
        else signed_factor();
        return put(Op::function, 0, f.function);
      }
    if (rest[0] == variable_) return ++at_, put(Op::variable);
    for (const Constant& c : kConstants)
      if (rest.starts_with(c.name)) return at_ += c.name.size(), put(Op::number, c.value);
    size_t end = 0;
    while (end < rest.size() && end < 20 && is_letter(rest[end])) ++end;
    throw base::InvalidArgument(fmt::format("formula: unknown name \"{}\" (the variable is {}; functions: sin, cos, tan, exp, log, sqrt, abs, ...)",
                                            rest.substr(0, end), variable_));
  }

  std::string_view text_;
  char variable_;
  size_t at_ = 0;
  int depth_ = 0, bars_ = 0;
  Formula* out_ = nullptr;
};

Formula Formula::parse(std::string_view text, char variable) {
  REQUIRE(text.size() <= kMostBytes, "formula: at most {} bytes, not {}", kMostBytes, text.size());
  REQUIRE(is_letter(variable), "formula: the variable must be a letter");
  Formula out;
  out.text_ = text;
  FormulaParser(text, variable).run(out);
  return out;
}

double Formula::operator()(double x) const {
  // Each level of the parse leaves at most two values waiting.
  std::array<double, 4 * kMostDepth> stack;
  size_t top = 0;
  for (const Step& s : steps_) {
    switch (s.op) {
      case Op::number: stack[top++] = s.value; continue;
      case Op::variable: stack[top++] = x; continue;
      case Op::negate: stack[top - 1] = -stack[top - 1]; continue;
      case Op::function: stack[top - 1] = s.function(stack[top - 1]); continue;
      default: --top;
    }
    double& a = stack[top - 1];
    const double b = stack[top];
    if (s.op == Op::add) a += b;
    else if (s.op == Op::subtract) a -= b;
    else if (s.op == Op::multiply) a *= b;
    else if (s.op == Op::divide) a /= b;
    else a = std::pow(a, b);
  }
  return stack[0];
}

}  // namespace atelier::sketchpad
