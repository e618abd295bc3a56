#include "sketchpad/tools/declarations.h"

#include "base/error.h"
#include "sketchpad/formula.h"

#include <limits>

namespace atelier::sketchpad {
namespace {

// Samples between the 3rd and 97th percentile and a little more, if what lies outside is far off (a pole); else all.
std::pair<double, double> value_range(std::vector<double> values) {
  REQUIRE(!values.empty(), "the function has no finite value in this range of x");
  std::sort(values.begin(), values.end());
  const double low = values.front(), high = values.back();
  const double inner_low = values[values.size() * 3 / 100], inner_high = values[values.size() * 97 / 100];
  const double inner = std::max(inner_high - inner_low, 1e-9 * (1 + std::abs(inner_high)));
  double from = low, to = high;
  if (high > inner_high + 8 * inner) to = inner_high + inner;
  if (low < inner_low - 8 * inner) from = inner_low - inner;
  if (to - from < 1e-6 * (1 + std::abs(to))) from -= 1, to += 1;
  const double margin = 0.05 * (to - from);
  return {from - margin, to + margin};
}

}  // namespace

Tool plot_function_tool() {
  return tool("plot_function")
      .says("Draws y = f(x) as a curve over coordinate axes. Several curves may share a canvas if they get the same ranges.")
      .arg("formula", text(1000), "such as x**2 - 3*x + exp(-x) or \\frac{x^3}{2}; the variable is x")
      .opt("x_min", number(-1e6, 1e6), -5)
      .opt("x_max", number(-1e6, 1e6), 5)
      .opt("y_min", number(-1e12, 1e12), nullptr, "left out: chosen by the values")
      .opt("y_max", number(-1e12, 1e12), nullptr, "left out: chosen by the values")
      .opt("canvas", canvas(), "canvas", "what to draw on")
      .opt("colour", colour(), "blue", "of the curve; a strong colour keeps it apart from the axes")
      .opt("axes", flag(), true)
      .runs([](const Args& args, Sheet& sheet) {
        const Formula f = Formula::parse(args.text("formula"));
        Frame frame{.x_min = args.number("x_min"), .x_max = args.number("x_max"), .y_min = 0, .y_max = 0};
        REQUIRE(frame.x_max - frame.x_min > 1e-9, "plot_function: x_min must be below x_max, not {:g} and {:g}", frame.x_min, frame.x_max);
        Canvas& canvas = args.canvas("canvas", sheet);
        canvas.layer("drawing");
        // Four samples a pixel column.
        const int samples = static_cast<int>(static_cast<double>(canvas.width()) * frame.box.width * 4);
        std::vector<double> values(static_cast<size_t>(samples) + 1), finite;
        const auto x_at = [&](int i) { return frame.x_min + (frame.x_max - frame.x_min) * i / samples; };
        for (int i = 0; i <= samples; ++i) {
          values[i] = f(x_at(i));
          if (std::isfinite(values[i]) && std::abs(values[i]) < 1e100) finite.push_back(values[i]);
        }
        const auto [low, high] = args.has("y_min") && args.has("y_max") ? std::pair{0.0, 0.0} : value_range(finite);
        frame.y_min = args.has("y_min") ? args.number("y_min") : low;
        frame.y_max = args.has("y_max") ? args.number("y_max") : high;
        REQUIRE(frame.y_max > frame.y_min, "plot_function: y_min must be below y_max, not {:g} and {:g}", frame.y_min, frame.y_max);
        if (args.flag("axes")) canvas.axes(frame);

        const Pen pen{.colour = args.colour("colour"), .width = 2.5};
        const double span = frame.y_max - frame.y_min;
        std::vector<Point> run;
        int drawn = 0;
        const auto finish = [&] {
          if (run.size() >= 2) canvas.polyline(run, pen), ++drawn;
          run.clear();
        };
        double before = std::numeric_limits<double>::quiet_NaN();
        for (int i = 0; i <= samples; ++i) {
          const double y = values[i];
          const bool inside = std::isfinite(y) && y >= frame.y_min && y <= frame.y_max;
          // A jump across most of the picture between two samples is a pole, no steep piece.
          if (!run.empty() && inside && std::abs(y - before) > 0.9 * span) finish();
          if (inside && run.empty() && std::isfinite(before)) {
            // Where the curve enters, between two samples.
            const double edge = before > frame.y_max ? frame.y_max : before < frame.y_min ? frame.y_min : y;
            if (edge != y && std::abs(before - y) < span) run.push_back(frame.at(x_at(i - 1) + (x_at(i) - x_at(i - 1)) * (edge - before) / (y - before), edge));
          }
          if (inside) run.push_back(frame.at(x_at(i), y));
          if (!inside && !run.empty()) {
            if (std::isfinite(y) && std::abs(y - before) < span) {
              const double edge = y > frame.y_max ? frame.y_max : frame.y_min;
              run.push_back(frame.at(x_at(i - 1) + (x_at(i) - x_at(i - 1)) * (edge - before) / (y - before), edge));
            }
            finish();
          }
          before = y;
        }
        finish();
        REQUIRE(drawn > 0, "plot_function: nothing of the curve lies within y {:g} to {:g}", frame.y_min, frame.y_max);
        return show_canvas(sheet, args.text("canvas"), fmt::format("plotted for x {:g} to {:g}, y {:.4g} to {:.4g}", frame.x_min,
            frame.x_max, frame.y_min, frame.y_max),
                           {{"x", {frame.x_min, frame.x_max}}, {"y", {frame.y_min, frame.y_max}}, {"box", to_json(frame.box)}});
      });
}

}  // namespace atelier::sketchpad
