#pragma once
/// The data: URIs that carry pictures in requests.
#include <string>
#include <string_view>

namespace atelier::service {

/// The bytes of "data:image/png;base64,…" or of bare base64. Nothing is ever fetched.
/// @param limit  bytes that it may decode to @param what  names the text in messages
/// @throws InvalidArgument for any other kind of URL, a media type that is no picture's, or broken base64
std::string decode_picture_text(std::string_view text, size_t limit, std::string_view what);

}  // namespace atelier::service
