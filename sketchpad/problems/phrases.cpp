#include "sketchpad/problems/phrases.h"

#include "base/error.h"

#include <map>

namespace atelier::sketchpad {
namespace {

using base::json;

// {name} stands for the field of this name.
const std::map<std::string, std::vector<std::string>>& wordings() {
  static const std::map<std::string, std::vector<std::string>> kWordings = {
      {"connectivity",
       {"Are the nodes {node_1} and {node_2} of the graph connected by a path? Answer yes or no.",
        "Is there a way from node {node_1} to node {node_2} in this undirected graph? Answer yes or no.",
        "The graph is given by its adjacency matrix. Can one walk along its edges from {node_1} to {node_2}? Answer yes or no.",
        "Do nodes {node_1} and {node_2} lie in the same connected part of the graph? Answer yes or no.",
        "Can {node_2} be reached from {node_1}? Answer yes or no."}},
      {"isomorphism",
       {"Are the two graphs isomorphic? Answer yes or no.",
        "Is graph_1 the same graph as graph_2 but for the names of the nodes? Answer yes or no.",
        "Two graphs are given by their adjacency matrices. Is there a bijection of nodes that keeps all edges? Answer yes or no.",
        "Can the nodes of graph_1 be renumbered so that it becomes graph_2? Answer yes or no."}},
      {"maxflow",
       {"What is the maximum flow from node {source} to node {sink}? Answer with a number.",
        "Every edge carries at most its weight. How much can flow from source {source} to sink {sink}? Answer with a number.",
        "The adjacency matrix holds the capacities of a network. Find the max flow between {source} and {sink}. Answer with a number.",
        "At most how many units pass from {source} to {sink} through this network? Answer with a number."}},
      {"parity",
       {"Is the function even, odd, or neither?",
        "f(x) = {formula}. Is f even, odd or neither?",
        "Decide the parity of this function: even, odd, or neither.",
        "Does the graph of the function mirror itself about the y axis (even), turn into itself around the origin (odd), or neither?"}},
      {"convexity",
       {"Is the function convex or concave?",
        "f(x) = {formula}. Is f convex or concave on its domain?",
        "Decide whether this function is convex or concave.",
        "Does the graph of the function bend upwards (convex) or downwards (concave)?"}},
      {"chess_winner",
       {"The game ended in this position. Who won: White, Black, or is it a Draw?",
        "This is the last position of a chess game, {turn} to move. Who won the game? Answer White, Black or Draw.",
        "Look at the final position {fen}. Which side won? Answer White, Black or Draw.",
        "Name the winner of the chess game that ended like this: White, Black or Draw."}},
      {"jigsaw",
       {"The lower right corner of image_1 is missing. Which picture is the missing part: (A) image_2 or (B) image_3?",
        "Given the first image with a corner missing, which one of the second image (A) or the third image (B) fits? Compare the edges.",
        "Which piece continues image_1 where it is cut out, (A) the second image or (B) the third image?"}},
  };
  return kWordings;
}

const std::vector<std::string>& of(const std::string& task) {
  const auto found = wordings().find(task);
  REQUIRE(found != wordings().end(), "there are no questions for the task {}", base::shown(task));
  return found->second;
}

}  // namespace

bool has_wordings(const std::string& task) { return wordings().contains(task); }

size_t ways_to_ask(const std::string& task) { return of(task).size(); }

std::string question_for(const std::string& task, const json& fields, size_t way) {
  std::string out;
  const std::string& wording = of(task).at(way);
  for (size_t i = 0; i < wording.size(); ++i) {
    const size_t end = wording[i] == '{' ? wording.find('}', i) : wording.npos;
    if (end == wording.npos) {
      out += wording[i];
      continue;
    }
    const json& value = fields.at(wording.substr(i + 1, end - i - 1));
    out += value.is_string() ? value.get<std::string>() : base::dump_json(value);
    i = end;
  }
  return out;
}

const std::string& one_of(const std::vector<std::string>& texts, base::Random& random) {
  return texts[static_cast<size_t>(random.below(static_cast<int64_t>(texts.size())))];
}

}  // namespace atelier::sketchpad
