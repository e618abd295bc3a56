#include "apps/inspect.h"

#include "apps/metadata.h"
#include "apps/model_folder.h"
#include "base/error.h"
#include "base/files.h"
#include "base/safetensors.h"
#include "fusion/pipeline.h"
#include "vision/image.h"

#include <algorithm>

namespace atelier::apps {
namespace fs = std::filesystem;
using base::json;

namespace {

constexpr int64_t kPictureBytes = int64_t{1} << 28;

void add_tensor(json& part, const std::string& name, const base::TensorInfo& info) {
  int64_t count = 1;
  for (const int64_t side : info.shape) count *= side;
  part["tensors"].push_back(
      {{"name", name}, {"dtype", c10::toString(info.dtype)}, {"shape", info.shape}, {"bytes", info.end - info.begin}});
  part["parameters"] = part.value("parameters", int64_t{0}) + count;
  part["bytes"] = part.value("bytes", int64_t{0}) + (info.end - info.begin);
}

json inspect_weights(const fs::path& path) {
  json part = {{"kind", "weights"}, {"path", path.string()}, {"parameters", 0}, {"bytes", 0}, {"tensors", json::array()}};
  if (path.extension() == ".safetensors") {
    const base::Safetensors file(path);
    for (const auto& [name, info] : file.tensors()) add_tensor(part, name, info);
    part["metadata"] = file.metadata();
  } else {
    const base::Weights weights(path);
    for (const std::string& name : weights.names()) add_tensor(part, name, weights.info(name));
  }
  return part;
}

json inspect_model(const fs::path& folder) {
  const ModelInfo info = read_model_info(folder);
  json model = {{"kind", "model"},
                {"path", folder.string()},
                {"version", info.version},
                {"hash", fusion::model_hash(folder)},
                {"picture_size", info.picture_size},
                {"styles", info.styles},
                {"parts", json::array()}};
  for (const char* part : kComponents) {
    json weights = inspect_weights(folder / part);
    weights["part"] = part;
    model["parts"].push_back(std::move(weights));
  }
  return model;
}

json inspect_picture(const fs::path& path) {
  const std::string bytes = base::read_file(path, kPictureBytes);
  CHECK_FILE(bytes.starts_with("\x89PNG") || bytes.starts_with("\xFF\xD8\xFF"), path.string(),
             "neither a PNG, a .safetensors file nor a model folder");
  CHECK_FILE(!bytes.starts_with("\xFF\xD8\xFF"), path.string(), "a JPEG does not hold how it was drawn; a PNG does");
  json picture = {{"kind", "picture"}, {"path", path.string()}};
  if (const std::optional<PictureRecord> record = read_record(bytes, path.string())) {
    picture["record"] = base::write_config(*record);
    picture["command"] = command_line(*record);
    return picture;
  }
  const auto text = vision::read_png_text(bytes, path.string());
  const auto parameters = text.find("parameters");
  CHECK_FILE(parameters != text.end(), path.string(), "this PNG does not say how it was drawn");
  picture["parameters"] = parameters->second;
  return picture;
}

std::string megabytes(const json& bytes) { return fmt::format("{:.1f} MB", bytes.get<double>() / 1e6); }

std::string tensor_lines(const json& part, const std::string& indent) {
  size_t widest = 0;
  for (const json& tensor : part["tensors"]) widest = std::max(widest, tensor["name"].get_ref<const std::string&>().size());
  std::string lines;
  for (const json& tensor : part["tensors"])
    lines += fmt::format("{}{:{}}  {:9} ({})\n", indent, tensor["name"].get<std::string>(), widest,
                         tensor["dtype"].get<std::string>(),
                         fmt::join(tensor["shape"].get<std::vector<int64_t>>(), ", "));
  return lines;
}

std::string part_line(const json& part) {
  std::vector<std::string> dtypes;
  for (const json& tensor : part["tensors"])
    if (const auto name = tensor["dtype"].get<std::string>(); std::find(dtypes.begin(), dtypes.end(), name) == dtypes.end())
      dtypes.push_back(name);
  return fmt::format("{} tensors, {:.2f} M parameters, {}, {}\n", part["tensors"].size(),
                     part["parameters"].get<double>() / 1e6, megabytes(part["bytes"]), fmt::join(dtypes, " and "));
}

/// Control characters of foreign files would reach the terminal as commands.
std::string printable(const std::string& text) {
  std::string safe;
  for (const char c : text) safe += (static_cast<uint8_t>(c) < 0x20 && c != '\n') || c == 0x7F ? '?' : c;
  return safe;
}

}  // namespace

json inspect(const fs::path& path) {
  std::error_code ignored;
  CHECK_FILE(fs::exists(path, ignored), path.string(), "there is no such file or folder");
  if (fs::is_directory(path, ignored))
    return fs::exists(path / "model_index.json", ignored) ? inspect_model(path) : inspect_weights(path);
  if (path.extension() == ".safetensors" || path.filename().string().ends_with(".safetensors.index.json"))
    return inspect_weights(path);
  return inspect_picture(path);
}

std::string to_text(const json& found, bool all_tensors) {
  std::string text;
  if (found["kind"] == "picture") {
    if (!found.contains("record")) return printable(found["parameters"].get<std::string>()) + "\n";
    for (const auto& [name, value] : found["record"].items())
      if (value != "" && name != "schema")
        text += fmt::format("{:16} {}\n", name, value.is_string() ? value.get<std::string>() : value.dump());
    return text + "\n" + found["command"].get<std::string>() + "\n";
  }
  if (found["kind"] == "weights") {
    text = tensor_lines(found, "") + part_line(found);
    if (found.contains("metadata"))
      for (const auto& [name, value] : found["metadata"].items())
        text += printable(fmt::format("{}: {}\n", name, value.get<std::string>()));
    return text;
  }
  text = fmt::format("version          {}\nhash             {}\npicture size     {} x {}\nstyles           {}\n",
                     found["version"].get<std::string>(), found["hash"].get<std::string>(),
                     found["picture_size"].get<int64_t>(), found["picture_size"].get<int64_t>(),
                     fmt::join(found["styles"].get<std::vector<std::string>>(), ", "));
  for (const json& part : found["parts"]) {
    text += fmt::format("{:16} {}", part["part"].get<std::string>(), part_line(part));
    if (all_tensors) text += tensor_lines(part, "  ");
  }
  return text;
}

}  // namespace atelier::apps
