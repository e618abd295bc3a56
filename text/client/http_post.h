#pragma once
/// One HTTP request whose answer must come in time and must not be larger than expected. Internal to text/client.
#include <chrono>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace atelier::text {

struct HttpRequest {
  std::string url;                   // http or https
  std::vector<std::string> headers;  // "Name: value"
  std::string body;
  std::chrono::milliseconds connect_timeout{5000}, timeout{120000};  // of the whole exchange
  int64_t response_bytes = 8 << 20;
  std::function<bool()> cancelled;   // asked several times a second; true ends the exchange
};

struct HttpResponse {
  int64_t status = 0;
  std::string body;
  std::optional<std::chrono::seconds> retry_after;  // Retry-After, a number or a date
};

/// The exchange did not come to a whole answer.
struct HttpFailure {
  std::string reason;    // "connection refused", "no answer within 120 s", "the answer has more than 8388608 bytes"
  bool worth_a_retry;    // the connection broke off
};

/// POST. Follows no redirect. @throws HttpFailure, Cancelled
HttpResponse http_post(const HttpRequest& request);

}  // namespace atelier::text
