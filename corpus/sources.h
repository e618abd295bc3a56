#pragma once
/// What the corpus is made of: corpus/sources.json as structs, and where a fetched package lies.
#include "base/config.h"
#include "corpus/corpus.h"

#include <filesystem>
#include <string>
#include <vector>

namespace atelier::corpus {

struct Package {
  std::string manager;  // "npm" or "apt"
  std::string name, version;
  std::string sha512;   // of the archive, hexadecimal

  template <class Visitor>
  void visit(Visitor& v) {
    v("manager", manager, base::one_of({"npm", "apt"}));
    v("name", name);
    v("version", version);
    v("sha512", sha512);
  }
};

/// One set of pictures of one style.
struct Source {
  std::string source, package;
  std::string reader;    // how its files are read: emoji, icon, flags (Iconify), webp, openclipart
  std::string style, family, kind;
  double weight = 0;     // how often training draws one of its pictures
  std::string licence, credit;
  std::string split = "train";

  template <class Visitor>
  void visit(Visitor& v) {
    v("source", source);
    v("package", package);
    v("reader", reader, base::one_of({"emoji", "icon", "flags", "webp", "openclipart"}));
    v("style", style);
    v("family", family);
    v("kind", kind, base::one_of({"emoji", "icon", "mono", "clipart", "flag", "photo"}));
    v("weight", weight, base::range(0, 1));
    v("licence", licence);
    v("credit", credit);
    v("split", split, base::one_of({"train", "heldout_style", "unclean"}));
  }
};

struct SourceTable {
  std::string note;
  std::vector<Package> packages;
  std::vector<Source> sources;

  template <class Visitor>
  void visit(Visitor& v) {
    v("note", note);
    v("packages", packages);
    v("sources", sources);
  }
};

/// The compiled-in table.
const SourceTable& source_table();

/// "noto-v1-1.2.5": a package's folder below sources/.
std::string folder_name(const Package& package);

/// The folder of a package that was fetched. @throws InvalidArgument saying how to fetch it if there is none
std::filesystem::path fetched(const std::filesystem::path& corpus_folder, const std::string& package_name);

/// "train", "combination", ...
std::string_view split_name(Split split);
/// @throws InvalidArgument for a name that is none
Split split_of(std::string_view name);

}  // namespace atelier::corpus
