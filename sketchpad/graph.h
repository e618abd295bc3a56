#pragma once
/// Graphs on paper: where the nodes go, and how nodes, edges, arrows and weights are drawn so that eyes can read them.
#include "sketchpad/canvas.h"

#include <string>
#include <vector>

namespace atelier::sketchpad {

struct Graph {
  std::vector<std::vector<double>> weights;  // (nodes, nodes): from row to column, 0 is no edge
  bool directed = false;
  bool weighted = false;                     // write the numbers
  int64_t size() const { return static_cast<int64_t>(weights.size()); }
};

enum class GraphLayout { circular, spectral, force };

/// Places in [0, 1]^2, apart from each other and with no edge through a third node where that can be had.
/// circular: on a circle from the top, clockwise. spectral: by the Laplacian's second and third eigenvector (Hall 1970).
/// force: springs along edges, repulsion between all (Fruchterman and Reingold 1991), from the circle; deterministic.
std::vector<Point> lay_out(const Graph& graph, GraphLayout layout);

struct GraphStyle {
  std::vector<std::string> labels;  // one a node
  std::vector<Colour> fills;        // one a node
  double radius = 0.036;            // of a node, fraction of the shorter side
};

/// @param places  normalised to the canvas. An edge runs from rim to rim; two edges i->j and j->i run side by side.
void draw(Canvas& canvas, const Graph& graph, const std::vector<Point>& places, const GraphStyle& style);

}  // namespace atelier::sketchpad
