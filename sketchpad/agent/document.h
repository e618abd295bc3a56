#pragma once
/// A trace as text for a text tower: one form for training and for use, so that a model reads what it learnt from.
///
///     <doc>graph: 12 x 12 matrix; node_1: 9; node_2: 4<question>Are the nodes 9 and 4 ... connected?
///     <think>Draw the graph.<act>{"tool":"draw_graph","matrix":"$graph"}<obs>drawn: a graph with 12 nodes, circular layout
///     <think>...<answer>no
///
/// on one line. Words in brackets are control symbols of the vocabulary. Fields are shown by name, matrices by size
/// alone: what they say must be seen in a drawing. Who must answer at once (a budget of no steps) is shown all of them.
#include "sketchpad/agent/trace.h"

namespace atelier::sketchpad {

struct DocumentPart {
  std::string symbol;  // "<doc>", "<question>", "<think>", "<act>", "<obs>", "<answer>"
  std::string text;    // one line, no control symbol in it
};

/// Bytes that are kept of each.
struct DocumentLimits {
  size_t field = 480, question = 600, thought = 300, observation = 360;
};

std::vector<DocumentPart> document(const Trace& trace, const DocumentLimits& limits = {});

/// The parts as one line, control symbols written out: a line for `atelier train pack-text`.
std::string document_line(const std::vector<DocumentPart>& parts);

/// What a field is, in a few words; `whole`: with every number.
std::string field_words(const json& value, bool whole);

}  // namespace atelier::sketchpad
