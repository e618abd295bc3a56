// `atelier sketch`: answer a question by drawing, measure planners on sets, write training text for the local one.
#include "apps/commands.h"
#include "apps/model_folder.h"
#include "apps/service/starter_models.h"
#include "apps/usage.h"
#include "base/error.h"
#include "base/files.h"
#include "base/progress.h"
#include "sketchpad/agent/evaluate.h"
#include "sketchpad/agent/planners.h"
#include "sketchpad/agent/reply.h"
#include "sketchpad/agent/training_text.h"
#include "sketchpad/problems/sets.h"

#include <memory>

namespace atelier::apps {
namespace {

namespace fs = std::filesystem;
using base::json;
using namespace sketchpad;

struct SketchArguments {
  std::string question, problem, trace, resume, replay, output = "traces.txt";
  std::vector<std::string> images, evaluate, keep_out, tasks;
  PlannerChoice planner;
  Budget budget;
  std::string onnx, memory;
  int64_t from_step = -1, documents = 0, seed = 0, limit = 0, wordings = 4;
  int threads = 1;
  bool no_tools = false, list_tools = false;
};

Resources resources_of(const SketchArguments& a) {
  Resources resources;
  resources.models = a.onnx;
  return resources;
}

Toolbox tools_of(const SketchArguments& a) { return sketch_tools(service::starter_models(default_model_folder(), a.memory)); }

std::unique_ptr<Planner> planner_of(const SketchArguments& a, const Toolbox& tools) {
  PlannerChoice choice = a.planner;
  choice.local_folder = default_model_folder() / "planner";
  return make_planner(choice, tools);
}

Problem problem_of(const SketchArguments& a) {
  Problem problem;
  if (!a.problem.empty()) {
    auto all = read_problems(a.problem);
    REQUIRE(all.size() == 1, "{} holds {} problems; --eval takes many", a.problem, all.size());
    problem = std::move(all.front());
  }
  if (!a.question.empty()) problem.question = a.question;
  REQUIRE(!problem.question.empty(), "a question, --problem, --eval or --make-traces is needed");
  for (const std::string& file : a.images)
    problem.pictures.push_back({fmt::format("image_{}", problem.pictures.size() + 1), std::make_shared<const vision::Image>(vision::read_image(file))});
  return problem;
}

void say_step(const Step& step) {
  base::say("thought: " + step.move.thought);
  if (step.move.call) base::say("call: " + call_text(*step.move.call));
  if (!step.move.answer) base::say((step.seen.ok ? "seen: " : "failed: ") + step.seen.text);
}

void think(const SketchArguments& a) {
  const Toolbox tools = tools_of(a);
  const auto planner = planner_of(a, tools);
  Session session = a.resume.empty() ? Session(problem_of(a), a.budget, tools, resources_of(a)) : Session(load_trace(a.resume), tools, resources_of(a));
  if (a.from_step >= 0) session.keep(static_cast<size_t>(a.from_step));
  const auto keep = [&] {
    if (!a.trace.empty()) save(session.trace(), a.trace);
  };
  try {
    session.run(*planner, [](const Step& step) {
      say_step(step);
      return true;
    });
  } catch (...) {
    keep();  // what was drawn before the planner failed
    throw;
  }
  keep();
  const auto answer = session.trace().answer();
  if (!answer) throw base::ResourceError(fmt::format("there is no answer: {}", name_of(session.trace().outcome)));
  std::printf("%s\n", answer->c_str());
}

void check_replay(const fs::path& folder, const SketchArguments& a) {
  const Trace trace = load_trace(folder);
  const auto differs = sketchpad::replay(trace, tools_of(a), resources_of(a));
  CHECK_FILE(!differs, folder.string(), "step {} comes out differently now", *differs + 1);
  std::printf("%zu steps, all as they were\n", trace.steps.size());
}

void evaluate_sets(const SketchArguments& a) {
  const Toolbox tools = tools_of(a);
  const auto planner = planner_of(a, tools);
  std::vector<Problem> problems;
  for (const std::string& set : a.evaluate) {
    auto some = read_problems(set);
    if (a.limit > 0 && some.size() > static_cast<size_t>(a.limit)) some.resize(static_cast<size_t>(a.limit));
    std::move(some.begin(), some.end(), std::back_inserter(problems));
  }
  EvaluateOptions options{.budget = a.budget, .traces = a.trace, .resources = resources_of(a)};
  options.on_problem = [](const Problem& problem, const Trace& trace, bool right) {
    if (!right) base::say(fmt::format("{}: {} instead of {}", problem.id, trace.answer().value_or("no answer"), problem.answer));
  };
  json out = {{"planner", planner->name()}, {"tools", a.budget.steps > 0}};
  out["tasks"] = to_json(evaluate(problems, *planner, tools, options));
  std::printf("%s\n", base::dump_json(out, 2).c_str());
}

void make_traces(const SketchArguments& a) {
  TrainingTextOptions options{.documents = a.documents, .seed = static_cast<uint64_t>(a.seed), .tasks = a.tasks};
  options.threads = a.threads, options.wordings = a.wordings;
  for (const std::string& set : a.keep_out) {
    auto some = read_problems(set);
    std::move(some.begin(), some.end(), std::back_inserter(options.keep_out));
  }
  TrainingTextCounts counts;
  const Toolbox tools = sketch_tools();
  base::write_file(a.output, [&](int fd) {
    counts = write_training_text(options, tools, [&](const std::string&, const std::string& line) {
      base::write_all(fd, (line + "\n").data(), line.size() + 1);
    });
  });
  json out = json::object();
  for (const auto& [task, c] : counts.tasks) out[task] = {{"runs", c.runs}, {"right", c.right}, {"kept_out", c.kept_out}, {"documents", c.documents}};
  std::printf("%s\n", base::dump_json(out, 2).c_str());
}

}  // namespace

void add_sketch_command(CLI::App& app) {
  auto a = std::make_shared<SketchArguments>();
  CLI::App* command = app.add_subcommand("sketch", "Answer a question by drawing and looking at the drawing");
  command->footer(
      "A planner thinks, calls a tool, sees what came of it, until it answers. Steps go to stderr, the answer to stdout;\n"
      "--trace keeps everything, with page.html for people. A problem's file names data that calls may quote ($graph).\n"
      "\n"
      "Examples:\n"
      "  atelier sketch \"How many red circles are there?\" --image shapes.png --trace run\n"
      "  atelier sketch --problem graph.json --planner http://127.0.0.1:8080/v1\n"
      "  atelier sketch --continue run --from-step 2 --planner local --trace run2\n"
      "  atelier sketch --eval connectivity.jsonl --eval geometry/ --no-tools\n"
      "  atelier sketch --make-traces 40000 --seed 1 --keep-out tasks/parity.jsonl -o traces.txt");
  command->add_option("question", a->question, "What to answer, in quotes");
  command->add_option("--image", a->images, "A picture, called image_1, image_2, ... in calls")->check(existing_file());
  command->add_option("--problem", a->problem, "A problem: JSON of ours or an item of a known set")->check(existing_path());
  command->add_option("--planner", a->planner.which, "local, rules, a folder of weights, an OpenAI-compatible address, or a script (.json)")->capture_default_str();
  command->add_option("--planner-model", a->planner.model, "The model's name at that address");
  command->add_option("--trace", a->trace, "Folder for the trace; with --eval, for a folder a problem");
  command->add_option("--continue", a->resume, "Go on with the trace in this folder")->check(existing_folder());
  command->add_option("--from-step", a->from_step, "Keep so many of its steps")->check(not_negative());
  command->add_option("--replay", a->replay, "Run a trace's calls again and compare every pixel")->check(existing_folder());
  command->add_option("--steps", a->budget.steps, "Calls at most; 0: answer at once")->capture_default_str()->check(in_range(0, 1000));
  command->add_option("--seconds", a->budget.seconds, "Of all turns together")->capture_default_str()->check(positive());
  command->add_option("--onnx", a->onnx, "Folder of ONNX networks for detect, segment and depth");
  command->add_option("--memory", a->memory, "Memory that recall searches (default: the model's own, if it has one)")->check(existing_folder());
  command->add_flag("--tools", a->list_tools, "Print the tools and their arguments");
  command->add_option("--eval", a->evaluate, "Measure on a .jsonl file or a folder of items; may be given again")->check(existing_path());
  command->add_option("--limit", a->limit, "With --eval: the first so many problems of each set")->check(not_negative());
  command->add_flag("--no-tools", a->no_tools, "Answer at once, without drawing");
  command->add_option("--make-traces", a->documents, "Write so many training documents, for `train pack-text`")->check(in_range(1, 100'000'000));
  command->add_option("--seed", a->seed, "With --make-traces")->capture_default_str()->check(not_negative());
  command->add_option("--tasks", a->tasks, "With --make-traces: only these")->delimiter(',');
  command->add_option("--wordings", a->wordings, "With --make-traces: documents a run")->capture_default_str()->check(in_range(1, 100));
  command->add_option("--keep-out", a->keep_out, "With --make-traces: leave out what this set asks; may be given again")->check(existing_path());
  command->add_option("--jobs", a->threads, "With --make-traces: runs at a time")->capture_default_str()->check(in_range(1, 1024));
  command->add_option("-o,--output", a->output, "With --make-traces: file to write")->capture_default_str();
  command->callback([a] {
    if (a->no_tools) a->budget.steps = 0;
    if (a->list_tools) std::printf("%s", sketch_tools().help().c_str());
    else if (a->documents > 0) make_traces(*a);
    else if (!a->evaluate.empty()) evaluate_sets(*a);
    else if (!a->replay.empty()) check_replay(a->replay, *a);
    else think(*a);
  });
}

}  // namespace atelier::apps
