#include "sketchpad/problems/problem.h"

#include "base/error.h"

#include <cctype>
#include <cmath>
#include <cstdlib>

namespace atelier::sketchpad {
namespace {

std::string text_of(const json& document, const char* name, size_t most) {
  const auto found = document.find(name);
  if (found == document.end() || found->is_null()) return {};
  REQUIRE(found->is_string(), "a problem's {} must be text, not {}", name, base::shown(*found));
  const auto& text = found->get_ref<const std::string&>();
  REQUIRE(text.size() <= most, "a problem's {} must have at most {} bytes, not {}", name, most, text.size());
  return text;
}

// Lower case, without brackets, quotes and full stops around it, spaces run together.
std::string normalised(std::string_view text) {
  std::string out;
  for (const char c : text) {
    const auto u = static_cast<unsigned char>(c);
    if (std::isspace(u) || c == '_') {
      if (!out.empty() && out.back() != ' ') out += ' ';
    } else {
      out += static_cast<char>(std::tolower(u));
    }
  }
  const std::string_view around = " ().,;:!\"'*`$[]";
  const size_t begin = out.find_first_not_of(around);
  if (begin == out.npos) return {};
  out = out.substr(begin, out.find_last_not_of(around) - begin + 1);
  if (out == "true") return "yes";
  if (out == "false") return "no";
  return out;
}

std::optional<double> as_number(const std::string& text) {
  if (text.empty()) return {};
  char* end = nullptr;
  const double value = std::strtod(text.c_str(), &end);
  return *end == 0 && std::isfinite(value) ? std::optional(value) : std::nullopt;
}

bool same(std::string_view a, std::string_view b) {
  const std::string x = normalised(a), y = normalised(b);
  const auto p = as_number(x), q = as_number(y);
  if (p && q) return std::abs(*p - *q) <= 1e-6 * std::max(1.0, std::abs(*q));
  return !x.empty() && x == y;
}

// What a call can quote.
bool is_name(std::string_view text) {
  const auto letter = [](char c) { return std::isalpha(static_cast<unsigned char>(c)) != 0; };
  if (text.empty() || text.size() > 40 || !letter(text.front())) return false;
  return std::all_of(text.begin(), text.end(), [&](char c) { return letter(c) || (c >= '0' && c <= '9') || c == '_'; });
}

}  // namespace

Problem parse_problem(const json& document, const std::filesystem::path& folder, const ProblemLimits& limits) {
  REQUIRE(document.is_object(), "a problem must be a JSON object, not {}", base::shown(document));
  for (const auto& [key, value] : document.items()) {
    static const std::vector<std::string> kMembers = {"id", "task", "question", "fields", "pictures", "choices", "answer"};
    REQUIRE(std::find(kMembers.begin(), kMembers.end(), key) != kMembers.end(),
        "a problem has no member {}; it may have id, task, question, fields, pictures, choices, answer", base::shown(key));
  }
  Problem problem;
  problem.id = text_of(document, "id", 200), problem.task = text_of(document, "task", 60);
  problem.question = text_of(document, "question", limits.question), problem.answer = text_of(document, "answer", 200);
  REQUIRE(!problem.question.empty(), "a problem needs a question");
  if (const auto fields = document.find("fields"); fields != document.end()) {
    REQUIRE(fields->is_object() && fields->size() <= limits.fields, "a problem's fields must be an object of at most {} values", limits.fields);
    for (const auto& [name, value] : fields->items()) {
      REQUIRE(is_name(name), "a field's name must be a letter and then letters, digits and underscores, not {}", base::shown(name));
      REQUIRE(base::dump_json(value).size() <= limits.field_bytes, "the field {} has more than {} bytes", name, limits.field_bytes);
    }
    problem.fields = *fields;
  }
  if (const auto pictures = document.find("pictures"); pictures != document.end()) {
    REQUIRE(pictures->is_object() && pictures->size() <= limits.pictures, "a problem's pictures must be an object of at most {} files", limits.pictures);
    for (const auto& [name, file] : pictures->items()) {
      REQUIRE(is_name(name) && file.is_string(), "a problem's pictures are names with files, such as \"image_1\": \"photo.png\"");
      REQUIRE(!folder.empty(), "pictures cannot be read from files here");
      problem.pictures.push_back({name, std::make_shared<const vision::Image>(vision::read_image(folder / file.get<std::string>()))});
    }
  }
  if (const auto choices = document.find("choices"); choices != document.end() && !choices->is_null()) {
    REQUIRE(choices->is_array() && choices->size() <= 26, "a problem's choices must be a list of at most 26 texts");
    for (const json& choice : *choices) {
      REQUIRE(choice.is_string() && choice.get_ref<const std::string&>().size() <= 200, "a choice must be a short text, not {}", base::shown(choice));
      problem.choices.push_back(choice.get<std::string>());
    }
  }
  return problem;
}

json to_json(const Problem& problem, const std::function<std::string(const std::string&)>& file_of) {
  json pictures = json::object();
  for (const NamedPicture& p : problem.pictures) pictures[p.name] = file_of(p.name);
  return {{"id", problem.id}, {"task", problem.task}, {"question", problem.question}, {"fields", problem.fields},
          {"pictures", pictures}, {"choices", problem.choices}};
}

bool is_right(const Problem& problem, std::string_view given) {
  if (same(given, problem.answer)) return true;
  // "(A) the second image": the letter alone counts, if it is the only choice named.
  const std::string words = normalised(given);
  int named = 0;
  bool right = false;
  for (const std::string& choice : problem.choices) {
    const std::string wanted = normalised(choice);
    for (size_t at = words.find(wanted); at != words.npos && !wanted.empty(); at = words.find(wanted, at + 1)) {
      const auto edge = [&](size_t i) { return i >= words.size() || !std::isalnum(static_cast<unsigned char>(words[i])); };
      if ((at > 0 && !edge(at - 1)) || !edge(at + wanted.size())) continue;
      // A single letter inside a sentence may be a word: only one in front counts.
      if (wanted.size() == 1 && at != 0) continue;
      ++named, right = same(choice, problem.answer);
      break;
    }
  }
  return named == 1 && right;
}

std::string content_key(const Problem& problem) {
  json key = json::array({problem.task, problem.fields});
  // Where a figure was drawn on a page is not what is asked about it.
  if (key[1].is_object()) key[1].erase("near"), key[1].erase("colour");
  std::string out = base::dump_json(key);
  std::erase_if(out, [](char c) { return c == ' '; });
  for (const NamedPicture& p : problem.pictures) out.append(reinterpret_cast<const char*>(p.image->pixels.data()), p.image->pixels.size());
  if (problem.fields.empty()) out += normalised(problem.question);
  return out;
}

}  // namespace atelier::sketchpad
