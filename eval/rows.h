#pragma once
/// The rows of `atelier eval`, a file each: measure one method's claim and say it.
#include "eval/workbench.h"

#include <span>

namespace atelier::eval {

struct Row {
  const char* name;
  const char* what;  // for --help
  Claim (*measure)(Workbench&);
};

/// In the order in which they run.
std::span<const Row> all_rows();

Claim measure_clip(Workbench& bench);
Claim measure_retrieval(Workbench& bench);
Claim measure_shots(Workbench& bench);
Claim measure_negtome(Workbench& bench);
Claim measure_promptcap(Workbench& bench);
Claim measure_lmfusion(Workbench& bench);
Claim measure_scenes(Workbench& bench);
Claim measure_sketch(Workbench& bench);

}  // namespace atelier::eval
