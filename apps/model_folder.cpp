#include "apps/model_folder.h"

#include "base/config.h"
#include "base/error.h"
#include "fusion/model.h"

#include <cstdlib>

namespace atelier::apps {
namespace fs = std::filesystem;

namespace {

struct ModelIndex {
  std::string _class_name;
  std::string version;
  int64_t documents = 0;

  template <class Visitor>
  void visit(Visitor& v) {
    v("_class_name", _class_name, base::one_of({"AtelierPipeline"}));
    v("version", version, base::any());
    v("documents", documents, base::range(0, 8));
  }
};

}  // namespace

ModelInfo read_model_info(const fs::path& folder) {
  std::error_code ignored;
  CHECK_FILE(fs::is_directory(folder, ignored), folder.string(), "there is no model folder here; --model DIR names one");
  const fs::path file = folder / "model_index.json";
  CHECK_FILE(fs::exists(file, ignored), folder.string(), "this folder holds no model: model_index.json is missing");
  const auto index = base::read_config<ModelIndex>(file, base::UnknownFields::ignore);
  for (const char* component : kComponents)
    CHECK_FILE(fs::exists(folder / component / "config.json", ignored), folder.string(),
               "the component {}/ is missing (no config.json)", component);
  const auto fusion = base::read_config<fusion::FusionConfig>(folder / "fusion/config.json", base::UnknownFields::ignore);
  return {index.version, fusion.styles, fusion.latent_size * 8, index.documents};
}

fs::path default_model_folder() {
  if (const char* models = std::getenv("ATELIER_MODELS"); models && *models) return fs::path(models) / "starter";
  std::error_code error;
  const fs::path program = fs::read_symlink("/proc/self/exe", error).parent_path();
  for (const fs::path& root : {program, program.parent_path(), program.parent_path() / "share/atelier", fs::path(ATELIER_SOURCE_DIR)})
    if (fs::is_directory(root / "models/starter", error)) return root / "models/starter";
  return program / "models/starter";
}

}  // namespace atelier::apps
