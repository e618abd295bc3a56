#include "sketchpad/tools/declarations.h"

#include "base/error.h"

namespace atelier::sketchpad {

Tool measure_polygon_tool() {
  return tool("measure_polygon")
      .says("Perimeter and area of a drawn polygon: its sides are measured in the picture one by one, its area is that between them.")
      .arg("corners", list_of(point(), 3, 20), "in order, roughly")
      .opt("unit", number(1e-6, 10), nullptr, "the length of one unit, fraction of the shorter side")
      .opt("picture", picture(), "")
      .runs([](const Args& args, Sheet& sheet) -> Observation {
        const auto image = sheet.picture(args.text("picture"));
        const auto corners = args.points("corners");
        const double width = static_cast<double>(image->width), height = static_cast<double>(image->height), side = std::min(width, height);
        double perimeter = 0, twice = 0, given = 0;
        for (size_t i = 0; i < corners.size(); ++i) {
          const Point a = corners[i], b = corners[(i + 1) % corners.size()];
          const Observation seen = measure_length_tool().run({{"a", {a.x, a.y}}, {"b", {b.x, b.y}}, {"picture", args.text("picture")}}, sheet);
          perimeter += seen.data.at("length").get<double>();
          const Point p{a.x * width / side, a.y * height / side}, q{b.x * width / side, b.y * height / side};
          given += distance(p, q), twice += cross(p, q);
          args.check_time();
        }
        // The corners are rough, the sides are measured: the area goes with the square of their lengths.
        const double area = std::abs(twice) / 2 * (perimeter / given) * (perimeter / given);
        json data = {{"perimeter", rounded(perimeter, 5)}, {"area", rounded(area, 6)}};
        std::string text = fmt::format("perimeter {:.4f} of the shorter side, area {:.4f}", perimeter, area);
        if (args.has("unit")) {
          const double unit = args.number("unit");
          data["perimeter_units"] = rounded(perimeter / unit, 3), data["area_units"] = rounded(area / (unit * unit), 3);
          text = fmt::format("perimeter {:.2f} units, area {:.2f} square units", perimeter / unit, area / (unit * unit));
        }
        return {text, data};
      });
}

}  // namespace atelier::sketchpad
