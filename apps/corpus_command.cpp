#include "apps/commands.h"
#include "apps/output_names.h"
#include "apps/usage.h"
#include "corpus/corpus.h"
#include "corpus/scenes.h"
#include "corpus/text_corpus.h"
#include "base/error.h"
#include "base/progress.h"

#include <cmath>
#include <cstdio>
#include <memory>

namespace atelier::apps {
namespace {

// Training pictures drawn without repetition, the same for the same seed.
std::vector<int64_t> choose(const corpus::Corpus& corpus, int64_t count, uint64_t seed, const std::string& source) {
  std::vector<int64_t> rows;
  for (int64_t i = 0; i < corpus.size(); ++i)
    if (corpus.picture(i).split == corpus::Split::train && (source.empty() || corpus.picture(i).source == source)) rows.push_back(i);
  REQUIRE(!rows.empty(), "the corpus has no training picture of source '{}'; `atelier corpus stats` lists the sources", source);
  base::Random random(seed);
  count = std::min(count, static_cast<int64_t>(rows.size()));
  for (int64_t i = 0; i < count; ++i) std::swap(rows[i], rows[random.between(i, static_cast<int64_t>(rows.size()) - 1)]);
  rows.resize(count);
  return rows;
}

void build(const std::filesystem::path& folder) {
  corpus::build(folder);
  std::string counts;
  for (const auto& [kind, count] : corpus::write_text_file(corpus::Corpus::open(folder), folder / "text.txt"))
    counts += fmt::format("{}{} {}", counts.empty() ? "" : ", ", kind, count);
  base::say(fmt::format("training text in {}: documents by kind: {}", (folder / "text.txt").string(), counts));
}

}  // namespace

void add_corpus_command(CLI::App& app) {
  struct CorpusArguments {
    std::string folder = corpus::default_folder().string();
    std::string output = "sheet.png", source, scenes_output = "scenes.png", described_output = "described.txt";
    int64_t count = 100, columns = 0, scenes = 24, described = 60000;
    uint64_t seed = 0, described_seed = 31;
  };
  CLI::App* command = app.add_subcommand("corpus", "Fetch and build the open image-text corpus that training uses");
  command->require_subcommand(1);
  command->footer(
      "Examples:\n"
      "  atelier corpus fetch && atelier corpus build     about 90 MB to download, 2 GB on disk, a few minutes\n"
      "  atelier corpus stats\n"
      "  atelier corpus sheet -o sheet.png --count 60 --seed 3\n"
      "  atelier corpus scenes -o scenes.png --seed 3");
  auto a = std::make_shared<CorpusArguments>();
  const auto add = [&](const char* name, const char* help) {
    CLI::App* sub = command->add_subcommand(name, help);
    sub->add_option("--corpus", a->folder, "The corpus's folder")->capture_default_str();
    return sub;
  };
  add("fetch", "Download what is missing with npm and apt-get: pinned versions, checked hashes")->callback([a] { corpus::fetch(a->folder); });
  add("build", "Draw, join, split and describe the pictures, write the training text; the same result on every machine")->callback([a] { build(a->folder); });
  add("stats", "Count the pictures by source, licence, split and kind, as JSON")->callback([a] {
    const std::string text = base::dump_json(corpus::stats(corpus::Corpus::open(a->folder)), 2) + "\n";
    std::fwrite(text.data(), 1, text.size(), stdout);
  });
  CLI::App* sheet = add("sheet", "Random training pictures on one sheet; their captions are printed, a line each");
  sheet->add_option("-o,--output", a->output, "A .png or .jpg file")->capture_default_str();
  sheet->add_option("--count", a->count, "How many pictures")->check(in_range(1, 2500))->capture_default_str();
  sheet->add_option("--columns", a->columns, "Pictures in a row; 0 makes the sheet square")->check(in_range(0, 50))->capture_default_str();
  sheet->add_option("--seed", a->seed, "Another seed shows other pictures")->capture_default_str();
  sheet->add_option("--source", a->source, "Only pictures of this source, such as noto");
  sheet->callback([a] {
    const corpus::Corpus corpus = corpus::Corpus::open(a->folder);
    const std::vector<int64_t> rows = choose(corpus, a->count, a->seed, a->source);
    std::vector<vision::Image> images;
    std::string captions;
    for (int64_t row : rows) {
      base::Random random(a->seed, static_cast<uint64_t>(row) + 1);
      images.push_back(vision::over(corpus.image(row), {255, 255, 255}));
      captions += fmt::format("{}\t{}\n", corpus.picture(row).id, corpus::caption(corpus.picture(row), random));
    }
    const int64_t columns = a->columns ? a->columns : static_cast<int64_t>(std::ceil(std::sqrt(static_cast<double>(rows.size()))));
    check_writable(a->output, 1 << 20);
    vision::write_image(a->output, vision::grid(images, columns));
    std::fwrite(captions.data(), 1, captions.size(), stdout);
  });
  CLI::App* scenes = add("scenes", "Composed scenes on one sheet, six a row; their captions are printed, a line each");
  scenes->add_option("-o,--output", a->scenes_output, "A .png or .jpg file")->capture_default_str();
  scenes->add_option("--count", a->scenes, "How many scenes")->check(in_range(1, 1000))->capture_default_str();
  scenes->add_option("--seed", a->seed, "Another seed makes other scenes")->capture_default_str();
  scenes->callback([a] {
    const auto [image, captions] = corpus::scene_sheet(corpus::Corpus::open(a->folder), a->seed, a->scenes);
    check_writable(a->scenes_output, 1 << 20);
    vision::write_image(a->scenes_output, image);
    for (const std::string& caption : captions) std::puts(caption.c_str());
  });
  CLI::App* described = add("described", "Scenes described in full, with questions and answers, a line each: what a reader of captions is tuned on");
  described->add_option("-o,--output", a->described_output, "A text file, for `atelier train pack-text`")->capture_default_str();
  described->add_option("--count", a->described, "How many scenes")->check(in_range(1, 10000000))->capture_default_str();
  described->add_option("--seed", a->described_seed, "Another seed describes other scenes")->capture_default_str();
  described->callback([a] {
    check_writable(a->described_output, kSomeBytes);
    corpus::described_scenes(corpus::Corpus::open(a->folder), a->described, a->described_seed).write(a->described_output);
  });
}

}  // namespace atelier::apps
