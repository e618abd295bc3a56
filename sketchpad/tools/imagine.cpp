#include "sketchpad/tools/learned.h"

namespace atelier::sketchpad {

Tool imagine_tool(std::shared_ptr<Models> models) {
  return tool("imagine")
      .says("Lets the generator draw a small picture from words; the same words, steps and seed give the same picture.")
      .arg("prompt", text(400), "such as \"a red apple, noto style\"")
      .opt("seed", integer(0, int64_t{1} << 53), 0)
      .opt("steps", integer(1, 100), 25, "more are slower and finer")
      .limits({.time = std::chrono::milliseconds(120'000)})
      .runs([models = std::move(models)](const Args& args, Sheet& sheet) -> Observation {
        const std::string prompt = args.text("prompt");
        require_words("imagine", "prompt", prompt);
        const int64_t seed = args.integer("seed");
        vision::Image drawn = asked("imagine", models, [&](Models& m) {
          return m.imagine(prompt, args.integer("steps"), static_cast<uint64_t>(seed), [&] { args.check_time(); });
        });
        const std::string said = fmt::format("{} x {} pixels drawn for {}, seed {}", drawn.width, drawn.height, base::shown(prompt), seed);
        return show(sheet, "imagined", std::move(drawn), said, {{"seed", seed}});
      });
}

}  // namespace atelier::sketchpad
