#include "apps/commands.h"
#include "apps/inspect.h"

#include <cstdio>
#include <memory>

namespace atelier::apps {

void add_inspect_command(CLI::App& app) {
  struct InspectArguments {
    std::string path;
    bool tensors = false, json = false;
  };
  CLI::App* command = app.add_subcommand("inspect", "Say how a picture was drawn, or what a model holds");
  command->footer(
      "Examples:\n"
      "  atelier inspect apple.png                        its settings and the command that draws it again\n"
      "  sh -c \"$(atelier inspect apple.png | tail -1)\"    draw it again\n"
      "  atelier inspect models/starter                   parts, sizes, styles\n"
      "  atelier inspect model.safetensors                every tensor with its shape");
  auto a = std::make_shared<InspectArguments>();
  command->add_option("path", a->path, "A PNG, a .safetensors file, a model folder or one of its parts")->required();
  command->add_flag("--tensors", a->tensors, "Of a model folder: every tensor, too");
  command->add_flag("--json", a->json, "Print as JSON");
  command->callback([a] {
    const base::json found = inspect(a->path);
    const std::string text = a->json ? base::dump_json(found, 2) + "\n" : to_text(found, a->tensors);
    std::fwrite(text.data(), 1, text.size(), stdout);
  });
}

}  // namespace atelier::apps
