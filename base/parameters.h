#pragma once
/// A model's parameters by name, and where they come from: drawn anew, or read from weights.
///
/// A module takes a Scope in its constructor and asks it for each parameter by name, shape and initialiser. Whether
/// the answer is drawn or read is no business of the module, so that there is one way to build each.
#include "base/compute.h"
#include "base/safetensors.h"

#include <optional>
#include <string>
#include <vector>

namespace atelier::base {

/// How a parameter is drawn. All initialisation of a model stands in its constructor, with reasons.
struct Init {
  enum Kind { zeros, ones, normal, uniform } kind = zeros;
  double scale = 0;  // standard deviation, or half width
};
inline Init zeros() { return {Init::zeros, 0}; }
inline Init ones() { return {Init::ones, 0}; }
inline Init normal(double deviation) { return {Init::normal, deviation}; }
inline Init uniform(double half_width) { return {Init::uniform, half_width}; }

class Scope;

class Parameters {
 public:
  /// Parameters are drawn in fp32 with a generator of their own (seed and name), so that adding one changes no other.
  static Parameters fresh(uint64_t seed, at::Device device = at::kCPU);

  /// Parameters are read from `weights` (not kept) and must be there with the very shape asked for.
  /// Tensors of two and more dimensions become compute().dtype, vectors fp32; both on compute().device.
  /// @throws InvalidFile on a missing name, another shape, or a value that is not finite
  static Parameters read(const Weights& weights);

  /// As read, but everything in fp32 (training starts from fp32 masters).
  static Parameters read_float(const Weights& weights);

  Parameters(Parameters&&) noexcept = default;

  /// From here on, what the weights lack under this prefix is drawn: a model grows by a part.
  void draw_missing(std::string prefix, uint64_t seed);

  Scope root();

  /// Draws or reads one parameter and records it. @throws InvalidFile (reading); asserts that no name comes twice
  Tensor make(const std::string& name, const std::vector<int64_t>& shape, Init init);

  /// Whether a parameter of this name can be had: always when drawing, if the file has it or lacks what may be drawn when reading.
  bool available(const std::string& name) const;

  /// Those whose names begin so, the very tensors: for an optimizer that leaves the others alone.
  Parameters under(std::string_view prefix) const;

  /// In the order in which they were made.
  const NamedTensors& all() const { return all_; }
  int64_t count() const;  // of numbers

 private:
  explicit Parameters(const Weights* weights) : weights_(weights) {}
  bool may_draw(const std::string& name) const;
  const Weights* weights_ = nullptr;
  uint64_t seed_ = 0;
  std::optional<std::string> drawn_prefix_;
  bool all_float_ = false;
  at::Device device_ = at::kCPU;
  NamedTensors all_;
};

/// A prefix of names inside a Parameters: scope / "layers" / 3 asks for "layers.3.…".
class Scope {
 public:
  Scope(Parameters* parameters, std::string prefix) : parameters_(parameters), prefix_(std::move(prefix)) {}
  Scope operator/(std::string_view name) const;
  Scope operator/(int64_t index) const;
  Tensor operator()(std::string_view name, const std::vector<int64_t>& shape, Init init) const;
  bool available(std::string_view name) const;

 private:
  std::string full(std::string_view name) const;
  Parameters* parameters_;
  std::string prefix_;
};

}  // namespace atelier::base
