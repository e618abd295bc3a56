#pragma once
/// k-shot classification with labels that mean nothing to the model (RA-CM3, 4.6): what a picture is called follows from
/// the labelled pictures that stand before it.
#include "fusion/understanding.h"

namespace atelier::fusion {

/// A class: its label and pictures of it.
struct Shots {
  std::vector<int32_t> label;    // token ids
  std::vector<Tensor> pictures;  // (1, C, S, S) fp32 each, normalised
};

/// Contexts hold one picture of each class, as training knew few documents at once; k pictures a class make k contexts.
/// Because the last of them weighs most, each context is read in every rotation. The mean over all of them of
/// softmax(log P(label | documents, picture)).
/// @param classes  at least two, with equally many pictures each; none: what the labels alone suggest
/// @return a probability a class
std::vector<double> classify(const FusionModel& model, const std::vector<Shots>& classes, const Tensor& picture,
                             const UnderstandingSymbols& symbols);

}  // namespace atelier::fusion
