#include "apps/service/data_uri.h"

#include "base/base64.h"
#include "base/error.h"

namespace atelier::service {
namespace {

bool starts_with_scheme(std::string_view text) {
  const size_t colon = text.substr(0, 16).find(':');
  return colon != text.npos && colon > 0;
}

}  // namespace

std::string decode_picture_text(std::string_view text, size_t limit, std::string_view what) {
  constexpr std::string_view kData = "data:";
  if (!text.starts_with(kData)) {
    REQUIRE(!starts_with_scheme(text), "{} must be a data: URI or base64; this service fetches no URLs", what);
    return base::decode_base64(text, limit, what);
  }
  const size_t comma = text.find(',');
  REQUIRE(comma != text.npos && comma < 256, "{} is a data: URI without a comma behind its media type", what);
  const std::string_view type = text.substr(kData.size(), comma - kData.size());
  REQUIRE(type == "image/png;base64" || type == "image/jpeg;base64" || type == "image/jpg;base64",
          "{} must begin with data:image/png;base64, or data:image/jpeg;base64,", what);
  return base::decode_base64(text.substr(comma + 1), limit, what);
}

}  // namespace atelier::service
