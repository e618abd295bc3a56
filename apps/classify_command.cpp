#include "apps/commands.h"
#include "apps/model_folder.h"
#include "apps/painter.h"
#include "apps/prompt.h"
#include "base/error.h"
#include "base/json.h"
#include "fusion/classify.h"
#include "fusion/pipeline.h"

#include <algorithm>
#include <cstdio>
#include <map>
#include <memory>

namespace atelier::apps {
namespace {

namespace fs = std::filesystem;

constexpr size_t kMostShots = 8;

struct ClassifyArguments {
  std::string picture, shots, model;
  bool json = false;
};

/// The pictures of each label, in the order of their names.
std::map<std::string, std::vector<fs::path>> read_folder(const fs::path& folder) {
  CHECK_FILE(fs::is_directory(folder), folder.string(), "there is no such folder");
  std::map<std::string, std::vector<fs::path>> labels;
  for (const fs::directory_entry& label : fs::directory_iterator(folder)) {
    const std::string name = label.path().filename().string();
    if (!label.is_directory() || name.starts_with('.')) continue;
    check_prompt(name, "the label");
    std::vector<fs::path>& pictures = labels[name];
    for (const fs::directory_entry& file : fs::directory_iterator(label.path()))
      if (const std::string end = file.path().extension().string(); end == ".png" || end == ".jpg" || end == ".jpeg") pictures.push_back(file.path());
    std::sort(pictures.begin(), pictures.end());
  }
  REQUIRE(labels.size() >= 2 && labels.size() <= static_cast<size_t>(kMostDocuments), "{} holds {} labels (a folder of pictures each); 2 to {} can be told apart",
          folder.string(), labels.size(), kMostDocuments);
  const size_t count = labels.begin()->second.size();
  for (const auto& [name, pictures] : labels)
    REQUIRE(pictures.size() == count && count <= kMostShots, "every label needs equally many pictures, at most {}; \"{}\" has {} and \"{}\" has {}", kMostShots,
            labels.begin()->first, count, name, pictures.size());
  return labels;
}

void run_classify(const ClassifyArguments& a) {
  const vision::Image picture = vision::read_image(a.picture);
  const auto folder = read_folder(a.shots);
  std::map<std::string, std::vector<vision::Image>> images;
  for (const auto& [name, files] : folder)
    for (const fs::path& file : files) images[name].push_back(vision::read_image(file));
  const fusion::Pipeline pipeline = fusion::Pipeline::load(a.model.empty() ? default_model_folder() : fs::path(a.model));
  std::vector<std::string> names;
  std::vector<fusion::Shots> classes;
  for (const auto& [name, files] : folder) {
    names.push_back(name);
    classes.push_back({pipeline.tokenizer().encode(name), {}});
    for (const vision::Image& image : images[name]) classes.back().pictures.push_back(pipeline.encode(image));
  }
  const std::vector<double> probability =
      fusion::classify(pipeline.model(), classes, pipeline.encode(picture), fusion::UnderstandingSymbols::of(pipeline.tokenizer()));
  std::vector<size_t> order(names.size());
  for (size_t i = 0; i < order.size(); ++i) order[i] = i;
  std::stable_sort(order.begin(), order.end(), [&](size_t x, size_t y) { return probability[x] > probability[y]; });
  if (a.json) {
    base::json labels = base::json::array();
    for (const size_t i : order) labels.push_back({{"label", names[i]}, {"probability", probability[i]}});
    std::printf("%s\n", base::dump_json({{"label", names[order[0]]}, {"shots", classes[0].pictures.size()}, {"labels", labels}}, 2).c_str());
    return;
  }
  for (const size_t i : order) std::printf("%.3f\t%s\n", probability[i], names[i].c_str());
}

}  // namespace

void add_classify_command(CLI::App& app) {
  CLI::App* command = app.add_subcommand("classify", "Name a picture after a few labelled ones");
  command->footer(
      "The labels may be any words, made-up ones too: what they mean is read off the pictures alone.\n"
      "\n"
      "  shots/blicket/1.png  shots/blicket/2.png  shots/dax/1.png  shots/dax/2.png\n"
      "  atelier classify query.png --shots shots");
  auto a = std::make_shared<ClassifyArguments>();
  command->add_option("picture", a->picture, "A .png or .jpg")->required();
  command->add_option("--shots", a->shots, fmt::format("A folder with a folder of 0 to {} pictures for each of 2 to {} labels", kMostShots, kMostDocuments))->required();
  command->add_option("--model", a->model, "Model folder (default: models/starter, or $ATELIER_MODELS/starter)");
  command->add_flag("--json", a->json, "Print the result as JSON");
  command->callback([a] { run_classify(*a); });
}

}  // namespace atelier::apps
