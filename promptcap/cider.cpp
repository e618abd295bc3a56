#include "promptcap/scoring.h"

#include "base/error.h"

#include <array>
#include <cmath>
#include <map>
#include <set>
#include <sstream>

namespace atelier::promptcap {
namespace {

constexpr int kLongest = 4;       // words of an n-gram
constexpr double kSigma = 6;      // of the Gaussian over the difference in length

using Counts = std::map<std::vector<std::string>, int64_t>;

Counts ngrams(const std::string& caption) {
  std::istringstream stream(caption);
  std::vector<std::string> words;
  for (std::string word; stream >> word;) words.push_back(word);
  Counts counts;
  for (size_t n = 1; n <= kLongest; ++n)
    for (size_t i = 0; i + n <= words.size(); ++i) ++counts[{words.begin() + i, words.begin() + i + n}];
  return counts;
}

/// A caption as weighted n-grams, one vector a length of n-gram.
struct Vector {
  std::array<std::map<std::vector<std::string>, double>, kLongest> weight;
  std::array<double, kLongest> norm{};
  double length = 0;  // counted in pairs of words, as the published code does
};

Vector weigh(const Counts& counts, const std::map<std::vector<std::string>, int64_t>& documents, double log_captions) {
  Vector vector;
  for (const auto& [ngram, count] : counts) {
    const size_t n = ngram.size() - 1;
    const auto found = documents.find(ngram);
    const double seen = found == documents.end() ? 1 : static_cast<double>(found->second);
    const double w = static_cast<double>(count) * (log_captions - std::log(std::max(1.0, seen)));
    vector.weight[n][ngram] = w;
    vector.norm[n] += w * w;
    if (n == 1) vector.length += static_cast<double>(count);
  }
  for (double& norm : vector.norm) norm = std::sqrt(norm);
  return vector;
}

/// Mean over the lengths of n-grams of a clipped cosine, less where the lengths differ.
double similarity(const Vector& caption, const Vector& reference) {
  const double delta = caption.length - reference.length;
  double sum = 0;
  for (int n = 0; n < kLongest; ++n) {
    double product = 0;
    for (const auto& [ngram, w] : caption.weight[n])
      if (const auto found = reference.weight[n].find(ngram); found != reference.weight[n].end()) product += std::min(w, found->second) * found->second;
    if (caption.norm[n] != 0 && reference.norm[n] != 0) product /= caption.norm[n] * reference.norm[n];
    sum += product * std::exp(-delta * delta / (2 * kSigma * kSigma));
  }
  return sum / kLongest;
}

}  // namespace

std::vector<double> cider(const std::vector<std::string>& captions, const std::vector<std::vector<std::string>>& references) {
  ASSERT(captions.size() == references.size());
  // In how many pictures' references an n-gram occurs.
  std::map<std::vector<std::string>, int64_t> documents;
  std::vector<std::vector<Counts>> counted;
  for (const auto& group : references) {
    REQUIRE(!group.empty(), "a caption has no references to compare with");
    std::set<std::vector<std::string>> there;
    counted.emplace_back();
    for (const std::string& reference : group) {
      counted.back().push_back(ngrams(reference));
      for (const auto& [ngram, count] : counted.back().back()) there.insert(ngram);
    }
    for (const auto& ngram : there) ++documents[ngram];
  }
  const double log_captions = std::log(static_cast<double>(references.size()));
  std::vector<double> scores;
  for (size_t i = 0; i < captions.size(); ++i) {
    const Vector caption = weigh(ngrams(captions[i]), documents, log_captions);
    double sum = 0;
    for (const Counts& reference : counted[i]) sum += similarity(caption, weigh(reference, documents, log_captions));
    scores.push_back(10 * sum / static_cast<double>(counted[i].size()));
  }
  return scores;
}

}  // namespace atelier::promptcap
