#include "retrieval/memory/import.h"

#include "base/error.h"
#include "base/progress.h"
#include "retrieval/memory/checksum.h"

#include <ATen/Parallel.h>

namespace atelier::retrieval {
namespace {

/// What reading one document came to: prepared, known already (neither), or a failure.
struct Read {
  std::optional<PreparedDocument> prepared;
  std::string failure;
};

Read read(NewDocument document, const Memory& memory) {
  Read result;
  try {
    read_picture(document);
    if (!document.picture_bytes.empty() && memory.knows_file(sha256(document.picture_bytes))) return result;
    result.prepared = prepare(std::move(document), memory.thumbnail_size());
  } catch (const base::InvalidFile& error) {
    result.failure = error.what();
  } catch (const base::InvalidArgument& error) {
    result.failure = error.what();
  }
  return result;
}

class Import {
 public:
  Import(Memory& memory, const Embedder& embedder, const ImportOptions& options) : memory_(memory), embedder_(embedder), options_(options) {}

  void fail(const std::string& line) {
    ++result_.failed;
    if (options_.on_failure) options_.on_failure(line);
  }

  void add(const std::vector<NewDocument>& documents) {
    std::vector<Read> reads(documents.size());
    at::parallel_for(0, static_cast<int64_t>(documents.size()), 1, [&](int64_t begin, int64_t end) {
      for (int64_t i = begin; i < end; ++i) reads[i] = read(documents[i], memory_);
    });
    std::vector<PreparedDocument> prepared;
    std::vector<size_t> from;
    for (size_t i = 0; i < reads.size(); ++i) {
      if (!reads[i].failure.empty()) fail(reads[i].failure);
      else if (reads[i].prepared) prepared.push_back(std::move(*reads[i].prepared)), from.push_back(i);
      else ++result_.known;
    }
    const std::vector<Added> outcomes = memory_.add(prepared, embedder_);
    for (size_t i = 0; i < outcomes.size(); ++i) {
      if (outcomes[i] == Added::added) ++result_.added;
      if (outcomes[i] == Added::known) ++result_.known;
      if (outcomes[i] == Added::id_taken)
        fail(fmt::format("{}: another document has the id {}", documents[from[i]].where, prepared[i].document.id));
    }
  }

  const ImportResult& result() const { return result_; }

 private:
  Memory& memory_;
  const Embedder& embedder_;
  const ImportOptions& options_;
  ImportResult result_;
};

}  // namespace

ImportResult import_documents(Memory& memory, const Embedder& embedder, DocumentSource& source, const ImportOptions& options) {
  ASSERT(options.batch >= 1);
  memory.expects(embedder);
  Import import(memory, embedder, options);
  base::Progress progress("adding", source.total(), "documents");
  for (bool more = true; more;) {
    base::throw_if_cancelled();
    std::vector<NewDocument> documents;
    int64_t taken = 0;
    for (; taken < options.batch && more; ++taken) {
      NewDocument document;
      try {
        more = source.next(document);
        if (!more) break;
        document.tags.insert(document.tags.end(), options.tags.begin(), options.tags.end());
        if (document.source.empty()) document.source = options.source;
        if (document.licence.empty()) document.licence = options.licence;
        documents.push_back(std::move(document));
      } catch (const base::InvalidFile& error) {
        import.fail(error.what());
      }
    }
    import.add(documents);
    progress.note(fmt::format("{} new, {} known, {} unusable", import.result().added, import.result().known, import.result().failed));
    progress.advance(taken);
  }
  return import.result();
}

}  // namespace atelier::retrieval
