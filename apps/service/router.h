#pragma once
/// Which handler a request goes to, and whether it may: the checks that need no more than a request's head, before its
/// body is read.
#include "apps/service/api_error.h"
#include "apps/service/exchange.h"
#include "apps/service/keys.h"

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace atelier::service {

struct Route {
  std::string method, path;  // a path that ends in "/*" stands for all below it
  Handler handler;
  bool open = false;         // without a key
  bool body = false;         // JSON or a form is expected
};

/// A request's head, names in lower case; empty: not there.
struct RequestHead {
  std::string method, target, host, origin, authorization, content_type, content_encoding, fetch_site;
  bool http11 = true;
};

struct Access {
  ApiKeys keys;
  bool loopback = true;              // bound to this machine alone: Host must be it, or one of the origins'
  std::vector<std::string> origins;  // of web pages that may ask: "https://chat.example"
};

class Router {
 public:
  void add(Route route) { routes_.push_back(std::move(route)); }

  /// @return the route; never null @throws ApiError 400, 401, 403, 404, 405, 414, 415
  const Route* find(const RequestHead& head, const Access& access) const;

  /// The methods that a path is for, "GET, POST"; empty: there is nothing at it.
  std::string methods(std::string_view target) const;

  /// Of a CORS preflight (OPTIONS): nothing if it is none, else what the page may do (cors_headers says who may).
  /// @throws ApiError 403
  std::optional<std::vector<std::pair<std::string, std::string>>> preflight(const RequestHead& head, const Access& access) const;

  const std::vector<Route>& routes() const { return routes_; }

 private:
  std::vector<Route> routes_;
};

/// What a page of this origin must be told to read an answer; empty for none, and for those not allowed.
std::vector<std::pair<std::string, std::string>> cors_headers(const RequestHead& head, const Access& access);

/// "127.0.0.1", "::1" and "localhost", with or without a port.
bool is_loopback_name(std::string_view host);

}  // namespace atelier::service
