#pragma once
/// base64 (RFC 4648, standard alphabet, padded).
#include <string>
#include <string_view>

namespace atelier::base {

std::string encode_base64(std::string_view bytes);

/// Strict: a whole number of groups, padding only where it belongs, no bits left over, nothing else in between.
/// @param limit  bytes that it may decode to, compared before anything is allocated
/// @param what   names the text in messages
/// @throws InvalidArgument
std::string decode_base64(std::string_view text, size_t limit, std::string_view what);

}  // namespace atelier::base
