#include "apps/commands.h"
#include "apps/imagine.h"
#include "apps/prompt.h"
#include "base/error.h"
#include "base/progress.h"
#include "fusion/sampler.h"

#include <charconv>
#include <cstdio>
#include <memory>
#include <tuple>

namespace atelier::apps {
namespace {

struct ImagineArguments {
  ImagineOptions options;
  std::string prompt, prompt_file, model, preview, grid, diverse, avoid_mask, layers;
  std::vector<std::string> avoid, with;
  std::string memory, init, mask;
  CLI::Option* diverse_given = nullptr;
  CLI::Option* prompt_given = nullptr;
  int64_t seed = -1;
  bool json = false;
};

double read_number(const std::string& text, const char* what) {
  double value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  REQUIRE(error == std::errc() && end == text.data() + text.size(), "{} must be a number, not '{}'", what, text);
  return value;
}

/// "2-5" or "3".
std::pair<int64_t, int64_t> read_range(const std::string& text) {
  const size_t dash = text.find('-', 1);
  const auto whole = [&](const std::string& part) {
    int64_t value = -1;
    const auto [end, error] = std::from_chars(part.data(), part.data() + part.size(), value);
    REQUIRE(error == std::errc() && end == part.data() + part.size() && value >= 0 && value <= 1023,
            "negtome-layers must be a range such as 0-7, not '{}'", text);
    return value;
  };
  const int64_t first = whole(text.substr(0, dash));
  return {first, dash == std::string::npos ? first : whole(text.substr(dash + 1))};
}

void run_imagine(ImagineArguments arguments) {
  ImagineOptions options = arguments.options;
  REQUIRE(arguments.prompt_given->count() == 0 || arguments.prompt_file.empty(),
          "give a prompt or --prompt-file, not both");
  if (!arguments.prompt_file.empty())
    options.prompts = read_prompts(arguments.prompt_file);
  else if (arguments.prompt_given->count() > 0)
    options.prompts = {arguments.prompt};
  options.model = arguments.model;
  options.preview = arguments.preview;
  options.grid = arguments.grid;
  NegToMeOptions& negtome = options.negtome;
  if (arguments.diverse_given->count() > 0)
    negtome.diverse = arguments.diverse.empty() ? fusion::kDiverseAlpha : read_number(arguments.diverse, "diverse");
  negtome.avoid.assign(arguments.avoid.begin(), arguments.avoid.end());
  negtome.avoid_mask = arguments.avoid_mask;
  if (!arguments.layers.empty()) std::tie(negtome.config.first_layer, negtome.config.last_layer) = read_range(arguments.layers);
  DocumentOptions& documents = options.documents;
  documents.memory = arguments.memory;
  for (const std::string& with : arguments.with) {
    // The caption stands behind the first colon that follows a file's name.
    size_t colon = with.find(':');
    std::error_code ignored;
    while (colon != std::string::npos && !std::filesystem::exists(with.substr(0, colon), ignored)) colon = with.find(':', colon + 1);
    documents.with.push_back({with.substr(0, colon), colon == std::string::npos ? "" : with.substr(colon + 1)});
  }
  options.edit.init = arguments.init;
  options.edit.mask = arguments.mask;
  REQUIRE(arguments.seed >= -1, "seed must be 0 or more, or -1 for a random one, not {}", arguments.seed);
  if (arguments.seed >= 0) options.seed = arguments.seed;

  const ImagineResult result = imagine(options);
  if (arguments.json) {
    std::printf("%s\n", base::dump_json(to_json(result), 2).c_str());
    return;
  }
  for (const DrawnPicture& picture : result.pictures) {
    std::printf("%s\n", picture.path.c_str());
    for (const UsedDocument& d : picture.documents) {
      std::string credit;
      for (const std::string& part : {d.source, d.licence})
        if (!part.empty()) credit += ", " + part;
      base::say(fmt::format("  after {}{}, similarity {:.2f}: {}", d.id, credit, d.similarity, d.caption.substr(0, d.caption.find('\n'))));
    }
  }
  base::say(fmt::format("model loaded in {:.2f} s, drawn in {:.2f} s, seed {}", result.load_seconds, result.draw_seconds,
                        result.pictures.front().seed));
}

}  // namespace

void add_imagine_command(CLI::App& app) {
  CLI::App* command = app.add_subcommand("imagine", "Draw pictures from text");
  command->footer(
      "The same prompt, seed and settings draw the same picture, and a batch draws what single runs with seed, seed + 1,\n"
      "... draw. All of it is written into the PNG: `atelier inspect picture.png` prints the command that draws it again.\n"
      "\n"
      "Examples:\n"
      "  atelier imagine \"a red apple, noto style\" -o apple.png\n"
      "  atelier imagine \"a blue fish\" -b 9 --grid sheet.png --seed 1      nine ideas on one sheet\n"
      "  atelier imagine \"a tree\" -n \"leaves\" --guidance-scale 6          follow the words more closely\n"
      "  atelier imagine --prompt-file prompts.txt -o out_%03d.png         one picture a line\n"
      "  atelier imagine \"a star\" -b 4 --diverse --grid stars.png          four that differ\n"
      "  atelier imagine \"a bird\" --avoid logo.png                        a bird that is not this one\n"
      "  atelier imagine \"our cat, noto style\" --with cat.png:\"our cat\"    after a picture of your own\n"
      "  atelier imagine \"a rocket\" --memory mine -k 2                    after what a memory finds (atelier memory)\n"
      "  atelier imagine \"a red hat\" --init face.png --mask hat.png       only where hat.png is white\n"
      "  echo \"a small house\" | atelier imagine --prompt-file - --json     for scripts");

  auto a = std::make_shared<ImagineArguments>();
  ImagineOptions& o = a->options;
  a->prompt_given = command->add_option("prompt", a->prompt, "What to draw, in quotes");
  command->add_option("--prompt-file", a->prompt_file, "Draw every line of this file; - reads stdin");
  command->add_option("-n,--negative-prompt", o.negative_prompt, "What to keep away from");
  command->add_option("-b,--batch", o.batch, "Pictures a prompt, 1 to 64")->capture_default_str();
  command->add_option("--steps", o.steps, "Denoising steps, 1 to 1000: more take longer and change less and less")
      ->capture_default_str();
  command->add_option("--guidance-scale", o.guidance_scale,
                      "How closely to follow the prompt, 0 to 30; 1 is without guidance, which is twice as fast")
      ->capture_default_str();
  command->add_option("--sampler", o.sampler, fmt::format("One of {}", fmt::join(fusion::sampler_names(), ", ")))
      ->capture_default_str();
  command->add_option("--seed", a->seed, "Of the first picture, the next have seed + 1, ... (default: a random one)");
  command->add_option("--style", o.style, "A style's name; `atelier inspect models/starter` lists them");
  a->diverse_given = command->add_option("--diverse", a->diverse, "Push the pictures of a batch away from its first one, this strongly; below 0: towards it")
      ->expected(0, 1)
      ->default_str(fmt::format("{}", fusion::kDiverseAlpha));
  command->add_option("--diverse-until", o.negtome.config.diverse_until, "From timestep 1000 down to this one")->capture_default_str();
  command->add_option("--avoid", a->avoid, "Push away from what this picture shows; may be given several times")->allow_extra_args(false);
  command->add_option("--avoid-mask", a->avoid_mask, "Only where this picture is light");
  command->add_option("--avoid-alpha", o.negtome.avoid_alpha, "How strongly; below 0: towards it")->capture_default_str();
  command->add_option("--avoid-until", o.negtome.config.avoid_until, "From timestep 1000 down to this one; lower changes more")->capture_default_str();
  command->add_option("--negtome-tau", o.negtome.config.tau, "Only where picture and reference are more alike than this (cosine)")->capture_default_str();
  command->add_option("--negtome-layers", a->layers, "In these layers of the image tower, such as 0-7 (default: all)");
  command->add_option("--memory", a->memory, "Folder of a memory whose documents stand before the prompt (default: the model's own, if -k asks for it)");
  command->add_option("-k,--documents", o.documents.k, fmt::format("How many the memory finds, 0 to {} (default: 2 of one that was named)", kMostDocuments));
  command->add_flag("--no-memory", o.documents.no_memory, "Draw from the weights alone");
  command->add_option("--with", a->with, "A picture to draw after, picture.png or picture.png:caption; may be given several times")->allow_extra_args(false);
  command->add_option("--init", a->init, "Start from this picture");
  command->add_option("--mask", a->mask, "Draw only where this picture is light, and leave --init elsewhere");
  command->add_option("--strength", o.edit.strength, "How much of --init is forgotten, 0 to 1 (default 0.6, with a mask 1)");
  command->add_option("--best-of", o.best_of, "Draw this many and keep the one that CLIP finds nearest to the prompt, 1 to 64")->capture_default_str();
  command->add_option("-o,--output", o.output, "File to write, .png or .jpg; %d or %03d counts several")
      ->capture_default_str();
  command->add_option("--preview", a->preview, "Write the picture so far to this file, every five steps");
  command->add_option("--grid", a->grid, "Write all pictures on one sheet, too");
  command->add_option("--width", o.width, "Pixels; only what the model offers");
  command->add_option("--height", o.height, "Pixels; only what the model offers");
  command->add_option("--model", a->model, "Model folder (default: models/starter, or $ATELIER_MODELS/starter)");
  command->add_flag("--json", a->json, "Print the result as JSON");
  command->callback([a] { run_imagine(*a); });
}

}  // namespace atelier::apps
