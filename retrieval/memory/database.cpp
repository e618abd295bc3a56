#include "retrieval/memory/database.h"

#include "base/error.h"

#include <sqlite3.h>

#include <cerrno>
#include <utility>

namespace atelier::retrieval {
namespace {

[[noreturn]] void fail(sqlite3* database, const std::filesystem::path& path, int code) {
  const int system = database ? sqlite3_system_errno(database) : 0;
  const std::string text = database ? sqlite3_errmsg(database) : sqlite3_errstr(code);
  switch (code & 0xff) {
    case SQLITE_CORRUPT: case SQLITE_NOTADB: case SQLITE_SCHEMA:
      throw base::InvalidFile(fmt::format("{}: the database is damaged: {}", path.string(), text));
    case SQLITE_FULL:
      throw base::ResourceError(fmt::format("{}: cannot be written: the disk is full", path.string()));
    case SQLITE_IOERR:
      if (system == ENOSPC || system == EDQUOT) throw base::ResourceError(fmt::format("{}: cannot be written: the disk is full", path.string()));
      throw base::ResourceError(fmt::format("{}: {}{}", path.string(), text, system ? fmt::format(" (errno {})", system) : ""));
    case SQLITE_BUSY: case SQLITE_LOCKED:
      throw base::ResourceError(fmt::format("{}: another process is writing this memory", path.string()));
    case SQLITE_NOMEM: throw std::bad_alloc();
    case SQLITE_CANTOPEN: case SQLITE_READONLY: case SQLITE_PERM:
      throw base::ResourceError(fmt::format("{}: {}", path.string(), text));
    case SQLITE_TOOBIG:
      throw base::InvalidArgument(fmt::format("{}: {}", path.string(), text));
    default: throw std::logic_error(fmt::format("{}: SQLite: {} ({})", path.string(), text, code));
  }
}

// file:PATH?immutable=1 with what a URI gives a meaning to escaped.
std::string immutable_uri(const std::filesystem::path& path) {
  std::string uri = "file:";
  for (const char c : std::filesystem::absolute(path).string()) {
    if (c == '?' || c == '#' || c == '%') uri += fmt::format("%{:02x}", c);
    else uri += c;
  }
  return uri + "?immutable=1";
}

}  // namespace

Statement::Statement(sqlite3* database, const std::filesystem::path& path, std::string_view sql) : database_(database), path_(&path) {
  const int code = sqlite3_prepare_v2(database, sql.data(), static_cast<int>(sql.size()), &statement_, nullptr);
  if (code != SQLITE_OK) fail(database, path, code);
}

Statement::~Statement() { sqlite3_finalize(statement_); }

Statement::Statement(Statement&& other) noexcept
    : database_(other.database_), path_(other.path_), statement_(std::exchange(other.statement_, nullptr)) {}

Statement& Statement::bind(int parameter, int64_t value) {
  if (const int code = sqlite3_bind_int64(statement_, parameter, value)) fail(database_, *path_, code);
  return *this;
}

Statement& Statement::bind(int parameter, std::string_view text) {
  // An empty view may have no address, which SQLite would take for NULL.
  const char* data = text.empty() ? "" : text.data();
  if (const int code = sqlite3_bind_text64(statement_, parameter, data, text.size(), SQLITE_TRANSIENT, SQLITE_UTF8)) fail(database_, *path_, code);
  return *this;
}

Statement& Statement::bind_blob(int parameter, std::string_view bytes) {
  const char* data = bytes.empty() ? "" : bytes.data();
  if (const int code = sqlite3_bind_blob64(statement_, parameter, data, bytes.size(), SQLITE_TRANSIENT)) fail(database_, *path_, code);
  return *this;
}

bool Statement::step() {
  const int code = sqlite3_step(statement_);
  if (code == SQLITE_ROW) return true;
  if (code != SQLITE_DONE) fail(database_, *path_, sqlite3_extended_errcode(database_));
  return false;
}

void Statement::run() {
  while (step()) {}
  reset();
}

void Statement::reset() {
  sqlite3_reset(statement_);
  sqlite3_clear_bindings(statement_);
}

int64_t Statement::integer(int column) const { return sqlite3_column_int64(statement_, column); }

std::string Statement::text(int column) const {
  const void* data = sqlite3_column_blob(statement_, column);
  const int size = sqlite3_column_bytes(statement_, column);
  return data ? std::string(static_cast<const char*>(data), static_cast<size_t>(size)) : std::string();
}

Database::Database(const std::filesystem::path& path, Mode mode) : path_(path) {
  const int flags = SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE |
                    (mode == Mode::create      ? SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE
                     : mode == Mode::immutable ? SQLITE_OPEN_READONLY | SQLITE_OPEN_URI
                                               : SQLITE_OPEN_READWRITE);
  const std::string name = mode == Mode::immutable ? immutable_uri(path) : path.string();
  const int code = sqlite3_open_v2(name.c_str(), &database_, flags, nullptr);
  try {
    if (code != SQLITE_OK) fail(database_, path_, code);
    sqlite3_busy_timeout(database_, 5000);
    run("PRAGMA foreign_keys = ON; PRAGMA trusted_schema = OFF; PRAGMA cell_size_check = ON; PRAGMA synchronous = FULL");
    if (mode == Mode::read) run("PRAGMA query_only = ON");
  } catch (...) {
    sqlite3_close_v2(database_);
    throw;
  }
}

Database::~Database() { sqlite3_close_v2(database_); }

void Database::run(const char* sql) {
  if (const int code = sqlite3_exec(database_, sql, nullptr, nullptr, nullptr)) fail(database_, path_, code);
}

int64_t Database::integer(std::string_view sql) const {
  Statement statement = prepare(sql);
  CHECK_FILE(statement.step(), path_.string(), "the database is damaged: it lacks a row");
  return statement.integer(0);
}

Transaction::Transaction(Database& database, bool write) : database_(database) { database_.run(write ? "BEGIN IMMEDIATE" : "BEGIN"); }

Transaction::~Transaction() {
  if (!open_) return;
  try {
    database_.run("ROLLBACK");
  } catch (const std::exception&) {
    // SQLite has rolled back by itself after a full disk; there is nothing left to undo.
  }
}

void Transaction::commit() {
  database_.run("COMMIT");
  open_ = false;
}

}  // namespace atelier::retrieval
