#pragma once
/// The few functions of stb_image and stb_image_write that this folder uses, behind our own types.
///
/// Internal to vision/: stb.cpp alone sees the libraries, so that a later decoder replaces one file.
#include "vision/image.h"

namespace atelier::vision::stb {

/// Decodes a PNG or JPEG whose header the caller has checked.
/// @param channels            3 or 4, converted to
/// @param largest_allocation  no single allocation of the decoder passes it, whatever the file's data inflate to
/// @return an image without pixels if the data are damaged
Image decode(std::string_view bytes, int channels, size_t largest_allocation);

/// zlib data of at most `limit` bytes when inflated. @return false if damaged or larger
bool inflate(std::string_view compressed, size_t limit, std::string& out);

std::string encode_png(const Image& image);
std::string encode_jpeg(const Image& rgb, int quality);

}  // namespace atelier::vision::stb
