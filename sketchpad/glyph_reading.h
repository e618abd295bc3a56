#pragma once
/// Text in the stroke font read back from pixels by template matching.
#include "sketchpad/pixels.h"

#include <optional>
#include <string>
#include <string_view>

namespace atelier::sketchpad {

struct SeenText {
  std::string text;
  cv::Rect box;
  double score = 0;  // the worst glyph's correlation with its template
};

/// One glyph. @param mask  CV_8U, 255 is ink, cropped to the glyph
/// @return the best of `among` (digits and capitals) with its normalised correlation
std::pair<char, double> read_glyph(const cv::Mat& mask, std::string_view among);

/// Words and numbers: blobs of one line that stand close together, left to right.
/// @param mask    255 is ink
/// @param height  least and most pixels of a glyph
std::vector<SeenText> read_glyphs(const cv::Mat& mask, std::string_view among, int least_height, int most_height);

inline constexpr std::string_view kDigits = "0123456789";
inline constexpr std::string_view kDigitsAndCapitals = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ";

}  // namespace atelier::sketchpad
