#include "apps/commands.h"
#include "apps/model_folder.h"
#include "apps/usage.h"
#include "base/error.h"
#include "base/progress.h"
#include "corpus/corpus.h"
#include "fusion/latents.h"
#include "fusion/pipeline.h"
#include "retrieval/clip_embedder.h"
#include "retrieval/memory/memory.h"

#include <algorithm>
#include <map>
#include <memory>

namespace atelier::apps {
namespace {

namespace fs = std::filesystem;
using corpus::Picture, corpus::Split;

struct CorpusMemoryArguments {
  std::string folder, corpus = corpus::default_folder().string(), model;
  int64_t documents = 0, thumbnail_size = 128;
  bool heldout = false;
};

/// Rows of the corpus in the order in which a memory that cannot hold all of them takes them: a picture of every emoji,
/// then a second one by another artist, ...; icons and the rest behind.
std::vector<int64_t> chosen_rows(const corpus::Corpus& corpus, const CorpusMemoryArguments& a) {
  std::vector<int64_t> rows;
  for (int64_t i = 0; i < corpus.size(); ++i) {
    const Split split = corpus.picture(i).split;
    if ((split == Split::train && corpus.weight(i) > 0) || (a.heldout && split == Split::heldout_concept)) rows.push_back(i);
  }
  if (a.documents == 0) return rows;
  // Corpus order is by source: a random one mixes the artists.
  base::Random random(0, 21);
  std::map<int64_t, uint64_t> key;
  for (const int64_t row : rows) key[row] = random.next();
  std::sort(rows.begin(), rows.end(), [&](int64_t x, int64_t y) { return key[x] < key[y]; });
  std::map<std::string, int64_t> taken;
  std::map<int64_t, std::pair<bool, int64_t>> place;
  for (const int64_t row : rows) place[row] = {corpus.picture(row).kind != "emoji", taken[corpus.picture(row).concept_id]++};
  std::stable_sort(rows.begin(), rows.end(), [&](int64_t x, int64_t y) { return place[x] < place[y]; });
  rows.resize(std::min(rows.size(), static_cast<size_t>(a.documents)));
  return rows;
}

void build_memory(const CorpusMemoryArguments& a) {
  const corpus::Corpus corpus = corpus::Corpus::open(a.corpus);
  const fs::path model = a.model.empty() ? default_model_folder() : fs::path(a.model);
  const retrieval::ClipEmbedder clip(retrieval::Clip::load(model / "clip"));
  const fusion::Pipeline pipeline = fusion::Pipeline::load(model);
  retrieval::Memory::create(a.folder, clip, a.thumbnail_size);
  retrieval::Memory memory = retrieval::Memory::open(a.folder, retrieval::Access::write);
  const std::vector<int64_t> rows = chosen_rows(corpus, a);
  constexpr size_t kBatch = 256;
  base::Progress progress("remembering", static_cast<int64_t>(rows.size()), "pictures");
  for (size_t begin = 0; begin < rows.size(); begin += kBatch) {
    base::throw_if_cancelled();
    std::vector<retrieval::PreparedDocument> batch;
    for (size_t i = begin; i < std::min(rows.size(), begin + kBatch); ++i) {
      const Picture& picture = corpus.picture(rows[i]);
      retrieval::NewDocument document = {.id = picture.id, .caption = picture.title + ", " + picture.style, .tags = {},
                                         .source = picture.author.empty() ? picture.credit : picture.author + "; " + picture.credit,
                                         .licence = picture.licence, .picture = {},
                                         .picture_bytes = vision::encode_png(vision::over(corpus.image(rows[i]), {255, 255, 255})), .where = {}};
      batch.push_back(prepare(std::move(document), a.thumbnail_size));
    }
    memory.add(batch, clip);
    for (const retrieval::PreparedDocument& prepared : batch)
      if (const auto document = memory.find(prepared.document.id))
        memory.attach(document->row, pipeline.latents_name(), fusion::pack_latents(pipeline.encode(prepared.picture)));
    progress.set(static_cast<int64_t>(std::min(rows.size(), begin + kBatch)));
  }
  memory.refresh_index();
  base::say(fmt::format("{}: {} documents", a.folder, memory.size()));
}

}  // namespace

void add_corpus_memory_command(CLI::App& corpus) {
  auto a = std::make_shared<CorpusMemoryArguments>();
  auto* command = corpus.add_subcommand("memory", "Make a memory of the corpus' pictures, for `imagine --memory`");
  command->footer("  atelier corpus memory large                     every picture that training may use\n"
                  "  atelier corpus memory small --documents 3000    a picture of each emoji, then a second one, ...");
  command->add_option("folder", a->folder, "The memory's folder, new or empty")->required();
  command->add_option("--corpus", a->corpus, "Folder of the built corpus")->capture_default_str();
  command->add_option("--model", a->model, "Model whose CLIP and latents it is for (default: models/starter)");
  command->add_option("--documents", a->documents, "Not more than this many; 0: all")->capture_default_str()->check(not_negative());
  command->add_option("--thumbnail-size", a->thumbnail_size, "Pixels of a thumbnail's longer side, 16 to 1024")->capture_default_str();
  command->add_flag("--heldout", a->heldout, "With the pictures of held-out concepts, which no training saw: to measure retrieval");
  command->callback([a] { build_memory(*a); });
}

}  // namespace atelier::apps
