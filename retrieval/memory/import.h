#pragma once
/// Many documents into a memory: streamed, in batches, with a progress bar, and again from where it was stopped, because
/// what is there already is passed over.
#include "retrieval/memory/manifest.h"
#include "retrieval/memory/memory.h"

namespace atelier::retrieval {

struct ImportOptions {
  // For documents that say nothing themselves; tags are added to their own.
  std::vector<std::string> tags;
  std::string source, licence;
  int64_t batch = 64;  // documents that one transaction takes, and a kill can cost
  /// Gets a line for every document that cannot be used.
  std::function<void(const std::string& line)> on_failure;
};

struct ImportResult {
  int64_t added = 0, known = 0, failed = 0;
};

/// @throws ResourceError (disk full) and Cancelled, with all batches before in the memory
ImportResult import_documents(Memory& memory, const Embedder& embedder, DocumentSource& source, const ImportOptions& options);

}  // namespace atelier::retrieval
