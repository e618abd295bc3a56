#include "apps/service/service.h"

#include "apps/service/endpoints.h"
#include "apps/service/sketch_endpoints.h"
#include "base/error.h"

namespace atelier::service {
namespace {

Access make_access(const ServiceOptions& options) {
  Access access;
  if (!options.api_key_file.empty()) access.keys = ApiKeys(options.api_key_file);
  for (const std::string& origin : options.origins) {
    const size_t scheme = origin.find("://");
    const bool plain = origin.find_first_of(" \r\n\t*,") == origin.npos;
    REQUIRE(plain && (origin.starts_with("http://") || origin.starts_with("https://")) && origin.size() > scheme + 3 &&
                origin.find('/', scheme + 3) == origin.npos,
            "an origin is a scheme and a host, such as https://chat.example, not {}", origin);
    access.origins.push_back(origin);
  }
  return access;
}

}  // namespace

Service::Service(const ServiceOptions& options, OpenEngine open) : log_(options.log_json) {
  Access access = make_access(options);
  host_ = std::make_unique<EngineHost>(options.limits, metrics_, log_);
  desk_ = std::make_unique<SketchDesk>(options.sketch, *host_);
  Router router;
  add_chat_endpoint(router, *host_);
  add_image_endpoints(router, *host_);
  add_search_endpoints(router, *host_);
  add_info_endpoints(router, *host_, options.limits, [this] { return server_->draining(); });
  add_sketch_endpoints(router, *desk_);
  add_sketch_page(router);
  server_ = std::make_unique<Server>(options.host, options.port, std::move(router), std::move(access), options.limits, metrics_, log_);
  host_->load(std::move(open), [this] { server_->drain(); });
  log_.event("info", "listening", {{"host", options.host}, {"port", server_->port()}, {"keys", !options.api_key_file.empty()}});
}

Service::~Service() = default;

void Service::run(bool signals) {
  server_->run(signals);
  if (const std::exception_ptr failure = host_->failure()) std::rethrow_exception(failure);
  log_.event("info", "stopped");
}

}  // namespace atelier::service
