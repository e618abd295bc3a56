#pragma once
/// What tests of several folders share: a folder that goes away, and errors checked by kind and message.
#include <gtest/gtest.h>
#include <stdlib.h>

#include <filesystem>
#include <stdexcept>
#include <string>

namespace atelier {

/// Recorded numbers and small models.
inline const std::filesystem::path kData = ATELIER_TEST_DATA;

namespace tests {

/// A new empty folder, removed with all that is in it.
class TemporaryFolder {
 public:
  TemporaryFolder() {
    std::string name = (std::filesystem::temp_directory_path() / "atelier-test-XXXXXX").string();
    if (::mkdtemp(name.data()) == nullptr) throw std::runtime_error("no temporary folder: " + name);
    path_ = name;
  }
  ~TemporaryFolder() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }
  TemporaryFolder(const TemporaryFolder&) = delete;
  TemporaryFolder& operator=(const TemporaryFolder&) = delete;

  const std::filesystem::path& path() const { return path_; }
  std::filesystem::path operator/(const std::filesystem::path& name) const { return path_ / name; }

 private:
  std::filesystem::path path_;
};

}  // namespace tests
}  // namespace atelier

/// The statement throws exactly this type, and its message contains the fragment.
#define EXPECT_ERROR(statement, Type, fragment)                                                        \
  do {                                                                                                 \
    bool thrown = false;                                                                               \
    try {                                                                                              \
      statement;                                                                                       \
    } catch (const std::exception& error) {                                                            \
      thrown = true;                                                                                   \
      EXPECT_EQ(typeid(error), typeid(Type)) << error.what();                                          \
      EXPECT_NE(std::string(error.what()).find(fragment), std::string::npos)                           \
          << "\"" << error.what() << "\" does not contain \"" << (fragment) << "\"";                   \
    }                                                                                                  \
    EXPECT_TRUE(thrown) << "nothing was thrown; expected: " << (fragment);                             \
  } while (false)
