// The small parsers in front of everything: data: URIs, forms, and text cut into tokens.
#include "apps/service/data_uri.h"
#include "apps/service/multipart.h"
#include "apps/service/text_stream.h"
#include "base/error.h"
#include "base/json.h"
#include "base/random.h"
#include "tests/support.h"

#include <gtest/gtest.h>

namespace atelier::service {
namespace {

TEST(DataUri, PicturesOnlyAndNothingIsFetched) {
  EXPECT_EQ(decode_picture_text("data:image/png;base64,Zm9v", 10, "it"), "foo");
  EXPECT_EQ(decode_picture_text("data:image/jpeg;base64,Zm9v", 10, "it"), "foo");
  EXPECT_EQ(decode_picture_text("Zm9v", 10, "it"), "foo");
  const auto refused = [](const char* text, const char* why) { EXPECT_ERROR(decode_picture_text(text, 100, "it"), base::InvalidArgument, why); };
  for (const char* url : {"http://169.254.169.254/latest", "https://example.org/a.png", "file:///etc/passwd", "ftp://x/y", "gopher://x"})
    refused(url, "fetches no URLs");
  refused("data:image/svg+xml;base64,Zm9v", "data:image/png");
  refused("data:text/html;base64,Zm9v", "data:image/png");
  refused("data:image/png,Zm9v", "data:image/png");
  refused("data:image/png;base64", "without a comma");
}

const std::string kForm =
    "--XX\r\nContent-Disposition: form-data; name=\"prompt\"\r\n\r\na cat\r\n"
    "--XX\r\ncontent-disposition: form-data; name=\"image[]\"; filename=\"../../etc/passwd\"\r\nContent-Type: image/png\r\n\r\n\x89PNG\r\n\r\n--X\r\n"
    "--XX--\r\n";

TEST(Multipart, FieldsAndFiles) {
  const auto parts = parse_multipart(kForm, "XX");
  ASSERT_EQ(parts.size(), 2u);
  EXPECT_EQ(parts[0].name, "prompt");
  EXPECT_EQ(parts[0].data, "a cat");
  EXPECT_FALSE(parts[0].filename);
  EXPECT_EQ(parts[1].name, "image[]");
  EXPECT_TRUE(parts[1].filename);
  EXPECT_EQ(parts[1].data, "\x89PNG\r\n\r\n--X");  // whatever looks like a boundary but is none belongs to the file
}

TEST(Multipart, EveryFormCutShortIsRefused) {
  for (size_t size = 0; size < kForm.size() - 4; ++size)  // the last line end may be missing
    EXPECT_THROW(parse_multipart(std::string_view(kForm).substr(0, size), "XX"), base::InvalidArgument) << size;
}

TEST(Multipart, WhatIsNoForm) {
  const auto refused = [](const std::string& body, const char* why) { EXPECT_ERROR(parse_multipart(body, "XX"), base::InvalidArgument, why); };
  refused("hello", "does not begin with its boundary");
  refused("--XX--\r\n", "no parts");
  refused("--XXY\r\n", "followed by a line end");
  refused("--XX\r\n\r\nx\r\n--XX--", "has no name");
  refused("--XX\r\nContent-Disposition: attachment; name=a\r\n\r\nx\r\n--XX--", "has no name");
  refused("--XX\r\nContent-Disposition: form-data; name=\"a\r\n\r\nx\r\n--XX--", "does not end");
  refused("--XX\r\nContent-Disposition: form-data; name=a; name=b\r\n\r\nx\r\n--XX--", "twice");
  refused("--XX\r\nno colon\r\n\r\nx\r\n--XX--", "malformed header");
  refused("--XX\r\nContent-Disposition: form-data; name=a\r\nContent-Transfer-Encoding: base64\r\n\r\nx\r\n--XX--", "only binary");
  refused("--XX\r\nA: " + std::string(5000, 'a') + "\r\n\r\nx\r\n--XX--", "no end of headers within");
  std::string many;
  for (int i = 0; i < 65; ++i) many += "--XX\r\nContent-Disposition: form-data; name=a\r\n\r\nx\r\n";
  refused(many + "--XX--", "more than 64 parts");
  EXPECT_ERROR(parse_multipart(kForm, std::string(71, 'X')), base::InvalidArgument, "1 to 70 characters");
  EXPECT_ERROR(parse_multipart(kForm, ""), base::InvalidArgument, "1 to 70 characters");
}

TEST(HeaderValue, ParametersQuotedAndNot) {
  const HeaderValue value = parse_header_value(" Multipart/Form-Data ; Boundary=\"a;b\\\"c\" ; charset=utf-8");
  EXPECT_EQ(value.value, "multipart/form-data");
  EXPECT_EQ(value.parameters.at("boundary"), "a;b\"c");
  EXPECT_EQ(value.parameters.at("charset"), "utf-8");
  EXPECT_THROW(parse_header_value("a; =b"), base::InvalidArgument);
  EXPECT_THROW(parse_header_value("a; b"), base::InvalidArgument);
  std::string many = "a";
  for (int i = 0; i < 17; ++i) many += fmt::format("; p{}=1", i);
  EXPECT_THROW(parse_header_value(many), base::InvalidArgument);
}

/// Everything a TextStream lets out, however the bytes are cut.
std::string through(const std::string& text, size_t cut, std::vector<std::string> stop, bool* stopped = nullptr) {
  TextStream stream(std::move(stop));
  std::string out;
  for (size_t at = 0; at < text.size(); at += cut) {
    const std::string piece = stream.push(text.substr(at, cut));
    EXPECT_TRUE(base::is_utf8(piece)) << piece;
    out += piece;
  }
  if (stopped) *stopped = stream.stopped();
  return out + stream.finish();
}

TEST(TextStream, NeverHalfACharacterNorAStopText) {
  const std::string text = "Zwölf 猫 😀 and STOP here";
  for (size_t cut = 1; cut <= text.size(); ++cut) {
    bool stopped = false;
    EXPECT_EQ(through(text, cut, {}), text);
    EXPECT_EQ(through(text, cut, {"STOP", "STO!"}, &stopped), "Zwölf 猫 😀 and ");
    EXPECT_TRUE(stopped);
    EXPECT_EQ(through(text, cut, {"here!", "X"}, &stopped), text);  // held back, and let go at the end
    EXPECT_FALSE(stopped);
    EXPECT_EQ(through(text, cut, {"and", "猫"}), "Zwölf ");
  }
  EXPECT_EQ(through("ab\xE7\x8C", 1, {}), "ab\xEF\xBF\xBD");
}

}  // namespace
}  // namespace atelier::service
