#pragma once
/// Pictures as OpenCV sees them, and the masks that every looking tool starts from.
#include "sketchpad/geometry.h"
#include "vision/image.h"

#include <opencv2/core.hpp>

#include <vector>

namespace atelier::sketchpad {

/// Rows x columns, CV_8UC3 in RGB order; a copy.
cv::Mat to_mat(const vision::Image& image);
vision::Image to_image(const cv::Mat& rgb);

/// 255 where the brightest channel is below `below`: black and dark grey lines, not strong colours.
cv::Mat ink_mask(const cv::Mat& rgb, int below = 110);
/// 255 where channels differ by more than `above`: coloured, neither white, grey nor black.
cv::Mat colourful_mask(const cv::Mat& rgb, int above = 60);
/// 255 where no channel differs from the colour by more than `within`.
cv::Mat near_mask(const cv::Mat& rgb, Colour colour, int within);
/// The most frequent colour along the picture's edge.
Colour background_of(const cv::Mat& rgb);
/// The median of each channel where the mask is set.
Colour median_colour(const cv::Mat& rgb, const cv::Mat& mask);

/// Share of the straight way between two pixels (both ends included) where the mask is set within one pixel.
double coverage(const cv::Mat& mask, Point a, Point b);

/// A connected set of mask pixels.
struct Blob {
  cv::Rect box;
  int64_t area = 0;
  Point centroid;  // pixels
  int label = 0;   // in the label image
};
/// @param labels  out: CV_32S, 0 is outside the mask. Ordered from the top, then from the left.
std::vector<Blob> blobs(const cv::Mat& mask, cv::Mat& labels, int connectivity = 8);

Box normalised(const cv::Rect& box, const cv::Mat& picture);
Point normalised(Point pixel, const cv::Mat& picture);
cv::Rect in_pixels(const Box& box, const cv::Mat& picture);

}  // namespace atelier::sketchpad
