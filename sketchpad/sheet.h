#pragma once
/// The named pictures and canvases of one run, and what outside programs its tools may call.
#include "sketchpad/canvas.h"

#include <filesystem>
#include <map>
#include <variant>

namespace atelier::sketchpad {

/// Models and programs outside this one; a tool that lacks one says so and what to install.
struct Resources {
  std::filesystem::path models;                        // folder of ONNX files; empty: none
  std::vector<std::filesystem::path> cascades = {"/usr/share/opencv4/haarcascades", "/usr/share/opencv/haarcascades"};
  std::string tesseract = "tesseract";                 // a name looked up on PATH, or a path
  std::string engine = "stockfish";
};

struct SheetLimits {
  int64_t entries = 200;
  int64_t pixels = int64_t{200} << 20;  // of all pictures together
};

class Sheet {
 public:
  explicit Sheet(Resources resources = {}, const SheetLimits& limits = {});

  /// A picture under this name, in place of what was there. @throws InvalidArgument past the limits
  void put(const std::string& name, std::shared_ptr<const vision::Image> picture);
  void put(const std::string& name, vision::Image picture);
  void put(const std::string& name, Canvas canvas);
  /// Under the first free of prefix_1, prefix_2, ... @return that name
  std::string add(const std::string& prefix, std::shared_ptr<const vision::Image> picture);

  bool has(std::string_view name) const;
  bool is_canvas(std::string_view name) const;
  /// A picture, or a canvas as it looks now. "": the latest. @throws InvalidArgument that lists the names there are
  std::shared_ptr<const vision::Image> picture(std::string_view name) const;
  /// A canvas to draw on: white, 640 x 640, if new; over the picture if there is one of this name.
  Canvas& canvas(const std::string& name);

  /// The name that was put, drawn on or added last; "" if there is none.
  const std::string& latest() const { return latest_; }
  std::vector<std::string> names() const;
  const Resources& resources() const { return *resources_; }

 private:
  using Entry = std::variant<std::shared_ptr<const vision::Image>, Canvas>;
  void store(const std::string& name, Entry entry);

  std::shared_ptr<const Resources> resources_;
  SheetLimits limits_;
  std::map<std::string, Entry, std::less<>> entries_;
  std::string latest_;
};

}  // namespace atelier::sketchpad
