#include "apps/service/multipart.h"

#include "base/error.h"
#include "base/json.h"

#include <algorithm>

namespace atelier::service {
namespace {

constexpr size_t kParts = 64, kHeadBytes = 4096, kParameters = 16;

std::string lower(std::string_view text) {
  std::string result(text);
  for (char& c : result)
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  return result;
}

std::string_view trimmed(std::string_view text) {
  const size_t begin = text.find_first_not_of(" \t");
  return begin == text.npos ? std::string_view() : text.substr(begin, text.find_last_not_of(" \t") + 1 - begin);
}

/// A token of RFC 9110, as a parameter's name must be.
bool is_token(std::string_view text) {
  return !text.empty() && std::all_of(text.begin(), text.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
           std::string_view("!#$%&'*+-.^_`|~").find(c) != std::string_view::npos;
  });
}

/// Takes a quoted string from the front, its quotes and escapes undone.
std::string take_quoted(std::string_view& text) {
  std::string value;
  for (size_t i = 1; i < text.size(); ++i) {
    if (text[i] == '"') {
      text.remove_prefix(i + 1);
      return value;
    }
    if (text[i] == '\\' && i + 1 < text.size() && (text[i + 1] == '"' || text[i + 1] == '\\')) ++i;
    value += text[i];
  }
  throw base::InvalidArgument("a header's quoted value does not end");
}

/// The part's Content-Disposition. @param head  its header lines, without the empty one
HeaderValue disposition(std::string_view head) {
  std::optional<HeaderValue> found;
  while (!head.empty()) {
    const size_t end = std::min(head.find("\r\n"), head.size());
    const std::string_view line = head.substr(0, end);
    head.remove_prefix(std::min(end + 2, head.size()));
    const size_t colon = line.find(':');
    REQUIRE(colon != line.npos && is_token(line.substr(0, colon)), "a part of the form has a malformed header");
    const std::string name = lower(line.substr(0, colon));
    if (name == "content-disposition") {
      REQUIRE(!found, "a part of the form has two Content-Disposition headers");
      found = parse_header_value(line.substr(colon + 1));
    } else if (name == "content-transfer-encoding") {
      const std::string encoding = lower(trimmed(line.substr(colon + 1)));
      REQUIRE(encoding == "binary" || encoding == "8bit" || encoding == "7bit", "a part of the form is encoded as {}; only binary is read",
              base::shown(encoding));
    }
  }
  REQUIRE(found && found->value == "form-data" && !found->parameters["name"].empty(), "a part of the form has no name");
  return *found;
}

}  // namespace

HeaderValue parse_header_value(std::string_view text) {
  HeaderValue result;
  const size_t end = std::min(text.find(';'), text.size());
  result.value = lower(trimmed(text.substr(0, end)));
  text.remove_prefix(end);
  while (!text.empty()) {
    REQUIRE(text.front() == ';', "a header's parameters must be separated by ;");
    text = trimmed(text.substr(1));
    if (text.empty()) break;
    const size_t equals = text.find('=');
    REQUIRE(equals != text.npos && is_token(text.substr(0, equals)), "a header's parameter must be name=value");
    std::string name = lower(text.substr(0, equals));
    text.remove_prefix(equals + 1);
    std::string value;
    if (text.starts_with('"')) {
      value = take_quoted(text);
      text = trimmed(text);
    } else {
      const size_t stop = std::min(text.find(';'), text.size());
      value = trimmed(text.substr(0, stop));
      text.remove_prefix(stop);
    }
    REQUIRE(result.parameters.size() < kParameters, "a header has more than {} parameters", kParameters);
    REQUIRE(result.parameters.emplace(std::move(name), std::move(value)).second, "a header has a parameter twice");
  }
  return result;
}

std::vector<FormPart> parse_multipart(std::string_view body, std::string_view boundary) {
  REQUIRE(!boundary.empty() && boundary.size() <= 70, "the form's boundary must have 1 to 70 characters, not {}", boundary.size());
  const std::string delimiter = "\r\n--" + std::string(boundary);
  const std::string_view first = std::string_view(delimiter).substr(2);
  REQUIRE(body.starts_with(first), "the form does not begin with its boundary");
  body.remove_prefix(first.size());
  std::vector<FormPart> parts;
  while (!body.starts_with("--")) {
    REQUIRE(body.starts_with("\r\n"), "the form's boundary must be followed by a line end");
    REQUIRE(parts.size() < kParts, "the form has more than {} parts", kParts);
    // From the line end on, so that a part without any headers has its empty line, too.
    const size_t blank = body.substr(0, kHeadBytes).find("\r\n\r\n");
    REQUIRE(blank != body.npos, "a part of the form has no end of headers within {} bytes", kHeadBytes);
    HeaderValue head = disposition(body.substr(2, blank < 2 ? 0 : blank - 2));
    body.remove_prefix(blank + 4);
    const size_t end = body.find(delimiter);
    REQUIRE(end != body.npos, "the form ends in the middle of a part");
    FormPart part;
    part.name = std::move(head.parameters["name"]);
    if (const auto file = head.parameters.find("filename"); file != head.parameters.end()) part.filename = std::move(file->second);
    part.data = body.substr(0, end);
    REQUIRE(base::is_utf8(part.name) && part.name.size() <= 256, "a part's name must be at most 256 bytes of UTF-8");
    parts.push_back(std::move(part));
    body.remove_prefix(end + delimiter.size());
  }
  REQUIRE(!parts.empty(), "the form has no parts");
  return parts;
}

}  // namespace atelier::service
