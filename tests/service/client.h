#pragma once
/// A plain HTTP client over a socket that can also misbehave: half requests, slow ones, and none of a library's manners.
#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <chrono>
#include <map>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

namespace atelier::service {

struct Response {
  int status = 0;  // 0: the connection was closed without an answer
  std::map<std::string, std::string> headers;  // names in lower case
  std::string body;
};

using Headers = std::vector<std::pair<std::string, std::string>>;

inline std::string request_text(const std::string& method, const std::string& path, const std::string& body = "", const Headers& headers = {}) {
  std::string text = method + " " + path + " HTTP/1.1\r\n";
  bool host = false, type = false;
  for (const auto& [name, value] : headers) {
    text += name + ": " + value + "\r\n";
    host |= name == "Host";
    type |= name == "Content-Type";
  }
  if (!host) text += "Host: 127.0.0.1\r\n";
  if (!body.empty() && !type) text += "Content-Type: application/json\r\n";
  if (!body.empty()) text += "Content-Length: " + std::to_string(body.size()) + "\r\n";
  return text + "\r\n" + body;
}

class Client {
 public:
  explicit Client(uint16_t port) {
    fd_ = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(port);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    if (::connect(fd_, reinterpret_cast<sockaddr*>(&address), sizeof address) != 0) throw std::runtime_error("cannot connect");
  }
  ~Client() { close(); }
  Client(Client&& other) noexcept : fd_(std::exchange(other.fd_, -1)), pending_(std::move(other.pending_)) {}
  void close() {
    if (fd_ >= 0) ::close(std::exchange(fd_, -1));
  }
  void half_close() { ::shutdown(fd_, SHUT_WR); }

  /// @return false if the other side has closed
  bool send(std::string_view text) {
    while (!text.empty()) {
      const ssize_t sent = ::send(fd_, text.data(), text.size(), MSG_NOSIGNAL);
      if (sent <= 0) return false;
      text.remove_prefix(static_cast<size_t>(sent));
    }
    return true;
  }

  /// More bytes. @return false if there are none within the time, or the other side has closed
  bool read(int milliseconds = 60000) {
    pollfd waiting{fd_, POLLIN, 0};
    if (::poll(&waiting, 1, milliseconds) <= 0) return false;
    char buffer[65536];
    const ssize_t got = ::recv(fd_, buffer, sizeof buffer, 0);
    closed_ = got <= 0;
    if (got > 0) pending_.append(buffer, static_cast<size_t>(got));
    return got > 0;
  }
  /// Reads until the text is there. @return everything so far, up to its end
  std::string read_until(const std::string& text) {
    size_t at;
    while ((at = pending_.find(text)) == pending_.npos)
      if (!read()) throw std::runtime_error("no '" + text + "' in: " + pending_);
    return take(at + text.size());
  }
  /// True if the other side closes within the time, whatever it still sends.
  bool closes(int milliseconds) {
    const auto end = std::chrono::steady_clock::now() + std::chrono::milliseconds(milliseconds);
    while (!closed_) {
      const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(end - std::chrono::steady_clock::now()).count();
      if (left <= 0) return false;
      read(static_cast<int>(left));
    }
    return true;
  }

  Response response(bool head_only = false) {
    Response result;
    while (pending_.find("\r\n\r\n") == pending_.npos)
      if (!read()) return result;
    const std::string head = take(pending_.find("\r\n\r\n") + 4);
    result.status = std::stoi(head.substr(9, 3));
    for (size_t begin = head.find("\r\n") + 2; begin + 2 < head.size();) {
      const size_t end = head.find("\r\n", begin), colon = head.find(": ", begin);
      std::string name = head.substr(begin, colon - begin);
      for (char& c : name) c = static_cast<char>(std::tolower(c));
      result.headers[name] = head.substr(colon + 2, end - colon - 2);
      begin = end + 2;
    }
    if (head_only || result.status == 204 || result.status == 100) return result;
    if (result.headers.contains("transfer-encoding")) {
      for (;;) {
        const std::string line = read_until("\r\n");
        const size_t size = std::stoul(line, nullptr, 16);
        result.body += read_bytes(size);
        read_until("\r\n");
        if (size == 0) return result;
      }
    }
    result.body = read_bytes(std::stoul(result.headers.at("content-length")));
    return result;
  }

 private:
  std::string take(size_t size) {
    std::string text = pending_.substr(0, size);
    pending_.erase(0, size);
    return text;
  }
  std::string read_bytes(size_t size) {
    while (pending_.size() < size)
      if (!read()) throw std::runtime_error("the answer ended early");
    return take(size);
  }

  int fd_ = -1;
  bool closed_ = false;
  std::string pending_;
};

inline Response ask(uint16_t port, const std::string& method, const std::string& path, const std::string& body = "", const Headers& headers = {}) {
  Client client(port);
  client.send(request_text(method, path, body, headers));
  return client.response(method == "HEAD");
}

}  // namespace atelier::service
