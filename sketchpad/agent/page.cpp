#include "sketchpad/agent/page.h"

#include "sketchpad/agent/reply.h"

namespace atelier::sketchpad {
namespace {

// The policy names this text's SHA-256 in base64: whoever changes the one must change the other.
constexpr std::string_view kStyle =
    "body{font:16px/1.5 system-ui,sans-serif;margin:0 auto;max-width:46rem;padding:1rem;color:#1b1b1f;background:#fff}"
    "article{border:1px solid #c9c9d1;border-radius:.5rem;padding:.75rem 1rem;margin:1rem 0}"
    "h1{font-size:1.3rem}h2{font-size:1rem;margin:0 0 .5rem}"
    "pre{white-space:pre-wrap;overflow-wrap:anywhere;background:#f1f1f5;padding:.5rem;border-radius:.25rem}"
    "img{max-width:100%;height:auto;border:1px solid #c9c9d1}"
    ".failed{border-color:#b3261e}.answer{border-color:#1b6e3c}.small{color:#55555e;font-size:.875rem}"
    "@media(prefers-color-scheme:dark){body{color:#e6e6ea;background:#17171b}pre{background:#26262c}"
    "article,img{border-color:#4a4a54}.small{color:#b0b0ba}}";
constexpr std::string_view kStyleHash = "G+iC1KP3np3lZpo+K3Rvy9yGh1Dt0HngAeBNPR3ST2M=";

std::string picture(const vision::Image& image, std::string_view alternative) {
  return fmt::format("<img alt=\"{}\" width=\"{}\" height=\"{}\" src=\"{}\">\n", escaped(alternative), image.width,
                     image.height, vision::png_data_uri(image));
}

}  // namespace

std::string escaped(std::string_view text) {
  std::string out;
  for (const char c : text) switch (c) {
      case '&': out += "&amp;"; break;
      case '<': out += "&lt;"; break;
      case '>': out += "&gt;"; break;
      case '"': out += "&quot;"; break;
      case '\'': out += "&#39;"; break;
      default: out += c;
    }
  return out;
}

std::string trace_page(const Trace& trace) {
  const Problem& problem = trace.problem;
  std::string out = fmt::format(
      "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
      "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; img-src data:; style-src 'sha256-{}'; base-uri 'none'; form-action 'none'\">\n"
      "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n<title>{}</title>\n<style>{}</style>\n</head>\n<body>\n<main>\n"
      "<h1>{}</h1>\n<p class=\"small\">{} &middot; planner {} &middot; {} steps, {:.2f} s &middot; {}</p>\n",
      kStyleHash, escaped(problem.question), kStyle, escaped(problem.question), escaped(problem.task.empty() ? "question" : problem.task),
      escaped(trace.planner), trace.steps.size(), trace.seconds(), name_of(trace.outcome));
  for (const NamedPicture& p : problem.pictures) out += "<p>" + escaped(p.name) + "</p>\n" + picture(*p.image, p.name);
  if (!problem.fields.empty()) {
    std::string fields;
    for (const auto& [name, value] : problem.fields.items()) fields += name + " = " + base::dump_json(value) + "\n";
    out += "<details><summary>Data</summary><pre>" + escaped(fields) + "</pre></details>\n";
  }
  for (size_t i = 0; i < trace.steps.size(); ++i) {
    const Step& step = trace.steps[i];
    const char* kind = step.move.answer ? " class=\"answer\"" : step.seen.ok ? "" : " class=\"failed\"";
    out += fmt::format("<article{}>\n<h2>{}. {}</h2>\n<p>{}</p>\n", kind, i + 1,
                       step.move.call ? escaped(step.move.call->tool) : step.move.answer ? "Answer" : "Unreadable", escaped(step.move.thought));
    if (step.move.call) out += "<pre>" + escaped(call_text(*step.move.call)) + "</pre>\n";
    else if (step.move.answer) out += "<p><strong>" + escaped(*step.move.answer) + "</strong></p>\n";
    else out += "<pre>" + escaped(step.move.reply) + "</pre>\n";
    if (!step.seen.text.empty()) out += "<p>" + escaped(step.seen.text) + "</p>\n";
    if (step.seen.picture) out += picture(*step.seen.picture, fmt::format("{} after step {}", step.seen.name, i + 1));
    out += fmt::format("<p class=\"small\">{:.3f} s</p>\n</article>\n", step.seconds);
  }
  return out + "</main>\n</body>\n</html>\n";
}

}  // namespace atelier::sketchpad
