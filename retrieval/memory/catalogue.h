#pragma once
/// The memory's database: what the documents say, their thumbnails, and how much of the vector file is committed.
///
/// A batch is one transaction: its rows in `documents` and the new extent in `memory` appear together or not at all,
/// after the vectors themselves are on disk. A document that is removed stays as an empty row, because its vector
/// stays in the file.
#include "retrieval/memory/database.h"
#include "retrieval/memory/document.h"
#include "retrieval/memory/vector_file.h"

#include <functional>
#include <map>

namespace atelier::retrieval {

struct MemoryInfo {
  int64_t dimension = 0;
  std::string embedder;  // its identity
  int64_t thumbnail_size = 128;
  VectorExtent extent;
};

class Catalogue {
 public:
  /// A new database, whole or not there at all.
  static void create(const std::filesystem::path& path, const MemoryInfo& info);

  /// @throws InvalidFile if it is damaged or no memory's, ResourceError if it cannot be opened so
  Catalogue(const std::filesystem::path& path, Database::Mode mode);

  Database& database() { return database_; }  // for transactions
  MemoryInfo info();

  std::optional<Document> find(const std::string& id);
  std::optional<Document> at(int64_t row);
  std::optional<int64_t> row_of_content(std::string_view content_hash);
  bool knows_file(std::string_view file_hash);
  /// PNG or JPEG; empty if the document has no picture.
  std::string thumbnail(int64_t row);
  std::vector<int64_t> removed_rows();

  struct Counts {
    int64_t documents = 0, captions = 0, pictures = 0, both = 0, removed = 0;  // captions, pictures: of one kind only
    std::map<std::string, int64_t> licences;
  };
  Counts counts();

  // What follows needs a transaction around it.
  void insert(int64_t row, const PreparedDocument& prepared);
  void set_extent(VectorExtent extent);
  void remove(int64_t row);
  /// Bytes of the caller's that belong to a document, such as its latents; replaces what has this name.
  void attach(int64_t row, const std::string& name, std::string_view bytes);
  std::optional<std::string> attachment(int64_t row, const std::string& name);

  /// Everything that is not as it was written, a line each.
  std::vector<std::string> problems();

 private:
  Document document(const Statement& statement) const;
  Database database_;
  // Asked for every document of an import; the rest is prepared where it is used.
  Statement by_id_, by_row_, by_content_, by_file_, insert_;
};

}  // namespace atelier::retrieval
