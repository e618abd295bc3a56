#pragma once
/// Three kinds of failure, kept apart because three different people must act.
///
/// REQUIRE     the user asked for something that cannot be: InvalidArgument, exit code 2, HTTP 400.
/// CHECK_FILE  a file is not what it should be: InvalidFile, exit code 3, HTTP 400 where the file was uploaded.
/// ASSERT      our own bug: std::logic_error with its place, exit code 1, HTTP 500; never reached by any input.
///
/// Messages are fmt format strings and name the thing, what it is, and what it may be:
/// "steps must be 1 to 1000, not 0".
#include <fmt/format.h>

#include <cstdint>
#include <stdexcept>
#include <string>
#include <string_view>

namespace atelier::base {

/// A value that a person or a client chose and may choose again.
class InvalidArgument : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

/// A file (or bytes in a file's format) that does not hold what it claims to hold. The message starts with its path.
class InvalidFile : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

/// The machine failed us: disk full, permission denied, no memory, no such device. Exit code 1.
class ResourceError : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

/// Ctrl-C or a client that left; thrown at the next step boundary. Exit code 130.
class Cancelled : public std::runtime_error {
 public:
  Cancelled() : std::runtime_error("cancelled") {}
};

/// a * b for sizes read from files. @throws InvalidFile naming `what` if the result passes 2^63 - 1.
int64_t checked_mul(int64_t a, int64_t b, std::string_view what);

[[noreturn]] void assertion_failed(const char* condition, const char* file, int line);

}  // namespace atelier::base

#define REQUIRE(condition, ...)                                                        \
  do {                                                                                 \
    if (!(condition)) throw ::atelier::base::InvalidArgument(fmt::format(__VA_ARGS__)); \
  } while (false)

#define CHECK_FILE(condition, path, ...)                                                              \
  do {                                                                                                \
    if (!(condition))                                                                                 \
      throw ::atelier::base::InvalidFile(fmt::format("{}: {}", std::string(path), fmt::format(__VA_ARGS__))); \
  } while (false)

#define ASSERT(condition)                                                                          \
  do {                                                                                             \
    if (!(condition)) ::atelier::base::assertion_failed(#condition, __FILE__, __LINE__);           \
  } while (false)
