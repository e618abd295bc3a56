// Fetching: each package is downloaded by its own package manager, compared with the hash in sources.json, unpacked
// beside its place and renamed into it. What is there under its final name is whole.
#include "corpus/process.h"
#include "corpus/sources.h"
#include "base/error.h"
#include "base/progress.h"

namespace atelier::corpus {
namespace {

namespace fs = std::filesystem;

fs::path only_file(const fs::path& folder, const std::string& extension) {
  for (const auto& entry : fs::directory_iterator(folder))
    if (entry.path().extension() == extension) return entry.path();
  throw base::ResourceError(fmt::format("{}: the download left no {} file", folder.string(), extension));
}

fs::path download(const Package& package, const fs::path& into) {
  if (package.manager == "npm") {
    run_program({"npm", "pack", package.name + "@" + package.version, "--pack-destination", into.string(), "--ignore-scripts", "--silent"},
                into, "install it with: apt install npm");
    return only_file(into, ".tgz");
  }
  run_program({"apt-get", "download", package.name + "=" + package.version}, into,
              fmt::format("{} is a package of Debian 12, unpack it into sources/{} by hand", package.name, folder_name(package)));
  return only_file(into, ".deb");
}

void check_hash(const fs::path& archive, const Package& package) {
  const std::string found = run_program({"sha512sum", "--", archive.string()}, archive.parent_path(), "install it with: apt install coreutils");
  // sha512sum puts a backslash before the hash of a file whose name it had to escape.
  const size_t begin = found.starts_with('\\') ? 1 : 0;
  CHECK_FILE(found.substr(begin, 128) == package.sha512, archive.string(), "SHA-512 {} is not that of {} {}, {}", found.substr(begin, 128),
             package.name, package.version, package.sha512);
}

void fetch_package(const Package& package, const fs::path& sources) {
  const fs::path place = sources / folder_name(package);
  if (fs::is_directory(place)) return;
  const fs::path work = sources / (folder_name(package) + ".tmp");
  fs::remove_all(work);
  fs::create_directories(work / "unpacked");
  const fs::path archive = download(package, work);
  check_hash(archive, package);
  if (package.manager == "npm")
    run_program({"tar", "-xzf", archive.string(), "--no-same-owner", "-C", (work / "unpacked").string()}, work, "install it with: apt install tar");
  else
    run_program({"dpkg-deb", "-x", archive.string(), (work / "unpacked").string()}, work, "install it with: apt install dpkg");
  fs::rename(work / "unpacked", place);
  fs::remove_all(work);
}

}  // namespace

void fetch(const fs::path& folder) {
  const fs::path sources = folder / "sources";
  std::error_code failed;
  fs::create_directories(sources, failed);
  if (failed) throw base::ResourceError(fmt::format("{}: {}", sources.string(), failed.message()));
  const std::vector<Package>& packages = source_table().packages;
  base::Progress progress("fetching", static_cast<int64_t>(packages.size()), "packages");
  for (const Package& package : packages) {
    base::throw_if_cancelled();
    progress.note(package.name);
    fetch_package(package, sources);
    progress.advance();
  }
}

}  // namespace atelier::corpus
