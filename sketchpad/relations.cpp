#include "sketchpad/relations.h"

#include "base/error.h"

namespace atelier::sketchpad {
namespace {

class TermParser {
 public:
  explicit TermParser(std::string_view text) : text_(text) {}

  Term whole() {
    Term out = term(0);
    REQUIRE(at_ == text_.size(), "relation: cannot read \"{}\" after {}", text_.substr(at_, 20), out.name);
    return out;
  }

 private:
  void skip() {
    while (at_ < text_.size() && text_[at_] == ' ') ++at_;
  }

  Term term(int depth) {
    REQUIRE(depth <= 12, "relation: nested deeper than 12");
    skip();
    // Letters in front of a parenthesis are a relation's name; anything else up to the next comma is a leaf, whose
    // own parentheses ("2(x+1)") belong to it.
    const size_t begin = at_;
    while (at_ < text_.size() && ((text_[at_] >= 'a' && text_[at_] <= 'z') || (text_[at_] >= 'A' && text_[at_] <= 'Z'))) ++at_;
    Term out;
    if (at_ - begin >= 3 && at_ < text_.size() && text_[at_] == '(') {
      out.name = text_.substr(begin, at_ - begin);
      ++at_;
      for (;;) {
        out.arguments.push_back(term(depth + 1));
        skip();
        REQUIRE(at_ < text_.size() && (text_[at_] == ',' || text_[at_] == ')'), "relation: {} lacks its closing parenthesis", out.name);
        if (text_[at_++] == ')') break;
      }
      skip();
      return out;
    }
    int open = 0;
    while (at_ < text_.size() && (open > 0 || (text_[at_] != ',' && text_[at_] != ')'))) {
      open += text_[at_] == '(' ? 1 : text_[at_] == ')' ? -1 : 0;
      ++at_;
    }
    out.name = text_.substr(begin, at_ - begin);
    while (out.name.ends_with(' ')) out.name.pop_back();
    REQUIRE(!out.name.empty(), "relation: something is missing at character {}", begin + 1);
    return out;
  }

  std::string_view text_;
  size_t at_ = 0;
};

}  // namespace

Term parse_term(std::string_view text) {
  REQUIRE(text.size() <= 300, "relation: at most 300 bytes, not {}", text.size());
  return TermParser(text).whole();
}

bool is_point(const Term& term) {
  const std::string& n = term.name;
  return term.arguments.empty() && n.size() <= 2 && n[0] >= 'A' && n[0] <= 'Z' &&
      (n.size() == 1 || n[1] == '\'' || (n[1] >= '0' && n[1] <= '9'));
}

}  // namespace atelier::sketchpad
