#pragma once
/// Which pictures training may see, and how often it draws each.
#include "corpus/corpus.h"

#include <string>
#include <vector>

namespace atelier::corpus {

/// Decides every picture's split. Before: split is the source's (train, heldout_style, unclean). In this order:
/// a picture whose concept is held out or whose title names a held-out one becomes heldout_concept, whoever drew it;
/// then 5 % of the concept x family pairs of concepts that three or more families draw become combination, by a hash
/// of both names, except where no family would be left for training.
/// Held-out names are taken out of the tags of every picture that is not itself heldout_concept.
/// @param other_concepts  a picture, the emoji that its name loosely means, or ""
void assign_splits(std::vector<Picture>& pictures, const std::vector<std::string>& other_concepts, const HeldOut& held_out);

/// Sampling weights: the source's, less for people, symbols and flags, and divided by the square root of the number
/// of training pictures of the concept, so that a concept is drawn in proportion to the root of that number.
/// 0 outside training.
std::vector<float> sampling_weights(const std::vector<Picture>& pictures);

}  // namespace atelier::corpus
