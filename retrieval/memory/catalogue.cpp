#include "retrieval/memory/catalogue.h"

#include "base/error.h"
#include "base/json.h"
#include "retrieval/memory/checksum.h"

#include <utility>

namespace atelier::retrieval {
namespace {

using base::json;

constexpr int64_t kApplication = 0x41746c6d;  // "Atlm"
constexpr int64_t kVersion = 1;

constexpr const char* kSchema = R"(
CREATE TABLE memory (
  only_row INTEGER PRIMARY KEY CHECK (only_row = 1),
  dimension INTEGER NOT NULL, embedder TEXT NOT NULL, thumbnail_size INTEGER NOT NULL,
  vector_rows INTEGER NOT NULL, vector_bytes INTEGER NOT NULL) STRICT;
CREATE TABLE documents (
  row INTEGER PRIMARY KEY,  -- of its vector
  id TEXT NOT NULL, caption TEXT NOT NULL, tags TEXT NOT NULL,  -- tags: a JSON array
  source TEXT NOT NULL, licence TEXT NOT NULL, width INTEGER NOT NULL, height INTEGER NOT NULL,
  thumbnail BLOB NOT NULL, content_hash BLOB NOT NULL, file_hash BLOB NOT NULL,
  checksum INTEGER NOT NULL,  -- CRC32C of what stands before
  removed INTEGER NOT NULL DEFAULT 0) STRICT;
CREATE UNIQUE INDEX documents_id ON documents (id) WHERE removed = 0;
CREATE UNIQUE INDEX documents_content ON documents (content_hash) WHERE removed = 0;
CREATE INDEX documents_file ON documents (file_hash) WHERE removed = 0 AND width > 0;
CREATE TABLE attachments (
  row INTEGER NOT NULL REFERENCES documents, name TEXT NOT NULL, bytes BLOB NOT NULL, checksum INTEGER NOT NULL,
  PRIMARY KEY (row, name)) STRICT;
)";

constexpr const char* kColumns = "row, id, caption, tags, source, licence, width, height";

// Statements are kept, but never left in the middle of their rows: that would hold a snapshot of the database.
struct Finished {
  Statement& statement;
  ~Finished() { statement.reset(); }
};

uint32_t row_checksum(const Document& d, const std::string& tags, std::string_view thumbnail, std::string_view content_hash,
                      std::string_view file_hash) {
  const std::string numbers = fmt::format("{} {} {}", d.row, d.width, d.height);
  uint32_t sum = 0;
  for (const std::string_view part : {std::string_view(numbers), std::string_view(d.id), std::string_view(d.caption), std::string_view(tags),
                                      std::string_view(d.source), std::string_view(d.licence), thumbnail, content_hash, file_hash}) {
    const uint64_t size = part.size();
    sum = crc32c(part, crc32c(&size, sizeof size, sum));
  }
  return sum;
}

}  // namespace

void Catalogue::create(const std::filesystem::path& path, const MemoryInfo& info) {
  Database database(path, Database::Mode::create);
  // Thumbnails and latents are 1 to 4 KB each: pages of the default 4 KB would hold one of them and waste the rest.
  database.run("PRAGMA page_size = 16384");
  Transaction transaction(database);
  database.run(kSchema);
  database.run(fmt::format("PRAGMA application_id = {}; PRAGMA user_version = {}", kApplication, kVersion).c_str());
  database.prepare("INSERT INTO memory VALUES (1, ?, ?, ?, ?, ?)").bind(1, info.dimension).bind(2, std::string_view(info.embedder))
      .bind(3, info.thumbnail_size).bind(4, info.extent.rows).bind(5, info.extent.bytes).run();
  transaction.commit();
  database.run("PRAGMA journal_mode = WAL");  // stays with the file
}

namespace {

// Before any statement is prepared: a foreign database has none of our tables.
void check_application(const Database& database) {
  const std::string path = database.path().string();
  CHECK_FILE(database.integer("PRAGMA application_id") == kApplication, path, "is no memory's database");
  const int64_t version = database.integer("PRAGMA user_version");
  CHECK_FILE(version == kVersion, path, "has version {}, this program reads {}", version, kVersion);
}

}  // namespace

Catalogue::Catalogue(const std::filesystem::path& path, Database::Mode mode)
    : database_(path, mode),
      by_id_((check_application(database_), database_.prepare(fmt::format("SELECT {} FROM documents WHERE removed = 0 AND id = ?", kColumns)))),
      by_row_(database_.prepare(fmt::format("SELECT {} FROM documents WHERE removed = 0 AND row = ?", kColumns))),
      by_content_(database_.prepare("SELECT row FROM documents WHERE removed = 0 AND content_hash = ?")),
      by_file_(database_.prepare("SELECT 1 FROM documents WHERE removed = 0 AND width > 0 AND file_hash = ? LIMIT 1")),
      insert_(database_.prepare("INSERT INTO documents VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, 0)")) {}

MemoryInfo Catalogue::info() {
  Statement statement = database_.prepare("SELECT dimension, embedder, thumbnail_size, vector_rows, vector_bytes FROM memory");
  CHECK_FILE(statement.step(), database_.path().string(), "the database is damaged: it lacks a row");
  const MemoryInfo info = {statement.integer(0), statement.text(1), statement.integer(2), {statement.integer(3), statement.integer(4)}};
  CHECK_FILE(info.dimension >= 1 && info.dimension <= VectorFile::kMaxDimension && info.extent.rows >= 0 &&
                 info.extent.bytes >= VectorFile::kHeaderBytes && info.thumbnail_size >= 1,
             database_.path().string(), "the database is damaged: its numbers make no sense");
  return info;
}

Document Catalogue::document(const Statement& s) const {
  Document d;
  d.row = s.integer(0);
  d.id = s.text(1);
  d.caption = s.text(2);
  const std::string where = fmt::format("{}: row {}", database_.path().string(), d.row);
  const json tags = base::parse_json(s.text(3), where);
  CHECK_FILE(tags.is_array(), where, "the tags are damaged");
  for (const json& tag : tags) {
    CHECK_FILE(tag.is_string(), where, "the tags are damaged");
    d.tags.push_back(tag.get<std::string>());
  }
  d.source = s.text(4);
  d.licence = s.text(5);
  d.width = s.integer(6);
  d.height = s.integer(7);
  return d;
}

std::optional<Document> Catalogue::find(const std::string& id) {
  const Finished finished{by_id_};
  by_id_.bind(1, std::string_view(id));
  if (!by_id_.step()) return std::nullopt;
  return document(by_id_);
}

std::optional<Document> Catalogue::at(int64_t row) {
  const Finished finished{by_row_};
  by_row_.bind(1, row);
  if (!by_row_.step()) return std::nullopt;
  return document(by_row_);
}

std::optional<int64_t> Catalogue::row_of_content(std::string_view content_hash) {
  const Finished finished{by_content_};
  by_content_.bind_blob(1, content_hash);
  if (!by_content_.step()) return std::nullopt;
  return by_content_.integer(0);
}

bool Catalogue::knows_file(std::string_view file_hash) {
  const Finished finished{by_file_};
  by_file_.bind_blob(1, file_hash);
  return by_file_.step();
}

std::string Catalogue::thumbnail(int64_t row) {
  Statement statement = database_.prepare("SELECT thumbnail FROM documents WHERE removed = 0 AND row = ?");
  statement.bind(1, row);
  return statement.step() ? statement.text(0) : std::string();
}

std::vector<int64_t> Catalogue::removed_rows() {
  std::vector<int64_t> rows;
  Statement statement = database_.prepare("SELECT row FROM documents WHERE removed = 1 ORDER BY row");
  while (statement.step()) rows.push_back(statement.integer(0));
  return rows;
}

Catalogue::Counts Catalogue::counts() {
  Counts counts;
  Statement kinds = database_.prepare("SELECT removed, width > 0, caption <> '', COUNT(*) FROM documents GROUP BY 1, 2, 3");
  while (kinds.step()) {
    const bool removed = kinds.integer(0), picture = kinds.integer(1), caption = kinds.integer(2);
    (removed ? counts.removed : picture && caption ? counts.both : picture ? counts.pictures : counts.captions) += kinds.integer(3);
  }
  counts.documents = counts.captions + counts.pictures + counts.both;
  Statement licences = database_.prepare("SELECT licence, COUNT(*) FROM documents WHERE removed = 0 GROUP BY 1");
  while (licences.step()) counts.licences[licences.text(0)] = licences.integer(1);
  return counts;
}

void Catalogue::insert(int64_t row, const PreparedDocument& prepared) {
  const Finished finished{insert_};
  Document d = prepared.document;
  d.row = row;
  const std::string tags = base::dump_json(d.tags);
  insert_.bind(1, row).bind(2, std::string_view(d.id)).bind(3, std::string_view(d.caption)).bind(4, std::string_view(tags))
      .bind(5, std::string_view(d.source)).bind(6, std::string_view(d.licence)).bind(7, d.width).bind(8, d.height)
      .bind_blob(9, prepared.thumbnail).bind_blob(10, prepared.content_hash).bind_blob(11, prepared.file_hash)
      .bind(12, int64_t{row_checksum(d, tags, prepared.thumbnail, prepared.content_hash, prepared.file_hash)}).run();
}

void Catalogue::set_extent(VectorExtent extent) {
  database_.prepare("UPDATE memory SET vector_rows = ?, vector_bytes = ?").bind(1, extent.rows).bind(2, extent.bytes).run();
}

void Catalogue::remove(int64_t row) {
  database_.prepare("DELETE FROM attachments WHERE row = ?").bind(1, row).run();
  database_.prepare("UPDATE documents SET removed = 1, caption = '', tags = '[]', source = '', licence = '', width = 0, height = 0, "
                    "thumbnail = x'', content_hash = x'', file_hash = x'', checksum = 0 WHERE row = ?").bind(1, row).run();
}

void Catalogue::attach(int64_t row, const std::string& name, std::string_view bytes) {
  database_.prepare("INSERT OR REPLACE INTO attachments VALUES (?, ?, ?, ?)").bind(1, row).bind(2, std::string_view(name))
      .bind_blob(3, bytes).bind(4, int64_t{crc32c(bytes)}).run();
}

std::optional<std::string> Catalogue::attachment(int64_t row, const std::string& name) {
  Statement statement = database_.prepare("SELECT bytes, checksum FROM attachments WHERE row = ? AND name = ?");
  statement.bind(1, row).bind(2, std::string_view(name));
  if (!statement.step()) return std::nullopt;
  std::string bytes = statement.text(0);
  CHECK_FILE(crc32c(bytes) == statement.integer(1), database_.path().string(), "the attachment {} of row {} fails its checksum", name, row);
  return bytes;
}

std::vector<std::string> Catalogue::problems() {
  std::vector<std::string> found;
  const auto report = [&](std::string text) { found.push_back(fmt::format("{}: {}", database_.path().string(), text)); };
  Statement check = database_.prepare("PRAGMA integrity_check(20)");
  while (check.step())
    if (check.text(0) != "ok") report(check.text(0));
  if (!found.empty()) return found;

  const VectorExtent extent = info().extent;
  Statement rows = database_.prepare(fmt::format("SELECT {}, thumbnail, content_hash, file_hash, checksum, removed FROM documents ORDER BY row", kColumns));
  int64_t expected = 0;
  while (rows.step()) {
    if (rows.integer(0) != expected) report(fmt::format("row {} is missing", expected));
    expected = rows.integer(0) + 1;
    if (rows.integer(12) != 0) continue;
    try {
      const Document d = document(rows);
      const std::string thumbnail = rows.text(8);
      CHECK_FILE(row_checksum(d, rows.text(3), thumbnail, rows.text(9), rows.text(10)) == rows.integer(11), database_.path().string(),
                 "row {} ({}) fails its checksum", d.row, d.id);
    } catch (const base::InvalidFile& error) {
      found.push_back(error.what());
    }
  }
  if (expected != extent.rows) report(fmt::format("has {} documents for {} vectors", expected, extent.rows));
  Statement attachments = database_.prepare("SELECT row, name, bytes, checksum FROM attachments ORDER BY row");
  while (attachments.step())
    if (crc32c(attachments.text(2)) != attachments.integer(3))
      report(fmt::format("the attachment {} of row {} fails its checksum", attachments.text(1), attachments.integer(0)));
  return found;
}

}  // namespace atelier::retrieval
