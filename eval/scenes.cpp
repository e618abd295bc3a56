// Scenes: does what was drawn stand where it should, in the colour and number asked for?
#include "base/error.h"
#include "base/progress.h"
#include "corpus/scene_draft.h"
#include "corpus/scenes.h"
#include "eval/plot.h"
#include "eval/rows.h"
#include "promptcap/captioner.h"
#include "promptcap/scoring.h"
#include "sketchpad/tools.h"

#include <algorithm>
#include <array>

namespace atelier::eval {
namespace {

using corpus::Scene;
using sketchpad::Box, sketchpad::Point;

/// What the sketchpad's eyes see of one colour.
struct Seen {
  double area = 0;                // fraction of the picture
  Point centre;                   // of all of it
  std::vector<Box> parts = {};    // boxes; parts that touch or nearly do are one
};

std::string hex_of(const std::string& colour) {
  for (const corpus::Colour& one : corpus::kColours)
    if (one.name == colour) return sketchpad::hex({one.value[0], one.value[1], one.value[2]});
  ASSERT(false);
  return {};
}

bool near(const Box& a, const Box& b) {
  constexpr double kGap = 0.025;
  return a.x < b.x + b.width + kGap && b.x < a.x + a.width + kGap && a.y < b.y + b.height + kGap && b.y < a.y + a.height + kGap;
}

Box around(const Box& a, const Box& b) {
  const double x = std::min(a.x, b.x), y = std::min(a.y, b.y);
  return {x, y, std::max(a.x + a.width, b.x + b.width) - x, std::max(a.y + a.height, b.y + b.height) - y};
}

/// By the tool find_colour, as any planner would call it.
Seen look(const vision::Image& picture, const std::string& colour) {
  static const sketchpad::Toolbox tools = sketchpad::sketch_tools();
  sketchpad::Sheet sheet;
  sheet.put("scene", picture);
  const sketchpad::Observation seen = tools.find("find_colour").run({{"colour", hex_of(colour)}, {"within", 56}, {"least_area", 0.0015}, {"picture", "scene"}}, sheet);
  Seen out;
  for (const base::json& found : seen.data.at("found")) {
    const base::json& box = found.at("box");
    Box part = {box.at(0).get<double>(), box.at(1).get<double>(), box.at(2).get<double>(), box.at(3).get<double>()};
    const double area = found.at("area").get<double>();
    out.centre = out.centre + part.centre() * area;
    out.area += area;
    for (bool grown = true; grown;) {
      grown = false;
      for (auto other = out.parts.begin(); other != out.parts.end(); ++other)
        if (near(part, *other)) {
          part = around(part, *other);
          out.parts.erase(other);
          grown = true;
          break;
        }
    }
    out.parts.push_back(part);
  }
  if (out.area > 0) out.centre = out.centre * (1 / out.area);
  return out;
}

/// The colours of a scene's things, each once.
std::vector<std::string> colours_of(const Scene& scene) {
  std::vector<std::string> colours;
  for (const corpus::SceneObject& object : scene.objects)
    if (std::find(colours.begin(), colours.end(), object.colour) == colours.end()) colours.push_back(object.colour);
  return colours;
}

int64_t cell(Point p) {
  const auto third = [](double at) { return std::clamp<int64_t>(static_cast<int64_t>(3 * at), 0, 2); };
  return 3 * third(p.y) + third(p.x);
}

bool has(const std::string& text, std::string_view words) { return text.find(words) != std::string::npos; }

/// A kind of composition: which scenes ask for it, what its question is called, and whether a picture shows it.
struct Kind {
  const char* name;
  const char* question;  // corpus::Question::kind
  bool (*asks)(const Scene&);
  bool (*shows)(const Scene&, const vision::Image&);
};

constexpr double kApart = 0.08;  // of two centres, so that nobody could call it otherwise

const std::array<Kind, 4> kKinds = {{
    {"position", "where",
     [](const Scene& s) { return s.kind == "single" && std::any_of(corpus::kPositions.begin(), corpus::kPositions.end(), [&](const char* words) { return has(s.caption, words); }); },
     [](const Scene& s, const vision::Image& picture) {
       const Seen seen = look(picture, s.objects[0].colour);
       return seen.area > 0 && cell(seen.centre) == cell({s.objects[0].x, s.objects[0].y});
     }},
    {"relation", "relation",
     [](const Scene& s) {
       return s.objects.size() == 2 && colours_of(s).size() == 2 && (has(s.caption, "left of") || has(s.caption, "right of") || has(s.caption, "above") || has(s.caption, "below"));
     },
     [](const Scene& s, const vision::Image& picture) {
       const Seen a = look(picture, s.objects[0].colour), b = look(picture, s.objects[1].colour);
       if (a.area == 0 || b.area == 0) return false;
       const Point wanted = Point{s.objects[1].x, s.objects[1].y} - Point{s.objects[0].x, s.objects[0].y}, is = b.centre - a.centre;
       const bool across = std::abs(wanted.x) > std::abs(wanted.y);
       return across ? is.x * wanted.x > 0 && std::abs(is.x) > kApart && std::abs(is.x) > std::abs(is.y) : is.y * wanted.y > 0 && std::abs(is.y) > kApart && std::abs(is.y) > std::abs(is.x);
     }},
    {"colour", "colour", [](const Scene& s) { return s.kind == "single" || (s.objects.size() == 2 && colours_of(s).size() == 2); },
     [](const Scene& s, const vision::Image& picture) {
       // The colours asked for are those of which there is most.
       std::vector<std::pair<double, std::string>> areas;
       for (const corpus::Colour& colour : corpus::kColours) areas.push_back({-look(picture, colour.name).area, colour.name});
       std::sort(areas.begin(), areas.end());
       const std::vector<std::string> colours = colours_of(s);
       return std::all_of(areas.begin(), areas.begin() + static_cast<int64_t>(colours.size()), [&](const auto& area) {
         return area.first < 0 && std::find(colours.begin(), colours.end(), area.second) != colours.end();
       });
     }},
    {"count", "count", [](const Scene& s) { return s.kind == "count"; },
     [](const Scene& s, const vision::Image& picture) { return look(picture, s.objects[0].colour).parts.size() == s.objects.size(); }},
}};

/// One-coloured things on a pale ground, where the tool sees in the composed picture what the caption says: then it is
/// an exact judge of a drawn one.
bool fit(const Kind& kind, const Scene& scene) {
  const bool pale = scene.background == "white" || scene.background == "cream" || scene.background == "lavender" || (scene.background.starts_with("light ") && !has(scene.background, "gray"));
  return pale && std::all_of(scene.objects.begin(), scene.objects.end(), [](const corpus::SceneObject& object) { return !object.colour.empty(); }) && kind.asks(scene) && kind.shows(scene, scene.image);
}

}  // namespace

Claim measure_scenes(Workbench& bench) {
  constexpr uint64_t kSeed = 77;
  constexpr int64_t kMostComposed = 40000;
  const int64_t wanted = bench.count(2, 30, 50);
  const corpus::SceneComposer composer(bench.corpus());
  const promptcap::Captioner captioner(bench.pipeline());
  std::array<std::vector<Scene>, kKinds.size()> scenes;
  for (int64_t i = 0; i < kMostComposed; ++i) {
    base::throw_if_cancelled();
    Scene scene = composer.compose(kSeed, static_cast<uint64_t>(i));
    for (size_t k = 0; k < kKinds.size(); ++k)
      if (static_cast<int64_t>(scenes[k].size()) < wanted && fit(kKinds[k], scene)) {
        scenes[k].push_back(std::move(scene));
        break;  // a scene for one kind only
      }
    if (std::all_of(scenes.begin(), scenes.end(), [&](const auto& some) { return static_cast<int64_t>(some.size()) >= wanted; })) break;
  }
  Claim claim;
  claim.method = "scenes";
  claim.says = "Things stand where the prompt puts them, in its colours and numbers.";
  claim.data = fmt::format("Captions of up to {} composed scenes a kind, of a seed that no training had (single combinations in them may have been trained on); one-coloured things on pale ground. "
                           "Pixels: the sketchpad's find_colour on the drawn picture, for scenes in whose composed picture it sees what the caption says. Answers: the joint model's, asked about the drawn picture.", wanted);
  std::vector<SheetRow> sheet;
  std::vector<Bar> bars;
  std::vector<double> all;
  int64_t total = 0;
  for (const auto& some : scenes) total += static_cast<int64_t>(some.size());
  REQUIRE(total > 0, "the corpus has no scenes of one-coloured things to ask for");
  base::Progress progress("drawing", total, "scenes");
  for (size_t k = 0; k < kKinds.size(); ++k) {
    std::vector<double> shown, answered, ceiling;
    std::vector<int64_t> groups;
    for (size_t i = 0; i < scenes[k].size(); ++i, progress.advance()) {
      base::throw_if_cancelled();
      const Scene& scene = scenes[k][i];
      const vision::Image drawn = bench.draw({scene.caption, "", "", {}}, 3000 + i);
      shown.push_back(right(kKinds[k].shows(scene, drawn)));
      for (const corpus::Question& question : scene.questions) {
        if (question.kind != kKinds[k].question) continue;
        const auto answers = [&](const vision::Image& picture) {
          return right(promptcap::normalise_answer(captioner.answer({&picture, 1}, question.question).text) == promptcap::normalise_answer(question.answer));
        };
        answered.push_back(answers(drawn));
        ceiling.push_back(answers(scene.image));
        groups.push_back(static_cast<int64_t>(i));
      }
      if (i < 6) sheet.push_back({fmt::format("{}: {}", shown.back() == 1 ? "yes" : "no", scene.caption), {scene.image, drawn}});
    }
    if (shown.empty()) continue;
    all.insert(all.end(), shown.begin(), shown.end());
    const auto n = static_cast<int64_t>(shown.size());
    claim.figures.push_back({fmt::format("{}, by pixels", kKinds[k].name), mean_interval(shown), Unit::percent, n, "", "composed 100 %", true});
    bars.push_back({kKinds[k].name, claim.figures.back().measured});
    if (answered.empty()) continue;
    claim.figures.push_back({fmt::format("{}, by answers", kKinds[k].name), mean_interval(answered, groups), Unit::percent, static_cast<int64_t>(answered.size()), "",
                             fmt::format("composed {:.1f} %", 100 * mean_interval(ceiling).value)});
    bars.push_back({"by answers", claim.figures.back().measured});
  }
  claim.figures.push_back({"all kinds, by pixels", mean_interval(all), Unit::percent, static_cast<int64_t>(all.size())});
  claim.pictures = {bench.keep("scenes.png", contact_sheet({"composed", "drawn", "", ""}, sheet)), bench.keep("scenes_kinds.png", bar_plot("Scene composition", bars))};
  return claim;
}

}  // namespace atelier::eval
