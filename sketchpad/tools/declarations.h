#pragma once
/// Every tool's maker, in the order of sketchpad/tools/toolbox.cpp; each is defined in the file of its name, tools of one
/// kind together in the file that is named.
#include "sketchpad/tool.h"

namespace atelier::sketchpad {

class Models;

// canvases.cpp
Tool new_canvas_tool();
Tool clear_layer_tool();
// strokes.cpp
Tool draw_point_tool();
Tool draw_line_tool();
Tool draw_arrow_tool();
Tool draw_polyline_tool();
Tool draw_polygon_tool();
Tool draw_circle_tool();
Tool draw_arc_tool();
Tool draw_box_tool();
// notes.cpp
Tool draw_text_tool();
Tool draw_label_tool();
Tool draw_mark_tool();
Tool highlight_tool();
Tool draw_grid_tool();
Tool draw_axes_tool();

Tool plot_function_tool();
Tool draw_graph_tool();
Tool draw_board_tool();
Tool construct_figure_tool();
// auxiliary_lines.cpp
Tool draw_perpendicular_tool();
Tool draw_parallel_tool();
Tool draw_median_tool();
Tool draw_bisector_tool();
Tool draw_radius_tool();

Tool crop_tool();
Tool zoom_tool();
Tool overlay_tool();
Tool sliding_window_tool();
Tool find_regions_tool();
Tool find_shapes_tool();
Tool find_colour_tool();
Tool count_tool();
// compare.cpp
Tool compare_tool();
Tool find_template_tool();
Tool trace_path_tool();
Tool read_graph_tool();
Tool read_board_tool();
// measure.cpp
Tool measure_length_tool();
Tool measure_angle_tool();
// measure_curve.cpp
Tool measure_symmetry_tool();
Tool measure_curvature_tool();
// networks.cpp
Tool detect_tool();
Tool segment_tool();
Tool depth_tool();
Tool read_text_tool();
Tool engine_tool();

// They read a drawing and judge it.
Tool match_graphs_tool();
Tool measure_flow_tool();
Tool judge_board_tool();
Tool measure_polygon_tool();
Tool calculate_tool();

// They ask learned models. Null: the tool is declared all the same, and says that there are none.
Tool similar_tool(std::shared_ptr<Models> models);
Tool ask_tool(std::shared_ptr<Models> models);
Tool recall_tool(std::shared_ptr<Models> models);
Tool imagine_tool(std::shared_ptr<Models> models);

}  // namespace atelier::sketchpad
