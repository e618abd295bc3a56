#include "eval/rows.h"

#include <array>

namespace atelier::eval {

std::span<const Row> all_rows() {
  static constexpr std::array kRows = {
      Row{"lmfusion", "text scores before and after, concept accuracy, Frechet distance, nearest training pictures", measure_lmfusion},
      Row{"retrieval", "held-out concepts with a memory, K = 0, 1, 2", measure_retrieval},
      Row{"shots", "k-shot classification with made-up labels", measure_shots},
      Row{"promptcap", "questions answered in four ways, caption CIDEr", measure_promptcap},
      Row{"negtome", "diversity, avoidance, cost", measure_negtome},
      Row{"sketch", "each task with and without tools", measure_sketch},
      Row{"scenes", "position, relation, colour and count of composed scenes", measure_scenes},
      Row{"clip", "names and finds pictures of a style that it never saw", measure_clip},
  };
  return kRows;
}

}  // namespace atelier::eval
