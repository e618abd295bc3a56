#pragma once
/// Tools that read a drawing and judge it, each in a file of its own.
#include "sketchpad/tool.h"

namespace atelier::sketchpad {

Tool match_graphs_tool();
Tool measure_flow_tool();
Tool judge_board_tool();
Tool measure_polygon_tool();
Tool calculate_tool();

}  // namespace atelier::sketchpad
