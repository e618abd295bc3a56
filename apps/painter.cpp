#include "apps/painter.h"

#include "base/error.h"

namespace atelier::apps {

std::unique_ptr<Painter> open_painter(const std::filesystem::path& model) {
  throw base::ResourceError(model.string() + ": the engine is not connected yet");
}

}  // namespace atelier::apps
