#include "apps/service/session.h"

#include "base/random.h"

#include <boost/asio/buffer.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/write.hpp>
#include <boost/beast/core/string.hpp>

#include <algorithm>
#include <cmath>
#include <random>

namespace atelier::service {
namespace {

constexpr size_t kRead = 16 << 10, kBuffer = 128 << 10;

std::string new_id() {
  static std::atomic<uint64_t> count = 0;
  static const uint64_t start = std::random_device()() | static_cast<uint64_t>(std::random_device()()) << 32;
  return fmt::format("{:016x}", base::mix(start, ++count));
}

/// A client's own name for its request, if nothing can be hidden in it.
bool is_plain_id(std::string_view id) {
  return !id.empty() && id.size() <= 64 && std::all_of(id.begin(), id.end(), [](char c) {
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '-' || c == '_' || c == '.';
  });
}

ApiError parse_failure(const error_code& error, const ServerLimits& limits) {
  if (error == http::error::header_limit || error == http::error::buffer_overflow)
    return {431, fmt::format("the request's head has more than {} bytes", limits.head_bytes), "head_too_large"};
  if (error == http::error::body_limit) return {413, fmt::format("the body has more than {} bytes", limits.body_bytes), "body_too_large"};
  if (error == http::error::bad_version) return {505, "this is HTTP/1.1", "bad_version"};
  return {400, "this is not well-formed HTTP/1.1", "bad_http"};
}

}  // namespace

Session::Session(tcp::socket socket, std::string address, Hub& hub)
    : socket_(std::move(socket)), address_(std::move(address)), hub_(hub), timer_(hub.io), buffer_(kBuffer) {}

void Session::start() {
  error_code ignored;
  socket_.set_option(tcp::no_delay(true), ignored);
  enter(Phase::idle, hub_.limits.idle);
  read_more();
}

void Session::enter(Phase phase, ServerLimits::Time deadline) {
  phase_ = phase;
  since_ = Clock::now();
  timer_.expires_after(deadline);
  timer_.async_wait([self = shared_from_this()](const error_code& error) {
    if (!error && !self->closed_ && self->timer_.expiry() <= Clock::now()) self->on_deadline();
  });
}

void Session::on_deadline() {
  if (phase_ == Phase::head || phase_ == Phase::body) {
    refuse(ApiError(408, "the request did not arrive in time", "timeout"));
  } else if (phase_ == Phase::busy && !finished_) {
    exchange_->leave();
    if (status_ != 0) close();  // in the middle of a stream
    else refuse(ApiError(504, "the request took too long and was stopped", "timeout"));
  } else {
    close();
  }
}

void Session::read_more() {
  if (reading_ || closed_) return;
  if (phase_ == Phase::closing) buffer_.clear();
  if (buffer_.size() + kRead > kBuffer) {
    if (phase_ != Phase::busy) refuse(parse_failure(http::error::buffer_overflow, hub_.limits));
    return;  // a client that sends ahead waits
  }
  reading_ = true;
  socket_.async_read_some(buffer_.prepare(kRead), [self = shared_from_this()](const error_code& error, size_t bytes) {
    self->reading_ = false;
    if (!self->closed_) self->on_bytes(error, bytes);
  });
}

void Session::on_bytes(const error_code& error, size_t bytes) {
  if (error) {
    if (phase_ == Phase::busy && finished_) {  // it may have closed its own half, and reads on
      keep_ = false;
      return;
    }
    if (phase_ == Phase::busy) {
      hub_.metrics.left.Increment();
      hub_.log.event("info", "client left", {{"request", id_}, {"route", route_ ? route_->path : "other"}});
    }
    close();
    return;
  }
  buffer_.commit(bytes);
  consume();
}

void Session::consume() {
  while (!closed_) {
    if (phase_ == Phase::busy || phase_ == Phase::closing || buffer_.size() == 0) return read_more();
    if (phase_ == Phase::idle) {
      started_ = Clock::now();
      parser_.emplace();
      parser_->header_limit(static_cast<std::uint32_t>(hub_.limits.head_bytes));
      parser_->body_limit(hub_.limits.body_bytes);
      enter(Phase::head, hub_.limits.head);
    }
    error_code error;
    const size_t taken = parser_->put(buffer_.data(), error);
    buffer_.consume(taken);
    const bool more = error == http::error::need_more;
    if (error && !more) return refuse(parse_failure(error, hub_.limits));
    if (phase_ == Phase::head && parser_->is_header_done()) {
      on_head();
      if (phase_ != Phase::body) continue;  // it was refused
    }
    if (phase_ == Phase::body) {
      if (!charge_body()) continue;
      if (parser_->is_done()) {
        on_request();
        continue;
      }
    }
    if (more || taken == 0) return read_more();
  }
}

RequestHead Session::read_head() const {
  const auto& message = parser_->get();
  const auto field = [&](auto name) { return std::string(message[name]); };
  if (static_cast<size_t>(std::distance(message.begin(), message.end())) > hub_.limits.fields)
    throw ApiError(431, fmt::format("the request has more than {} header fields", hub_.limits.fields), "too_many_fields");
  if (message.target().size() > hub_.limits.target_bytes)
    throw ApiError(414, fmt::format("the request's path has more than {} bytes", hub_.limits.target_bytes), "target_too_long");
  if (message.count(http::field::host) > 1) throw ApiError(400, "the request has two Host headers");
  const std::string coding = field(http::field::transfer_encoding);
  if (!coding.empty() && !boost::beast::iequals(coding, "chunked")) throw ApiError(400, "the only Transfer-Encoding that is read is chunked");
  RequestHead head;
  head.method = std::string(message.method_string());
  head.target = std::string(message.target());
  head.host = field(http::field::host);
  head.origin = field(http::field::origin);
  head.authorization = field(http::field::authorization);
  head.content_type = field(http::field::content_type);
  head.content_encoding = field(http::field::content_encoding);
  head.fetch_site = field("Sec-Fetch-Site");
  head.http11 = message.version() >= 11;
  return head;
}

void Session::on_head() {
  const std::string own = std::string(parser_->get()["X-Request-Id"]);
  id_ = is_plain_id(own) ? own : new_id();
  keep_ = parser_->get().keep_alive();
  try {
    accept_request();
  } catch (const ApiError& error) {
    refuse(error);
  }
}

void Session::accept_request() {
  head_ = read_head();
  if (const auto headers = hub_.router.preflight(head_, hub_.access)) {
    phase_ = Phase::busy;
    keep_ = keep_ && parser_->is_done();
    HttpReply reply;
    reply.status = 204;
    reply.headers = *headers;
    on_reply(std::move(reply));
    return;
  }
  route_ = hub_.router.find(head_, hub_.access);
  if (hub_.draining && route_->path != "/health") throw ApiError(503, "the service is shutting down", "draining");
  if (const auto expected = parser_->get()[http::field::expect]; !expected.empty()) {
    if (!boost::beast::iequals(expected, "100-continue")) throw ApiError(417, "the only Expect that is known is 100-continue");
    if (!parser_->is_done()) send("HTTP/1.1 100 Continue\r\n\r\n", 0);
  }
  in_work_ = true;
  ++hub_.in_work;
  enter(Phase::body, hub_.limits.body);
}

bool Session::charge_body() {
  const auto announced = parser_->content_length();
  const size_t size = std::max<size_t>(parser_->get().body().size(), announced ? static_cast<size_t>(*announced) : 0);
  if (size > charged_) {
    hub_.bodies += size - charged_;
    charged_ = size;
  }
  if (hub_.bodies <= hub_.limits.bodies_bytes) return true;
  refuse(ApiError(503, "the service is reading as much as it can hold; try again", "busy"));
  return false;
}

void Session::on_request() {
  HttpRequest request;
  request.method = head_.method;
  request.path = head_.target.substr(0, head_.target.find('?'));
  request.content_type = head_.content_type;
  request.body = std::move(parser_->get().body());
  request.id = id_;
  exchange_ = std::make_shared<SessionExchange>(hub_, weak_from_this(), std::move(request));
  enter(Phase::busy, hub_.limits.request);
  net::post(hub_.handlers, [exchange = exchange_, handler = &route_->handler, &log = hub_.log] {
    try {
      (*handler)(exchange);
    } catch (...) {
      fail(*exchange, std::current_exception(), log);
    }
  });
}

void Session::refuse(const ApiError& error) {
  if (exchange_) exchange_->leave();
  phase_ = Phase::busy;
  keep_ = keep_ && parser_ && parser_->is_done() && error.status < 500;
  HttpReply reply;
  reply.status = error.status;
  reply.body = error_body(error);
  if (error.status == 401) reply.headers.emplace_back("WWW-Authenticate", "Bearer");
  if (error.status == 405) reply.headers.emplace_back("Allow", hub_.router.methods(head_.target));
  if (error.status == 503) reply.headers.emplace_back("Retry-After", "5");
  on_reply(std::move(reply));
}

std::string Session::head_of(int status, const std::string& content_type, std::optional<size_t> length,
                             const std::vector<std::pair<std::string, std::string>>& headers) const {
  std::string head = fmt::format("HTTP/1.1 {} {}\r\n", status, std::string_view(http::obsolete_reason(static_cast<http::status>(status))));
  const auto add = [&](std::string_view name, std::string_view value) { head += fmt::format("{}: {}\r\n", name, value); };
  if (status != 204) add("Content-Type", content_type);
  if (length && status != 204) add("Content-Length", std::to_string(*length));
  if (chunked_) add("Transfer-Encoding", "chunked");
  add("Connection", keep_ ? "keep-alive" : "close");
  if (!id_.empty()) add("X-Request-Id", id_);
  add("X-Content-Type-Options", "nosniff");
  add("Cross-Origin-Resource-Policy", "same-origin");
  bool policy = false, cache = false;
  for (const auto& list : {headers, cors_headers(head_, hub_.access)})
    for (const auto& [name, value] : list) {
      ASSERT(value.find_first_of("\r\n") == value.npos);
      policy |= name == "Content-Security-Policy";
      cache |= name == "Cache-Control";
      add(name, value);
    }
  if (!policy) add("Content-Security-Policy", "default-src 'none'; frame-ancestors 'none'");
  if (!cache) add("Cache-Control", "no-store");
  return head + "\r\n";
}

void Session::on_reply(HttpReply reply) {
  if (status_ != 0) return;
  status_ = reply.status;
  keep_ = keep_ && !hub_.draining;
  std::string bytes = head_of(reply.status, reply.content_type, reply.body.size(), reply.headers);
  if (head_.method != "HEAD") bytes += reply.body;
  send(std::move(bytes), 0);
  finish();
}

void Session::on_begin(const std::string& content_type) {
  if (status_ != 0) return;
  status_ = 200;
  keep_ = keep_ && !hub_.draining && head_.http11;
  chunked_ = head_.http11;
  send(head_of(200, content_type, std::nullopt, {}), 0);
}

void Session::on_piece(std::string piece) {
  const size_t size = piece.size();
  send(chunked_ ? fmt::format("{:x}\r\n", size) + std::move(piece) + "\r\n" : std::move(piece), size);
}

void Session::on_end() {
  if (chunked_) send("0\r\n\r\n", 0);
  finish();
}

void Session::send(std::string bytes, size_t counted) {
  outbox_.push_back({std::move(bytes), counted});
  write_more();
}

void Session::write_more() {
  if (writing_ || closed_ || outbox_.empty()) return;
  writing_ = true;
  net::async_write(socket_, net::buffer(outbox_.front().bytes), [self = shared_from_this()](const error_code& error, size_t bytes) {
    self->writing_ = false;
    if (self->closed_) return;
    if (error) return self->close();
    self->sent_ += bytes;
    if (self->exchange_) self->exchange_->sent(self->outbox_.front().counted);
    self->outbox_.pop_front();
    if (self->outbox_.empty() && self->finished_) return self->after_answer();
    self->write_more();
  });
}

void Session::finish() {
  finished_ = true;
  size_t left = 0;
  for (const Piece& piece : outbox_) left += piece.bytes.size();
  // A client must take at least 64 bytes a millisecond.
  enter(Phase::busy, hub_.limits.write + ServerLimits::Time(left / 64));
  if (outbox_.empty()) after_answer();
}

void Session::after_answer() {
  const double seconds = std::chrono::duration<double>(Clock::now() - started_).count();
  const std::string route = route_ ? route_->path : "other";
  hub_.metrics.request(route, status_, seconds);
  hub_.log.event(status_ >= 500 ? "warning" : "info", "request",
                 {{"request", id_}, {"client", address_}, {"method", head_.method.substr(0, 16)}, {"route", route},
                  {"path", route_ ? "" : head_.target.substr(0, std::min<size_t>(head_.target.find('?'), 100))}, {"status", status_},
                  {"seconds", std::round(seconds * 1e6) / 1e6}, {"bytes", sent_}});
  leave_work();
  parser_.reset();
  exchange_.reset();
  head_ = {};
  route_ = nullptr;
  id_.clear();
  status_ = 0;
  sent_ = 0;
  chunked_ = finished_ = false;
  if (closed_) return;
  if (keep_ && !hub_.draining) {
    enter(Phase::idle, hub_.limits.idle);
    consume();
    return;
  }
  // Closing at once would reset the connection where the client still sends, and take the answer away from it.
  error_code ignored;
  socket_.shutdown(tcp::socket::shutdown_send, ignored);
  enter(Phase::closing, hub_.limits.linger);
  read_more();
}

void Session::leave_work() {
  hub_.bodies -= std::exchange(charged_, 0);
  if (!std::exchange(in_work_, false)) return;
  --hub_.in_work;
  hub_.on_done();
}

void Session::cancel() {
  if (exchange_ && !finished_) exchange_->leave();
}

void Session::close() {
  if (std::exchange(closed_, true)) return;
  cancel();
  timer_.cancel();
  error_code ignored;
  socket_.close(ignored);
  const auto self = shared_from_this();
  hub_.sessions.erase(self);
  if (--hub_.addresses[address_] == 0) hub_.addresses.erase(address_);
  hub_.metrics.connections.Set(static_cast<double>(hub_.sessions.size()));
  leave_work();
}

}  // namespace atelier::service
