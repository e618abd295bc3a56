#pragma once
/// SQLite behind two small classes: errors become ours, statements and transactions end where their scope ends.
#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>

struct sqlite3;
struct sqlite3_stmt;

namespace atelier::retrieval {

/// A prepared statement: bind, step, read columns. Parameters count from 1, columns from 0, as SQLite has it.
class Statement {
 public:
  Statement(sqlite3* database, const std::filesystem::path& path, std::string_view sql);
  ~Statement();
  Statement(Statement&& other) noexcept;

  Statement& bind(int parameter, int64_t value);
  Statement& bind(int parameter, std::string_view text);
  Statement& bind_blob(int parameter, std::string_view bytes);
  /// The next row. @return false behind the last @throws what Database throws
  bool step();
  /// step() for a statement without rows; ready to be bound again, all parameters NULL.
  void run();
  void reset();

  int64_t integer(int column) const;
  std::string text(int column) const;  // text or blob
 private:
  sqlite3* database_;
  const std::filesystem::path* path_;
  sqlite3_stmt* statement_ = nullptr;
};

/// One connection, for one thread at a time.
/// @throws InvalidFile for a file that is damaged or no database, ResourceError for a full disk, a lock or a file that
///         may not be written
class Database {
 public:
  enum class Mode {
    create,     // a new file
    write,      // an existing one
    read,       // an existing one, beside writers
    immutable,  // one on a medium that cannot be written: no locks, no files beside it
  };
  Database(const std::filesystem::path& path, Mode mode);
  ~Database();
  Database(const Database&) = delete;
  Database& operator=(const Database&) = delete;

  void run(const char* sql);
  Statement prepare(std::string_view sql) const { return Statement(database_, path_, sql); }
  /// The first column of the first row. @throws InvalidFile if there is none
  int64_t integer(std::string_view sql) const;
  const std::filesystem::path& path() const { return path_; }

 private:
  std::filesystem::path path_;
  sqlite3* database_ = nullptr;
};

/// Rolled back at the end of its scope unless committed.
class Transaction {
 public:
  /// @param write  takes the database's write lock at once
  explicit Transaction(Database& database, bool write = true);
  ~Transaction();
  void commit();

 private:
  Database& database_;
  bool open_ = true;
};

}  // namespace atelier::retrieval
