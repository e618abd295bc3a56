#include "sketchpad/agent/trace.h"

#include "base/error.h"
#include "base/files.h"
#include "sketchpad/agent/page.h"
#include "sketchpad/agent/strip.h"

namespace atelier::sketchpad {
namespace {

namespace fs = std::filesystem;

constexpr const char* kOutcomes[] = {"open", "answered", "out of steps", "out of time", "out of pixels"};

Seen parse_seen(const json& document, const fs::path& folder) {
  Seen seen{.ok = document.at("ok").get<bool>(), .text = document.at("text").get<std::string>(), .data = document.at("data")};
  if (document.contains("picture")) {
    const std::string file = document["file"];
    CHECK_FILE(fs::path(file).is_relative() && file.find("..") == file.npos, folder.string(), "a picture lies outside of the trace: {}", file);
    seen.name = document["picture"].get<std::string>();
    seen.picture = std::make_shared<const vision::Image>(vision::read_image(folder / file));
  }
  return seen;
}

std::string picture_file(const std::string& name) {
  const bool is_step = name.find_first_not_of("0123456789") == name.npos;
  return is_step ? fmt::format("pictures/step_{}.png", name) : fmt::format("pictures/{}.png", name);
}

}  // namespace

std::string_view name_of(Outcome outcome) { return kOutcomes[static_cast<int>(outcome)]; }

int64_t Trace::turns() const {
  return std::count_if(steps.begin(), steps.end(), [](const Step& s) { return !s.move.answer; });
}

double Trace::seconds() const {
  double sum = 0;
  for (const Step& s : steps) sum += s.seconds;
  return sum;
}

int64_t Trace::pixels() const {
  int64_t sum = 0;
  for (const Step& s : steps)
    if (s.seen.picture) sum += s.seen.picture->width * s.seen.picture->height;
  return sum;
}

json to_json(const Move& move) {
  json out = {{"thought", move.thought}};
  if (move.call) out["call"] = {{"tool", move.call->tool}, {"arguments", move.call->arguments}};
  if (move.answer) out["answer"] = *move.answer;
  if (!move.complaint.empty()) out["complaint"] = move.complaint, out["reply"] = move.reply;
  return out;
}

Move parse_move(const json& document) {
  REQUIRE(document.is_object(), "a step must be a JSON object, not {}", base::shown(document));
  const auto text = [&](const json& from, const char* name) {
    const auto found = from.find(name);
    if (found == from.end()) return std::string();
    REQUIRE(found->is_string(), "a step's {} must be text, not {}", name, base::shown(*found));
    return found->get<std::string>();
  };
  Move move{.thought = text(document, "thought")};
  if (document.contains("answer")) move.answer = text(document, "answer");
  if (const auto call = document.find("call"); call != document.end()) {
    REQUIRE(call->is_object() && call->contains("tool") && call->value("arguments", json::object()).is_object(),
        "a step's call must be {{\"tool\": NAME, \"arguments\": {{...}}}}, not {}", base::shown(*call));
    move.call = Call{text(*call, "tool"), call->value("arguments", json::object())};
  }
  move.complaint = text(document, "complaint"), move.reply = text(document, "reply");
  REQUIRE(move.call.has_value() + move.answer.has_value() + !move.complaint.empty() == 1,
      "a step has either a call or an answer, not {}", base::shown(document));
  return move;
}

json to_json(const Trace& trace, const std::function<std::string(const std::string&)>& file_of) {
  json steps = json::array();
  for (size_t i = 0; i < trace.steps.size(); ++i) {
    const Step& step = trace.steps[i];
    json one = to_json(step.move);
    one["seconds"] = rounded(step.seconds, 3);
    if (!step.move.answer) {
      one["observation"] = {{"ok", step.seen.ok}, {"text", step.seen.text}, {"data", step.seen.data}};
      if (step.seen.picture) one["observation"]["picture"] = step.seen.name, one["observation"]["file"] = file_of(std::to_string(i + 1));
    }
    steps.push_back(std::move(one));
  }
  json out = {{"format", "atelier sketch trace 1"}, {"planner", trace.planner},
              {"problem", to_json(trace.problem, file_of)},
              {"budget", {{"steps", trace.budget.steps}, {"seconds", trace.budget.seconds}, {"pixels", trace.budget.pixels}}},
              {"steps", steps}, {"outcome", name_of(trace.outcome)}, {"answer", nullptr}};
  if (const auto answer = trace.answer()) out["answer"] = *answer;
  if (!trace.branch_of.empty()) out["branch_of"] = trace.branch_of;
  return out;
}

void save(const Trace& trace, const fs::path& folder) {
  std::error_code failed;
  fs::create_directories(folder / "pictures", failed);
  if (failed) throw base::ResourceError(fmt::format("{}: cannot be made: {}", (folder / "pictures").string(), failed.message()));
  for (const NamedPicture& p : trace.problem.pictures) base::write_file(folder / picture_file(p.name), vision::encode_png(*p.image));
  for (size_t i = 0; i < trace.steps.size(); ++i)
    if (const auto& picture = trace.steps[i].seen.picture)
      base::write_file(folder / picture_file(std::to_string(i + 1)), vision::encode_png(*picture));
  base::write_json(folder / "trace.json", to_json(trace, picture_file));
  base::write_file(folder / "page.html", trace_page(trace));
  base::write_file(folder / "strip.png", vision::encode_png(trace_strip(trace)));
}

Trace load_trace(const fs::path& folder) {
  const fs::path file = folder / "trace.json";
  const json document = base::read_json(file);
  CHECK_FILE(document.is_object() && document.value("format", "") == "atelier sketch trace 1", file.string(), "is no trace of a sketch");
  try {
    Trace trace{.problem = parse_problem(document.at("problem"), folder), .budget = {}};
    const json& budget = document.at("budget");
    trace.budget = {budget.at("steps").get<int64_t>(), budget.at("seconds").get<double>(), budget.at("pixels").get<int64_t>()};
    trace.planner = document.value("planner", ""), trace.branch_of = document.value("branch_of", "");
    for (const json& one : document.at("steps")) {
      Step step{.move = parse_move(one), .seen = {}, .seconds = one.value("seconds", 0.0)};
      if (!step.move.answer) step.seen = parse_seen(one.at("observation"), folder);
      trace.steps.push_back(std::move(step));
    }
    const std::string outcome = document.at("outcome");
    const auto found = std::find(std::begin(kOutcomes), std::end(kOutcomes), outcome);
    CHECK_FILE(found != std::end(kOutcomes), file.string(), "has an unknown outcome {}", base::shown(outcome));
    trace.outcome = static_cast<Outcome>(found - std::begin(kOutcomes));
    return trace;
  } catch (const json::exception& error) {
    throw base::InvalidFile(fmt::format("{}: {}", file.string(), error.what()));
  } catch (const base::InvalidArgument& error) {
    throw base::InvalidFile(fmt::format("{}: {}", file.string(), error.what()));
  }
}

}  // namespace atelier::sketchpad
