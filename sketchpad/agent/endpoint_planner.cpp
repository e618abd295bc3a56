#include "sketchpad/agent/endpoint_planner.h"

#include "base/embed.h"
#include "base/error.h"
#include "sketchpad/agent/reply.h"

EMBED(sketch_system, "sketchpad/agent/prompts/system.txt")
EMBED(sketch_at_once, "sketchpad/agent/prompts/at_once.txt")
EMBED(sketch_examples, "sketchpad/agent/prompts/examples.json")

namespace atelier::sketchpad {
namespace {

std::string_view system_text() { return EMBEDDED(sketch_system); }
std::string_view at_once_text() { return EMBEDDED(sketch_at_once); }

// What a person is told of a problem: the question, the data by name, the pictures by name.
std::string problem_text(const json& fields, const std::string& question, const std::vector<NamedPicture>& pictures, size_t field_bytes) {
  std::string out = "QUESTION: " + question + "\n";
  for (const auto& [name, value] : fields.items()) {
    std::string shown = base::dump_json(value);
    if (shown.size() > field_bytes) shown = shown.substr(0, field_bytes) + " ...";
    out += "DATA $" + name + " = " + shown + "\n";
  }
  for (const NamedPicture& p : pictures) out += "PICTURE " + p.name + fmt::format(", {} x {} pixels\n", p.image->width, p.image->height);
  return out;
}

std::string observation_text(bool ok, const std::string& text, const std::string& picture, bool may_call = true) {
  std::string out = ok ? "OBSERVATION: " + text : "OBSERVATION: this failed: " + text + (may_call ? "\nMend it in the next ACTION." : "");
  if (!picture.empty()) out += "\nPICTURE " + picture;
  return out;
}

std::string replaced(std::string text, const std::string& what, const std::string& with) {
  const size_t at = text.find(what);
  ASSERT(at != text.npos);
  return text.replace(at, what.size(), with);
}

std::string examples_text() {
  std::string out;
  for (const json& example : base::parse_json(worked_examples(), "the worked examples")) {
    out += problem_text(example.at("problem").value("fields", json::object()), example["problem"]["question"], {}, 400);
    for (const json& step : example.at("steps")) {
      out += reply_text(parse_move({{"thought", step.at("thought")}, step.contains("call") ? json::object_t::value_type("call", step["call"])
          : json::object_t::value_type("answer", step["answer"])})) + "\n";
      if (step.contains("observation")) out += observation_text(true, step["observation"], "") + "\n";
    }
    out += "\n";
  }
  return out;
}

}  // namespace

std::string_view worked_examples() { return EMBEDDED(sketch_examples); }

std::string sketch_prompt(const Toolbox& tools) {
  return replaced(replaced(std::string(system_text()), "{tools}", tools.help()), "{examples}", examples_text());
}

std::vector<text::ChatMessage> dialogue(const Trace& trace, bool may_call, const std::string& system, const EndpointPlannerOptions& options) {
  const Problem& problem = trace.problem;
  const bool at_once = trace.budget.steps == 0;
  std::vector<text::ChatMessage> out = {text::ChatMessage::of_text("system", at_once ? std::string(at_once_text()) : system)};
  text::ChatMessage asked{"user", {{problem_text(problem.fields, problem.question, problem.pictures, options.field_bytes), {}}}};
  for (const NamedPicture& p : problem.pictures) asked.parts.push_back({"", *p.image});
  out.push_back(std::move(asked));
  // Old pictures are left out: their words stay.
  int64_t pictures = 0;
  for (const Step& step : trace.steps) pictures += step.seen.picture != nullptr;
  for (const Step& step : trace.steps) {
    out.push_back(text::ChatMessage::of_text("assistant", reply_text(step.move)));
    if (step.move.answer) continue;
    const bool mendable = may_call || &step != &trace.steps.back();
    text::ChatMessage seen{"user", {{observation_text(step.seen.ok, step.seen.text, step.seen.name, mendable), {}}}};
    if (step.seen.picture && pictures-- <= options.pictures) seen.parts.push_back({"", *step.seen.picture});
    out.push_back(std::move(seen));
  }
  if (!may_call && !at_once) out.back().parts.push_back({"No more ACTION is possible. Give your ANSWER now.", {}});
  return out;
}

EndpointPlanner::EndpointPlanner(text::ChatConfig config, const Toolbox& tools, const EndpointPlannerOptions& options)
    : client_(std::move(config)), system_(sketch_prompt(tools)), options_(options) {}

std::string EndpointPlanner::reply(const Trace& trace, bool may_call) {
  const std::string said =
      client_.chat(dialogue(trace, may_call, system_, options_), {.max_tokens = options_.max_tokens, .stop = {"OBSERVATION:"}, .cancelled = options_.cancelled}).text;
  // Where nothing but an answer can follow, small models give it without the word: then a line of their own is one.
  const bool bare = said.find_first_not_of(" \t\r\n") != said.npos && said.size() <= 200 && said.find_first_of("\n:{") == said.npos;
  return !may_call && bare ? "ANSWER: " + said : said;
}

std::string EndpointPlanner::name() const {
  const auto& config = client_.config();
  return config.model.empty() ? config.url : config.model + " at " + config.url;
}

}  // namespace atelier::sketchpad
