#pragma once
/// What goes wrong, as a client sees it: OpenAI's error body, a fixed set of kinds, and no word of ours that is not meant
/// for a stranger. Paths, exception texts of libraries and places in the source go to the log alone.
#include <exception>
#include <stdexcept>
#include <string>

namespace atelier::service {

class ApiError : public std::runtime_error {
 public:
  /// @param status   4xx or 5xx
  /// @param message  one sentence for the client
  /// @param code     for programs, such as "model_not_found"; empty: null
  /// @param param    the request's field that is wrong; empty: null
  ApiError(int status, const std::string& message, std::string code = "", std::string param = "")
      : std::runtime_error(message), status(status), code(std::move(code)), param(std::move(param)) {}

  int status;
  std::string code, param;
  std::string detail;  // for the log alone
};

/// OpenAI's name for a kind of error: 400 is "invalid_request_error".
const char* error_type(int status);

/// {"error": {"message", "type", "param", "code"}}
std::string error_body(const ApiError& error);

/// What any exception of a handler or of the engine means to the client.
/// @param detail  what the log should say of it; empty where the client is told everything
ApiError to_api_error(std::exception_ptr exception, std::string& detail);

/// Runs `parse` on what a client sent: a broken file in it (InvalidFile) and a wrong value (InvalidArgument) are its 400.
/// @param param  names the field in the answer
template <class Parse>
auto from_client(const std::string& param, const Parse& parse) -> decltype(parse());

}  // namespace atelier::service

#include "base/error.h"

template <class Parse>
auto atelier::service::from_client(const std::string& param, const Parse& parse) -> decltype(parse()) {
  try {
    return parse();
  } catch (const base::InvalidFile& error) {
    throw ApiError(400, error.what(), "", param);
  } catch (const base::InvalidArgument& error) {
    throw ApiError(400, error.what(), "", param);
  }
}
