#pragma once
/// The memory: documents of pictures and captions, found again by meaning.
///
/// A folder of three files. memory.db (SQLite) says what the documents are and holds their thumbnails; vectors.bin
/// (vector_file.h) holds one vector a document, and is what search is built from whenever a memory is opened;
/// index.ivf (inverted_index.h) is there for large ones and can be thrown away. What is committed is what the database
/// says, so a process that is killed leaves a memory that opens, without the batch it was at.
///
///   Memory memory = Memory::open("pictures", Access::read);
///   for (const Hit& hit : memory.search(memory.query(clip, "a red apple", nullptr), 10)) ...
///
/// One process may write, any number read beside it: each sees what was committed when it opened. Within a process
/// every member may be called from any thread, searches beside an add included.
#include "retrieval/memory/document.h"

#include <functional>
#include <map>
#include <memory>
#include <optional>

namespace atelier::retrieval {

enum class Access { read, write };

struct MemoryLimits {
  int64_t exact = 200'000;  // documents up to which search compares with every one (docs/scale.md)
  double recall = 0.98;     // recall@10 that inverted lists must reach
};

struct Hit {
  Document document;
  float similarity = 0;
};

/// What became of a document that was to be added.
enum class Added {
  added,
  known,     // its picture (or, without one, its caption) is there already
  id_taken,  // another document has its id
};

struct MemoryStats {
  int64_t documents = 0, captions = 0, pictures = 0, both = 0, removed = 0;  // captions, pictures: without the other
  std::map<std::string, int64_t> licences;
  int64_t dimension = 0;
  std::string embedder;
  std::string index;            // "exact" or "inverted"
  int64_t lists = 0, probes = 0;  // of inverted lists
  double recall = 0;
  int64_t vector_bytes = 0, database_bytes = 0;
};

class Memory {
 public:
  /// A new memory in a folder that is empty or not there, for vectors of this embedder.
  /// @throws InvalidArgument if there is something in it or thumbnail_size is not in 16..1024
  static void create(const std::filesystem::path& folder, const Embedder& embedder, int64_t thumbnail_size = 128);

  /// Verifies and loads every vector: 2 KB of RAM a document of 512 dimensions. A folder that cannot be written may
  /// still be read.
  /// @throws InvalidFile if there is no memory or it is damaged, ResourceError if another process is writing (for
  ///         Access::write) or the folder cannot be opened so
  static Memory open(const std::filesystem::path& folder, Access access, const MemoryLimits& limits = {});
  ~Memory();
  Memory(Memory&&) noexcept;

  /// One batch: all of it is there at the return, or nothing after an exception. One outcome a document.
  /// @throws InvalidArgument if the embedder is not the memory's, ResourceError (disk full)
  std::vector<Added> add(std::span<const PreparedDocument> documents, const Embedder& embedder);
  /// All or, after an exception, none. @throws InvalidArgument for an id that is not there
  void remove(std::span<const std::string> ids);

  /// Where there are more documents than limits.exact and no inverted lists yet, or twice as many as they were made
  /// for, makes them (a minute for a million); searches go on meanwhile. @return true if they were made
  bool refresh_index();

  /// @throws InvalidArgument if the embedder is not the one that the memory was made with
  void expects(const Embedder& embedder) const;
  /// @param text, picture  one of them or both; null: none
  /// @return (dimension) of length 1: the vector that a document of these would have
  Tensor query(const Embedder& embedder, const std::string* text, const vision::Image* picture) const;

  /// @param query  (dimension) of length 1
  /// @return at most `count`, by falling similarity
  std::vector<Hit> search(const Tensor& query, int64_t count) const;
  /// RA-CM3's choice (retrieval/retriever.h). @param never  ids that must not be chosen
  std::vector<Hit> retrieve(const Tensor& query, const SelectionRules& rules, std::span<const std::string> never = {}) const;

  std::optional<Document> find(const std::string& id) const;
  bool knows_file(std::string_view file_hash) const;
  /// PNG or JPEG; empty if the document has no picture.
  std::string thumbnail(int64_t row) const;
  /// @return (rows, dimension) fp32
  Tensor vectors(std::span<const int64_t> rows) const;

  /// Bytes that belong to a document, such as its latents; what has this name is replaced.
  void attach(int64_t row, const std::string& name, std::string_view bytes);
  std::optional<std::string> attachment(int64_t row, const std::string& name) const;

  const std::filesystem::path& folder() const;
  int64_t thumbnail_size() const;
  int64_t size() const;  // documents
  MemoryStats stats() const;

 private:
  struct State;
  explicit Memory(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

struct Verification {
  int64_t documents = 0, vectors = 0;
  std::vector<std::string> problems;  // a line each; none: all is as it was written
  std::vector<std::string> notes;     // nothing wrong, such as bytes of a batch that was cut off
};

/// Reads every byte of a memory and checks it; changes nothing. @throws InvalidFile if there is no memory
Verification verify(const std::filesystem::path& folder);

}  // namespace atelier::retrieval
