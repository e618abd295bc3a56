#include "apps/service/log.h"

#include <fmt/chrono.h>

#include <chrono>
#include <cstdio>

namespace atelier::service {
namespace {

std::string now() {
  const auto time = std::chrono::time_point_cast<std::chrono::milliseconds>(std::chrono::system_clock::now());
  const auto milliseconds = time.time_since_epoch().count() % 1000;
  return fmt::format("{:%Y-%m-%dT%H:%M:%S}.{:03}Z", fmt::gmtime(std::chrono::system_clock::to_time_t(time)), milliseconds);
}

}  // namespace

std::string escaped(std::string_view text, size_t limit) {
  std::string result;
  for (const char c : text.substr(0, limit)) {
    if (c == '\n') result += "\\n";
    else if (c == '\t') result += "\\t";
    else if (c == '\\') result += "\\\\";
    else if (c < 0x20 || c == 0x7F) result += fmt::format("\\x{:02x}", static_cast<unsigned char>(c));
    else result += c;
  }
  if (text.size() > limit) result += "...";
  return result;
}

Log::Log(bool as_json, std::function<void(const std::string&)> write) : as_json_(as_json), write_(std::move(write)) {
  if (!write_) write_ = [](const std::string& line) { std::fwrite(line.data(), 1, line.size(), stderr); };  // stdio locks
}

void Log::event(std::string_view level, std::string_view what, const LogFields& fields) const {
  if (as_json_) {
    base::json line = {{"time", now()}, {"level", level}, {"event", what}};
    for (const auto& [name, value] : fields) line[name] = value.is_string() ? base::json(escaped(value.get_ref<const std::string&>())) : value;
    write_(base::dump_json(line) + "\n");
    return;
  }
  std::string line = fmt::format("{} {} {}", now(), level, what);
  for (const auto& [name, value] : fields)
    line += fmt::format(" {}={}", name, value.is_string() ? escaped(value.get_ref<const std::string&>()) : base::dump_json(value));
  write_(line + "\n");
}

}  // namespace atelier::service
