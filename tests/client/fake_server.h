#pragma once
/// A server on a loopback port that gives prepared answers, one a connection, and keeps what it was asked.
#include "base/error.h"
#include "base/json.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <atomic>
#include <chrono>
#include <functional>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

namespace atelier::tests {

/// A whole HTTP answer. @param headers  more of them, each with its "\r\n"
inline std::string http(int status, const std::string& body, const std::string& headers = "") {
  return fmt::format("HTTP/1.1 {} X\r\nContent-Type: application/json\r\nContent-Length: {}\r\nConnection: close\r\n{}\r\n{}", status,
                     body.size(), headers, body);
}

inline std::string chat_reply(const std::string& text) {
  return http(200, base::json{{"model", "fake"}, {"choices", {{{"message", {{"role", "assistant"}, {"content", text}}}, {"finish_reason", "stop"}}}}}.dump());
}

class FakeServer {
 public:
  /// @param answer  raw bytes for the request of this number and body; empty: the connection is closed without a word
  explicit FakeServer(std::function<std::string(size_t number, const std::string& body)> answer) : answer_(std::move(answer)) {
    listener_ = ::socket(AF_INET, SOCK_STREAM, 0);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof address;
    if (::bind(listener_, reinterpret_cast<sockaddr*>(&address), size) != 0 || ::listen(listener_, 8) != 0 ||
        ::getsockname(listener_, reinterpret_cast<sockaddr*>(&address), &size) != 0)
      throw std::runtime_error("no port for the fake server");
    port_ = ntohs(address.sin_port);
    thread_ = std::thread([this] { serve(); });
  }
  /// The same answers in turn, the last one again and again.
  explicit FakeServer(std::vector<std::string> answers)
      : FakeServer([answers = std::move(answers)](size_t number, const std::string&) { return answers[std::min(number, answers.size() - 1)]; }) {}
  ~FakeServer() {
    done_ = true;
    ::shutdown(listener_, SHUT_RDWR);
    ::close(listener_);
    thread_.join();
  }

  std::string url() const { return fmt::format("http://127.0.0.1:{}/v1", port_); }
  size_t count() const {
    const std::lock_guard lock(mutex_);
    return requests_.size();
  }
  /// Head and body of a request.
  std::string request(size_t i) const {
    const std::lock_guard lock(mutex_);
    return requests_.at(i);
  }
  base::json body(size_t i) const {
    const std::string whole = request(i);
    return base::json::parse(whole.substr(whole.find("\r\n\r\n") + 4));
  }

 private:
  void serve() {
    while (!done_) {
      const int connection = ::accept(listener_, nullptr, nullptr);
      if (connection < 0) return;
      const std::string request = read_request(connection);
      size_t number;
      {
        const std::lock_guard lock(mutex_);
        number = requests_.size();
        requests_.push_back(request);
      }
      const std::string answer = answer_(number, request.substr(std::min(request.size(), request.find("\r\n\r\n") + 4)));
      for (size_t sent = 0; sent < answer.size();) {
        const ssize_t n = ::send(connection, answer.data() + sent, answer.size() - sent, MSG_NOSIGNAL);
        if (n <= 0) break;
        sent += static_cast<size_t>(n);
      }
      ::close(connection);
    }
  }

  static std::string read_request(int connection) {
    std::string request;
    size_t wanted = std::string::npos;
    char buffer[4096];
    while (request.size() < wanted) {
      const ssize_t n = ::recv(connection, buffer, sizeof buffer, 0);
      if (n <= 0) break;
      request.append(buffer, static_cast<size_t>(n));
      const size_t end = request.find("\r\n\r\n"), length = request.find("Content-Length: ");
      if (wanted == std::string::npos && end != std::string::npos && length < end) wanted = end + 4 + std::stoul(request.substr(length + 16));
    }
    return request;
  }

  std::function<std::string(size_t, const std::string&)> answer_;
  int listener_;
  uint16_t port_ = 0;
  std::atomic<bool> done_ = false;
  mutable std::mutex mutex_;
  std::vector<std::string> requests_;
  std::thread thread_;
};

}  // namespace atelier::tests
