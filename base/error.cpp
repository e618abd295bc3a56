#include "base/error.h"

namespace atelier::base {

int64_t checked_mul(int64_t a, int64_t b, std::string_view what) {
  int64_t product;
  if (__builtin_mul_overflow(a, b, &product)) throw InvalidFile(fmt::format("{}: {} x {} is too large", what, a, b));
  return product;
}

void assertion_failed(const char* condition, const char* file, int line) {
  throw std::logic_error(fmt::format("{}:{}: assertion failed: {}", file, line, condition));
}

}  // namespace atelier::base
