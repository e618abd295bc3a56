#include "base/safetensors.h"

#include "base/error.h"
#include "base/files.h"
#include "base/json.h"

#include <algorithm>
#include <cstring>
#include <numeric>
#include <set>

namespace atelier::base {

namespace {

namespace fs = std::filesystem;

constexpr int64_t kLargestHeader = 100'000'000;  // the format's own limit
constexpr int64_t kLengthBytes = 8;
constexpr int64_t kAlignment = 64;
constexpr size_t kMostDimensions = 64;  // what LibTorch's operators can iterate over
constexpr const char* kMetadata = "__metadata__";

struct Dtype {
  const char* name;
  at::ScalarType type;
};
constexpr Dtype kDtypes[] = {{"F64", at::kDouble}, {"F32", at::kFloat}, {"F16", at::kHalf},   {"BF16", at::kBFloat16},
                             {"I64", at::kLong},   {"I32", at::kInt},   {"I16", at::kShort},  {"I8", at::kChar},
                             {"U64", at::kUInt64}, {"U32", at::kUInt32}, {"U16", at::kUInt16}, {"U8", at::kByte},
                             {"BOOL", at::kBool}};

int64_t item_bytes(at::ScalarType type) { return static_cast<int64_t>(c10::elementSize(type)); }

std::string dtype_names() {
  std::string names;
  for (const Dtype& dtype : kDtypes) names += (names.empty() ? "" : ", ") + std::string(dtype.name);
  return names;
}

const json& member(const json& entry, const char* key, const std::string& where) {
  const auto found = entry.find(key);
  CHECK_FILE(found != entry.end(), where, "has no {}", key);
  return *found;
}

std::vector<int64_t> sizes(const json& list, const char* what, const std::string& where) {
  CHECK_FILE(list.is_array(), where, "{} must be a list, not {}", what, shown(list));
  CHECK_FILE(list.size() <= kMostDimensions, where, "{} has {} numbers, at most {} are allowed", what, list.size(),
             kMostDimensions);
  std::vector<int64_t> numbers;
  for (const json& number : list) {
    CHECK_FILE(number.is_number_unsigned() && number.get<uint64_t>() <= uint64_t{INT64_MAX}, where,
               "{} must hold integers from 0 to 2^63 - 1, not {}", what, shown(number));
    numbers.push_back(number.get<int64_t>());
  }
  return numbers;
}

/// One entry of the header; offsets still count from the start of the data.
TensorInfo parse_info(const json& entry, const std::string& where) {
  CHECK_FILE(entry.is_object(), where, "must be an object, not {}", shown(entry));
  TensorInfo info;

  const json& name = member(entry, "dtype", where);
  const auto* dtype =
      std::find_if(std::begin(kDtypes), std::end(kDtypes), [&](const Dtype& known) { return name == known.name; });
  CHECK_FILE(dtype != std::end(kDtypes), where, "dtype must be one of {}, not {}", dtype_names(), shown(name));
  info.dtype = dtype->type;

  info.shape = sizes(member(entry, "shape", where), "shape", where);
  const std::vector<int64_t> offsets = sizes(member(entry, "data_offsets", where), "data_offsets", where);
  CHECK_FILE(offsets.size() == 2, where, "data_offsets must hold 2 numbers, not {}", offsets.size());
  info.begin = offsets[0];
  info.end = offsets[1];
  CHECK_FILE(info.begin <= info.end, where, "data_offsets end before they begin: {} > {}", info.begin, info.end);

  int64_t bytes = item_bytes(info.dtype);
  for (const int64_t size : info.shape) bytes = checked_mul(bytes, size, where);
  CHECK_FILE(bytes == info.end - info.begin, where, "{} of shape {} takes {} bytes, but the offsets span {}",
             dtype->name, fmt::format("[{}]", fmt::join(info.shape, ", ")), bytes, info.end - info.begin);
  return info;
}

/// The tensors must tile the data: nothing read twice, and no place for anything else to hide.
void check_tiling(const std::map<std::string, TensorInfo>& tensors, int64_t data_bytes, const std::string& path) {
  using Entry = std::pair<const std::string, TensorInfo>;
  std::vector<const Entry*> ordered;
  for (const Entry& entry : tensors) ordered.push_back(&entry);
  std::sort(ordered.begin(), ordered.end(), [](const Entry* a, const Entry* b) {
    return std::pair(a->second.begin, a->second.end) < std::pair(b->second.begin, b->second.end);
  });
  int64_t end = 0;
  for (const Entry* entry : ordered) {
    const auto& [name, info] = *entry;
    CHECK_FILE(info.end <= data_bytes, path, "tensor {} ends at byte {} of the data, which has only {}", shown(name),
               info.end, data_bytes);
    CHECK_FILE(info.begin >= end, path, "tensor {} overlaps the one before it", shown(name));
    CHECK_FILE(info.begin == end, path, "{} unused bytes in front of tensor {}", info.begin - end, shown(name));
    end = info.end;
  }
  CHECK_FILE(end == data_bytes, path, "{} unused bytes behind the last tensor", data_bytes - end);
}

}  // namespace

struct Safetensors::State {
  explicit State(const fs::path& path) : file(path) {}
  InputFile file;
  std::map<std::string, TensorInfo> tensors;
  std::map<std::string, std::string> metadata;
};

Safetensors::Safetensors(const fs::path& path) : state_(std::make_unique<State>(path)) {
  const InputFile& file = state_->file;
  CHECK_FILE(file.size() >= kLengthBytes, path, "is too short to be a safetensors file ({} bytes)", file.size());
  uint64_t length;
  file.read(&length, kLengthBytes, 0);
  CHECK_FILE(length <= uint64_t{kLargestHeader}, path,
             "is not a safetensors file: its header would be {} bytes, at most {} are allowed", length, kLargestHeader);
  const int64_t data_begin = kLengthBytes + static_cast<int64_t>(length);
  CHECK_FILE(data_begin <= file.size(), path, "the header is cut short: it should end at byte {}, the file has {}",
             data_begin, file.size());

  std::string header(length, '\0');
  file.read(header.data(), static_cast<int64_t>(length), kLengthBytes);
  CHECK_FILE(header.starts_with('{'), path, "is not a safetensors file: the header must start with '{{'");
  const json document = parse_json(header, path.string() + ": header", {.depth = 8, .bytes = kLargestHeader});

  for (const auto& [name, entry] : document.items()) {
    if (name == kMetadata) {
      CHECK_FILE(entry.is_object(), path, "{} must be an object", kMetadata);
      for (const auto& [key, value] : entry.items()) {
        CHECK_FILE(value.is_string(), path, "{} {} must be a string", kMetadata, shown(key));
        state_->metadata[key] = value.get<std::string>();
      }
    } else {
      state_->tensors[name] = parse_info(entry, fmt::format("{}: tensor {}", path.string(), shown(name)));
    }
  }
  check_tiling(state_->tensors, file.size() - data_begin, path.string());
  for (auto& [name, info] : state_->tensors) {
    info.begin += data_begin;
    info.end += data_begin;
  }
}

Safetensors::~Safetensors() = default;
Safetensors::Safetensors(Safetensors&&) noexcept = default;

const fs::path& Safetensors::path() const { return state_->file.path(); }
const std::map<std::string, TensorInfo>& Safetensors::tensors() const { return state_->tensors; }
const std::map<std::string, std::string>& Safetensors::metadata() const { return state_->metadata; }
bool Safetensors::contains(const std::string& name) const { return state_->tensors.contains(name); }

Tensor Safetensors::read(const std::string& name) const {
  const auto found = state_->tensors.find(name);
  CHECK_FILE(found != state_->tensors.end(), path(), "has no tensor {}", shown(name));
  const TensorInfo& info = found->second;
  Tensor tensor = at::empty(info.shape, at::TensorOptions().dtype(info.dtype));
  state_->file.read(tensor.data_ptr(), info.end - info.begin, info.begin);
  if (info.dtype == at::kBool) {
    // The compiler takes for granted that a bool is 0 or 1.
    const auto* bytes = static_cast<const uint8_t*>(tensor.data_ptr());
    CHECK_FILE(std::all_of(bytes, bytes + tensor.numel(), [](uint8_t byte) { return byte <= 1; }), path(),
               "tensor {} is BOOL but holds bytes other than 0 and 1", shown(name));
  }
  return tensor;
}

void write_safetensors(const fs::path& path, const NamedTensors& tensors,
                       const std::map<std::string, std::string>& metadata) {
  // Widest first, so that every tensor is aligned to its own items, which readers that map the file rely on.
  std::vector<size_t> order(tensors.size());
  std::iota(order.begin(), order.end(), size_t{0});
  std::stable_sort(order.begin(), order.end(), [&](size_t a, size_t b) {
    return tensors[a].second.element_size() > tensors[b].second.element_size();
  });

  json document = json::object();
  if (!metadata.empty()) document[kMetadata] = metadata;
  int64_t offset = 0;
  for (const size_t index : order) {
    const auto& [name, tensor] = tensors[index];
    ASSERT(tensor.defined() && is_utf8(name) && !document.contains(name) && name != kMetadata);
    const auto* dtype = std::find_if(std::begin(kDtypes), std::end(kDtypes),
                                     [type = tensor.scalar_type()](const Dtype& known) { return known.type == type; });
    ASSERT(dtype != std::end(kDtypes));
    const int64_t end = offset + tensor.numel() * item_bytes(dtype->type);
    document[name] = {{"dtype", dtype->name}, {"shape", tensor.sizes().vec()}, {"data_offsets", {offset, end}}};
    offset = end;
  }
  std::string header = dump_json(document);
  const size_t past = (kLengthBytes + header.size()) % kAlignment;
  if (past != 0) header.append(kAlignment - past, ' ');

  write_file(path, [&](int fd) {
    const uint64_t length = header.size();
    write_all(fd, &length, sizeof length);
    write_all(fd, header.data(), header.size());
    for (const size_t index : order) {
      const Tensor tensor = tensors[index].second.detach().to(at::kCPU).contiguous();
      write_all(fd, tensor.data_ptr(), tensor.nbytes());
    }
  });
}

}  // namespace atelier::base
