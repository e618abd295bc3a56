#pragma once
/// multipart/form-data (RFC 7578): the body that browsers and OpenAI's clients send with files. A hand-written scanner:
/// one pass, no regular expressions, views into the body.
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace atelier::service {

/// A header's value with parameters: "form-data; name=\"image\"; filename=\"a.png\"".
struct HeaderValue {
  std::string value;                              // lower case, before the first ';'
  std::map<std::string, std::string> parameters;  // names in lower case
};

/// @throws InvalidArgument if it is malformed, has a parameter twice, or more than 16
HeaderValue parse_header_value(std::string_view text);

struct FormPart {
  std::string name;
  std::optional<std::string> filename;  // given: the part is a file; the name itself is never used for anything
  std::string_view data;                // into the body
};

/// @param boundary  the Content-Type's parameter
/// @throws InvalidArgument for anything but well-formed parts, 1 to 64 of them, each with a name and headers of at most 4 KiB
std::vector<FormPart> parse_multipart(std::string_view body, std::string_view boundary);

}  // namespace atelier::service
