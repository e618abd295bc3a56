#pragma once
/// The bodies of the sketchpad's requests (fields.h says how a struct becomes a reader and a schema), and the problems and
/// moves that they become.
#include "apps/service/fields.h"
#include "apps/service/requests.h"
#include "sketchpad/agent/trace.h"

namespace atelier::service {

/// Of one request and of the chain that it makes.
struct SketchRequestLimits {
  static constexpr int64_t pictures = 4, picture_side = 2048;
  static constexpr size_t question_bytes = 4000, thought_bytes = 4000, answer_bytes = 400, arguments_bytes = 64 << 10;
  static constexpr int64_t moves = 40;   // put in at once
  static constexpr size_t steps = 100;   // of a chain, whoever made them
  static constexpr int64_t seed = 1'000'000'000;
};

/// POST /v1/sketch/problems: an example, made up by the program itself.
struct SketchProblemRequest {
  std::string task;
  int64_t seed = 1;

  template <class Visitor>
  void visit(Visitor& v) {
    v.required("task", task, "What kind of problem", base::one_of(tasks()));
    v("seed", seed, "Which one: the same seed makes the same problem", base::range(0, SketchRequestLimits::seed));
  }
  static const std::vector<std::string>& tasks();
};

/// POST /v1/sketch/sessions: a question that is to be answered by drawing.
struct SketchRequest {
  std::string question, task;
  int64_t seed = 1, steps = sketchpad::Budget().steps;
  double seconds = sketchpad::Budget().seconds;
  OneOrMany<Upload> pictures;

  template <class Visitor>
  void visit(Visitor& v) {
    using base::range;
    v("question", question, "What to answer, at most 4000 bytes; may be left out for an example");
    v("task", task, "An example of this kind, as /v1/sketch/problems makes it; empty: the question alone", base::one_of(tasks_or_none()));
    v("seed", seed, "Which example", range(0, SketchRequestLimits::seed));
    v("pictures", pictures, "Up to 4 PNG or JPEG pictures of at most 2048 x 2048 pixels; calls name them image_1, image_2, ...");
    v("steps", steps, "Calls at most; 0: answer at once", range(0, 40));
    v("seconds", seconds, "Of all turns together", range(1, 600));
  }
  static const std::vector<std::string>& tasks_or_none();
};

/// POST /v1/sketch/run: a planner goes on with a chain, as server-sent events.
struct SketchRunRequest {
  std::string session, planner = "local";

  template <class Visitor>
  void visit(Visitor& v) {
    v.required("session", session, "The chain's id");
    v("planner", planner, "Who thinks: one of /v1/sketch", base::one_of({"local", "rules", "endpoint"}));
  }
};

struct SketchCall {
  std::string tool;
  json arguments = json::object();

  template <class Visitor>
  void visit(Visitor& v) {
    v.required("tool", tool, "A tool's name, as /v1/sketch lists them");
    v("arguments", arguments, "Its arguments; the tool says what is wrong with them");
  }
};

/// What a person puts in place of a planner's turn: a thought with a call or an answer.
struct SketchMove {
  std::string thought;
  std::optional<SketchCall> call;
  std::optional<std::string> answer;

  template <class Visitor>
  void visit(Visitor& v) {
    v("thought", thought, "Why, in words");
    v("call", call, "What to draw or look at");
    v("answer", answer, "The answer, in place of a call");
  }
};

/// POST /v1/sketch/branches: a chain that begins as another one did. The other stays as it is.
struct SketchBranchRequest {
  std::string session;
  int64_t keep = 0, skip = 0;
  std::vector<SketchMove> moves;
  bool follow = false;

  template <class Visitor>
  void visit(Visitor& v) {
    using base::range;
    v.required("session", session, "The chain to begin as");
    v.required("keep", keep, "Its first so many steps stay", range(0, 100));
    v("moves", moves, "Steps that come then, at most 40");
    v("skip", skip, "With follow: steps behind the kept ones that are left out", range(0, 100));
    v("follow", follow, "Whether its further steps come after that; they are drawn again");
  }
};

/// @throws ApiError 400. The problem has its answer, where the program made it up.
sketchpad::Problem to_problem(const SketchRequest& request);
/// What the program that answers generated questions over pictures needs to know; null unless this is one, unchanged.
json hint_of(const SketchRequest& request);
/// @param place  names it in messages: "moves[0]" @throws ApiError 400
sketchpad::Move to_move(const SketchMove& move, const std::string& place);

}  // namespace atelier::service
