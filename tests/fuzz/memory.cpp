// The memory's own files: vectors, the plan of inverted lists, manifests of documents.
#include "retrieval/memory/inverted_index.h"
#include "retrieval/memory/manifest.h"
#include "retrieval/memory/vector_file.h"
#include "tests/fuzz/fuzz.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace atelier;
  if (size == 0) return 0;
  const uint8_t kind = data[0];
  ++data, --size;
  if (kind % 3 == 0) {
    const auto path = fuzz::as_file(data, size, "vectors.bin");
    fuzz::expect_user_errors([&] {
      retrieval::VectorFile file(path, 4, "fuzz", {kind / 3 % 8, static_cast<int64_t>(size)}, false);
      file.load([](int64_t, int64_t, const float*) {});
    });
  } else if (kind % 3 == 1) {
    const auto plan = retrieval::InvertedPlan::read(fuzz::as_file(data, size, "index.ivf"));
    if (plan && static_cast<int64_t>(plan->centroids.size()) != plan->lists * plan->dimension) __builtin_trap();
  } else {
    fuzz::expect_user_errors([&] {
      const auto source = retrieval::open_source(fuzz::as_file(data, size, kind & 0x80 ? "documents.csv" : "documents.jsonl"));
      for (int64_t i = 0; i <= source->total(); ++i) {
        retrieval::NewDocument document;
        bool more = true;
        fuzz::expect_user_errors([&] { more = source->next(document); });
        if (!more) break;
      }
    });
  }
  return 0;
}
