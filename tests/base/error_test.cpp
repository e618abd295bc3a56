#include "base/error.h"

#include "tests/support.h"

#include <cstdint>

namespace atelier::base {
namespace {

TEST(Error, SizesUpToTheLargestAreComputed) {
  EXPECT_EQ(checked_mul(int64_t{1} << 31, (int64_t{1} << 32) - 1, "x"), 9223372034707292160);
  EXPECT_EQ(checked_mul(0, INT64_MAX, "x"), 0);
}

TEST(Error, SizesBeyondAreTheFilesFault) {
  EXPECT_ERROR(checked_mul(int64_t{1} << 32, int64_t{1} << 31, "weights: shape"), InvalidFile,
               "weights: shape: 4294967296 x 2147483648 is too large");
}

TEST(Error, EachCheckThrowsItsOwnKind) {
  const int steps = 0;
  EXPECT_ERROR(REQUIRE(steps >= 1, "steps must be 1 to 1000, not {}", steps), InvalidArgument,
               "steps must be 1 to 1000, not 0");
  EXPECT_ERROR(CHECK_FILE(steps >= 1, "a.json", "steps is {}", steps), InvalidFile, "a.json: steps is 0");
  // A path with braces must not be taken for a format.
  EXPECT_ERROR(CHECK_FILE(steps >= 1, "{}.json", "steps is {}", steps), InvalidFile, "{}.json: steps is 0");
  EXPECT_ERROR(ASSERT(steps >= 1), std::logic_error, "error_test.cpp:");
  EXPECT_ERROR(ASSERT(steps >= 1), std::logic_error, "steps >= 1");
}

TEST(Error, WhatHoldsThrowsNothing) {
  EXPECT_NO_THROW(REQUIRE(true, "no"));
  EXPECT_NO_THROW(CHECK_FILE(true, "path", "no"));
  EXPECT_NO_THROW(ASSERT(true));
}

}  // namespace
}  // namespace atelier::base
