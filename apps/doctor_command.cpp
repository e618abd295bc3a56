#include "apps/commands.h"
#include "apps/model_folder.h"
#include "base/compute.h"
#include "base/error.h"
#include "base/machine.h"
#include "base/safetensors.h"
#ifndef ATELIER_CORE_ONLY
#include "corpus/corpus.h"
#endif

#include <c10/util/Exception.h>
#include <dlfcn.h>

#include <chrono>
#include <cstdio>

namespace atelier::apps {
namespace fs = std::filesystem;

namespace {

/// What the doctor found, as lines, and what to do about it.
class Report {
 public:
  void line(std::string_view name, std::string_view value) { std::printf("%-15s %s\n", std::string(name).c_str(), std::string(value).c_str()); }
  void advise(std::string text) { advice_.push_back(std::move(text)); }
  void finish() const {
    std::printf("\n%s\n", advice_.empty() ? "All is well." : "What would be better:");
    for (const std::string& text : advice_) std::printf("- %s\n", text.c_str());
  }

 private:
  std::vector<std::string> advice_;
};

/// GFLOP/s of a square matrix product in this dtype, the best of some runs: the first ones wake the processor up.
double matrix_rate(at::ScalarType dtype, int64_t size) {
  const at::NoGradGuard no_gradient;
  const Tensor a = at::ones({size, size}, at::TensorOptions(dtype).device(base::compute().device)), b = a.clone();
  double best = 0;
  for (int run = 0; run < 6; ++run) {
    const auto start = std::chrono::steady_clock::now();
    at::mm(a, b).select(0, 0).select(0, 0).item();  // .item() waits for a GPU
    const double seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
    best = std::max(best, 2e-9 * static_cast<double>(size * size * size) / seconds);
  }
  return best;
}

std::string gigabytes(int64_t bytes) { return fmt::format("{:.1f} GB", static_cast<double>(bytes) / 1e9); }

std::string library_path(const void* address) {
  Dl_info info = {};
  return dladdr(address, &info) != 0 && info.dli_fname ? info.dli_fname : "unknown";
}

void report_processor(Report& report) {
  const base::Processor& processor = base::processor();
  std::string features;
  for (const auto& [has, name] : {std::pair(processor.avx2, "AVX2"), std::pair(processor.avx512, "AVX-512"),
                                  std::pair(processor.avx512_bf16, "AVX512-BF16"), std::pair(processor.amx_bf16, "AMX-BF16")})
    if (has) features += (features.empty() ? "" : ", ") + std::string(name);
  report.line("processor", fmt::format("{} ({})", processor.name, features.empty() ? "no vector units that matter" : features));
  report.line("cores", fmt::format("{} to compute on, {} logical processors", base::available_cores(), base::available_processors()));
  if (!processor.avx2) report.advise("a processor with AVX2; this one computes several times slower");
}

void report_compute(Report& report) {
  const base::Compute& compute = base::compute();
  report.line("LibTorch", fmt::format("{} at {}", ATELIER_LIBTORCH_VERSION, library_path(reinterpret_cast<const void*>(&c10::GetExceptionString))));
  report.line("device", compute.device.str());
  report.line("dtype", c10::toString(compute.dtype));
  report.line("threads", std::to_string(compute.threads));
  const bool gpu = compute.device.is_cuda();
  const int64_t size = gpu ? 4096 : 768;
  report.line("fp32 products", fmt::format("{:.0f} GFLOP/s", matrix_rate(at::kFloat, size)));
  const base::Processor& processor = base::processor();
  if (gpu || processor.avx512_bf16 || processor.amx_bf16)
    report.line("bf16 products", fmt::format("{:.0f} GFLOP/s", matrix_rate(at::kBFloat16, size)));
  else
    report.line("bf16 products", "not measured: this processor has no unit for them, fp32 is faster");
  if (compute.threads > base::available_cores())
    report.advise(fmt::format("--threads {}: two threads on one core wait for each other", base::available_cores()));
  if (!gpu && compute.dtype == at::kBFloat16 && !processor.avx512_bf16 && !processor.amx_bf16)
    report.advise("--dtype fp32: bf16 without a unit for it is about ten times slower");
}

int64_t folder_bytes(const fs::path& folder) {
  int64_t bytes = 0;
  for (const fs::directory_entry& entry : fs::recursive_directory_iterator(folder))
    if (entry.is_regular_file()) bytes += static_cast<int64_t>(entry.file_size());
  return bytes;
}

void report_model(Report& report, const fs::path& folder) {
  // The libraries themselves, activations and buffers of one drawing; measured on the starter model.
  constexpr int64_t kBesideWeights = 400'000'000;
  const int64_t memory = base::available_memory();
  try {
    const ModelInfo info = read_model_info(folder);
    report.line("model", fmt::format("{} (version {}, {} styles)", folder.string(), info.version, info.styles.size()));
    int64_t weights = 0;
    for (const char* part : kComponents) {
      const base::Weights file(folder / part);  // its header is sound
      const int64_t bytes = folder_bytes(folder / part);
      report.line(fmt::format("  {}", part), fmt::format("{:.1f} MB, {} tensors", static_cast<double>(bytes) / 1e6, file.names().size()));
      weights += bytes;
    }
    // Weights are stored in bf16; in fp32 they take twice as much, and matrix kernels keep a packed copy.
    const int64_t needed = kBesideWeights + weights * (base::compute().dtype == at::kFloat ? 4 : 2);
    report.line("memory", fmt::format("{} available, about {} needed to draw", gigabytes(memory), gigabytes(needed)));
    if (memory < needed) report.advise("more memory: drawing may fail or be very slow");
  } catch (const base::InvalidFile& error) {
    report.line("model", fmt::format("none ({})", error.what()));
    report.line("memory", gigabytes(memory) + " available");
    report.advise("a model: --model DIR, or ATELIER_MODELS for a folder that holds `starter`");
  }
}

#ifndef ATELIER_CORE_ONLY
void report_corpus(Report& report) {
  const fs::path folder = corpus::default_folder();
  std::error_code ignored;
  if (!fs::exists(folder / "corpus.jsonl", ignored)) return report.line("corpus", "none (only training needs it; `atelier corpus build` makes it)");
  try {
    report.line("corpus", fmt::format("{} ({} pictures)", folder.string(), corpus::Corpus::open(folder).size()));
  } catch (const std::exception& error) {
    report.line("corpus", error.what());
  }
}
#endif

}  // namespace

void add_doctor_command(CLI::App& app) {
  CLI::App* command = app.add_subcommand("doctor", "Say what this machine will use, and what would be better");
  command->footer("Try it with --device, --dtype and --threads to see what another choice does.");
  auto model = std::make_shared<std::string>();
  command->add_option("--model", *model, "Model folder (default: models/starter, or $ATELIER_MODELS/starter)");
  command->callback([model] {
    Report report;
    report.line("atelier", ATELIER_VERSION);
    report_processor(report);
    report_compute(report);
    report_model(report, model->empty() ? default_model_folder() : fs::path(*model));
#ifndef ATELIER_CORE_ONLY
    report_corpus(report);
#endif
    report.finish();
  });
}

}  // namespace atelier::apps
