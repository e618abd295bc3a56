#pragma once
/// The API keys of a service: who may ask.
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

namespace atelier::service {

class ApiKeys {
 public:
  /// No keys: anybody may ask.
  ApiKeys() = default;
  /// A file of keys, one a line; blank lines and lines that begin with # do not count.
  /// @throws InvalidFile if there is none, or one has fewer than 16 or more than 256 characters or a space in it
  explicit ApiKeys(const std::filesystem::path& file);

  bool required() const { return !digests_.empty(); }
  /// @param authorization  the header, "Bearer KEY". Takes the same time whatever the key has in common with a right one
  bool accepts(std::string_view authorization) const;

 private:
  std::vector<std::string> digests_;  // SHA-256: all of one length, whatever the keys'
};

}  // namespace atelier::service
