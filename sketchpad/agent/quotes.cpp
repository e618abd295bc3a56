#include "sketchpad/agent/quotes.h"

#include "base/error.h"

namespace atelier::sketchpad {
namespace {

std::string names_to_quote(const Trace& trace) {
  std::string names;
  const auto add = [&](const json& object) {
    if (object.is_object())
      for (const auto& [name, value] : object.items()) names += (names.empty() ? "$" : ", $") + name;
  };
  add(trace.problem.fields);
  for (auto step = trace.steps.rbegin(); step != trace.steps.rend(); ++step) add(step->seen.data);
  return names.empty() ? "nothing" : names.size() > 300 ? names.substr(0, 300) + " ..." : names;
}

const json* member(const json& value, const std::string& name) {
  if (value.is_object()) {
    const auto found = value.find(name);
    return found == value.end() ? nullptr : &*found;
  }
  if (!value.is_array() || name.empty() || name.size() > 6 || name.find_first_not_of("0123456789") != name.npos) return nullptr;
  const size_t index = std::stoul(name);
  return index < value.size() ? &value[index] : nullptr;
}

// Names may hold dots themselves ("A.1"): the whole rest is tried first.
const json* descend(const json& value, const std::string& path) {
  if (const json* whole = member(value, path)) return whole;
  const size_t dot = path.find('.');
  if (dot == path.npos) return nullptr;
  const json* inner = member(value, path.substr(0, dot));
  return inner ? descend(*inner, path.substr(dot + 1)) : nullptr;
}

const json* found(const std::string& path, const Trace& trace) {
  if (const json* field = descend(trace.problem.fields, path)) return field;
  for (auto step = trace.steps.rbegin(); step != trace.steps.rend(); ++step)
    if (const json* value = descend(step->seen.data, path)) return value;
  return nullptr;
}

const json& quoted(const std::string& path, const Trace& trace) {
  if (const json* value = found(path, trace)) return *value;
  throw base::InvalidArgument(fmt::format("there is nothing to quote as ${}; there are: {}", path, names_to_quote(trace)));
}

json resolved(const json& value, const Type& type, const Trace& trace, int depth) {
  REQUIRE(depth < 16, "arguments are nested deeper than 16");
  const Type& item = type.item_ ? *type.item_ : type;
  json out = value;
  if (value.is_string()) {
    const auto& text = value.get_ref<const std::string&>();
    if (text.size() < 2 || text[0] != '$') return value;
    out = quoted(text.substr(1), trace);
  } else if (value.is_array()) {
    for (json& one : out) one = resolved(one, item, trace, depth + 1);
  } else if (value.is_object()) {
    for (auto& [name, one] : out.items()) one = resolved(one, item, trace, depth + 1);
  }
  const bool takes_text = type.kind() == Type::Kind::text;
  return takes_text && out.is_number() ? json(base::dump_json(out)) : out;
}

}  // namespace

json resolved(const json& arguments, const Tool& tool, const Trace& trace) {
  if (!arguments.is_object()) return arguments;  // the tool says what is wrong with it
  json out = arguments;
  for (auto& [name, value] : out.items()) {
    const auto declared = std::find_if(tool.arguments().begin(), tool.arguments().end(), [&](const Argument& a) { return a.name == name; });
    if (declared != tool.arguments().end()) value = resolved(value, declared->type, trace, 0);
  }
  return out;
}

std::string resolved_answer(const std::string& answer, const Trace& trace) {
  const json* value = answer.size() >= 2 && answer[0] == '$' ? found(answer.substr(1), trace) : nullptr;
  if (value && value->is_string()) return *value;
  if (value && value->is_number()) return fmt::format("{:.10g}", value->get<double>());
  return answer;
}

std::set<std::string> quotable(const Trace& trace) {
  std::set<std::string> out;
  const auto add = [&](const json& object) {
    if (!object.is_object()) return;
    for (const auto& [name, value] : object.items()) {
      out.insert("$" + name);
      if (value.is_object() && value.size() <= 100)
        for (const auto& [inner, one] : value.items()) out.insert("$" + name + "." + inner);
    }
  };
  add(trace.problem.fields);
  for (const Step& step : trace.steps) add(step.seen.data);
  return out;
}

}  // namespace atelier::sketchpad
