// JSON and the configs that are read from it: what is accepted is written, read again, and equal.
#include "base/config.h"
#include "fusion/model.h"
#include "tests/fuzz/fuzz.h"
#include "text/sampling.h"
#include "text/transformer.h"
#include "vision/vae.h"

namespace {

template <class Config>
void read(const atelier::base::json& document) {
  using namespace atelier;
  fuzz::expect_user_errors([&] {
    const auto config = base::read_config<Config>(document, "input", base::UnknownFields::ignore);
    if (!base::equal(config, base::read_config<Config>(base::write_config(config), "again"))) __builtin_trap();
  });
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace atelier;
  fuzz::expect_user_errors([&] {
    const base::json document = base::parse_json(fuzz::text(data, size), "input");
    if (base::parse_json(base::dump_json(document), "again") != document) __builtin_trap();
    read<vision::VaeConfig>(document);
    read<fusion::FusionConfig>(document);
    read<text::LlamaConfig>(document);
    read<text::SamplingConfig>(document);
  });
  fuzz::expect_user_errors([&] { text::read_llama_config(fuzz::as_file(data, size, "config.json")); });
  return 0;
}
