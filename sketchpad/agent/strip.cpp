#include "sketchpad/agent/strip.h"

#include "sketchpad/agent/reply.h"
#include "sketchpad/canvas.h"
#include "sketchpad/stroke_font.h"

#include <cmath>

namespace atelier::sketchpad {
namespace {

// Pixels.
constexpr int64_t kPanel = 250, kGap = 14, kPicture = 250, kLine = 15, kColumns = 6, kMostPanels = 60;
constexpr double kCapital = 7.5;
constexpr size_t kThoughtLines = 3, kCallLines = 5, kSeenLines = 5, kQuestionLines = 4;
constexpr Colour kInk{27, 27, 31}, kBlue{25, 70, 160}, kGray{85, 85, 94}, kRed{179, 38, 30}, kGreen{27, 110, 60}, kFrame{201, 201, 209};

struct Panel {
  std::string title, thought = {}, call = {}, seen = {};
  std::vector<std::shared_ptr<const vision::Image>> pictures = {};
  Colour colour = kInk;  // of title and frame
};

std::vector<Panel> panels_of(const Trace& trace) {
  std::vector<Panel> out;
  if (!trace.problem.pictures.empty()) {
    Panel given{.title = "Given"};
    for (const NamedPicture& p : trace.problem.pictures) {
      given.seen += (given.seen.empty() ? "" : ", ") + p.name;
      if (given.pictures.size() < 4) given.pictures.push_back(p.image);
    }
    out.push_back(std::move(given));
  }
  for (size_t i = 0; i < trace.steps.size(); ++i) {
    if (static_cast<int64_t>(out.size()) + 1 == kMostPanels && i + 1 < trace.steps.size()) {
      out.push_back({.title = fmt::format("{} more steps", trace.steps.size() - i)});
      break;
    }
    const Move& move = trace.steps[i].move;
    const Seen& seen = trace.steps[i].seen;
    Panel panel{.title = fmt::format("{}. {}", i + 1, move.call ? move.call->tool : move.answer ? "Answer" : "Unreadable"), .thought = move.thought};
    if (move.call)
      for (const auto& [name, value] : move.call->arguments.items()) panel.call += (panel.call.empty() ? "" : ", ") + name + " = " + base::dump_json(value);
    panel.seen = move.answer ? *move.answer : seen.text;
    if (seen.picture) panel.pictures = {seen.picture};
    panel.colour = move.answer ? kGreen : seen.ok ? kInk : kRed;
    out.push_back(std::move(panel));
  }
  return out;
}

double width_of(std::string_view line, double capital) { return line_width(characters(line)) * capital / kCapHeight; }

/// Lines that fit; a word that is longer than a line is broken. @param most  the last one ends in ... if there were more
std::vector<std::string> wrapped(const std::string& text, double width, size_t most, double capital = kCapital) {
  std::vector<std::string> lines(1);
  const auto fits = [&](const std::string& more) { return width_of(lines.back() + more, capital) <= width; };
  for (size_t at = 0; at < text.size();) {
    const size_t end = std::min(text.find_first_of(" \n\t", at), text.size());
    const std::string word = text.substr(at, end - at);
    at = end + 1;
    if (word.empty()) continue;
    if (!lines.back().empty() && fits(" " + word)) {
      lines.back() += " " + word;
      continue;
    }
    if (!lines.back().empty()) lines.emplace_back();
    for (size_t i = 0; i < word.size();) {
      size_t next = i + 1;
      while (next < word.size() && (static_cast<unsigned char>(word[next]) & 0xC0) == 0x80) ++next;
      const std::string sign = word.substr(i, next - i);
      if (!lines.back().empty() && !fits(sign)) lines.emplace_back();
      lines.back() += sign, i = next;
    }
    if (lines.size() > most) break;
  }
  if (lines.size() > most) lines.resize(most), lines.back() += " ...";
  return lines;
}

struct Placed {
  int64_t x, y;  // top left
  const Panel* panel;
};

/// The whole, larger or smaller, in the middle of a square.
void paste(vision::Image& sheet, const vision::Image& picture, int64_t left, int64_t top, int64_t side) {
  const vision::Image rgb = picture.channels == 4 ? vision::over(picture, {255, 255, 255}) : picture;
  const double scale = static_cast<double>(side) / static_cast<double>(std::max(rgb.width, rgb.height));
  const auto scaled = [&](int64_t length) { return std::clamp<int64_t>(std::llround(static_cast<double>(length) * scale), 1, side); };
  const vision::Image fitted = vision::resize(rgb, scaled(rgb.width), scaled(rgb.height), vision::Filter::bicubic);
  const int64_t x = left + (side - fitted.width) / 2, y = top + (side - fitted.height) / 2;
  for (int64_t row = 0; row < fitted.height; ++row) std::copy_n(fitted.at(0, row), static_cast<size_t>(fitted.width) * 3, sheet.at(x, y + row));
}

/// Without the empty rows below.
vision::Image trimmed(const vision::Image& sheet) {
  int64_t height = sheet.height;
  const auto empty = [&](int64_t row) { return std::all_of(sheet.at(0, row), sheet.at(0, row) + sheet.width * 3, [](uint8_t value) { return value == 255; }); };
  while (height > 1 && empty(height - 1)) --height;
  return vision::crop(sheet, 0, 0, sheet.width, std::min(sheet.height, height + kGap));
}

class Pencil {
 public:
  explicit Pencil(std::shared_ptr<const vision::Image> sheet) : canvas_(std::move(sheet), {.side = 8192, .text = 8192}) {}

  /// Lines from a top left corner on, in pixels. @return where the next line would be
  int64_t write(const std::vector<std::string>& lines, int64_t x, int64_t y, Colour colour, double capital = kCapital) {
    for (const std::string& line : lines) {
      if (!line.empty()) canvas_.text(at(static_cast<double>(x) + width_of(line, capital) / 2, static_cast<double>(y) + capital / 2), line,
          {.colour = colour, .width = capital / 6.5}, capital / canvas_.shorter_side());
      y += static_cast<int64_t>(std::lround(capital * kLine / kCapital));
    }
    return y;
  }
  void frame(int64_t x, int64_t y, int64_t width, int64_t height, Colour colour) {
    const Point a = at(static_cast<double>(x), static_cast<double>(y)), size = at(static_cast<double>(width), static_cast<double>(height));
    canvas_.box({a.x, a.y, size.x, size.y}, {.colour = colour, .width = 1});
  }
  vision::Image render() const { return canvas_.render(); }

 private:
  Point at(double x, double y) const { return {x / static_cast<double>(canvas_.width()), y / static_cast<double>(canvas_.height())}; }
  Canvas canvas_;
};

}  // namespace

vision::Image trace_strip(const Trace& trace) {
  constexpr double kLarge = 1.4 * kCapital;
  constexpr auto kTop = static_cast<int64_t>(kThoughtLines + 1) * kLine + 10, kBottom = static_cast<int64_t>(kCallLines + kSeenLines) * kLine + 10;
  constexpr int64_t kHeight = kTop + kPicture + kBottom;
  const std::vector<Panel> panels = panels_of(trace);
  const auto count = static_cast<int64_t>(panels.size());
  const int64_t columns = std::clamp<int64_t>(count, 2, kColumns), rows = (count + columns - 1) / columns;
  const int64_t width = kGap + columns * (kPanel + kGap);
  const auto question = wrapped(trace.problem.question, static_cast<double>(width - 2 * kGap), kQuestionLines, kLarge);
  const int64_t head = kGap + static_cast<int64_t>(question.size()) * 21 + 8;
  auto sheet = std::make_shared<vision::Image>(width, head + rows * (kHeight + kGap));

  std::vector<Placed> places;
  for (int64_t i = 0; i < count; ++i) places.push_back({kGap + i % columns * (kPanel + kGap), head + i / columns * (kHeight + kGap), &panels[static_cast<size_t>(i)]});
  for (const auto& [x, y, panel] : places) {
    const auto& pictures = panel->pictures;
    const int64_t side = pictures.size() > 1 ? kPicture / 2 - 2 : kPicture;
    for (size_t i = 0; i < pictures.size(); ++i)
      paste(*sheet, *pictures[i], x + static_cast<int64_t>(i % 2) * (side + 4), y + kTop + static_cast<int64_t>(i / 2) * (side + 4), side);
  }

  Pencil pencil(sheet);
  pencil.write(question, kGap, kGap, kInk, kLarge);
  for (const auto& [x, y, panel] : places) {
    pencil.write({panel->title}, x, y, panel->colour == kInk ? kBlue : panel->colour, 1.15 * kCapital);
    pencil.write(wrapped(panel->thought, kPanel, kThoughtLines), x, y + kLine + 4, kInk);
    if (panel->pictures.empty() && !panel->seen.empty()) {
      // Nothing was drawn: what was seen, or said, takes the picture's place.
      pencil.frame(x, y + kTop, kPanel, kPicture, panel->colour == kInk ? kFrame : panel->colour);
      const double capital = panel->seen.size() <= 40 ? 2 * kCapital : 1.2 * kCapital;
      pencil.write(wrapped(panel->seen, kPanel - 20, 10, capital), x + 10, y + kTop + 14, panel->colour, capital);
      pencil.write(wrapped(panel->call, kPanel, kCallLines), x, y + kTop + kPicture + 10, kBlue);
      continue;
    }
    if (!panel->pictures.empty()) pencil.frame(x, y + kTop, kPanel, kPicture, kFrame);
    const auto call = panel->call.empty() ? std::vector<std::string>() : wrapped(panel->call, kPanel, kCallLines);
    const int64_t below = pencil.write(call, x, y + kTop + kPicture + 10, kBlue);
    pencil.write(wrapped(panel->seen, kPanel, kSeenLines), x, below, kGray);
  }
  return trimmed(pencil.render());
}

}  // namespace atelier::sketchpad
