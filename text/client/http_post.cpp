#include "text/client/http_post.h"

#include "base/error.h"

#include <curl/curl.h>

#include <memory>

namespace atelier::text {
namespace {

struct Exchange {
  const HttpRequest& request;
  std::string body;
  bool too_large = false;
};

size_t receive(char* data, size_t, size_t size, void* user) {
  auto& exchange = *static_cast<Exchange*>(user);
  if (static_cast<int64_t>(exchange.body.size() + size) > exchange.request.response_bytes) {
    exchange.too_large = true;
    return 0;
  }
  exchange.body.append(data, size);
  return size;
}

int ask_whether_to_go_on(void* user, curl_off_t, curl_off_t, curl_off_t, curl_off_t) {
  const auto& request = static_cast<Exchange*>(user)->request;
  return request.cancelled && request.cancelled() ? 1 : 0;
}

HttpFailure failure(CURLcode code, const Exchange& exchange, const char* detail) {
  if (exchange.too_large) return {fmt::format("its answer has more than {} bytes", exchange.request.response_bytes), false};
  switch (code) {
    case CURLE_COULDNT_RESOLVE_HOST: return {"its name is unknown", false};
    case CURLE_COULDNT_CONNECT: return {"it accepts no connection", false};
    case CURLE_OPERATION_TIMEDOUT:
      return {fmt::format("it did not answer within {} s", std::chrono::duration<double>(exchange.request.timeout).count()), false};
    case CURLE_GOT_NOTHING:
    case CURLE_SEND_ERROR:
    case CURLE_RECV_ERROR:
    case CURLE_PARTIAL_FILE: return {"the connection broke off", true};
    default: return {*detail ? detail : curl_easy_strerror(code), false};
  }
}

}  // namespace

HttpResponse http_post(const HttpRequest& request) {
  static const CURLcode initialised = curl_global_init(CURL_GLOBAL_DEFAULT);
  if (initialised != CURLE_OK) throw base::ResourceError("libcurl cannot be used on this machine");
  const std::unique_ptr<CURL, decltype(&curl_easy_cleanup)> handle(curl_easy_init(), &curl_easy_cleanup);
  if (!handle) throw std::bad_alloc();
  curl_slist* list = nullptr;
  for (const std::string& header : request.headers) list = curl_slist_append(list, header.c_str());
  const std::unique_ptr<curl_slist, decltype(&curl_slist_free_all)> headers(list, &curl_slist_free_all);

  Exchange exchange{request, {}, false};
  char detail[CURL_ERROR_SIZE] = "";
  const auto set = [&](CURLoption option, auto value) { curl_easy_setopt(handle.get(), option, value); };
  set(CURLOPT_ERRORBUFFER, detail);
  set(CURLOPT_URL, request.url.c_str());
  set(CURLOPT_PROTOCOLS_STR, "http,https");
  set(CURLOPT_HTTPHEADER, headers.get());
  set(CURLOPT_POSTFIELDS, request.body.data());
  set(CURLOPT_POSTFIELDSIZE_LARGE, static_cast<curl_off_t>(request.body.size()));
  set(CURLOPT_CONNECTTIMEOUT_MS, static_cast<long>(request.connect_timeout.count()));
  set(CURLOPT_TIMEOUT_MS, static_cast<long>(request.timeout.count()));
  set(CURLOPT_NOSIGNAL, 1L);
  set(CURLOPT_WRITEFUNCTION, &receive);
  set(CURLOPT_WRITEDATA, &exchange);
  set(CURLOPT_NOPROGRESS, 0L);
  set(CURLOPT_XFERINFOFUNCTION, &ask_whether_to_go_on);
  set(CURLOPT_XFERINFODATA, &exchange);

  const CURLcode code = curl_easy_perform(handle.get());
  if (code == CURLE_ABORTED_BY_CALLBACK) throw base::Cancelled();
  if (code != CURLE_OK) throw failure(code, exchange, detail);
  HttpResponse response;
  response.body = std::move(exchange.body);
  long status = 0;
  curl_off_t wait = 0;
  curl_easy_getinfo(handle.get(), CURLINFO_RESPONSE_CODE, &status);
  curl_easy_getinfo(handle.get(), CURLINFO_RETRY_AFTER, &wait);
  response.status = status;
  if (wait > 0) response.retry_after = std::chrono::seconds(wait);
  return response;
}

}  // namespace atelier::text
