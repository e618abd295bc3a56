#include "promptcap/prompt_template.h"

#include "promptcap/embedded_templates.h"

#include <algorithm>
#include <map>

namespace atelier::promptcap {
namespace {

/// Words of a template and what stands for its {names}; braces around anything else are words.
void fill(const std::string& words, const std::map<std::string, std::string>& values, text::Prompt& prompt) {
  size_t at = 0, said = 0;
  while ((at = words.find('{', at)) != words.npos) {
    const size_t end = words.find('}', at);
    const auto value = end == words.npos ? values.end() : values.find(words.substr(at + 1, end - at - 1));
    if (value == values.end()) {
      ++at;
      continue;
    }
    if (at > said) prompt.push_back({words.substr(said, at - said), true});
    if (!value->second.empty()) prompt.push_back({value->second, false});
    at = said = end + 1;
  }
  if (said < words.size()) prompt.push_back({words.substr(said), true});
}

std::string numbered(const std::vector<std::string>& choices) {
  std::string list;
  for (size_t i = 0; i < choices.size(); ++i) list += fmt::format("{}({}) {}", i == 0 ? "" : " ", i + 1, choices[i]);
  return list;
}

}  // namespace

const std::vector<std::string>& shipped_templates() {
  static const std::vector<std::string> names = {"paper", "unifiedqa", "local"};
  return names;
}

PromptTemplate PromptTemplate::load(const std::string& name) {
  const auto& names = shipped_templates();
  if (std::find(names.begin(), names.end(), name) != names.end())
    return base::read_config<PromptTemplate>(base::parse_json(embedded_template(name), name + ".json"), name + ".json");
  REQUIRE(std::filesystem::exists(name), "there is no prompt template '{}': give a file, or one of {}", name, fmt::join(names, ", "));
  PromptTemplate form = base::read_config<PromptTemplate>(std::filesystem::path(name));
  CHECK_FILE(form.question.find("{question}") != form.question.npos, name, "question must hold {{question}}");
  CHECK_FILE(form.stop.size() <= 4, name, "there may be 4 stop strings, not {}", form.stop.size());
  if (form.choice_question.empty()) form.choice_question = form.question;
  return form;
}

text::Prompt render(const PromptTemplate& form, const std::vector<Example>& examples, const Asked& asked, bool list_choices) {
  text::Prompt prompt;
  fill(form.instruction, {}, prompt);
  for (const Example& example : examples)
    fill(form.example, {{"caption", example.caption}, {"question", example.question}, {"answer", example.answer}}, prompt);
  // OCR text is data inside the words around it, and both are data to the prompt: nothing of it may become control.
  std::string ocr;
  if (!asked.ocr.empty()) {
    text::Prompt said;
    fill(form.ocr, {{"ocr", asked.ocr}}, said);
    ocr = text::joined(said);
  }
  fill(list_choices ? form.choice_question : form.question,
       {{"caption", asked.caption}, {"question", asked.question}, {"choices", numbered(asked.choices)}, {"ocr", ocr}}, prompt);
  return prompt;
}

}  // namespace atelier::promptcap
