#pragma once
/// The service's log on stderr, a line an event, as words or as JSON. It says who asked what kind of thing and what came
/// of it; never a prompt, a picture, an answer or a key.
#include "base/json.h"

#include <functional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace atelier::service {

/// "name=value" or "name": value. Control characters are escaped, so that no client can write a line of its own.
using LogFields = std::vector<std::pair<std::string, base::json>>;

class Log {
 public:
  /// @param write  gets whole lines; default: stderr
  explicit Log(bool as_json, std::function<void(const std::string& line)> write = {});
  /// From any thread.
  void event(std::string_view level, std::string_view what, const LogFields& fields = {}) const;

 private:
  bool as_json_;
  std::function<void(const std::string&)> write_;
};

/// ASCII on one line: everything else as \n, \t or \xNN. Longer texts are cut.
std::string escaped(std::string_view text, size_t limit = 400);

}  // namespace atelier::service
