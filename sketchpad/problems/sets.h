#pragma once
/// Public problem sets as they are, read into the one form.
///
/// Known by the members of their items: IsoBench's graph, function and chess tasks (adjacency_matrix, query_node_1;
/// adjacency_matrix_G; source_node; code; fen), Geometry3K's (problem_text, logic_form) and BLINK's jigsaws (question,
/// images), as Visual Sketchpad packages them. Whatever has a question and none of these is in our own form.
#include "sketchpad/problems/problem.h"

namespace atelier::sketchpad {

/// @param folder  where picture paths start. @throws InvalidArgument, InvalidFile
Problem adapt(const json& item, const std::filesystem::path& folder);

/// All problems of a .jsonl file (one a line), a .json file (one), or a folder with such files or with a folder an item
/// (example.json inside); in the order of names and lines. @throws InvalidFile, InvalidArgument that name file and line
std::vector<Problem> read_problems(const std::filesystem::path& from);

}  // namespace atelier::sketchpad
