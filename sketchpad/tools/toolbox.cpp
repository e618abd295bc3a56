#include "sketchpad/models.h"
#include "sketchpad/tools.h"
#include "sketchpad/tools/declarations.h"

namespace atelier::sketchpad {

Toolbox sketch_tools() { return sketch_tools(nullptr); }

Toolbox sketch_tools(const std::shared_ptr<Models>& models) {
  return Toolbox({
      new_canvas_tool(),        clear_layer_tool(),      draw_point_tool(),       draw_line_tool(),       draw_arrow_tool(),
      draw_polyline_tool(),     draw_polygon_tool(),     draw_circle_tool(),      draw_arc_tool(),        draw_box_tool(),
      draw_text_tool(),         draw_label_tool(),       draw_mark_tool(),        highlight_tool(),       draw_grid_tool(),
      draw_axes_tool(),         plot_function_tool(),    draw_graph_tool(),       draw_board_tool(),      construct_figure_tool(),
      draw_perpendicular_tool(), draw_parallel_tool(),   draw_median_tool(),      draw_bisector_tool(),   draw_radius_tool(),
      crop_tool(),              zoom_tool(),             overlay_tool(),          sliding_window_tool(),  find_regions_tool(),
      find_shapes_tool(),       find_colour_tool(),      count_tool(),            compare_tool(),         find_template_tool(),
      trace_path_tool(),        read_graph_tool(),       read_board_tool(),       measure_length_tool(),  measure_angle_tool(),
      measure_symmetry_tool(),  measure_curvature_tool(), detect_tool(),          segment_tool(),         depth_tool(),
      read_text_tool(),         engine_tool(),           match_graphs_tool(),      measure_flow_tool(),    judge_board_tool(),
      measure_polygon_tool(),   calculate_tool(),        similar_tool(models),    ask_tool(models),       recall_tool(models),
      imagine_tool(models),
  });
}

}  // namespace atelier::sketchpad
