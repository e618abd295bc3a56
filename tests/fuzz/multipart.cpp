// Forms and header values: parts lie inside the body, and a value parses whatever stands in it.
#include "apps/service/multipart.h"
#include "tests/fuzz/fuzz.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace atelier;
  const std::string_view body = fuzz::text(data, size);
  fuzz::expect_user_errors([&] {
    for (const service::FormPart& part : service::parse_multipart(body, "B"))
      if (part.data.data() < body.data() || part.data.data() + part.data.size() > body.data() + body.size()) __builtin_trap();
  });
  fuzz::expect_user_errors([&] { service::parse_header_value(body); });
  return 0;
}
