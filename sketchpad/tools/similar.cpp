#include "sketchpad/tools/learned.h"

#include <algorithm>
#include <numeric>

namespace atelier::sketchpad {

Tool similar_tool(std::shared_ptr<Models> models) {
  return tool("similar")
      .says("How alike a picture is to another one, or to each of some descriptions, by their vectors (CLIP): -1 to 1, higher is more alike.")
      .opt("to", picture(), nullptr, "another picture")
      .opt("words", list_of(text(200), 1, 16), nullptr, "instead: descriptions, such as \"a red apple\"")
      .opt("picture", picture(), "")
      .limits({.time = std::chrono::milliseconds(60'000)})
      .runs([models = std::move(models)](const Args& args, Sheet& sheet) -> Observation {
        REQUIRE(args.has("to") != args.has("words"), "similar: give either another picture (to) or words");
        const auto seen = args.picture("picture", sheet);
        if (args.has("to")) {
          const auto other = args.picture("to", sheet);
          const double value = asked("similar", models, [&](Models& m) { return m.similarities(*seen, {other}, {}).at(0); });
          return {fmt::format("similarity of the two pictures: {:.3f}", value), {{"similarity", rounded(value)}}};
        }
        const std::vector<std::string> words = args.texts("words");
        for (const std::string& one : words) require_words("similar", "words", one);
        const std::vector<double> values = asked("similar", models, [&](Models& m) { return m.similarities(*seen, {}, words); });
        std::vector<size_t> order(words.size());
        std::iota(order.begin(), order.end(), size_t{0});
        std::stable_sort(order.begin(), order.end(), [&](size_t a, size_t b) { return values[a] > values[b]; });
        std::string said = "most alike first:";
        json data = json::array();
        for (const size_t i : order) {
          said += fmt::format("{} \"{}\" {:.3f}", data.empty() ? "" : ";", words[i], values[i]);
          data.push_back({{"words", words[i]}, {"similarity", rounded(values[i])}});
        }
        return {said, {{"best", words[order.front()]}, {"similarities", data}}};
      });
}

}  // namespace atelier::sketchpad
