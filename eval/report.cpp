#include "eval/report.h"

#include "base/error.h"
#include "base/files.h"

#include <algorithm>
#include <array>

namespace atelier::eval {
namespace {

const char* name_of(Unit unit) {
  switch (unit) {
    case Unit::percent: return "percent";
    case Unit::points: return "points";
    case Unit::milliseconds: return "milliseconds";
    case Unit::number: break;
  }
  return "number";
}

const char* name_of(Size size) { return size == Size::quick ? "quick" : size == Size::usual ? "usual" : "full"; }

std::string cell(std::string text) {
  std::replace(text.begin(), text.end(), '\n', ' ');
  for (size_t at = 0; (at = text.find('|', at)) != std::string::npos; at += 2) text.replace(at, 1, "\\|");
  return text;
}

std::string line(const std::vector<std::string>& cells) {
  std::string out = "|";
  for (const std::string& text : cells) out += " " + cell(text) + " |";
  return out + "\n";
}

/// Letters as a terminal shows them: bytes that begin one.
size_t width(const std::string& text) {
  return static_cast<size_t>(std::count_if(text.begin(), text.end(), [](char c) { return (static_cast<unsigned char>(c) & 0xC0) != 0x80; }));
}

}  // namespace

std::string shown(const Interval& i, Unit unit) {
  switch (unit) {
    case Unit::percent: return fmt::format("{:.1f} % [{:.1f}, {:.1f}]", 100 * i.value, 100 * i.low, 100 * i.high);
    case Unit::points: return fmt::format("{:+.1f} [{:+.1f}, {:+.1f}]", 100 * i.value, 100 * i.low, 100 * i.high);
    case Unit::milliseconds: return fmt::format("{:.1f} ms [{:.1f}, {:.1f}]", 1000 * i.value, 1000 * i.low, 1000 * i.high);
    case Unit::number: break;
  }
  return fmt::format("{:.3f} [{:.3f}, {:.3f}]", i.value, i.low, i.high);
}

base::json to_json(const Report& report) {
  base::json claims = base::json::array();
  for (const Claim& claim : report.claims) {
    base::json figures = base::json::array();
    for (const Figure& f : claim.figures)
      figures.push_back({{"name", f.name}, {"value", f.measured.value}, {"low", f.measured.low}, {"high", f.measured.high}, {"unit", name_of(f.unit)},
                         {"samples", f.samples}, {"paper", f.paper}, {"beside", f.beside}, {"headline", f.headline}});
    claims.push_back({{"row", claim.row}, {"method", claim.method}, {"claim", claim.says}, {"data", claim.data}, {"figures", figures},
                      {"notes", claim.notes}, {"pictures", claim.pictures}, {"seconds", claim.seconds}});
  }
  return {{"model", report.model}, {"judge", report.judge}, {"size", name_of(report.size)}, {"interval", "95 % bootstrap"}, {"claims", claims}};
}

std::string to_markdown(const Report& report) {
  std::string out = fmt::format("# atelier eval{}\n\nModel {}, judged by {}. Intervals are 95 % bootstrap intervals.\n\n", report.size == Size::usual ? "" : fmt::format(" --{}", name_of(report.size)), report.model, report.judge);
  if (report.size == Size::quick) out += "A quick run: few samples, wide intervals, to see that all works. Figures to quote come from a longer one.\n\n";
  out += line({"method", "figure", "measured", "samples", "beside", "the paper's"}) + "| --- | --- | --- | --- | --- | --- |\n";
  for (const Claim& claim : report.claims)
    for (const Figure& f : claim.figures)
      if (f.headline) out += line({claim.method, f.name, shown(f.measured, f.unit), std::to_string(f.samples), f.beside, f.paper});
  for (const Claim& claim : report.claims) {
    out += fmt::format("\n## {}\n\n**{}: {}** {} ({:.0f} s)\n\n", claim.row, claim.method, claim.says, claim.data, claim.seconds);
    out += line({"figure", "measured", "samples", "beside", "the paper's"}) + "| --- | --- | --- | --- | --- |\n";
    for (const Figure& f : claim.figures) out += line({f.name, shown(f.measured, f.unit), std::to_string(f.samples), f.beside, f.paper});
    for (const std::string& note : claim.notes) out += "\n- " + note;
    if (!claim.notes.empty()) out += "\n";
    for (const std::string& file : claim.pictures) out += fmt::format("\n![{}]({})\n", file, file);
  }
  return out;
}

std::string headlines(const Report& report) {
  std::vector<std::array<std::string, 4>> rows = {{"method", "figure", "measured", "paper"}};
  for (const Claim& claim : report.claims)
    for (const Figure& f : claim.figures)
      if (f.headline) rows.push_back({claim.method, f.name, shown(f.measured, f.unit), f.paper});
  std::array<size_t, 4> widest{};
  for (const auto& row : rows)
    for (size_t c = 0; c < row.size(); ++c) widest[c] = std::max(widest[c], width(row[c]));
  std::string out;
  for (const auto& row : rows) {
    std::string text;
    for (size_t c = 0; c < row.size(); ++c) text += row[c] + std::string(widest[c] - width(row[c]) + 2, ' ');
    text.erase(text.find_last_not_of(' ') + 1);
    out += text + "\n";
  }
  return out;
}

void write(const Report& report, const std::filesystem::path& folder) {
  base::write_json(folder / "eval.json", to_json(report));
  base::write_file(folder / "eval.md", to_markdown(report));
}

}  // namespace atelier::eval
