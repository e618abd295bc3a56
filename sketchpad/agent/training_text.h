#pragma once
/// Documents for the local planner: random problems, solved by their programs with the real tools, written as text.
///
/// A run whose answer is wrong is left out, and so is a problem whose content is that of one to keep out. Each run gives
/// some documents in other words (question, thoughts), and now and then one that answers at once, for comparison. Where a
/// program asks a model, one that knows the answer stands in for it: what is learnt is whom to ask, not what is said.
#include "sketchpad/agent/session.h"

namespace atelier::sketchpad {

struct TrainingTextOptions {
  int64_t documents = 1000;
  uint64_t seed = 0;
  std::vector<std::string> tasks = {};              // empty: all of training_tasks(); one that comes twice is written twice as often
  std::vector<Problem> keep_out = {};               // problems that planners will be measured on
  int64_t wordings = 4;                             // documents a run
  double at_once = 0.12;                            // share of documents without tools
  int threads = 1;
};

struct TrainingTextCounts {
  struct Task {
    int64_t runs = 0, right = 0, kept_out = 0, documents = 0;
  };
  std::map<std::string, Task> tasks;
};

/// Documents in an order that is a function of the options (threads not counted), tasks by turns.
/// @param write  takes one line @throws InvalidArgument for an unknown task or absurd numbers, what `write` throws
TrainingTextCounts write_training_text(const TrainingTextOptions& options, const Toolbox& tools,
                                       const std::function<void(const std::string& task, const std::string& line)>& write);

}  // namespace atelier::sketchpad
