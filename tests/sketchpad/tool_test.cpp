#include "sketchpad/tools.h"
#include "base/error.h"
#include "../support.h"

namespace atelier::sketchpad {
namespace {

using base::InvalidArgument;

Tool example() {
  return tool("example")
      .says("Draws something.")
      .arg("at", point(), "where")
      .opt("count", integer(1, 9), 2)
      .opt("name", text(5), nullptr)
      .limits({.shapes = 3, .pixels = 2000, .time = std::chrono::milliseconds(20)})
      .runs([](const Args& args, Sheet& sheet) -> Observation {
        Canvas& canvas = args.canvas("canvas", sheet);
        for (int64_t i = 0; i < args.integer("count"); ++i) canvas.point(args.point("at"));
        return show_canvas(sheet, "canvas", "done");
      })
      .opt("canvas", canvas(), "canvas");
}

TEST(Tool, ChecksEveryArgumentAndSaysWhatToMend) {
  const Tool t = example();
  EXPECT_ERROR(t.check(json::object()), InvalidArgument, "example needs the argument at: a point [x, y]");
  EXPECT_ERROR(t.check(json::array()), InvalidArgument, "as a JSON object");
  EXPECT_ERROR(t.check({{"at", {0.5, 1.5}}}), InvalidArgument, "example: at must be a point [x, y] with both in 0 to 1, not [0.5,1.5]");
  EXPECT_ERROR(t.check({{"at", {0.5}}}), InvalidArgument, "at must be");
  EXPECT_ERROR(t.check({{"at", {0.5, 0.5}}, {"count", 10}}), InvalidArgument, "count must be a whole number in 1 to 9, not 10");
  EXPECT_ERROR(t.check({{"at", {0.5, 0.5}}, {"count", 1.5}}), InvalidArgument, "whole number");
  EXPECT_ERROR(t.check({{"at", {0.5, 0.5}}, {"name", "abcdefg"}}), InvalidArgument, "name must be a text");
  EXPECT_ERROR(t.check({{"at", {0.5, 0.5}}, {"name", "\xFF"}}), InvalidArgument, "name must be a text");
  EXPECT_ERROR(t.check({{"at", {0.5, 0.5}}, {"cuont", 1}}), InvalidArgument, "has no argument \"cuont\"; it takes: at, count");
  EXPECT_ERROR(t.check({{"at", {0.5, 0.5}}, {"canvas", "../x"}}), InvalidArgument, "letters, digits");
  const Args args = t.check({{"at", {0.25, 0.5}}, {"count", 3.0}, {"name", nullptr}});
  EXPECT_EQ(args.point("at"), (Point{0.25, 0.5}));
  EXPECT_EQ(args.integer("count"), 3);
  EXPECT_FALSE(args.has("name"));
}

TEST(Tool, AFailedCallLeavesTheSheetAsItWas) {
  Sheet sheet;
  const Tool t = example();
  t.run({{"at", {0.5, 0.5}}}, sheet);
  const auto before = sheet.picture("canvas")->pixels;
  EXPECT_ERROR(t.run({{"at", {0.1, 0.1}}, {"count", 4}}, sheet), InvalidArgument, "no more than");
  EXPECT_EQ(sheet.picture("canvas")->pixels, before);
  EXPECT_ERROR(t.run({{"at", {0.1, 0.1}}, {"count", 4}, {"canvas", "other"}}, sheet), InvalidArgument, "no more than");
  EXPECT_FALSE(sheet.has("other"));
}

TEST(Tool, SchemaIsThatOfFunctionCalls) {
  const json schema = example().schema();
  EXPECT_EQ(schema["name"], "example");
  EXPECT_EQ(schema["parameters"]["required"], json::array({"at"}));
  EXPECT_EQ(schema["parameters"]["additionalProperties"], false);
  EXPECT_EQ(schema["parameters"]["properties"]["count"]["maximum"], 9);
  EXPECT_EQ(schema["parameters"]["properties"]["count"]["default"], 2);
  EXPECT_EQ(schema["parameters"]["properties"]["at"]["minItems"], 2);
  EXPECT_NE(example().help().find("example(at, count=2, name=none"), std::string::npos) << example().help();
}

TEST(Tool, TimeAndPixelsAreLimited) {
  Sheet sheet;
  sheet.put("large", vision::Image(100, 100));
  const Tool looks = tool("looks").opt("picture", picture(), "").limits({.pixels = 2000,
      .time = std::chrono::milliseconds(10)}).runs([](const Args& args, Sheet& s) -> Observation {
    return {std::to_string(args.picture("picture", s)->width)};
  });
  EXPECT_ERROR(looks.run(json::object(), sheet), InvalidArgument, "at most 2000 pixels, not 100 x 100");
  const Tool waits = tool("waits").limits({.time = std::chrono::milliseconds(10)}).runs([](const Args& args, Sheet&) -> Observation {
    for (;;) args.check_time();
  });
  EXPECT_ERROR(waits.run(json::object(), sheet), InvalidArgument, "longer than its 10 ms");
}

TEST(Sheet, NamesWhatThereIs) {
  Sheet sheet({}, {.entries = 3, .pixels = 30'000});
  EXPECT_ERROR(sheet.picture(""), InvalidArgument, "no picture yet");
  EXPECT_EQ(sheet.add("crop", std::make_shared<const vision::Image>(10, 10)), "crop_1");
  EXPECT_EQ(sheet.add("crop", std::make_shared<const vision::Image>(20, 10)), "crop_2");
  EXPECT_EQ(sheet.picture("")->width, 20);
  EXPECT_ERROR(sheet.picture("crap"), InvalidArgument, "there are: crop_1, crop_2");
  EXPECT_ERROR(sheet.put("large", vision::Image(1000, 1000)), InvalidArgument, "30000 pixels");
  sheet.put("third", vision::Image(10, 10));
  EXPECT_ERROR(sheet.put("fourth", vision::Image(10, 10)), InvalidArgument, "at most 3 pictures");
  EXPECT_NO_THROW(sheet.put("third", vision::Image(12, 10)));  // in place of the old one
}

// Every argument of every tool refuses what is not of its type, before anything runs.
TEST(Toolbox, EveryToolRefusesBadArguments) {
  const Toolbox box = sketch_tools();
  EXPECT_GT(box.tools().size(), 40U);
  for (const Tool& t : box.tools()) {
    Sheet sheet;
    EXPECT_FALSE(t.what().empty());
    EXPECT_ERROR(t.run({{"no_such_argument", 1}}, sheet), InvalidArgument, t.name());
    EXPECT_ERROR(t.run("text", sheet), InvalidArgument, t.name());
    for (const Argument& a : t.arguments()) {
      SCOPED_TRACE(t.name() + "." + a.name);
      for (const json& bad : {json(json::object({{"x", 1}})), json(std::string(3000, 'z')), json(1e300),
          json(json::array({json::array({json::array()})}))}) {
        bool accepted = true;
        try {
          a.type.check(bad, t.name() + ": " + a.name);
        } catch (const InvalidArgument& error) {
          accepted = false;
          EXPECT_NE(std::string(error.what()).find(a.type.kind() == Type::Kind::colour ? "colour" : a.name), std::string::npos)
              << error.what();
        }
        EXPECT_FALSE(accepted) << bad.dump().substr(0, 40);
      }
      if (!a.otherwise.is_null()) {
        EXPECT_NO_THROW(a.type.check(a.otherwise, a.name)) << "its default";
      }
    }
  }
}

TEST(Toolbox, FindsToolsAndNamesTheNearest) {
  const Toolbox box = sketch_tools();
  EXPECT_EQ(box.find("draw_line").name(), "draw_line");
  EXPECT_ERROR(box.find("draw_lnie"), InvalidArgument, "near it: draw_line");
  EXPECT_ERROR(box.find(""), InvalidArgument, "there is no tool");
  for (const json& one : box.schema()) EXPECT_EQ(one["type"], "function");
  EXPECT_NE(box.help().find("trace_path("), std::string::npos);
}

}  // namespace
}  // namespace atelier::sketchpad
