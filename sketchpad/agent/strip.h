#pragma once
/// A trace as one picture for papers and READMEs: the question on top, then panels from left to right, the problem's
/// pictures, each step with its thought, its drawing, its call and what was seen, and the answer.
#include "sketchpad/agent/trace.h"

namespace atelier::sketchpad {

/// RGB on white; six panels a row; of a long trace the first 60 panels, and the last one says how many steps are left out.
vision::Image trace_strip(const Trace& trace);

}  // namespace atelier::sketchpad
