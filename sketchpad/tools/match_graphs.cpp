// Whether two drawn graphs are one: read off the picture, then laid on each other node by node.
#include "sketchpad/tools/declarations.h"

#include "base/error.h"
#include "sketchpad/graph_reading.h"

namespace atelier::sketchpad {
namespace {

using Lines = std::vector<std::vector<bool>>;  // from row to column

Lines lines_of(const SeenGraph& graph) {
  Lines out(graph.nodes.size(), std::vector<bool>(graph.nodes.size(), false));
  for (const SeenEdge& e : graph.edges) {
    const bool back = e.head_at_a && !e.head_at_b, forth = e.head_at_b && !e.head_at_a;
    if (!back) out[e.a][e.b] = true;
    if (!forth) out[e.b][e.a] = true;
  }
  return out;
}

std::vector<int> degrees(const Lines& lines) {
  std::vector<int> out;
  for (size_t i = 0; i < lines.size(); ++i) {
    int degree = 0;
    for (size_t j = 0; j < lines.size(); ++j) degree += lines[i][j] + lines[j][i];
    out.push_back(degree);
  }
  return out;
}

/// Extends a partial assignment, nodes of the first graph in `order`; depth first.
class Matcher {
 public:
  Matcher(const Lines& first, const Lines& second, const Args& args)
      : first_(first), second_(second), args_(args), degrees_1_(degrees(first)), degrees_2_(degrees(second)),
        image_(first.size(), SIZE_MAX), used_(first.size(), false) {
    // Each next node has as many lines as possible to those before it, so that contradictions show early.
    std::vector<bool> placed(first.size(), false);
    for (size_t k = 0; k < first.size(); ++k) {
      size_t best = SIZE_MAX;
      std::pair<int, int> most{-1, -1};
      for (size_t i = 0; i < first.size(); ++i) {
        if (placed[i]) continue;
        int known = 0;
        for (const size_t j : order_) known += first[i][j] || first[j][i];
        if (std::pair(known, degrees_1_[i]) > most) most = {known, degrees_1_[i]}, best = i;
      }
      order_.push_back(best), placed[best] = true;
    }
  }

  /// @return for each node of the first graph its node in the second; empty if there is no way
  std::vector<size_t> run() { return extend(0) ? image_ : std::vector<size_t>{}; }

 private:
  bool fits(size_t depth, size_t a, size_t b) const {
    if (used_[b] || degrees_1_[a] != degrees_2_[b]) return false;
    for (size_t k = 0; k < depth; ++k) {
      const size_t c = order_[k], d = image_[c];
      if (first_[a][c] != second_[b][d] || first_[c][a] != second_[d][b]) return false;
    }
    return true;
  }

  bool extend(size_t depth) {
    args_.check_time();
    if (depth == order_.size()) return true;
    const size_t a = order_[depth];
    for (size_t b = 0; b < second_.size(); ++b) {
      if (!fits(depth, a, b)) continue;
      image_[a] = b, used_[b] = true;
      if (extend(depth + 1)) return true;
      image_[a] = SIZE_MAX, used_[b] = false;
    }
    return false;
  }

  const Lines &first_, &second_;
  const Args& args_;
  std::vector<int> degrees_1_, degrees_2_;
  std::vector<size_t> image_, order_;
  std::vector<bool> used_;
};

}  // namespace

Tool match_graphs_tool() {
  return tool("match_graphs")
      .says("Reads two drawn graphs off a picture and looks for a way to lay one on the other, node on node and line on line; matching nodes get the same number.")
      .opt("first", box(), json::array({0, 0, 0.5, 1}), "the part of the picture with one graph")
      .opt("second", box(), json::array({0.5, 0, 0.5, 1}), "the part with the other")
      .opt("picture", picture(), "")
      .limits({.pixels = 5 << 20, .time = std::chrono::milliseconds(10'000)})
      .runs([](const Args& args, Sheet& sheet) -> Observation {
        const cv::Mat all = to_mat(*args.picture("picture", sheet));
        const cv::Rect at_1 = in_pixels(args.box("first"), all), at_2 = in_pixels(args.box("second"), all);
        const SeenGraph a = see_graph(all(at_1).clone()), b = see_graph(all(at_2).clone());
        REQUIRE(!a.nodes.empty() && !b.nodes.empty(), "match_graphs: no graph is seen in the {} part", a.nodes.empty() ? "first" : "second");
        const std::string counts = fmt::format("{} and {} nodes, {} and {} lines", a.nodes.size(), b.nodes.size(), a.edges.size(), b.edges.size());
        const auto verdict = [&](bool same, const std::string& why) -> Observation {
          return {fmt::format("{}: {}; {}", same ? "the same graph" : "not the same graph", counts, why), {{"same", same}}};
        };
        if (a.nodes.size() != b.nodes.size() || a.edges.size() != b.edges.size()) return verdict(false, "the counts differ");
        const Lines first = lines_of(a), second = lines_of(b);
        auto sorted_1 = degrees(first), sorted_2 = degrees(second);
        std::sort(sorted_1.begin(), sorted_1.end()), std::sort(sorted_2.begin(), sorted_2.end());
        if (sorted_1 != sorted_2) return verdict(false, "the numbers of lines at the nodes differ");
        const std::vector<size_t> image = Matcher(first, second, args).run();
        if (image.empty()) return verdict(false, "no way of laying one on the other fits");

        Canvas canvas(std::make_shared<const vision::Image>(to_image(all)), {.side = 8192});
        const auto mark = [&](const SeenNode& node, const cv::Rect& at, size_t number) {
          canvas.mark(normalised({node.centre.x + at.x, node.centre.y + at.y}, all), std::to_string(number));
        };
        for (size_t i = 0; i < image.size(); ++i) mark(a.nodes[i], at_1, i), mark(b.nodes[image[i]], at_2, i);
        Observation out = verdict(true, "matching nodes are numbered alike");
        return show(sheet, "matched", canvas.render(), out.text, out.data);
      });
}

}  // namespace atelier::sketchpad
