/// A trace as one picture.
#include "desk.h"
#include "sketchpad/agent/strip.h"

namespace atelier::sketchpad {
namespace {

int64_t unlike_white(const vision::Image& image, int64_t left, int64_t width) {
  int64_t count = 0;
  for (int64_t y = 0; y < image.height; ++y)
    for (int64_t x = left; x < left + width; ++x) count += image.at(x, y)[1] < 200;
  return count;
}

TEST(Strip, ShowsEveryStepFromLeftToRight) {
  Problem problem = path_problem();
  problem.pictures = {{"image_1", std::make_shared<const vision::Image>(40, 20, 3, uint8_t{10})}};
  Session session(problem, {}, all_tools());
  session.take(calls("draw_graph", {{"matrix", "$graph"}}, "Draw it."));
  session.take(calls("trace_path", {{"from_label", "0"}, {"to_label", "2"}}));
  session.take(answers("yes"));
  const vision::Image strip = trace_strip(session.trace());
  EXPECT_EQ(strip.width, 14 + 4 * (250 + 14));
  EXPECT_LT(strip.height, 500);
  // The given picture lies in the middle of its square, as large as that lets it be.
  int64_t black = 0;
  for (size_t i = 0; i < strip.pixels.size(); i += 3) black += strip.pixels[i] == 10 && strip.pixels[i + 1] == 10;
  EXPECT_NEAR(static_cast<double>(black), 250 * 125, 2000);
  for (int64_t panel = 0; panel < 4; ++panel) EXPECT_GT(unlike_white(strip, 14 + panel * 264, 250), 400) << panel;
  EXPECT_EQ(trace_strip(session.trace()).pixels, strip.pixels);
  // It is what was seen that is shown: another drawing makes another strip.
  session.edit(0, 1, {calls("draw_graph", {{"matrix", {{0, 1}, {1, 0}}}}, "Draw it.")});
  EXPECT_NE(trace_strip(session.trace()).pixels, strip.pixels);
}

TEST(Strip, LongTracesGoOnBelowAndEnd) {
  Session session(path_problem(), {.steps = 100}, all_tools());
  for (int i = 0; i < 7; ++i) session.take({.complaint = "no sense " + std::string(900, 'x') + "\xe2\x82\xac", .reply = "?"});
  const vision::Image two_rows = trace_strip(session.trace());
  EXPECT_EQ(two_rows.width, 14 + 6 * 264);
  for (int i = 0; i < 70; ++i) session.take({.complaint = "no", .reply = "?"});
  const vision::Image ten_rows = trace_strip(session.trace());
  EXPECT_NEAR(static_cast<double>(ten_rows.height), 5.0 * static_cast<double>(two_rows.height), 500);
  // Nothing yet is a strip, too.
  EXPECT_GT(trace_strip(Session(path_problem(), {}, all_tools()).trace()).width, 16);
}

}  // namespace
}  // namespace atelier::sketchpad
