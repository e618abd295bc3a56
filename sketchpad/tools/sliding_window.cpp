#include "sketchpad/pixels.h"
#include "sketchpad/tools/declarations.h"

namespace atelier::sketchpad {

Tool sliding_window_tool() {
  return tool("sliding_window")
      .says("Cuts a picture into overlapping windows to look at one by one, and says how much there is to see in each.")
      .opt("columns", integer(1, 6), 4)
      .opt("rows", integer(1, 6), 4)
      .opt("overlap", number(0, 0.8), 0.33, "of neighbouring windows, fraction of a window")
      .opt("picture", picture(), "")
      .runs([](const Args& args, Sheet& sheet) {
        const cv::Mat all = to_mat(*args.picture("picture", sheet));
        const auto columns = args.integer("columns"), rows = args.integer("rows");
        const double overlap = args.number("overlap");
        const double width = 1 / (1 + (static_cast<double>(columns) - 1) * (1 - overlap)),
            height = 1 / (1 + (static_cast<double>(rows) - 1) * (1 - overlap));
        json windows = json::array();
        Canvas marks(std::make_shared<const vision::Image>(to_image(all)), {.side = 8192});
        int number = 0;
        for (int64_t r = 0; r < rows; ++r)
          for (int64_t c = 0; c < columns; ++c) {
            const Box b{static_cast<double>(c) * width * (1 - overlap), static_cast<double>(r) * height * (1 - overlap), width, height};
            const cv::Mat window = all(in_pixels(b, all)).clone();
            cv::Scalar mean, deviation;
            cv::meanStdDev(window, mean, deviation);
            const std::string name = sheet.add("window", std::make_shared<const vision::Image>(to_image(window)));
            windows.push_back({{"name", name}, {"box", to_json(b)}, {"contrast",
                rounded((deviation[0] + deviation[1] + deviation[2]) / 3, 1)}});
            marks.box(b, {.colour = parse_colour("red"), .width = 1});
            marks.mark({b.x + width / 2, b.y + height / 2}, std::to_string(++number));
          }
        std::string first = windows.front()["name"], last = windows.back()["name"];
        return show(sheet, "windows", marks.render(), fmt::format("{} windows, {} to {}", windows.size(), first, last),
            {{"windows", windows}});
      });
}

}  // namespace atelier::sketchpad
