#include "apps/service/fields.h"

#include <algorithm>

namespace atelier::service {

RequestReader::RequestReader(const json& object, std::string place, Source source)
    : object_(object), place_(std::move(place)), source_(source) {
  if (object.is_object()) return;
  const std::string name = place_.empty() ? "the request" : place_;
  throw ApiError(400, fmt::format("{} must be an object, not {}", name, base::shown(object)), "", place_);
}

const std::string& RequestReader::source_name() {
  static const std::string name = "request";
  return name;
}

const json* RequestReader::find(const char* name) {
  known_.push_back(name);
  const auto found = object_.find(name);
  return found == object_.end() ? nullptr : &*found;
}

void RequestReader::missing(const char* name) const {
  throw ApiError(400, fmt::format("{} is missing", below(name)), "missing_field", below(name));
}

void RequestReader::only(const char* name, const json& neutral, const char* says) {
  const json* value = find(name);
  if (value == nullptr || value->is_null() || scalar(*value) == neutral || (value->is_array() && value->empty())) return;
  check_no_file(*value, below(name));
  throw ApiError(400, fmt::format("{} is not supported: {}", below(name), says), "unsupported_field", below(name));
}

void RequestReader::finish() const {
  for (const auto& [name, value] : object_.items()) {
    if (std::find(known_.begin(), known_.end(), name) != known_.end()) continue;
    const std::string shown = base::shown(name);
    throw ApiError(400, fmt::format("there is no field {}{}; the fields are {}", shown, place_.empty() ? "" : " in " + place_, fmt::join(known_, ", ")),
                   "unknown_field", shown.substr(1, shown.size() - 2));
  }
}

void RequestReader::check_no_file(const json& value, const std::string& place) {
  if (value.is_binary()) throw ApiError(400, fmt::format("{} must be a value, not a file", place), "", place);
}

void RequestReader::read_upload(const json& value, const std::string& place, std::string& bytes) {
  if (value.is_binary()) {
    const auto& binary = value.get_binary();
    bytes.assign(binary.begin(), binary.end());
  } else if (value.is_string()) {
    bytes = from_client(place, [&] { return decode_picture_text(value.get_ref<const std::string&>(), kUploadBytes, place); });
  } else {
    throw ApiError(400, fmt::format("{} must be a picture: a file in a form, a data: URI or base64 in JSON", place), "", place);
  }
  if (bytes.empty()) throw ApiError(400, fmt::format("{} is empty", place), "", place);
}

json RequestReader::scalar(const json& value) const {
  if (source_ == Source::json || !value.is_string()) return value;
  const std::string& text = value.get_ref<const std::string&>();
  try {
    const json parsed = base::parse_json(text, "value", {.depth = 1, .bytes = 64});
    return parsed.is_primitive() ? parsed : value;
  } catch (const base::InvalidFile&) {
    return value;  // whoever reads it says what it should have been
  }
}

json SchemaWriter::scalar(const char* type, const base::Check& check) {
  json schema = {{"type", type}};
  const base::Check all = base::any();
  const bool whole = std::string_view(type) == "integer";
  const auto number = [&](double bound) { return whole ? json(static_cast<int64_t>(bound)) : json(bound); };
  if (!check.one_of.empty()) schema["enum"] = check.one_of;
  if (check.low == base::positive().low) {
    schema["exclusiveMinimum"] = 0;
  } else if (check.low != all.low) {
    schema["minimum"] = number(check.low);
  }
  if (check.high != all.high) schema["maximum"] = number(check.high);
  return schema;
}

json SchemaWriter::take() {
  json schema = {{"type", "object"}, {"properties", std::move(properties_)}, {"additionalProperties", false}};
  if (!required_.empty()) schema["required"] = std::move(required_);
  return schema;
}

}  // namespace atelier::service
