#pragma once
/// A problem in one form, whatever set it comes from: a question, named data that calls may quote, pictures.
///
///     {"id": "g1", "task": "connectivity", "question": "Can one walk from 0 to 2?",
///      "fields": {"graph": [[0,1,0],[1,0,0],[0,0,0]], "node_1": 0, "node_2": 2},
///      "pictures": {"image_1": "photo.png"}, "choices": ["yes", "no"], "answer": "no"}
///
/// All but the question may be missing. The answer is for scoring; no planner is ever shown it.
#include "base/json.h"
#include "vision/image.h"

#include <filesystem>
#include <functional>
#include <memory>
#include <string>
#include <vector>

namespace atelier::sketchpad {

using base::json;

struct NamedPicture {
  std::string name;
  std::shared_ptr<const vision::Image> image;
};

struct Problem {
  std::string id = {}, task = {}, question = {};
  json fields = json::object();              // name -> value; a call quotes it by its name
  std::vector<NamedPicture> pictures = {};
  std::vector<std::string> choices = {};     // what may be answered; empty: anything
  std::string answer = {};                   // empty: not known
};

/// What a problem may be, so that what comes from outside stays small.
struct ProblemLimits {
  size_t question = 4000;      // bytes
  size_t fields = 32;
  size_t field_bytes = 65536;  // of one field as JSON
  size_t pictures = 8;
};

/// @param folder  where relative picture paths start; empty: pictures from files are refused
/// @throws InvalidArgument that names the member, InvalidFile for a picture
Problem parse_problem(const json& document, const std::filesystem::path& folder, const ProblemLimits& limits = {});
/// Without the answer. Pictures are named by `file_of(name)`.
json to_json(const Problem& problem, const std::function<std::string(const std::string&)>& file_of);

/// The same answer in other words: upper or lower case, brackets and a full stop around it, "True" for yes, "7.0" for 7.
/// Where the problem has choices, one of them must be meant.
bool is_right(const Problem& problem, std::string_view given);

/// Bytes that are equal for problems that ask the same of the same data; ids, wording and answers do not count.
std::string content_key(const Problem& problem);

}  // namespace atelier::sketchpad
