#include "apps/service/router.h"

#include "apps/service/multipart.h"

#include <algorithm>

namespace atelier::service {
namespace {

bool contains(const std::vector<std::string>& list, std::string_view text) { return std::find(list.begin(), list.end(), text) != list.end(); }

/// "host:port" of an origin, "https://chat.example" -> "chat.example".
std::string_view authority(std::string_view origin) {
  const size_t scheme = origin.find("://");
  return scheme == origin.npos ? std::string_view() : origin.substr(scheme + 3);
}

/// Only this machine's own names and those of the allowed origins: a name that an attacker's DNS points here is neither.
void check_host(const RequestHead& head, const Access& access) {
  if (head.host.empty() && head.http11) throw ApiError(400, "the request has no Host header");
  if (!access.loopback || head.host.empty() || is_loopback_name(head.host)) return;
  for (const std::string& origin : access.origins)
    if (authority(origin) == head.host) return;
  throw ApiError(403, "this Host is not served here", "host_not_allowed");
}

/// A browser says where a page comes from: its own origin is this service itself or an allowed one, or it may not ask.
void check_origin(const RequestHead& head, const Access& access) {
  if (head.origin.empty()) {
    // Older forms send no Origin; browsers that can say so tell a request of a foreign page.
    if (head.fetch_site == "cross-site" && head.method != "GET") throw ApiError(403, "this page may not ask here", "origin_not_allowed");
    return;
  }
  if (contains(access.origins, head.origin)) return;
  if (!head.host.empty() && authority(head.origin) == head.host) return;
  throw ApiError(403, "this page's origin may not ask here; `atelier serve --origin` allows it", "origin_not_allowed");
}

bool stands_for(const Route& route, std::string_view target) {
  const std::string_view path = target.substr(0, target.find('?'));
  if (!route.path.ends_with("/*")) return route.path == path;
  return path.starts_with(std::string_view(route.path).substr(0, route.path.size() - 1));
}

}  // namespace

bool is_loopback_name(std::string_view host) {
  for (const std::string_view name : {"127.0.0.1", "[::1]", "localhost"}) {
    if (!host.starts_with(name)) continue;
    const std::string_view rest = host.substr(name.size());
    if (rest.empty()) return true;
    if (rest.size() >= 2 && rest.size() <= 6 && rest[0] == ':' && std::all_of(rest.begin() + 1, rest.end(), [](char c) { return c >= '0' && c <= '9'; }))
      return true;
  }
  return host == "::1";
}

std::string Router::methods(std::string_view target) const {
  std::string all;
  for (const Route& route : routes_)
    if (stands_for(route, target)) all += (all.empty() ? "" : ", ") + route.method;
  return all;
}

const Route* Router::find(const RequestHead& head, const Access& access) const {
  check_host(head, access);
  check_origin(head, access);
  const auto fits = [&](const Route& route) {
    return stands_for(route, head.target) && (route.method == head.method || (route.method == "GET" && head.method == "HEAD"));
  };
  const auto found = std::find_if(routes_.begin(), routes_.end(), fits);
  const bool open = found != routes_.end() && found->open;  // strangers do not even learn what paths there are
  if (!open && access.keys.required() && !access.keys.accepts(head.authorization))
    throw ApiError(401, "this service asks for a key: Authorization: Bearer KEY", "invalid_api_key");
  if (found == routes_.end()) {
    const std::string allowed = methods(head.target);
    if (allowed.empty()) throw ApiError(404, "there is nothing at this path; /openapi.json lists what there is", "not_found");
    throw ApiError(405, fmt::format("this path is for {}", allowed), "method_not_allowed");
  }
  if (!head.content_encoding.empty()) throw ApiError(415, "bodies must not be compressed (Content-Encoding)", "unsupported_media_type");
  if (found->body) {
    const std::string_view type = std::string_view(head.content_type).substr(0, head.content_type.find(';'));
    std::string lower(type);
    for (char& c : lower) c = static_cast<char>(c >= 'A' && c <= 'Z' ? c + 32 : c);
    // text/plain is what a foreign page may send without asking first.
    if (!lower.starts_with("application/json") && !lower.starts_with("multipart/form-data"))
      throw ApiError(415, "the body must be application/json or multipart/form-data, as its Content-Type says", "unsupported_media_type");
  }
  return &*found;
}

std::optional<std::vector<std::pair<std::string, std::string>>> Router::preflight(const RequestHead& head, const Access& access) const {
  if (head.method != "OPTIONS") return std::nullopt;
  check_host(head, access);
  check_origin(head, access);
  return {{{"Access-Control-Allow-Methods", "GET, POST"},
           {"Access-Control-Allow-Headers", "Authorization, Content-Type, X-Request-Id"},
           {"Access-Control-Max-Age", "600"}}};
}

std::vector<std::pair<std::string, std::string>> cors_headers(const RequestHead& head, const Access& access) {
  if (head.origin.empty() || !contains(access.origins, head.origin)) return {};
  return {{"Access-Control-Allow-Origin", head.origin}, {"Vary", "Origin"}, {"Access-Control-Expose-Headers", "X-Request-Id"}};
}

}  // namespace atelier::service
