#include "sketchpad/sheet.h"

#include "base/error.h"

namespace atelier::sketchpad {

Sheet::Sheet(Resources resources, const SheetLimits& limits)
    : resources_(std::make_shared<const Resources>(std::move(resources))), limits_(limits) {}

void Sheet::store(const std::string& name, Entry entry) {
  const auto pixels = [](const Entry& e) {
    if (const auto* canvas = std::get_if<Canvas>(&e)) return canvas->width() * canvas->height();
    const auto& image = std::get<0>(e);
    return image->width * image->height;
  };
  REQUIRE(!name.empty() && name.size() <= 64, "a picture's name must be 1 to 64 bytes, not {}", name.size());
  int64_t total = pixels(entry);
  for (const auto& [other, there] : entries_) total += other == name ? 0 : pixels(there);
  REQUIRE(total <= limits_.pixels, "the pictures of a run hold at most {} pixels together", limits_.pixels);
  REQUIRE(entries_.contains(name) || static_cast<int64_t>(entries_.size()) < limits_.entries, "a run holds at most {} pictures",
      limits_.entries);
  entries_.insert_or_assign(name, std::move(entry));
  latest_ = name;
}

void Sheet::put(const std::string& name, std::shared_ptr<const vision::Image> picture) {
  if (picture->channels != 3) picture = std::make_shared<const vision::Image>(vision::over(*picture, {255, 255, 255}));
  store(name, std::move(picture));
}

void Sheet::put(const std::string& name, vision::Image picture) { put(name, std::make_shared<const vision::Image>(std::move(picture))); }

void Sheet::put(const std::string& name, Canvas canvas) { store(name, std::move(canvas)); }

std::string Sheet::add(const std::string& prefix, std::shared_ptr<const vision::Image> picture) {
  int number = 1;
  while (entries_.contains(fmt::format("{}_{}", prefix, number))) ++number;
  const std::string name = fmt::format("{}_{}", prefix, number);
  put(name, std::move(picture));
  return name;
}

bool Sheet::has(std::string_view name) const { return entries_.find(name) != entries_.end(); }

bool Sheet::is_canvas(std::string_view name) const {
  const auto found = entries_.find(name);
  return found != entries_.end() && std::holds_alternative<Canvas>(found->second);
}

std::shared_ptr<const vision::Image> Sheet::picture(std::string_view name) const {
  const auto found = entries_.find(name.empty() ? std::string_view(latest_) : name);
  if (found == entries_.end()) {
    REQUIRE(!entries_.empty(), "there is no picture yet: draw one first");
    std::string there;
    for (const auto& [other, entry] : entries_) there += (there.empty() ? "" : ", ") + other;
    throw base::InvalidArgument(fmt::format("there is no picture \"{}\"; there are: {}", name, there));
  }
  if (const auto* canvas = std::get_if<Canvas>(&found->second)) return std::make_shared<const vision::Image>(canvas->render());
  return std::get<0>(found->second);
}

Canvas& Sheet::canvas(const std::string& name) {
  const auto found = entries_.find(name);
  if (found == entries_.end()) store(name, Canvas(640, 640));
  else if (auto* picture = std::get_if<0>(&found->second)) found->second = Canvas(*picture);
  latest_ = name;
  return std::get<Canvas>(entries_.find(name)->second);
}

std::vector<std::string> Sheet::names() const {
  std::vector<std::string> out;
  for (const auto& [name, entry] : entries_) out.push_back(name);
  return out;
}

}  // namespace atelier::sketchpad
