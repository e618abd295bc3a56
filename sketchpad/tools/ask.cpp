#include "sketchpad/tools/learned.h"

namespace atelier::sketchpad {

Tool ask_tool(std::shared_ptr<Models> models) {
  return tool("ask")
      .says("Asks a small model about a picture: it describes what the question needs, and answers from that. It may be wrong.")
      .arg("question", text(400), "about what can be seen, such as \"what colour is the cup?\"")
      .opt("picture", picture(), "")
      .limits({.time = std::chrono::milliseconds(120'000)})
      .runs([models = std::move(models)](const Args& args, Sheet& sheet) -> Observation {
        const std::string question = args.text("question");
        require_words("ask", "question", question);
        const auto seen = args.picture("picture", sheet);
        const Answered said = asked("ask", models, [&](Models& m) { return m.answer(*seen, question); });
        return {fmt::format("the model answers \"{}\"; it sees \"{}\"", said.answer, said.caption), {{"answer", said.answer}, {"caption", said.caption}}};
      });
}

}  // namespace atelier::sketchpad
