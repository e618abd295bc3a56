#pragma once
/// The engine over a model folder: generator, captioner, text tower, and where they are there CLIP, examples and a memory.
/// It answers questions about pictures as `atelier ask` does, and draws as `atelier imagine` does.
#include "apps/service/engine.h"
#include "text/client/chat.h"

#include <filesystem>
#include <memory>

namespace atelier::service {

struct StarterOptions {
  std::filesystem::path model;   // model_folder.h
  std::filesystem::path memory;  // empty: none
  text::ChatConfig server;       // the language model that PromptCap's captions go to; without url: the model's own
};

/// Loads it all. Without the component clip/ there are no embeddings.
/// @throws InvalidFile for parts that are missing or broken, InvalidArgument for a memory that belongs to another CLIP
std::unique_ptr<Engine> open_starter_engine(const StarterOptions& options);

}  // namespace atelier::service
