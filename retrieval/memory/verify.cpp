// Reading every byte of a memory: what memory.h calls verify().
#include "base/error.h"
#include "retrieval/memory/catalogue.h"
#include "retrieval/memory/inverted_index.h"
#include "retrieval/memory/memory.h"
#include "retrieval/memory/memory_files.h"

namespace atelier::retrieval {
namespace {

void verify_vectors(const MemoryFiles& files, const MemoryInfo& info, Verification& result) {
  const VectorFile file(files.vectors, info.dimension, info.embedder, info.extent, false);
  file.walk([&](const VectorFile::Block& block, std::span<const float> vectors) {
    if (!block.damage.empty()) result.problems.push_back(fmt::format("{}: {}", files.vectors.string(), block.damage));
    if (!vectors.empty()) result.vectors += block.rows;
  });
  const int64_t size = static_cast<int64_t>(std::filesystem::file_size(files.vectors));
  if (size > info.extent.bytes)
    result.notes.push_back(fmt::format("{}: {} bytes at the end are of a batch that was never finished; the next add cuts them off",
                                       files.vectors.string(), size - info.extent.bytes));
  std::error_code ignored;
  if (std::filesystem::exists(files.plan, ignored) && !InvertedPlan::read(files.plan))
    result.notes.push_back(fmt::format("{}: is damaged and not used; the next add makes it anew", files.plan.string()));
}

}  // namespace

Verification verify(const std::filesystem::path& folder) {
  const MemoryFiles files(folder);
  files.check(folder);
  Verification result;
  // A part that cannot be read at all must not hide what is wrong with the other.
  try {
    Catalogue catalogue(files.database, read_mode(files));
    const Transaction snapshot(catalogue.database(), false);
    const MemoryInfo info = catalogue.info();
    try {
      verify_vectors(files, info, result);
    } catch (const base::InvalidFile& error) {
      result.problems.push_back(error.what());
    }
    for (std::string& problem : catalogue.problems()) result.problems.push_back(std::move(problem));
    result.documents = catalogue.counts().documents;
  } catch (const base::InvalidFile& error) {
    result.problems.push_back(error.what());
  }
  return result;
}

}  // namespace atelier::retrieval
