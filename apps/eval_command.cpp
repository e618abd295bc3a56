// `atelier eval`: the claims of the five methods, measured on given weights and held-out data.
#include "apps/commands.h"
#include "apps/model_folder.h"
#include "base/error.h"
#include "base/progress.h"
#include "eval/rows.h"

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <memory>

namespace atelier::apps {
namespace {

namespace fs = std::filesystem;

struct EvalArguments {
  std::vector<std::string> rows;
  std::string models, corpus = corpus::default_folder().string(), tasks, output;
  text::ChatConfig server;
  bool quick = false, full = false;
};

std::string row_names() {
  std::string names;
  for (const eval::Row& row : eval::all_rows()) names += (names.empty() ? "" : ", ") + std::string(row.name);
  return names;
}

/// All of them for none, else those that were named, in the order in which all run.
std::vector<const eval::Row*> chosen(const std::vector<std::string>& names) {
  for (const std::string& name : names)
    REQUIRE(std::any_of(eval::all_rows().begin(), eval::all_rows().end(), [&](const eval::Row& row) { return row.name == name; }),
            "there is no row \"{}\"; the rows are {}", name, row_names());
  std::vector<const eval::Row*> rows;
  for (const eval::Row& row : eval::all_rows())
    if (names.empty() || std::find(names.begin(), names.end(), row.name) != names.end()) rows.push_back(&row);
  return rows;
}

void evaluate(const EvalArguments& a) {
  const std::vector<const eval::Row*> rows = chosen(a.rows);
  REQUIRE(a.tasks.empty() || fs::is_directory(a.tasks), "{} is no folder of problem sets", a.tasks);
  std::error_code error;
  fs::create_directories(a.output, error);
  REQUIRE(fs::is_directory(a.output), "the folder {} cannot be made", a.output);
  const eval::Size size = a.quick ? eval::Size::quick : a.full ? eval::Size::full : eval::Size::usual;
  eval::Workbench bench({.models = a.models.empty() ? default_model_folder() : fs::path(a.models), .corpus = a.corpus, .tasks = a.tasks,
                         .output = a.output, .server = a.server, .size = size});
  eval::Report report{.model = bench.pipeline().hash(), .judge = bench.judge().identity(), .size = size};
  bench.corpus();  // what is missing is said before the first row, not after it
  for (const eval::Row* row : rows) {
    base::say(fmt::format("{}: {}", row->name, row->what));
    const auto start = std::chrono::steady_clock::now();
    eval::Claim claim = row->measure(bench);
    claim.row = row->name;
    claim.seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
    report.claims.push_back(std::move(claim));
    eval::write(report, a.output);  // after each row: what was measured stays if a later one is cancelled
  }
  std::printf("%s", eval::headlines(report).c_str());
}

}  // namespace

void add_eval_command(CLI::App& app) {
  auto a = std::make_shared<EvalArguments>();
  CLI::App* command = app.add_subcommand("eval", "Measure what the models can do, with intervals, beside the papers' figures");
  std::string rows;
  for (const eval::Row& row : eval::all_rows()) rows += fmt::format("  {:<10} {}\n", row.name, row.what);
  command->footer("Rows:\n" + rows +
                  "\nWrites eval.json, eval.md, plots and contact sheets into the folder; the short table goes to stdout.\n"
                  "All rows take half an hour on two cores at most, --quick three minutes, --full hours. Nothing is measured on\n"
                  "training data unless the row says so.\n"
                  "\n"
                  "Examples:\n"
                  "  atelier eval -o report\n"
                  "  atelier eval clip retrieval --quick -o report\n"
                  "  atelier eval negtome --full -o report");
  command->add_option("rows", a->rows, "Which: " + row_names() + " (default: all)");
  command->add_option("--models", a->models, "Model folder (default: models/starter, or $ATELIER_MODELS/starter)");
  command->add_option("--corpus", a->corpus, "Folder of the built corpus")->capture_default_str();
  command->add_option("--tasks", a->tasks, "Folder of Visual Sketchpad's problem sets (default: fresh random problems)");
  auto* url = command->add_option("--lm-url", a->server.url, "With promptcap: OpenAI-compatible server that answers from captions (default: the model's reader)");
  command->add_option("--lm-model", a->server.model, "Model to ask for there")->needs(url);
  auto* quick = command->add_flag("--quick", a->quick, "Few samples of everything");
  command->add_flag("--full", a->full, "All samples that the claims deserve, and NegToMe's strengths swept")->excludes(quick);
  command->add_option("-o,--output", a->output, "Folder for the report, made if missing")->required();
  command->callback([a] { evaluate(*a); });
}

}  // namespace atelier::apps
