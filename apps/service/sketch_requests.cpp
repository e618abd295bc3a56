#include "apps/service/sketch_requests.h"

#include "sketchpad/problems/random_problems.h"

namespace atelier::service {
namespace {

void check_bytes(const std::string& text, size_t most, const std::string& param) {
  if (text.size() > most) throw ApiError(400, fmt::format("{} has {} bytes; at most {} are read", param, text.size(), most), "too_long", param);
}

sketchpad::RandomProblem example(const std::string& task, int64_t seed) { return sketchpad::random_problem(task, static_cast<uint64_t>(seed)); }

}  // namespace

const std::vector<std::string>& SketchProblemRequest::tasks() { return sketchpad::tasks(); }

const std::vector<std::string>& SketchRequest::tasks_or_none() {
  static const std::vector<std::string> kTasks = [] {
    std::vector<std::string> all = sketchpad::tasks();
    all.insert(all.begin(), "");
    return all;
  }();
  return kTasks;
}

sketchpad::Problem to_problem(const SketchRequest& request) {
  using Limits = SketchRequestLimits;
  check_bytes(request.question, Limits::question_bytes, "question");
  if (request.pictures.values.size() > Limits::pictures)
    throw ApiError(400, fmt::format("a problem may have {} pictures, not {}", Limits::pictures, request.pictures.values.size()), "too_many_pictures", "pictures");
  sketchpad::Problem problem;
  if (!request.task.empty()) problem = example(request.task, request.seed).problem;
  if (!request.question.empty() && request.question != problem.question) {
    problem.question = request.question;
    problem.answer.clear();  // it was another question's
  }
  if (problem.question.find_first_not_of(" \r\n\t") == std::string::npos) throw ApiError(400, "there is no question", "missing_field", "question");
  constexpr vision::ImageLimits kPicture{.side = Limits::picture_side, .pixels = Limits::picture_side * Limits::picture_side};
  for (size_t i = 0; i < request.pictures.values.size(); ++i) {
    const std::string param = fmt::format("pictures[{}]", i);
    const auto decoded = from_client(param, [&] { return vision::decode_image(request.pictures.values[i].bytes, param, false, kPicture); });
    problem.pictures.push_back({fmt::format("image_{}", problem.pictures.size() + 1), std::make_shared<const vision::Image>(decoded)});
  }
  return problem;
}

json hint_of(const SketchRequest& request) {
  if (request.task.empty()) return nullptr;
  const sketchpad::RandomProblem made = example(request.task, request.seed);
  return request.question.empty() || request.question == made.problem.question ? made.hint : json();
}

sketchpad::Move to_move(const SketchMove& move, const std::string& place) {
  using Limits = SketchRequestLimits;
  if (move.call.has_value() == move.answer.has_value()) throw ApiError(400, fmt::format("{} must have either a call or an answer", place), "", place);
  check_bytes(move.thought, Limits::thought_bytes, place + ".thought");
  sketchpad::Move made;
  made.thought = move.thought;
  if (move.answer) {
    check_bytes(*move.answer, Limits::answer_bytes, place + ".answer");
    if (move.answer->empty()) throw ApiError(400, fmt::format("{}.answer is empty", place), "", place + ".answer");
    made.answer = move.answer;
    return made;
  }
  check_bytes(move.call->tool, 100, place + ".call.tool");
  check_bytes(base::dump_json(move.call->arguments), Limits::arguments_bytes, place + ".call.arguments");
  made.call = sketchpad::Call{move.call->tool, move.call->arguments};
  return made;
}

}  // namespace atelier::service
