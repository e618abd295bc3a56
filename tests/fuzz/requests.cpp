// The service's requests, from bytes to checked tasks. The first byte chooses the endpoint and JSON or form.
#include "apps/service/requests.h"
#include "apps/service/sketch_requests.h"
#include "tests/fuzz/fuzz.h"

namespace {

using namespace atelier;

service::EngineInfo info() {
  service::EngineInfo info;
  info.chat = "c";
  info.draw = "d";
  info.embed = "e";
  info.models = {{"c", "", {"text"}, {"text"}}, {"d", "", {"text"}, {"image"}}, {"e", "", {"text"}, {"embedding"}}};
  info.picture_size = 128;
  info.styles = {"noto style"};
  info.embedding_dimension = 4;
  info.memory_documents = 1;
  info.answers_pictures = true;
  return info;
}

template <class Request>
void read(const base::json& document, service::Source source) {
  static const service::EngineInfo engine = info();
  service::to_job(service::read_request<Request>(document, source), engine);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size == 0) return 0;
  const std::string body(fuzz::text(data + 1, size - 1));
  try {
    service::Source source;
    const base::json document = service::parse_body(body, data[0] & 8 ? "multipart/form-data; boundary=B" : "application/json", source);
    switch (data[0] & 7) {
      case 0: return read<service::ChatRequest>(document, source), 0;
      case 1: return read<service::ImageRequest>(document, source), 0;
      case 2: return read<service::ImageEditRequest>(document, source), 0;
      case 3: return read<service::EmbeddingRequest>(document, source), 0;
      case 4: return read<service::SearchRequest>(document, source), 0;
      case 5: {
        const auto request = service::read_request<service::SketchRequest>(document, source);
        return service::to_problem(request), 0;
      }
      case 6: return service::read_request<service::SketchRunRequest>(document, source), 0;
      default: {
        const auto request = service::read_request<service::SketchBranchRequest>(document, source);
        for (const service::SketchMove& move : request.moves) service::to_move(move, "moves");
        return 0;
      }
    }
  } catch (const service::ApiError& error) {
    if (error.status < 400 || error.status > 501 || service::error_body(error).empty()) __builtin_trap();
  }
  return 0;
}
