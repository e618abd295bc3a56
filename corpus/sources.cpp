#include "corpus/sources.h"
#include "corpus/embedded.h"
#include "base/error.h"

#include <algorithm>
#include <array>

namespace atelier::corpus {
namespace {
constexpr std::array<std::string_view, 5> kSplits = {"train", "combination", "heldout_concept", "heldout_style", "unclean"};
}

const SourceTable& source_table() {
  static const SourceTable table =
      base::read_config<SourceTable>(base::parse_json(sources_json(), "sources.json"), "sources.json");
  return table;
}

std::string folder_name(const Package& package) {
  std::string name;
  for (char c : package.name + "-" + package.version)
    if (c == '/' || c == ':') name += '-';
    else if (c != '@') name += c;
  return name;
}

std::filesystem::path fetched(const std::filesystem::path& corpus_folder, const std::string& package_name) {
  for (const Package& package : source_table().packages)
    if (package.name == package_name) {
      const std::filesystem::path folder = corpus_folder / "sources" / folder_name(package);
      REQUIRE(std::filesystem::is_directory(folder), "{} is missing; fetch the packages with: atelier corpus fetch --corpus {}",
              folder.string(), corpus_folder.string());
      return folder;
    }
  ASSERT(!"every source names a package of the table");
  return {};
}

std::string_view split_name(Split split) { return kSplits.at(static_cast<size_t>(split)); }

Split split_of(std::string_view name) {
  const auto found = std::find(kSplits.begin(), kSplits.end(), name);
  REQUIRE(found != kSplits.end(), "a split is one of train, combination, heldout_concept, heldout_style and unclean, not '{}'", name);
  return static_cast<Split>(found - kSplits.begin());
}

}  // namespace atelier::corpus
