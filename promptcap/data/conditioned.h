#pragma once
/// From a question and its answer to captions that tell what the question needs, and no more: the step for which
/// PromptCap asked a language model (3.2), done exactly, as the scene is known.
///
/// "what is left of the dog?", "a red key"    ->  "a red key left of a dog"
/// "are there four keys?", "no"               ->  "three keys"
/// "which of these can be eaten?", "the pear" ->  "a pear and two keys": who reads it must know what can be eaten
#include "corpus/scenes.h"

#include <string>
#include <vector>

namespace atelier::promptcap {

/// Candidates for the filter, from the one that tells least; the scene's own, generic caption is the last.
std::vector<std::string> conditioned_captions(const corpus::Scene& scene, const corpus::Question& question);

}  // namespace atelier::promptcap
