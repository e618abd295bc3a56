#pragma once
/// What a small picture shows, in numbers that a linear classifier can read: how much of it looks like each patch of a learnt
/// dictionary, in each of nine places (Coates and Ng, "Learning Feature Representations with K-means", 2012). It takes no labels and
/// seconds to learn, and tells what a new artist drew better than what the joint model sees of it (docs/experiments.md).
#include "base/tensor.h"

#include <cstdint>

namespace atelier::promptcap {

class PatchDictionary {
 public:
  /// Pixels of the pictures' sides: what a thing is shows in its shape, how it is drawn in its details.
  static constexpr int64_t kSide = 20;
  static constexpr int64_t kPatch = 6;                     // pixels of a patch's side
  static constexpr int64_t kValues = 3 * kPatch * kPatch;  // of a patch

  /// Gain-shape k-means (2012, section 2) of whitened patches. The same for the same pictures and seed.
  /// @param pictures  (n, 3, kSide, kSide) fp32 in [-1, 1]; not all of one colour
  static PatchDictionary learn(const Tensor& pictures, uint64_t seed);

  /// @param filters  (entries, kValues) fp32: whitening and entries in one @param offsets (entries)
  PatchDictionary(Tensor filters, Tensor offsets);

  const Tensor& filters() const { return filters_; }
  const Tensor& offsets() const { return offsets_; }
  /// Numbers that a picture becomes: two signs of each entry in nine places.
  int64_t features() const;

  /// Soft threshold of likeness and of its opposite, averaged over each ninth of the picture; the square root tames the few large ones.
  /// @param pictures  (n, 3, kSide, kSide) fp32 in [-1, 1] @return (n, features())
  Tensor features_of(const Tensor& pictures) const;

 private:
  Tensor filters_, offsets_;
};

}  // namespace atelier::promptcap
