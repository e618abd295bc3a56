#pragma once
/// What a file or a folder of ours holds.
#include "base/json.h"

#include <filesystem>

namespace atelier::apps {

/// @param path  a picture, a .safetensors file (or a sharded index), a component's folder, a model's folder
/// @return {"kind": "picture", "record": {…}, "command": "atelier imagine …"} where atelier drew it,
///         {"kind": "picture", "parameters": "…"} where another program left its own,
///         {"kind": "weights", "tensors": [{"name", "dtype", "shape", "bytes"}, …], "parameters", "bytes", "metadata"},
///         {"kind": "model", "version", "hash", "styles", "picture_size", "parts": [{"part": "vae", weights…}, …]}
/// @throws InvalidFile for anything else, and for pictures that hold no parameters
base::json inspect(const std::filesystem::path& path);

/// The same for a person, lines with a final newline. @param all_tensors  of a model, not its parts alone
std::string to_text(const base::json& found, bool all_tensors);

}  // namespace atelier::apps
