#pragma once
/// Paper, pencil and eyes for a planner: every tool there is.
///
/// A run has one Sheet of named pictures and canvases. Drawing tools put shapes on canvases; looking tools report what
/// they find in the pixels of a picture, whoever drew it, and never what the drawing was made from. A call is JSON, is
/// checked against the tool's declaration (sketchpad/tool.h) and comes back as an Observation or as one sentence.
#include "sketchpad/tool.h"

namespace atelier::sketchpad {

Toolbox sketch_tools();

}  // namespace atelier::sketchpad
