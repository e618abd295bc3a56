#include "sketchpad/tools/declarations.h"

#include "base/error.h"
#include "sketchpad/formula.h"

namespace atelier::sketchpad {

Tool calculate_tool() {
  return tool("calculate")
      .says("The value of an expression of numbers, and which of several choices it is nearest to.")
      .arg("expression", text(300), "such as 2*8.94+3, sqrt(2)*180/pi or 2*pi*x")
      .opt("x", number(-1e12, 1e12), nullptr, "what x in it stands for")
      .opt("choices", list_of(number(-1e12, 1e12), 1, 26), nullptr, "they are called A, B, C, ...")
      .runs([](const Args& args, Sheet&) -> Observation {
        const double value = Formula::parse(args.text("expression"))(args.has("x") ? args.number("x") : std::nan(""));
        REQUIRE(std::isfinite(value), "calculate: {} is no finite number (its only variable is x, if given)", base::shown(args.text("expression")));
        json data = {{"value", rounded(value, 6)}};
        std::string text = fmt::format("{:.6g}", value);
        if (args.has("choices")) {
          const auto choices = args.numbers("choices");
          size_t best = 0;
          for (size_t i = 1; i < choices.size(); ++i)
            if (std::abs(choices[i] - value) < std::abs(choices[best] - value)) best = i;
          const std::string letter(1, static_cast<char>('A' + best));
          data["choice"] = letter;
          text += fmt::format("; nearest choice: {} ({:.6g})", letter, choices[best]);
        }
        return {text, data};
      });
}

}  // namespace atelier::sketchpad
