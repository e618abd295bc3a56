// Tools that need something from outside: programs and networks. The programs here are scripts of a few lines, the
// networks are written byte by byte.
#include "base/error.h"
#include "base/files.h"
#include "run.h"
#include "sketchpad/program.h"

#include <filesystem>

namespace atelier::sketchpad {
namespace {

using base::InvalidArgument;

std::filesystem::path script(const tests::TemporaryFolder& folder, const char* name, const std::string& body) {
  const auto path = folder / name;
  base::write_file(path, "#!/bin/sh\n" + body);
  std::filesystem::permissions(path, std::filesystem::perms::owner_all);
  return path;
}

TEST(Engine, SpeaksUci) {
  const tests::TemporaryFolder folder;
  Desk desk;
  Resources resources;
  resources.engine = script(folder, "engine", R"(
while read line; do
  case "$line" in
    uci) echo "id name Test"; echo uciok;;
    isready) echo readyok;;
    position*) echo "$line" > )" + (folder / "said").string() + R"(;;
    go*) echo "info depth 3 score cp -120 pv e8e7"; echo "info depth 5 score mate 2 pv e8e7"; echo "bestmove e8e7 ponder a1a2";;
    quit) exit 0;;
  esac
done
)").string();
  desk.sheet = Sheet(resources);
  const Observation out = desk("engine", {{"fen", "4k3/8/8/8/8/8/4P3/4K3 b - - 0 1"}});
  EXPECT_EQ(out.data["move"], "e8e7");
  EXPECT_EQ(out.data["score"], "mate 2");
  EXPECT_EQ(base::read_file(folder / "said"), "position fen 4k3/8/8/8/8/8/4P3/4K3 b - - 0 1\n");
  EXPECT_ERROR(desk("engine", {{"fen", "8/8/8/8/8/8/4P3/4K3 w"}}), InvalidArgument, "exactly one king");
  EXPECT_ERROR(desk("engine", {{"fen", "4k3/8/8/8/8/8/8/P3K3 w"}}), InvalidArgument, "pawn cannot stand on rank 1");
  EXPECT_ERROR(desk("engine", {{"fen", "4k3/8/8/8/8/8/8/4K3 x"}}), InvalidArgument, "must be w or b");
  EXPECT_ERROR(desk("engine", {{"fen", "4k3/8/8/8/8/8/8/4K3 w quit"}}), InvalidArgument, "castling");
  resources.engine = "no-such-engine";
  desk.sheet = Sheet(resources);
  EXPECT_ERROR(desk("engine", {{"fen", "4k3/8/8/8/8/8/8/4K3 w"}}), InvalidArgument, "no chess engine no-such-engine is installed");
  resources.engine = script(folder, "dead", "exit 0\n").string();
  desk.sheet = Sheet(resources);
  EXPECT_ERROR(desk("engine", {{"fen", "4k3/8/8/8/8/8/8/4K3 w"}}), InvalidArgument, "ended without a move");
}

TEST(Program, IsEndedWhenItDoesNotAnswer) {
  const tests::TemporaryFolder folder;
  const auto begin = Program::Clock::now();
  {
    Program program(script(folder, "sleeper", "exec sleep 60\n"), {});
    EXPECT_ERROR(program.read_line(begin + std::chrono::milliseconds(100)), base::ResourceError, "does not answer in time");
  }
  EXPECT_LT(Program::Clock::now() - begin, std::chrono::seconds(10));
  EXPECT_FALSE(find_program("no/such/program"));
  EXPECT_TRUE(find_program("sh"));
}

TEST(ReadText, SendsThePictureToTesseract) {
  const tests::TemporaryFolder folder;
  Desk desk;
  Resources resources;
  resources.tesseract = script(folder, "tesseract", "head -c 4 | tail -c 3; echo \" $1 $2 $3 $4\"; cat > /dev/null\n").string();
  desk.sheet = Sheet(resources);
  desk("draw_text", {{"at", {0.5, 0.5}}, {"text", "WORD 42"}, {"height", 0.05}});
  EXPECT_EQ(desk("read_text").data["text"], "PNG stdin stdout --psm 6");
  EXPECT_EQ(desk("read_text", {{"font", "drawn"}}).data["text"], "WORD 42");  // by our own templates
  resources.tesseract = "no-such-tesseract";
  desk.sheet = Sheet(resources);
  desk("new_canvas");
  EXPECT_ERROR(desk("read_text"), InvalidArgument, "no-such-tesseract is not installed");
}

// Protocol buffers by hand: (field << 3 | wire type), then a varint, or a length and bytes.
std::string varint(uint64_t value) {
  std::string out;
  for (; value >= 128; value >>= 7) out += static_cast<char>((value & 127) | 128);
  return out + static_cast<char>(value);
}
std::string field(int number, uint64_t value) { return varint(static_cast<uint64_t>(number) << 3) + varint(value); }
std::string field(int number, const std::string& bytes) { return varint(static_cast<uint64_t>(number)
    << 3 | 2) + varint(bytes.size()) + bytes; }

std::string value_info(const std::string& name, const std::vector<uint64_t>& shape) {
  std::string dimensions;
  for (uint64_t d : shape) dimensions += field(1, field(1, d));
  return field(1, name) + field(2, field(1, field(1, uint64_t{1}) + field(2, dimensions)));
}

std::string tensor(const std::string& name, const std::vector<uint64_t>& shape, const std::vector<float>& values) {
  std::string out;
  for (uint64_t d : shape) out += field(1, d);
  out += field(2, uint64_t{1}) + field(8, name);
  return out + field(9, std::string(reinterpret_cast<const char*>(values.data()), values.size() * 4));
}

// A 1 x 1 convolution of RGB to `out` channels: ONNX ModelProto with opset 11. `flat`: its output as (1, out, pixels).
std::string convolution(uint64_t side, uint64_t out, const std::vector<float>& weights, bool flat = false) {
  const std::string node = field(1, std::string("x")) + field(1, std::string("w")) + field(2, std::string("y")) + field(3,
      std::string("conv")) + field(4, std::string("Conv")) +
                           field(5, field(1, std::string("kernel_shape")) + field(8, uint64_t{1}) + field(8,
                               uint64_t{1}) + field(20, uint64_t{7}));
  const int64_t shape[] = {1, static_cast<int64_t>(out), static_cast<int64_t>(side * side)};
  const std::string reshape = field(1, field(1, std::string("y")) + field(1, std::string("s")) + field(2,
      std::string("z")) + field(3, std::string("flat")) + field(4, std::string("Reshape")));
  const std::string shape_tensor = field(1, uint64_t{3}) + field(2, uint64_t{7}) + field(8, std::string("s")) + field(9,
      std::string(reinterpret_cast<const char*>(shape), sizeof shape));
  const std::string graph = field(1, node) + (flat ? reshape : "") + field(2, std::string("g")) + field(5,
      tensor("w", {out, 3, 1, 1}, weights)) + (flat ? field(5, shape_tensor) : "") +
                            field(11, value_info("x", {1, 3, side, side})) + field(12, flat ? value_info("z", {1, out, side * side})
                                : value_info("y", {1, out, side, side}));
  return field(1, uint64_t{6}) + field(7, graph) + field(8, field(2, uint64_t{11}));
}

TEST(Networks, SegmentAndDepthRunOnnx) {
  const tests::TemporaryFolder folder;
  base::write_file(folder / "redness.onnx", convolution(64, 2, {0.5F, 0.5F, 0.5F, 2, -1, -1}));  // class 1 where red prevails
  base::write_file(folder / "bright.onnx", convolution(64, 1, {1, 1, 1}));
  base::write_file(folder / "broken.onnx", "this is no network");
  Desk desk;
  Resources resources;
  resources.models = folder.path();
  desk.sheet = Sheet(resources);
  desk("draw_box", {{"box", {0, 0, 0.25, 1}}, {"fill", "#ff0000"}, {"width", 0.5}, {"colour", "#ff0000"}});
  const Observation parts = desk("segment", {{"model", "redness"}, {"size", 64}});
  ASSERT_EQ(parts.data["classes"].size(), 2U) << parts.text;
  EXPECT_NEAR(parts.data["classes"][1]["share"].get<double>(), 0.25, 0.03);
  const Observation depth = desk("depth", {{"model", "bright.onnx"}, {"size", 64}, {"at", {{0.1, 0.5}, {0.9, 0.5}}}, {"picture",
      "canvas"}});
  EXPECT_NEAR(depth.data["depths"][0].get<double>(), 0, 0.01);
  EXPECT_NEAR(depth.data["depths"][1].get<double>(), 1, 0.01);
  EXPECT_ERROR(desk("segment", {{"model", "bright"}, {"size", 64}, {"picture", "canvas"}}), InvalidArgument, "(1, classes, height, width)");
  EXPECT_ERROR(desk("depth", {{"model", "redness"}, {"size", 64}, {"picture", "canvas"}}), InvalidArgument, "one value a pixel");
  EXPECT_ERROR(desk("detect", {{"model", "redness"}, {"size", 64}, {"picture", "canvas"}}), InvalidArgument, "no list of boxes");
  EXPECT_ERROR(desk("depth", {{"model", "broken"}, {"picture", "canvas"}}), base::InvalidFile, "cannot be read as an ONNX network");
  EXPECT_ERROR(desk("depth", {{"model", "absent"}, {"picture", "canvas"}}), InvalidArgument, "there is no model absent.onnx");
  EXPECT_ERROR(desk("depth", {{"model", "../bright"}, {"picture", "canvas"}}), InvalidArgument, "without folders");
}

TEST(Networks, DetectReadsYolosBoxes) {
  // Rows are x, y, width, height and two classes' scores: every red pixel says "a box of 4 x 8 around (8, 4)".
  const tests::TemporaryFolder folder;
  Desk desk;
  Resources resources;
  resources.models = folder.path();
  resources.cascades = {folder.path()};
  desk.sheet = Sheet(resources);
  base::write_file(folder / "yolo.onnx", convolution(16, 6, {8, 0, 0, 4, 0, 0, 4, 0, 0, 8, 0, 0, 0, 0, 0, 1, -1, 0}, true));
  desk("draw_box", {{"box", {0.5, 0.5, 0.25, 0.25}}, {"fill", "#ff0000"}, {"colour", "#ff0000"}});
  const Observation seen = desk("detect", {{"model", "yolo"}, {"size", 16}, {"threshold", 0.6}});
  ASSERT_EQ(seen.data["count"], 1) << seen.text;
  EXPECT_EQ(seen.data["found"][0]["class"], 1);
  EXPECT_NEAR(seen.data["found"][0]["centre"][0].get<double>(), 0.5, 0.01);
  EXPECT_NEAR(seen.data["found"][0]["box"][3].get<double>(), 0.5, 0.01);
  desk("new_canvas");
  EXPECT_EQ(desk("detect", {{"model", "yolo"}, {"size", 16}, {"threshold", 0.6}, {"picture", "canvas"}}).data["count"], 0);
  EXPECT_ERROR(desk("detect"), InvalidArgument, "either a cascade or a model");
  EXPECT_ERROR(desk("detect", {{"cascade", "eye"}}), InvalidArgument, "haarcascade_eye.xml is not installed (Debian: opencv-data)");
  base::write_file(folder / "haarcascade_eye.xml", "<opencv_storage></opencv_storage>");
  EXPECT_ERROR(desk("detect", {{"cascade", "eye"}}), base::InvalidFile, "no cascade");
}

}  // namespace
}  // namespace atelier::sketchpad
