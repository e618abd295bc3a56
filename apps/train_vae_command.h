#pragma once
#include <CLI/CLI.hpp>

namespace atelier::apps {

/// Adds `vae` to `atelier train`.
void add_train_vae(CLI::App& train);

}  // namespace atelier::apps
