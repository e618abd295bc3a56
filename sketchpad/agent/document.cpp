#include "sketchpad/agent/document.h"

#include "sketchpad/agent/reply.h"

namespace atelier::sketchpad {
namespace {

bool is_matrix(const json& value) {
  return value.is_array() && value.size() >= 2 && std::all_of(value.begin(), value.end(), [&](const json& row) {
           return row.is_array() && row.size() == value.size() && std::all_of(row.begin(), row.end(), [](const json& x) { return x.is_number(); });
         });
}

// "0-1 0-4 2>3=7": lines of an undirected graph, arrows of a directed one, with weights that are not 1.
std::string edges_of(const json& matrix) {
  bool symmetric = true;
  for (size_t i = 0; i < matrix.size(); ++i)
    for (size_t j = 0; j < i; ++j) symmetric &= matrix[i][j] == matrix[j][i];
  std::string out;
  for (size_t i = 0; i < matrix.size(); ++i)
    for (size_t j = symmetric ? i : 0; j < matrix.size(); ++j) {
      const double weight = matrix[i][j].get<double>();
      if (weight == 0) continue;
      out += fmt::format(" {}{}{}", i, symmetric ? "-" : ">", j);
      if (weight != 1) out += fmt::format("={:g}", weight);
    }
  return out.empty() ? " no edges" : out;
}

std::string joined(const json& list, const char* between) {
  std::string out;
  for (const json& one : list) out += (out.empty() ? "" : between) + (one.is_string() ? one.get<std::string>() : base::dump_json(one));
  return out;
}

// One line, cut at a character, and nothing in it that could be read as a control symbol.
std::string plain(std::string text, size_t most) {
  if (text.size() > most) {
    while (most > 0 && (static_cast<unsigned char>(text[most]) & 0xC0) == 0x80) --most;
    text = text.substr(0, most) + "...";
  }
  for (char& c : text)
    if (static_cast<unsigned char>(c) < 32) c = ' ';
  // "<think>" typed by somebody: the bracket moves off.
  for (size_t at = text.find('<'); at != text.npos; at = text.find('<', at + 1))
    if (at + 1 < text.size() && text[at + 1] >= 'a' && text[at + 1] <= 'z') text.insert(at + 1, " ");
  return text;
}

}  // namespace

std::string field_words(const json& value, bool whole) {
  if (is_matrix(value)) return fmt::format("{0} x {0} matrix", value.size()) + (whole ? ":" + edges_of(value) : "");
  if (value.is_string()) return value.get<std::string>();
  if (value.is_array()) return joined(value, "; ");
  if (value.is_object()) {
    std::string names;
    for (const auto& [name, one] : value.items()) names += " " + name;
    return fmt::format("{} values:{}", value.size(), names);
  }
  return value.is_null() ? "none" : base::dump_json(value);
}

std::vector<DocumentPart> document(const Trace& trace, const DocumentLimits& limits) {
  const bool at_once = trace.budget.steps == 0;
  std::string fields;
  const auto add = [&](const std::string& name, const std::string& words) { fields += (fields.empty() ? "" : "; ") + name + ": " + words; };
  for (const auto& [name, value] : trace.problem.fields.items()) add(name, plain(field_words(value, at_once), limits.field));
  for (const NamedPicture& p : trace.problem.pictures) add(p.name, "picture");
  std::vector<DocumentPart> parts = {{"<doc>", fields}, {"<question>", plain(trace.problem.question, limits.question)}};
  for (const Step& step : trace.steps) {
    if (!at_once) parts.push_back({"<think>", plain(step.move.thought, limits.thought)});
    if (step.move.answer) {
      parts.push_back({"<answer>", plain(*step.move.answer, limits.thought)});
      continue;
    }
    if (step.move.call) parts.push_back({"<act>", plain(call_text(*step.move.call), 4 * limits.thought)});
    parts.push_back({"<obs>", plain(step.seen.text, limits.observation)});
  }
  return parts;
}

std::string document_line(const std::vector<DocumentPart>& parts) {
  std::string line;
  for (const DocumentPart& part : parts) line += part.symbol + part.text;
  return line;
}

}  // namespace atelier::sketchpad
