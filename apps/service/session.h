#pragma once
/// One connection: requests in, answers out, one at a time. Internal to the server; everything here runs on its one
/// socket thread but for what SessionExchange says.
#include "apps/service/server.h"

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/thread_pool.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/string_body.hpp>

#include <atomic>
#include <deque>
#include <map>
#include <optional>
#include <set>

namespace atelier::service {

namespace net = boost::asio;
namespace http = boost::beast::http;
using boost::beast::error_code;
using net::ip::tcp;
using Clock = std::chrono::steady_clock;

class Session;

/// What the connections share.
struct Hub {
  Router router;
  Access access;
  ServerLimits limits;
  Metrics& metrics;
  const Log& log;
  net::io_context io{1};
  net::thread_pool handlers{4};
  std::set<std::shared_ptr<Session>> sessions = {};
  std::map<std::string, size_t> addresses = {};  // connections of each
  size_t bodies = 0;                        // bytes of bodies in memory
  size_t in_work = 0;                       // requests whose head was accepted and whose answer is not out
  std::atomic<bool> draining = false;
  std::function<void()> on_done = {};       // whenever a request leaves in_work
};

/// The Exchange of one request. Members of Exchange from any thread.
class SessionExchange : public Exchange, public std::enable_shared_from_this<SessionExchange> {
 public:
  SessionExchange(Hub& hub, std::weak_ptr<Session> session, HttpRequest request)
      : hub_(hub), session_(std::move(session)), request_(std::move(request)) {}

  const HttpRequest& request() const override { return request_; }
  bool gone() const override { return gone_; }
  void reply(HttpReply reply) override;
  void begin(std::string content_type) override;
  bool begun() const override { return begun_; }
  void write(std::string piece) override;
  void end() override;
  size_t unsent() const override { return unsent_; }

  void leave() { gone_ = true; }
  void sent(size_t bytes) { unsent_ -= std::min(bytes, unsent_.load()); }

 private:
  /// Calls a member of the session on the socket thread, if it still waits for this answer.
  template <class Call>
  void post(Call call);
  Hub& hub_;
  std::weak_ptr<Session> session_;
  HttpRequest request_;
  std::atomic<bool> gone_ = false, begun_ = false, answered_ = false;
  std::atomic<size_t> unsent_ = 0;
};

class Session : public std::enable_shared_from_this<Session> {
 public:
  Session(tcp::socket socket, std::string address, Hub& hub);
  void start();

  bool idle() const { return phase_ == Phase::idle; }
  Clock::time_point since() const { return since_; }  // of the phase
  const std::string& address() const { return address_; }
  void close();
  /// Whatever is in work for it is cancelled.
  void cancel();

  // From the exchange.
  bool waits_for(const Exchange* exchange) const { return !closed_ && exchange_.get() == exchange && !finished_; }
  void on_reply(HttpReply reply);
  void on_begin(const std::string& content_type);
  void on_piece(std::string piece);
  void on_end();

 private:
  enum class Phase { idle, head, body, busy, closing };

  void enter(Phase phase, ServerLimits::Time deadline);
  void on_deadline();
  void read_more();
  void on_bytes(const error_code& error, size_t bytes);
  void consume();
  void on_head();
  RequestHead read_head() const;
  void accept_request();
  /// Counts the body as it grows. @return false if it was too much, and the request is refused
  bool charge_body();
  void on_request();
  /// Answers without a handler; what is left of the request is not read.
  void refuse(const ApiError& error);
  std::string head_of(int status, const std::string& content_type, std::optional<size_t> length,
                      const std::vector<std::pair<std::string, std::string>>& headers) const;
  void send(std::string bytes, size_t counted);
  void write_more();
  void finish();        // the answer is complete, its last bytes perhaps on their way
  void after_answer();  // they are out
  void leave_work();

  tcp::socket socket_;
  const std::string address_;
  Hub& hub_;
  net::steady_timer timer_;
  Phase phase_ = Phase::idle;
  Clock::time_point since_ = Clock::now(), started_;
  boost::beast::flat_buffer buffer_;
  bool reading_ = false, writing_ = false, closed_ = false;

  // Of the request at hand.
  std::optional<http::request_parser<http::string_body>> parser_;
  RequestHead head_;
  const Route* route_ = nullptr;
  std::string id_;
  size_t charged_ = 0;
  bool in_work_ = false, keep_ = false;
  std::shared_ptr<SessionExchange> exchange_;

  // Of its answer.
  int status_ = 0;
  bool chunked_ = false, finished_ = false;
  size_t sent_ = 0;
  struct Piece {
    std::string bytes;
    size_t counted;  // of the exchange's unsent()
  };
  std::deque<Piece> outbox_;
};

}  // namespace atelier::service
