#include "sketchpad/agent/quotes.h"

#include "base/error.h"

namespace atelier::sketchpad {
namespace {

constexpr const char* kQuestion = "question";  // the problem's own, where nothing else has this name

std::string names_to_quote(const Trace& trace) {
  std::string names;
  const auto add = [&](const json& object) {
    if (object.is_object())
      for (const auto& [name, value] : object.items()) names += (names.empty() ? "$" : ", $") + name;
  };
  add(trace.problem.fields);
  for (auto step = trace.steps.rbegin(); step != trace.steps.rend(); ++step) add(step->seen.data);
  names += (names.empty() ? "$" : ", $") + std::string(kQuestion);
  return names.size() > 300 ? names.substr(0, 300) + " ..." : names;
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

json quoted(const std::string& path, const Trace& trace) {
  if (const json* value = found(path, trace)) return *value;
  if (path == kQuestion) return trace.problem.question;
  throw base::InvalidArgument(fmt::format("there is nothing to quote as ${}; there are: {}", path, names_to_quote(trace)));
}

// A number where a tool takes text is written out.
json as_taken(const json& value, const Type& type) {
  return type.kind() == Type::Kind::text && value.is_number() ? json(base::dump_json(value)) : value;
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
  return as_taken(out, type);
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

Quotes::Quotes(const Trace& trace) {
  const auto add = [&](const json& object) {
    if (!object.is_object()) return;
    for (const auto& [name, value] : object.items()) {
      values_.emplace("$" + name, value);
      if (value.is_object() && value.size() <= 100)
        for (const auto& [inner, one] : value.items()) values_.emplace("$" + name + "." + inner, one);
    }
  };
  // As found() looks: the problem's fields, then the latest observation.
  add(trace.problem.fields);
  for (auto step = trace.steps.rbegin(); step != trace.steps.rend(); ++step) add(step->seen.data);
  values_.emplace(fmt::format("${}", kQuestion), trace.problem.question);
}

bool Quotes::fit(std::string_view written, const Type& type, bool whole) const {
  const auto known = fitting_.find(&type);
  std::set<std::string>& names = fitting_[&type];
  if (known == fitting_.end())
    for (const auto& [name, value] : values_) try {
        type.check(as_taken(value, type), name);
        names.insert(name);
      } catch (const base::InvalidArgument&) {
        continue;  // not one of this type
      }
  const auto at = names.lower_bound(std::string(written));
  return at != names.end() && (whole ? *at == written : std::string_view(*at).starts_with(written));
}

bool Quotes::fit_answer(std::string_view written, const std::vector<std::string>& choices, bool whole) const {
  const auto begins = [&](const std::string& name) { return whole ? name == written : std::string_view(name).starts_with(written); };
  const auto chosen = [&](const json& value) { return std::find(choices.begin(), choices.end(), value.is_string() ? value.get<std::string>() : base::dump_json(value)) != choices.end(); };
  if (!written.starts_with('$') && (choices.empty() || std::any_of(choices.begin(), choices.end(), begins))) return true;
  return std::any_of(values_.begin(), values_.end(), [&](const auto& one) {
    return one.first.substr(1) != kQuestion && begins(one.first) && (choices.empty() ? one.second.is_string() || one.second.is_number() : chosen(one.second));
  });
}

}  // namespace atelier::sketchpad
