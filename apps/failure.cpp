#include "apps/program.h"

#include "base/error.h"

#include <c10/util/Exception.h>

#include <new>

namespace atelier::apps {
namespace {

constexpr const char* kNoMemory =
    "not enough memory; `atelier doctor` says how much a model needs and how much there is";

std::string first_line(std::string_view text) { return std::string(text.substr(0, text.find('\n'))); }

}  // namespace

Failure explain(std::exception_ptr exception) {
  try {
    std::rethrow_exception(exception);
  } catch (const base::InvalidArgument& error) {
    return {2, error.what()};
  } catch (const base::InvalidFile& error) {
    return {3, error.what()};
  } catch (const base::Cancelled&) {
    return {130, "cancelled"};
  } catch (const base::ResourceError& error) {
    return {1, error.what()};
  } catch (const std::bad_alloc&) {
    return {1, kNoMemory};
  } catch (const c10::Error& error) {
    // LibTorch's allocators have no exception of their own on a processor.
    const std::string message = error.what_without_backtrace();
    if (message.find("allocate memory") != message.npos || message.find("out of memory") != message.npos)
      return {1, kNoMemory};
    return {1, fmt::format("LibTorch failed: {}", first_line(message))};
  } catch (const std::filesystem::filesystem_error& error) {
    return {1, fmt::format("{}: {}", error.path1().string(), error.code().message())};
  } catch (const std::logic_error& error) {
    return {1, fmt::format("this is a bug in atelier, please report it: {}", first_line(error.what()))};
  } catch (const std::exception& error) {
    return {1, first_line(error.what())};
  } catch (...) {
    return {1, "an unknown failure"};
  }
}

}  // namespace atelier::apps
