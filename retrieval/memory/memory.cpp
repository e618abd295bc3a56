#include "retrieval/memory/memory.h"

#include "base/error.h"
#include "base/json.h"
#include "retrieval/memory/catalogue.h"
#include "retrieval/memory/inverted_index.h"
#include "retrieval/memory/memory_files.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <mutex>
#include <numeric>
#include <set>
#include <shared_mutex>

namespace atelier::retrieval {
namespace fs = std::filesystem;

namespace {

constexpr int64_t kFirstCandidates = 64;  // for retrieve(); four times as many whenever they do not suffice

void sync_folder(const fs::path& folder) {
  const int fd = ::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (fd < 0) return;
  ::fsync(fd);
  ::close(fd);
}

// A committed block goes into the index without the rows that were removed since.
void add_live(VectorIndex& index, const std::set<int64_t>& removed, int64_t first, int64_t count, const float* vectors, int64_t d,
              const InvertedPlan* plan) {
  std::vector<int64_t> rows;
  for (int64_t begin = first; begin < first + count;) {
    int64_t end = begin;
    while (end < first + count && !removed.contains(end) && (!plan || (end < plan->rows) == (begin < plan->rows))) ++end;
    if (end > begin) {
      rows.resize(static_cast<size_t>(end - begin));
      std::iota(rows.begin(), rows.end(), begin);
      const float* at = vectors + (begin - first) * d;
      if (plan && begin < plan->rows)
        static_cast<InvertedIndex&>(index).add(rows, at, std::span(plan->list_of).subspan(static_cast<size_t>(begin), rows.size()));
      else
        index.add(rows, at);
    }
    begin = end < first + count && removed.contains(end) ? end + 1 : end;
  }
}

}  // namespace

struct Memory::State {
  fs::path folder;
  MemoryFiles files;
  MemoryLimits limits;
  std::optional<FolderLock> lock;  // a writer's
  MemoryInfo info;
  std::unique_ptr<VectorFile> file;

  std::mutex write_mutex;  // one writer at a time; guards `writer`
  std::unique_ptr<Catalogue> writer;
  mutable std::mutex read_mutex;  // guards `reader`
  std::unique_ptr<Catalogue> reader;
  mutable std::shared_mutex index_mutex;  // guards `index` and `plan`; only who holds write_mutex changes them
  std::unique_ptr<VectorIndex> index;
  std::optional<InvertedPlan> plan;  // without its centroids and lists once the index is made

  explicit State(const fs::path& f) : folder(f), files(f) {}

  Neighbours nearest(const Tensor& query, int64_t count) const {
    REQUIRE(query.dim() == 1 && query.size(0) == info.dimension, "a query of {} numbers does not fit a memory of {}", query.numel(),
            info.dimension);
    const Tensor q = query.to(at::kCPU, at::kFloat).contiguous();
    const std::shared_lock shared(index_mutex);
    return index->search(q.const_data_ptr<float>(), 1, std::min(count, index->size()));
  }

  std::optional<Document> document(int64_t row) const {
    const std::lock_guard guard(read_mutex);
    return reader->at(row);
  }

  void keep_plan(InvertedPlan made) {
    made.centroids = {};
    made.list_of = {};
    plan = std::move(made);
  }
};

Memory::Memory(std::unique_ptr<State> state) : state_(std::move(state)) {}
Memory::~Memory() = default;
Memory::Memory(Memory&&) noexcept = default;

void Memory::create(const fs::path& folder, const Embedder& embedder, int64_t thumbnail_size) {
  REQUIRE(thumbnail_size >= 16 && thumbnail_size <= 1024, "thumbnails must be 16 to 1024 pixels, not {}", thumbnail_size);
  const MemoryFiles files(folder);
  std::error_code error;
  REQUIRE(!fs::exists(files.database, error), "there is a memory in {} already", folder.string());
  fs::create_directories(folder, error);
  if (!fs::is_directory(folder)) throw base::ResourceError(fmt::format("{}: cannot be made: {}", folder.string(), error.message()));
  const FolderLock lock(folder);
  // What an unfinished create left behind may be there, nothing else.
  const fs::path unfinished = fs::path(files.database) += ".new";
  for (const fs::directory_entry& entry : fs::directory_iterator(folder)) {
    const fs::path name = entry.path().filename();
    REQUIRE(name == files.vectors.filename() || name.string().starts_with(unfinished.filename().string()) || name.extension() == ".tmp",
            "{} is not empty: it holds {}", folder.string(), name.string());
  }
  for (const char* end : {"", "-journal", "-wal", "-shm"}) fs::remove(fs::path(unfinished) += end, error);
  MemoryInfo info;
  info.dimension = embedder.dimension();
  info.embedder = embedder.identity();
  info.thumbnail_size = thumbnail_size;
  info.extent = VectorFile::create(files.vectors, info.dimension, info.embedder);
  Catalogue::create(unfinished, info);
  // The database's appearance is what makes the folder a memory.
  fs::rename(unfinished, files.database);
  sync_folder(folder);
}

Memory Memory::open(const fs::path& folder, Access access, const MemoryLimits& limits) {
  auto state = std::make_unique<State>(folder);
  State& s = *state;
  s.limits = limits;
  s.files.check(folder);
  if (access == Access::write) {
    s.lock.emplace(folder);
    s.writer = std::make_unique<Catalogue>(s.files.database, Database::Mode::write);
  }
  s.reader = std::make_unique<Catalogue>(s.files.database, access == Access::write ? Database::Mode::read : read_mode(s.files));
  std::set<int64_t> removed;
  {
    const Transaction snapshot(s.reader->database(), false);
    s.info = s.reader->info();
    for (const int64_t row : s.reader->removed_rows()) removed.insert(row);
  }
  const int64_t d = s.info.dimension, live = s.info.extent.rows - static_cast<int64_t>(removed.size());
  s.file = std::make_unique<VectorFile>(s.files.vectors, d, s.info.embedder, s.info.extent, access == Access::write);

  std::optional<InvertedPlan> plan;
  if (live > limits.exact) plan = InvertedPlan::read(s.files.plan);
  if (plan && (plan->dimension != d || plan->rows > s.info.extent.rows || plan->recall < limits.recall)) plan.reset();
  if (plan) s.index = std::make_unique<InvertedIndex>(*plan);
  else s.index = std::make_unique<ExactIndex>(d);
  const auto load = [&] {
    s.file->load([&](int64_t first, int64_t rows, const float* vectors) {
      add_live(*s.index, removed, first, rows, vectors, d, plan ? &*plan : nullptr);
    });
  };
  load();
  if (plan && plan->fingerprint != s.file->fingerprint(plan->rows)) {  // of other vectors: made anew by refresh_index()
    plan.reset();
    s.index = std::make_unique<ExactIndex>(d);
    load();
  }
  if (plan) s.keep_plan(std::move(*plan));
  return Memory(std::move(state));
}

std::vector<Added> Memory::add(std::span<const PreparedDocument> documents, const Embedder& embedder) {
  State& s = *state_;
  ASSERT(s.writer);
  expects(embedder);
  const std::lock_guard write(s.write_mutex);
  std::vector<Added> outcomes(documents.size(), Added::known);
  std::vector<const PreparedDocument*> fresh;
  std::set<std::string_view> contents, ids;
  for (size_t i = 0; i < documents.size(); ++i) {
    const PreparedDocument& p = documents[i];
    if (contents.contains(p.content_hash) || s.writer->row_of_content(p.content_hash)) continue;
    if (ids.contains(p.document.id) || s.writer->find(p.document.id)) {
      outcomes[i] = Added::id_taken;
      continue;
    }
    contents.insert(p.content_hash);
    ids.insert(p.document.id);
    outcomes[i] = Added::added;
    fresh.push_back(&p);
  }
  if (fresh.empty()) return outcomes;

  std::vector<std::string> captions;
  std::vector<vision::Image> pictures;
  std::vector<int64_t> with_caption, with_picture;
  for (size_t i = 0; i < fresh.size(); ++i) {
    const Content content = fresh[i]->document.content();
    if (content != Content::picture) captions.push_back(fresh[i]->document.caption), with_caption.push_back(static_cast<int64_t>(i));
    if (content != Content::caption) pictures.push_back(fresh[i]->picture), with_picture.push_back(static_cast<int64_t>(i));
  }
  Tensor vectors = at::zeros({static_cast<int64_t>(fresh.size()), s.info.dimension});  // (fresh, d)
  if (!captions.empty()) vectors.index_add_(0, at::tensor(with_caption), mixed_modal(embedder.embed_texts(captions), {}));
  if (!pictures.empty()) vectors.index_add_(0, at::tensor(with_picture), mixed_modal({}, embedder.embed_pictures(pictures)));
  vectors = mixed_modal(vectors, {});  // the mean's direction is the sum's

  const VectorExtent before = s.file->extent();
  const float* data = vectors.const_data_ptr<float>();
  Transaction transaction(s.writer->database());
  s.file->append({data, static_cast<size_t>(vectors.numel())});
  try {
    for (size_t i = 0; i < fresh.size(); ++i) s.writer->insert(before.rows + static_cast<int64_t>(i), *fresh[i]);
    s.writer->set_extent(s.file->extent());
    transaction.commit();
  } catch (...) {
    s.file->forget(before);
    throw;
  }
  std::vector<int64_t> rows(fresh.size());
  std::iota(rows.begin(), rows.end(), before.rows);
  const std::unique_lock alone(s.index_mutex);
  s.index->add(rows, data);
  return outcomes;
}

void Memory::remove(std::span<const std::string> ids) {
  State& s = *state_;
  ASSERT(s.writer);
  const std::lock_guard write(s.write_mutex);
  std::vector<int64_t> rows;
  Transaction transaction(s.writer->database());
  for (const std::string& id : ids) {
    const std::optional<Document> document = s.writer->find(id);
    REQUIRE(document, "there is no document {} in {}", base::shown(id), s.folder.string());
    s.writer->remove(document->row);
    rows.push_back(document->row);
  }
  transaction.commit();
  const std::unique_lock alone(s.index_mutex);
  s.index->remove(rows);
}

bool Memory::refresh_index() {
  State& s = *state_;
  ASSERT(s.writer);
  const std::lock_guard write(s.write_mutex);
  if (s.index->size() <= s.limits.exact || (s.plan && s.file->extent().rows <= 2 * s.plan->rows)) return false;
  const auto* exact = dynamic_cast<const ExactIndex*>(s.index.get());
  ExactIndex loaded(s.info.dimension);
  if (!exact) {
    std::set<int64_t> removed;
    for (const int64_t row : s.writer->removed_rows()) removed.insert(row);
    s.file->walk([&](const VectorFile::Block& block, std::span<const float> vectors) {
      CHECK_FILE(block.damage.empty(), s.files.vectors.string(), "{}", block.damage);
      add_live(loaded, removed, block.first_row, block.rows, vectors.data(), s.info.dimension, nullptr);
    });
    exact = &loaded;
  }
  std::optional<InvertedResult> made = build_inverted(*exact, *s.file, s.limits.recall);
  if (!made) return false;
  made->plan.write(s.files.plan);
  const std::unique_lock alone(s.index_mutex);
  s.index = std::move(made->index);
  s.keep_plan(std::move(made->plan));
  return true;
}

void Memory::expects(const Embedder& embedder) const {
  const std::string identity = embedder.identity();
  REQUIRE(identity == state_->info.embedder && embedder.dimension() == state_->info.dimension,
          "{} was made with the model {} and cannot be used with {}: name its model (--clip), or make the memory anew",
          state_->folder.string(), state_->info.embedder, identity);
}

Tensor Memory::query(const Embedder& embedder, const std::string* text, const vision::Image* picture) const {
  expects(embedder);
  REQUIRE(text || picture, "a search needs a text or a picture");
  Tensor texts, pictures;
  if (text) {
    REQUIRE(base::is_utf8(*text), "the text to search for is not UTF-8");
    texts = embedder.embed_texts({text, 1});
  }
  if (picture) {
    const vision::Image working = working_picture(*picture);
    pictures = embedder.embed_pictures({&working, 1});
  }
  return mixed_modal(texts, pictures)[0];
}

std::vector<Hit> Memory::search(const Tensor& query, int64_t count) const {
  REQUIRE(count >= 1 && count <= 100'000, "the number of documents to find must be 1 to 100000, not {}", count);
  const Neighbours nearest = state_->nearest(query, count);
  std::vector<Hit> hits;
  for (size_t i = 0; i < nearest.rows.size() && nearest.rows[i] >= 0; ++i)
    if (std::optional<Document> document = state_->document(nearest.rows[i]))  // none: removed a moment ago
      hits.push_back({std::move(*document), nearest.similarities[i]});
  return hits;
}

std::vector<Hit> Memory::retrieve(const Tensor& query, const SelectionRules& rules, std::span<const std::string> never) const {
  const State& s = *state_;
  for (int64_t candidates = kFirstCandidates;; candidates *= 4) {
    const Neighbours nearest = s.nearest(query, candidates);
    const auto end = std::find(nearest.rows.begin(), nearest.rows.end(), -1);
    const std::vector<int64_t> rows(nearest.rows.begin(), end);
    const std::vector<float> vectors = s.file->read(rows);
    Selection selection(rules);
    std::vector<Hit> hits;
    for (size_t i = 0; i < rows.size() && !selection.full(); ++i) {
      std::optional<Document> document = s.document(rows[i]);
      if (!document || std::find(never.begin(), never.end(), document->id) != never.end()) continue;
      const std::span<const float> vector(vectors.data() + static_cast<int64_t>(i) * s.info.dimension, static_cast<size_t>(s.info.dimension));
      if (selection.offer(nearest.similarities[i], document->content(), vector))
        hits.push_back({std::move(*document), nearest.similarities[i]});
    }
    if (selection.full() || static_cast<int64_t>(rows.size()) < candidates) return hits;
  }
}

std::optional<Document> Memory::find(const std::string& id) const {
  const std::lock_guard guard(state_->read_mutex);
  return state_->reader->find(id);
}

bool Memory::knows_file(std::string_view file_hash) const {
  const std::lock_guard guard(state_->read_mutex);
  return state_->reader->knows_file(file_hash);
}

std::string Memory::thumbnail(int64_t row) const {
  const std::lock_guard guard(state_->read_mutex);
  return state_->reader->thumbnail(row);
}

Tensor Memory::vectors(std::span<const int64_t> rows) const {
  std::vector<float> vectors = state_->file->read(rows);
  return at::tensor(vectors).view({static_cast<int64_t>(rows.size()), state_->info.dimension});
}

void Memory::attach(int64_t row, const std::string& name, std::string_view bytes) {
  State& s = *state_;
  ASSERT(s.writer);
  const std::lock_guard write(s.write_mutex);
  Transaction transaction(s.writer->database());
  REQUIRE(s.writer->at(row), "there is no document in row {} of {}", row, s.folder.string());
  s.writer->attach(row, name, bytes);
  transaction.commit();
}

std::optional<std::string> Memory::attachment(int64_t row, const std::string& name) const {
  const std::lock_guard guard(state_->read_mutex);
  return state_->reader->attachment(row, name);
}

const fs::path& Memory::folder() const { return state_->folder; }
int64_t Memory::thumbnail_size() const { return state_->info.thumbnail_size; }

int64_t Memory::size() const {
  const std::shared_lock shared(state_->index_mutex);
  return state_->index->size();
}

MemoryStats Memory::stats() const {
  const State& s = *state_;
  MemoryStats stats;
  {
    const std::lock_guard guard(s.read_mutex);
    Catalogue::Counts counts = s.reader->counts();
    stats.documents = counts.documents;
    stats.captions = counts.captions;
    stats.pictures = counts.pictures;
    stats.both = counts.both;
    stats.removed = counts.removed;
    stats.licences = std::move(counts.licences);
  }
  stats.dimension = s.info.dimension;
  stats.embedder = s.info.embedder;
  stats.vector_bytes = s.file->extent().bytes;
  std::error_code ignored;
  for (const char* end : {"", "-wal"}) {
    const auto bytes = fs::file_size(fs::path(s.files.database) += end, ignored);
    if (!ignored) stats.database_bytes += static_cast<int64_t>(bytes);
  }
  const std::shared_lock shared(s.index_mutex);
  stats.index = s.plan ? "inverted" : "exact";
  if (s.plan) stats.lists = s.plan->lists, stats.probes = s.plan->probes, stats.recall = s.plan->recall;
  return stats;
}

}  // namespace atelier::retrieval
