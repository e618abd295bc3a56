#pragma once
/// safetensors files, read by the format's own rules and written atomically.
///
/// Refused with a named reason: header over 100 MB or past the end, not starting with '{', duplicate keys, unknown
/// dtypes, negative or overflowing shapes, offsets that leave the file, overlap, leave holes or do not equal
/// shape x dtype. Data is read with pread, never mapped: a file cut short under us is an error, not a SIGBUS.
#include "base/tensor.h"

#include <filesystem>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace atelier::base {

using NamedTensors = std::vector<std::pair<std::string, Tensor>>;

struct TensorInfo {
  at::ScalarType dtype;
  std::vector<int64_t> shape;
  int64_t begin = 0, end = 0;  // bytes in the file
};

class Safetensors {
 public:
  /// Reads and checks the header alone. @throws InvalidFile
  explicit Safetensors(const std::filesystem::path& path);
  ~Safetensors();
  Safetensors(Safetensors&&) noexcept;

  const std::filesystem::path& path() const;
  const std::map<std::string, TensorInfo>& tensors() const;
  const std::map<std::string, std::string>& metadata() const;  // "__metadata__"
  bool contains(const std::string& name) const;

  /// A new CPU tensor in the stored dtype. @throws InvalidFile if there is none of this name or the file ends early
  Tensor read(const std::string& name) const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

/// Several files as one (Hugging Face's sharded index), or one file.
class Weights {
 public:
  /// A .safetensors file, a *.safetensors.index.json, or a folder that holds one of them under the usual names
  /// (model, diffusion_pytorch_model). @throws InvalidFile
  explicit Weights(const std::filesystem::path& path);

  bool contains(const std::string& name) const;
  std::vector<std::string> names() const;
  const TensorInfo& info(const std::string& name) const;
  Tensor read(const std::string& name) const;
  const std::string& where() const { return where_; }  // for messages

 private:
  std::string where_;
  std::vector<Safetensors> files_;
  std::map<std::string, size_t> file_of_;
};

/// Atomic. Tensors come from any device and with any strides. The data starts at a multiple of 64 bytes and holds the
/// tensors in the order given, but wider dtypes before narrower ones, so that each is aligned to its own items.
/// @throws what write_file throws; asserts that names are unique UTF-8 and dtypes known to the format
void write_safetensors(const std::filesystem::path& path, const NamedTensors& tensors,
                       const std::map<std::string, std::string>& metadata = {});

}  // namespace atelier::base
