#pragma once
/// Tokens to text that can be sent: whole characters only, and nothing that a stop text could still begin with.
#include <string>
#include <string_view>
#include <vector>

namespace atelier::service {

class TextStream {
 public:
  /// @param stop  texts before the first of which the answer ends; none is empty
  explicit TextStream(std::vector<std::string> stop) : stop_(std::move(stop)) {}

  /// @param bytes  of the next token @return what is certain by now
  std::string push(std::string_view bytes);
  /// The rest, once there are no more tokens; half a character becomes U+FFFD.
  std::string finish();
  /// A stop text came: what is pushed from now on is lost.
  bool stopped() const { return stopped_; }

 private:
  std::vector<std::string> stop_;
  std::string pending_;
  bool stopped_ = false;
};

}  // namespace atelier::service
