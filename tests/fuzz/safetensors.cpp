// safetensors: the header by the format's rules, then every tensor's bytes.
#include "base/safetensors.h"
#include "tests/fuzz/fuzz.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace atelier;
  const auto path = fuzz::as_file(data, size, "input.safetensors");
  fuzz::expect_user_errors([&] {
    const base::Safetensors file(path);
    for (const auto& [name, info] : file.tensors()) {
      const Tensor tensor = file.read(name);
      if (tensor.nbytes() != static_cast<size_t>(info.end - info.begin)) __builtin_trap();
    }
  });
  return 0;
}
