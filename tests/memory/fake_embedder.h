#pragma once
/// A deterministic embedder for tests, without weights: colour words and mean colours share the first three numbers of a
/// vector, the rest tells texts and pictures apart a little.
#include "base/random.h"
#include "retrieval/memory/document.h"

#include <cmath>
#include <functional>
#include <string>
#include <vector>

namespace atelier::retrieval {

class FakeEmbedder : public Embedder {
 public:
  explicit FakeEmbedder(int64_t dimension = 16, std::string identity = "fake-1") : dimension_(dimension), identity_(std::move(identity)) {}

  Tensor embed_pictures(std::span<const vision::Image> pictures) const override {
    std::vector<Tensor> rows;
    for (const vision::Image& picture : pictures) {
      double sum[3] = {};
      uint64_t hash = 7;
      for (size_t i = 0; i < picture.pixels.size(); ++i) {
        sum[i % 3] += picture.pixels[i];
        hash = base::mix(hash, picture.pixels[i]);
      }
      rows.push_back(vector(sum[0], sum[1], sum[2], hash));
    }
    return stack(rows);
  }

  Tensor embed_texts(std::span<const std::string> texts) const override {
    std::vector<Tensor> rows;
    for (const std::string& text : texts) {
      const auto has = [&](const char* word) { return text.find(word) != text.npos ? 1.0 : 0.01; };
      rows.push_back(vector(has("red"), has("green"), has("blue"), std::hash<std::string>()(text)));
    }
    return stack(rows);
  }

  int64_t dimension() const override { return dimension_; }
  std::string identity() const override { return identity_; }

 private:
  Tensor vector(double r, double g, double b, uint64_t seed) const {
    std::vector<float> v;
    const double length = std::sqrt(r * r + g * g + b * b) + 1e-9;
    base::Random random(seed);
    for (const double x : {r, g, b}) v.push_back(static_cast<float>(x / length));
    while (static_cast<int64_t>(v.size()) < dimension_) v.push_back(static_cast<float>(0.1 * random.normal()));
    const Tensor t = at::tensor(v);
    return t / t.norm();
  }
  Tensor stack(const std::vector<Tensor>& rows) const { return rows.empty() ? at::empty({0, dimension_}) : at::stack(rows); }

  int64_t dimension_;
  std::string identity_;
};

inline vision::Image plain(uint8_t r, uint8_t g, uint8_t b, int64_t side = 24) {
  vision::Image image(side, side);
  for (int64_t i = 0; i < side * side; ++i) image.pixels[3 * i] = r, image.pixels[3 * i + 1] = g, image.pixels[3 * i + 2] = b;
  return image;
}

/// Nothing compresses it, no two seeds look alike.
inline vision::Image noise(uint64_t seed, int64_t side = 24) {
  vision::Image image(side, side);
  base::Random random(seed);
  for (uint8_t& x : image.pixels) x = static_cast<uint8_t>(random.below(256));
  return image;
}

inline const FakeEmbedder kEmbedder;

inline PreparedDocument document(const std::string& id, const std::string& caption, const vision::Image* picture = nullptr) {
  NewDocument d;
  d.id = id;
  d.caption = caption;
  d.licence = "CC0-1.0";
  if (picture) d.picture_bytes = vision::encode_png(*picture);
  return prepare(d, 64);
}

}  // namespace atelier::retrieval
