#include "apps/service/keys.h"

#include "base/error.h"
#include "base/files.h"
#include "retrieval/memory/checksum.h"

#include <algorithm>

namespace atelier::service {
namespace {

/// Looks at every byte, whichever differs.
bool equal_in_constant_time(std::string_view a, std::string_view b) {
  if (a.size() != b.size()) return false;
  volatile unsigned char difference = 0;
  for (size_t i = 0; i < a.size(); ++i) difference = static_cast<unsigned char>(difference | (a[i] ^ b[i]));
  return difference == 0;
}

}  // namespace

ApiKeys::ApiKeys(const std::filesystem::path& file) {
  const std::string text = base::read_file(file, 1 << 20);
  size_t number = 0;
  for (size_t begin = 0; begin < text.size();) {
    const size_t end = std::min(text.find('\n', begin), text.size());
    std::string_view line = std::string_view(text).substr(begin, end - begin);
    begin = end + 1;
    ++number;
    if (line.ends_with('\r')) line.remove_suffix(1);
    if (line.empty() || line.starts_with('#')) continue;
    const bool printable = std::all_of(line.begin(), line.end(), [](char c) { return c > 0x20 && c < 0x7F; });
    CHECK_FILE(printable && line.size() >= 16 && line.size() <= 256, file.string(),
               "the key in line {} must have 16 to 256 printable characters without spaces", number);
    digests_.push_back(retrieval::sha256(line));
  }
  CHECK_FILE(!digests_.empty(), file.string(), "there is no key in it; one a line is expected");
}

bool ApiKeys::accepts(std::string_view authorization) const {
  constexpr std::string_view kScheme = "bearer ";
  const bool bearer = authorization.size() > kScheme.size() &&
                      std::equal(kScheme.begin(), kScheme.end(), authorization.begin(), [](char a, char b) { return a == (b | 0x20); });
  if (!bearer) return false;
  const std::string digest = retrieval::sha256(authorization.substr(kScheme.size()));
  bool found = false;
  for (const std::string& known : digests_) found |= equal_in_constant_time(digest, known);
  return found;
}

}  // namespace atelier::service
