#include "promptcap/patch_dictionary.h"

#include "base/error.h"
#include "base/random.h"

#include <algorithm>

namespace atelier::promptcap {
namespace {

constexpr int64_t kPlaces = 3;            // along each side
constexpr int64_t kEntries = 256;
constexpr int64_t kPatchesLearnt = 100000;
constexpr int64_t kIterations = 12;
constexpr double kContrast = 0.012;       // added to a patch's variance, lest noise be made as loud as lines
constexpr double kFlat = 0.1;             // standard deviation of patches that nothing is learnt from
constexpr double kWhitening = 0.05;       // added to the eigenvalues
constexpr double kThreshold = 0.25;

constexpr int64_t kPatch = PatchDictionary::kPatch;

/// Every patch, its brightness and contrast taken out. @return (n, patches, kValues), and the standard deviations before
std::pair<Tensor, Tensor> patches_of(const Tensor& pictures) {
  Tensor patches = at::im2col(pictures, {kPatch, kPatch}, {1, 1}, {0, 0}, {1, 1}).transpose(1, 2);
  patches = patches - patches.mean(-1, true);
  const Tensor variance = patches.square().mean(-1, true);
  return {patches * (variance + kContrast).rsqrt(), variance.sqrt().squeeze(-1)};
}

/// `count` different rows, or all of them.
Tensor some_rows(const Tensor& of, int64_t count, base::Random& random) {
  std::vector<int64_t> rows(static_cast<size_t>(of.size(0)));
  for (size_t i = 0; i < rows.size(); ++i) rows[i] = static_cast<int64_t>(i);
  count = std::min(count, of.size(0));
  for (int64_t i = 0; i < count; ++i) std::swap(rows[i], rows[i + random.below(of.size(0) - i)]);
  rows.resize(static_cast<size_t>(count));
  return of.index_select(0, at::tensor(rows, at::kLong));
}

Tensor of_length_one(const Tensor& rows) { return rows / rows.norm(2, 1, true).clamp_min(1e-6); }

}  // namespace

PatchDictionary PatchDictionary::learn(const Tensor& pictures, uint64_t seed) {
  base::Random random(seed, 2);
  const auto [all, contrast] = patches_of(some_rows(pictures, 1000, random));
  const Tensor patches = some_rows(all.flatten(0, 1).index({contrast.flatten() > kFlat}), kPatchesLearnt, random);
  ASSERT(patches.size(0) > 0);
  const Tensor mean = patches.mean(0), centred = patches - mean;
  const auto [values, vectors] = at::linalg_eigh(centred.t().mm(centred) / static_cast<double>(patches.size(0)));
  const Tensor whitening = (vectors / (values.clamp_min(0) + kWhitening).sqrt()).mm(vectors.t());
  const Tensor white = centred.mm(whitening);

  Tensor entries = of_length_one(some_rows(white, kEntries, random));
  for (int64_t i = 0; i < kIterations; ++i) {
    // Each patch belongs to the entry that it is most like, or most unlike; that becomes the sum of its own.
    const Tensor likeness = white.mm(entries.t());
    const Tensor nearest = likeness.abs().argmax(1);
    const Tensor sums = at::zeros_like(entries).index_add(0, nearest, white * likeness.gather(1, nearest.unsqueeze(1)));
    entries = at::where(sums.norm(2, 1, true) > 1e-6, of_length_one(sums), entries);
  }
  const Tensor filters = entries.mm(whitening);  // whitening is symmetric
  return {filters, -filters.mv(mean)};
}

PatchDictionary::PatchDictionary(Tensor filters, Tensor offsets) : filters_(std::move(filters)), offsets_(std::move(offsets)) {
  ASSERT(filters_.dim() == 2 && filters_.size(1) == kValues && offsets_.sizes() == filters_.sizes().slice(0, 1));
}

int64_t PatchDictionary::features() const { return 2 * filters_.size(0) * kPlaces * kPlaces; }

Tensor PatchDictionary::features_of(const Tensor& pictures) const {
  constexpr int64_t kAlong = kSide - kPatch + 1;
  const Tensor patches = patches_of(pictures).first;
  const Tensor likeness = (patches.matmul(filters_.t()) + offsets_).transpose(1, 2).reshape({pictures.size(0), filters_.size(0), kAlong, kAlong});
  const Tensor both = at::cat({(likeness - kThreshold).relu(), (-likeness - kThreshold).relu()}, 1);
  return at::adaptive_avg_pool2d(both, {kPlaces, kPlaces}).flatten(1).sqrt();
}

}  // namespace atelier::promptcap
