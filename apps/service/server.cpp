#include "apps/service/server.h"

#include "apps/service/session.h"
#include "base/progress.h"

#include <boost/asio/post.hpp>
#include <boost/asio/signal_set.hpp>
#include <sys/resource.h>

#include <algorithm>
#include <csignal>

namespace atelier::service {
namespace {

/// As many file descriptors as there may be connections, if the system lets us. @return connections that fit
size_t raise_file_limit(size_t connections) {
  constexpr rlim_t kOwn = 64;  // models, logs, the listening socket
  rlimit limit{};
  if (getrlimit(RLIMIT_NOFILE, &limit) != 0) return connections;
  const rlim_t wanted = static_cast<rlim_t>(connections) + kOwn;
  if (limit.rlim_cur < wanted) {
    limit.rlim_cur = std::min(wanted, limit.rlim_max);
    setrlimit(RLIMIT_NOFILE, &limit);
  }
  return std::min<size_t>(connections, limit.rlim_cur > kOwn ? limit.rlim_cur - kOwn : 1);
}

/// To a client that is not let in: as much of an answer as its socket takes at once.
void turn_away(tcp::socket& socket, int status, const char* message) {
  const std::string body = error_body(ApiError(status, message, "too_many_connections"));
  const std::string text = fmt::format(
      "HTTP/1.1 {} {}\r\nContent-Type: application/json\r\nContent-Length: {}\r\nRetry-After: 5\r\nConnection: close\r\n\r\n{}", status,
      std::string_view(http::obsolete_reason(static_cast<http::status>(status))), body.size(), body);
  error_code ignored;
  socket.non_blocking(true, ignored);
  socket.send(net::buffer(text), 0, ignored);
  socket.shutdown(tcp::socket::shutdown_send, ignored);
}

}  // namespace

struct Server::State {
  State(Router router, Access access, const ServerLimits& limits, Metrics& metrics, const Log& log)
      : hub{.router = std::move(router), .access = std::move(access), .limits = limits, .metrics = metrics, .log = log} {
    hub.limits.connections = raise_file_limit(limits.connections);
    hub.on_done = [this] { net::post(hub.io, [this] { finish_if_drained(); }); };
  }

  void accept() {
    acceptor.async_accept([this](const error_code& error, tcp::socket socket) {
      if (error == net::error::operation_aborted) return;
      if (error) {  // out of descriptors: wait until some are free again
        retry.expires_after(std::chrono::milliseconds(100));
        retry.async_wait([this](const error_code& stopped) {
          if (!stopped) accept();
        });
        return;
      }
      welcome(std::move(socket));
      accept();
    });
  }

  void welcome(tcp::socket socket) {
    error_code error;
    const auto peer = socket.remote_endpoint(error);
    if (error) return;  // it has left
    const std::string address = peer.address().to_string();
    const auto own = hub.addresses.find(address);
    if (own != hub.addresses.end() && own->second >= hub.limits.connections_per_address && !close_longest_idle(&address))
      return turn_away(socket, 429, "this address has too many connections");
    if (hub.sessions.size() >= hub.limits.connections && !close_longest_idle(nullptr))
      return turn_away(socket, 503, "the service has too many connections; try again");
    const auto session = std::make_shared<Session>(std::move(socket), address, hub);
    hub.sessions.insert(session);
    ++hub.addresses[address];
    hub.metrics.connections.Set(static_cast<double>(hub.sessions.size()));
    session->start();
  }

  /// Makes room. @param address  only among its connections; null: among all @return false if none is idle
  bool close_longest_idle(const std::string* address) {
    std::shared_ptr<Session> oldest;
    for (const auto& session : hub.sessions)
      if (session->idle() && (!address || session->address() == *address) && (!oldest || session->since() < oldest->since())) oldest = session;
    if (oldest) oldest->close();
    return oldest != nullptr;
  }

  void begin_drain() {
    if (hub.draining.exchange(true)) return cancel_all();
    hub.log.event("info", "draining", {{"in_work", hub.in_work}});
    patience.expires_after(hub.limits.drain);
    patience.async_wait([this](const error_code& error) {
      if (!error) cancel_all();
    });
    finish_if_drained();
  }

  /// What is in work is told to stop; a client that does not take its answer does not keep us either.
  void cancel_all() {
    for (const auto& session : hub.sessions) session->cancel();
    patience.expires_after(std::chrono::seconds(5));
    patience.async_wait([this](const error_code& error) {
      if (!error) hub.io.stop();
    });
  }

  void finish_if_drained() {
    if (!hub.draining || hub.in_work > 0) return;
    error_code ignored;
    acceptor.close(ignored);
    hub.io.stop();
  }

  void wait_for_signal() {
    signals.async_wait([this](const error_code& error, int) {
      if (error) return;
      begin_drain();
      wait_for_signal();
    });
  }

  Hub hub;
  tcp::acceptor acceptor{hub.io};
  net::steady_timer retry{hub.io}, patience{hub.io};
  net::signal_set signals{hub.io};
};

Server::Server(const std::string& host, uint16_t port, Router router, Access access, const ServerLimits& limits, Metrics& metrics, const Log& log) {
  error_code error;
  const auto address = net::ip::make_address(host == "localhost" ? "127.0.0.1" : host, error);
  REQUIRE(!error, "{} is no address to listen at; give one such as 127.0.0.1 or 0.0.0.0", host);
  access.loopback = address.is_loopback();
  REQUIRE(access.loopback || access.keys.required(), "{} can be reached from other machines: that needs --api-key-file", host);
  state_ = std::make_unique<State>(std::move(router), std::move(access), limits, metrics, log);
  const tcp::endpoint endpoint(address, port);
  tcp::acceptor& acceptor = state_->acceptor;
  acceptor.open(endpoint.protocol(), error);
  if (!error) acceptor.set_option(tcp::acceptor::reuse_address(true), error);
  if (!error) acceptor.bind(endpoint, error);
  if (!error) acceptor.listen(1024, error);
  if (error) throw base::ResourceError(fmt::format("cannot listen at {}:{}: {}", host, port, error.message()));
}

Server::~Server() = default;

uint16_t Server::port() const { return state_->acceptor.local_endpoint().port(); }

bool Server::draining() const { return state_->hub.draining; }

void Server::drain() {
  net::post(state_->hub.io, [state = state_.get()] { state->begin_drain(); });
}

void Server::run(bool signals) {
  if (signals) {
    state_->signals.add(SIGTERM);
    state_->signals.add(SIGINT);
    state_->wait_for_signal();
    if (base::cancelled()) drain();  // one came before we listened for it
  }
  state_->accept();
  for (;;) {
    try {
      state_->hub.io.run();
      break;
    } catch (const std::exception& error) {  // our own bug; the connections are still good
      state_->hub.log.event("error", "socket thread", {{"reason", error.what()}});
    }
  }
  state_->hub.handlers.join();
  while (!state_->hub.sessions.empty()) (*state_->hub.sessions.begin())->close();
}

void fail(Exchange& exchange, std::exception_ptr exception, const Log& log) {
  std::string detail;
  const ApiError error = to_api_error(exception, detail);
  if (!detail.empty()) log.event("error", "failed", {{"request", exchange.request().id}, {"reason", detail}});
  if (exchange.begun()) {
    exchange.write("data: " + error_body(error) + "\n\n");
    exchange.end();
    return;
  }
  HttpReply reply;
  reply.status = error.status;
  reply.body = error_body(error);
  if (error.status == 503) reply.headers.emplace_back("Retry-After", "5");
  exchange.reply(std::move(reply));
}

}  // namespace atelier::service
