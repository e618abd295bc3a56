#pragma once
/// One request and its answer, as handlers see them; the sockets are on the other side (session.cpp).
#include <cstddef>
#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace atelier::service {

struct HttpRequest {
  std::string method, path;  // of the path, what stands before '?'; not decoded
  std::string content_type, body;
  std::string id;            // names it in the log and in X-Request-Id
};

struct HttpReply {
  int status = 200;
  std::string body;
  std::string content_type = "application/json";
  std::vector<std::pair<std::string, std::string>> headers;  // more of them
};

/// Every member from any thread. Nothing is lost by calling them when the client has left: they do nothing then.
class Exchange {
 public:
  virtual ~Exchange() = default;
  virtual const HttpRequest& request() const = 0;

  /// The client left, or its time is over: whatever is done for it can stop.
  virtual bool gone() const = 0;

  /// The whole answer at once.
  virtual void reply(HttpReply reply) = 0;

  /// An answer in pieces: begin(), any number of write(), end().
  virtual void begin(std::string content_type) = 0;
  virtual bool begun() const = 0;
  virtual void write(std::string piece) = 0;
  virtual void end() = 0;
  /// Bytes of it that the client has not taken yet.
  virtual size_t unsent() const = 0;
};

using Handler = std::function<void(std::shared_ptr<Exchange>)>;

}  // namespace atelier::service
