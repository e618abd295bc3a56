#pragma once
/// The models of a folder, for the sketchpad's tools.
#include "sketchpad/models.h"

#include <filesystem>

namespace atelier::fusion {
class Pipeline;
}
namespace atelier::retrieval {
class ClipEmbedder;
class Memory;
}  // namespace atelier::retrieval

namespace atelier::service {

/// Loads nothing: each part is loaded when a tool first needs it, and kept. One call at a time is worked on.
/// @param model   a model folder (apps/model_folder.h); what it lacks the tools say
/// @param memory  empty: the model's own, if it has one
std::shared_ptr<sketchpad::Models> starter_models(const std::filesystem::path& model, const std::filesystem::path& memory = {});

/// What somebody has loaded already; null: there is none.
struct StarterParts {
  std::shared_ptr<const fusion::Pipeline> pipeline;
  const retrieval::ClipEmbedder* clip = nullptr;  // not owned, as is the memory
  const retrieval::Memory* memory = nullptr;
};

/// Over these parts: the same words and pixels as over their folder.
std::shared_ptr<sketchpad::Models> starter_models(StarterParts parts);

}  // namespace atelier::service
