// tokenizer.json: a tokenizer that loads gives back any text that it encodes.
#include "base/json.h"
#include "tests/fuzz/fuzz.h"
#include "text/tokenizer.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace atelier;
  const auto path = fuzz::as_file(data, size, "tokenizer.json");
  fuzz::expect_user_errors([&] {
    const text::Tokenizer tokenizer = text::Tokenizer::load(path);
    for (const text::TokenId id : tokenizer.encode("a Cat, 12 猫s\n<eos> ")) {
      if (id < 0 || id >= tokenizer.size()) __builtin_trap();
      tokenizer.decode({id}, true);
    }
  });
  return 0;
}
