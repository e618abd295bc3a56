#include "apps/service/api_error.h"

#include "base/json.h"

#include <c10/util/Exception.h>

#include <new>

namespace atelier::service {
namespace {

ApiError out_of_memory() { return {503, "there is not enough memory for this request now", "out_of_memory"}; }

ApiError internal() { return {500, "the service failed; its log has the reason under this request's id", "internal_error"}; }

}  // namespace

const char* error_type(int status) {
  switch (status) {
    case 401: return "authentication_error";
    case 403: return "permission_error";
    case 404: return "not_found_error";
    case 429: return "rate_limit_error";
    case 500: return "server_error";
    case 501: return "not_supported_error";
    case 503: return "unavailable_error";
    case 504: return "timeout_error";
    default: return "invalid_request_error";
  }
}

std::string error_body(const ApiError& error) {
  const auto or_null = [](const std::string& text) { return text.empty() ? base::json() : base::json(text); };
  return base::dump_json({{"error",
                           {{"message", error.what()},
                            {"type", error_type(error.status)},
                            {"param", or_null(error.param)},
                            {"code", or_null(error.code)}}}});
}

ApiError to_api_error(std::exception_ptr exception, std::string& detail) {
  detail.clear();
  try {
    std::rethrow_exception(exception);
  } catch (const ApiError& error) {
    detail = error.detail;
    return error;
  } catch (const base::InvalidArgument& error) {  // written for whoever asked
    return {400, error.what()};
  } catch (const base::Cancelled&) {
    return {503, "the request was cancelled before it was done", "cancelled"};
  } catch (const std::bad_alloc&) {
    detail = "not enough memory";
    return out_of_memory();
  } catch (const c10::Error& error) {
    detail = error.what_without_backtrace();
    const bool memory = detail.find("allocate memory") != detail.npos || detail.find("out of memory") != detail.npos;
    return memory ? out_of_memory() : internal();
  } catch (const std::exception& error) {
    detail = error.what();
    return internal();
  } catch (...) {
    detail = "an unknown failure";
    return internal();
  }
}

}  // namespace atelier::service
