#include "apps/commands.h"
#include "apps/model_folder.h"
#include "apps/usage.h"
#include "base/error.h"
#include "base/json.h"
#include "base/progress.h"
#include "retrieval/clip_embedder.h"
#include "retrieval/memory/import.h"

#include <algorithm>
#include <cctype>
#include <cstdio>
#include <memory>

namespace atelier::apps {
namespace {

using base::json;
using retrieval::Access, retrieval::Memory;

struct MemoryArguments {
  std::string folder, clip;
  std::string source_path, caption, id;                // add
  std::string source, licence;
  std::vector<std::string> tags, ids;
  std::string text, picture, thumbnails;               // search
  int64_t count = 10, thumbnail_size = 128;
  bool json = false;
};

retrieval::ClipEmbedder load_clip(const MemoryArguments& a) {
  return retrieval::ClipEmbedder(retrieval::Clip::load(a.clip.empty() ? default_model_folder() / "clip" : std::filesystem::path(a.clip)));
}

void print(const json& document) { std::printf("%s\n", base::dump_json(document, 2).c_str()); }

void create(const MemoryArguments& a) {
  Memory::create(a.folder, load_clip(a), a.thumbnail_size);
  base::say(fmt::format("an empty memory in {}; `atelier memory add {} PICTURES` fills it", a.folder, a.folder));
}

bool is_picture(const std::filesystem::path& path) {
  std::string end = path.extension().string();
  for (char& c : end) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  return end == ".png" || end == ".jpg" || end == ".jpeg";
}

void add(const MemoryArguments& a) {
  const retrieval::ClipEmbedder clip = load_clip(a);
  Memory memory = Memory::open(a.folder, Access::write);
  const bool single = a.source_path.empty() || is_picture(a.source_path);
  REQUIRE(single || (a.caption.empty() && a.id.empty()), "--caption and --id are for one picture; {} holds many documents", a.source_path);
  REQUIRE(!a.source_path.empty() || !a.caption.empty(), "give a folder, a manifest, a picture or --caption");
  if (single) {
    retrieval::NewDocument document = {.id = a.id, .caption = a.caption, .tags = a.tags, .source = a.source, .licence = a.licence,
                                       .picture = a.source_path, .picture_bytes = {}, .where = {}};
    if (document.id.empty() && !a.source_path.empty()) document.id = document.picture.filename().string();
    const std::vector<retrieval::PreparedDocument> prepared = {prepare(std::move(document), memory.thumbnail_size())};
    const retrieval::Added outcome = memory.add(prepared, clip)[0];
    REQUIRE(outcome != retrieval::Added::id_taken, "another document of {} has the id {}; --id gives this one a name", a.folder,
            prepared[0].document.id);
    base::say(outcome == retrieval::Added::added ? fmt::format("added {}", prepared[0].document.id) : "it is there already");
  } else {
    retrieval::ImportOptions options;
    options.tags = a.tags;
    options.source = a.source;
    options.licence = a.licence;
    options.on_failure = [](const std::string& line) { base::say(line); };
    const retrieval::ImportResult result = import_documents(memory, clip, *retrieval::open_source(a.source_path), options);
    CHECK_FILE(result.added + result.known > 0, a.source_path, "none of its {} documents can be used", result.failed);
    std::printf("%lld added, %lld there already, %lld unusable\n", static_cast<long long>(result.added),
                static_cast<long long>(result.known), static_cast<long long>(result.failed));
  }
  if (memory.refresh_index()) {
    const retrieval::MemoryStats stats = memory.stats();
    base::say(fmt::format("made {} inverted lists, {} of them looked at, recall@10 {:.3f}", stats.lists, stats.probes, stats.recall));
  }
}

json to_json(const retrieval::Hit& hit) {
  const retrieval::Document& d = hit.document;
  return {{"id", d.id}, {"similarity", hit.similarity}, {"caption", d.caption}, {"tags", d.tags}, {"source", d.source},
          {"licence", d.licence}, {"width", d.width}, {"height", d.height}};
}

void search(const MemoryArguments& a) {
  const retrieval::ClipEmbedder clip = load_clip(a);
  const Memory memory = Memory::open(a.folder, Access::read);
  std::optional<vision::Image> picture;
  if (!a.picture.empty()) picture = vision::read_image(a.picture);
  const Tensor query = memory.query(clip, a.text.empty() ? nullptr : &a.text, picture ? &*picture : nullptr);
  const std::vector<retrieval::Hit> hits = memory.search(query, a.count);
  if (!a.thumbnails.empty()) {
    std::vector<vision::Image> pictures;
    for (const retrieval::Hit& hit : hits)
      if (const std::string bytes = memory.thumbnail(hit.document.row); !bytes.empty())
        pictures.push_back(vision::fit_square(vision::decode_image(bytes, hit.document.id), memory.thumbnail_size()));
    REQUIRE(!pictures.empty(), "none of the documents found has a picture for {}", a.thumbnails);
    vision::write_image(a.thumbnails, vision::grid(pictures, std::min<int64_t>(10, static_cast<int64_t>(pictures.size()))));
  }
  if (a.json) {
    json all = json::array();
    for (const retrieval::Hit& hit : hits) all.push_back(to_json(hit));
    print(all);
    return;
  }
  for (const retrieval::Hit& hit : hits) {
    std::string caption = hit.document.caption;
    for (char& c : caption)
      if (c == '\n' || c == '\r' || c == '\t') c = ' ';
    std::printf("%.4f\t%s\t%s\t%s\n", static_cast<double>(hit.similarity), hit.document.id.c_str(), caption.c_str(), hit.document.licence.c_str());
  }
}

void check(const MemoryArguments& a) {
  const retrieval::Verification result = retrieval::verify(a.folder);
  for (const std::string& note : result.notes) base::say(note);
  for (const std::string& problem : result.problems) std::printf("%s\n", problem.c_str());
  CHECK_FILE(result.problems.empty(), a.folder, "the memory is damaged: {} {}", result.problems.size(),
             result.problems.size() == 1 ? "problem" : "problems");
  std::printf("%lld documents, %lld vectors: all as they were written\n", static_cast<long long>(result.documents),
              static_cast<long long>(result.vectors));
}

void stats(const MemoryArguments& a) {
  const retrieval::MemoryStats s = Memory::open(a.folder, Access::read).stats();
  json index = {{"kind", s.index}};
  if (s.lists > 0) index.update({{"lists", s.lists}, {"probes", s.probes}, {"recall_at_10", s.recall}});
  print({{"documents", {{"all", s.documents}, {"picture_and_caption", s.both}, {"picture", s.pictures}, {"caption", s.captions}, {"removed", s.removed}}},
         {"licences", s.licences}, {"model", s.embedder}, {"dimension", s.dimension}, {"index", index},
         {"bytes", {{"vectors", s.vector_bytes}, {"database", s.database_bytes}}}});
}

}  // namespace

void add_memory_command(CLI::App& app) {
  CLI::App* command = app.add_subcommand("memory", "Keep pictures and captions that can be found by meaning");
  command->require_subcommand(1);
  command->footer(
      "A document is a picture, a caption, or both. The same picture twice is one document, so that the same `add` goes on\n"
      "where it was stopped. A folder's captions are name.txt beside name.png; a manifest is .jsonl or .csv with the fields\n"
      "picture, caption, id, tags, source, licence.\n"
      "\n"
      "Examples:\n"
      "  atelier memory create mine && atelier memory add mine ~/Pictures --licence CC-BY-4.0\n"
      "  atelier memory search mine \"a red apple\" -k 5 -o found.png\n"
      "  atelier memory search mine --picture sketch.png --json\n"
      "  atelier memory remove mine holiday/7.jpg");
  auto a = std::make_shared<MemoryArguments>();
  const auto sub = [&](const char* name, const char* help) {
    CLI::App* s = command->add_subcommand(name, help);
    s->add_option("folder", a->folder, "The memory's folder")->required();
    return s;
  };
  const auto with_clip = [&](CLI::App* s) {
    s->add_option("--clip", a->clip, "CLIP's folder, in Hugging Face's layout (default: models/starter/clip)");
    return s;
  };
  CLI::App* s = with_clip(sub("create", "Make an empty memory for one CLIP"));
  s->add_option("--thumbnail-size", a->thumbnail_size, "Pixels of a thumbnail's longer side, 16 to 1024")->capture_default_str();
  s->callback([a] { create(*a); });

  s = with_clip(sub("add", "Add a folder of pictures, a manifest, one picture or one caption"));
  s->add_option("from", a->source_path, "A folder, a .jsonl or .csv manifest, a .png or .jpg");
  s->add_option("--caption", a->caption, "Of the one picture; alone, a document without a picture");
  s->add_option("--id", a->id, "Of the one document");
  s->add_option("--tags", a->tags, "For all that is added, separated by commas")->delimiter(',');
  s->add_option("--source", a->source, "Where it comes from, if a manifest does not say");
  s->add_option("--licence", a->licence, "Its licence, if a manifest does not say");
  s->callback([a] { add(*a); });

  s = sub("remove", "Remove documents by their ids");
  s->add_option("ids", a->ids, "Their ids")->required();
  s->callback([a] {
    Memory::open(a->folder, Access::write).remove(a->ids);
    base::say(fmt::format("removed {}", a->ids.size()));
  });

  s = with_clip(sub("search", "Find documents by a text, a picture, or both"));
  s->add_option("text", a->text, "What to look for, in quotes");
  s->add_option("--picture", a->picture, "A .png or .jpg to look for");
  s->add_option("-k,--count", a->count, "How many")->check(in_range(1, 100000))->capture_default_str();
  s->add_option("-o,--output", a->thumbnails, "Write the thumbnails on one sheet, .png or .jpg");
  s->add_flag("--json", a->json, "Print JSON rather than similarity, id, caption and licence on a line");
  s->callback([a] { search(*a); });

  sub("verify", "Read every byte and check it")->callback([a] { check(*a); });
  sub("stats", "Count documents, licences and bytes, as JSON")->callback([a] { stats(*a); });
}

}  // namespace atelier::apps
