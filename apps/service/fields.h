#pragma once
/// A request is a plain struct with one `visit`, from which it is read, checked and described (openapi.h):
///
///   struct SearchRequest {
///     std::string text;
///     int64_t k = 10;
///     template <class Visitor> void visit(Visitor& v) {
///       v.required("text", text, "What to look for");
///       v("k", k, "How many to find", range(1, 100));
///     }
///   };
///
/// Field types are those of base/config.h, OneOrMany and Upload below, and json, an object of any members. A struct with a
/// static `of_text` may be given as a string. Fields that a request does not have are refused: a typing error must not pass
/// silently. Fields of the OpenAI API that change nothing here are declared as ignored(), those that would have to change
/// something as only().
#include "apps/service/api_error.h"
#include "apps/service/data_uri.h"
#include "base/config.h"

namespace atelier::service {

using base::json;

/// A value, or a list of them.
template <class T>
struct OneOrMany {
  std::vector<T> values;
};

/// A file: raw in a form, a data: URI or base64 in JSON.
struct Upload {
  std::string bytes;
  bool given() const { return !bytes.empty(); }
};

inline constexpr size_t kUploadBytes = 32 << 20;

template <class T>
constexpr bool is_one_or_many = false;
template <class T>
constexpr bool is_one_or_many<OneOrMany<T>> = true;
template <class T>
constexpr bool is_record = base::detail::is_config<T> && !is_one_or_many<T> && !std::is_same_v<T, Upload> && !std::is_same_v<T, json>;
template <class T>
concept FromText = requires(std::string text) { T::of_text(text); };

/// Where a request's values come from. In a form every value is a text: "25" is the number that JSON writes so.
enum class Source { json, form };

/// Reads one object's fields. @throws ApiError 400 naming the field, its value and what it may be
class RequestReader {
 public:
  RequestReader(const json& object, std::string place, Source source);

  template <class T>
  void operator()(const char* name, T& field, const char*, const base::Check& check = base::any()) {
    const json* value = find(name);
    if (value != nullptr && !value->is_null()) read(*value, below(name), check, field);
  }
  template <class T>
  void required(const char* name, T& field, const char* says, const base::Check& check = base::any()) {
    const json* value = find(name);
    if (value == nullptr || value->is_null()) missing(name);
    (*this)(name, field, says, check);
  }
  /// May be there and changes nothing.
  void ignored(const char* name, const char*) { find(name); }
  /// May be there only with the value that changes nothing.
  void only(const char* name, const json& neutral, const char* says);

  /// Once every field has been visited.
  void finish() const;

 private:
  const json* find(const char* name);
  std::string below(const char* name) const { return place_.empty() ? name : place_ + "." + name; }
  [[noreturn]] void missing(const char* name) const;
  static void read_upload(const json& value, const std::string& place, std::string& bytes);
  /// A form's text as the JSON value that it writes; anything else as it is.
  json scalar(const json& value) const;
  static const std::string& source_name();
  static void check_no_file(const json& value, const std::string& place);

  template <class T>
  void read(const json& value, const std::string& place, const base::Check& check, T& field) {
    if constexpr (std::is_same_v<T, Upload>) {
      read_upload(value, place, field.bytes);
    } else if constexpr (std::is_same_v<T, json>) {
      if (!value.is_object()) throw ApiError(400, fmt::format("{} must be an object, not {}", place, base::shown(value)), "", place);
      field = value;
    } else if constexpr (is_one_or_many<T>) {
      field.values.clear();
      if (value.is_array()) {
        for (size_t i = 0; i < value.size(); ++i) read(value[i], fmt::format("{}[{}]", place, i), check, field.values.emplace_back());
      } else {
        read(value, place, check, field.values.emplace_back());
      }
    } else if constexpr (base::detail::is_vector<T>) {
      if (!value.is_array()) throw ApiError(400, fmt::format("{} must be a list", place), "", place);
      field.clear();
      for (size_t i = 0; i < value.size(); ++i) read(value[i], fmt::format("{}[{}]", place, i), check, field.emplace_back());
    } else if constexpr (base::detail::is_optional<T>) {
      read(value, place, check, field.emplace());
    } else if constexpr (is_record<T>) {
      check_no_file(value, place);
      if constexpr (FromText<T>) {
        if (value.is_string()) {
          field = T::of_text(value.get<std::string>());
          return;
        }
      }
      RequestReader inner(value, place, source_);
      field.visit(inner);
      inner.finish();
    } else {
      check_no_file(value, place);
      // base's readers know ranges and words; their message begins with the source, which a client knows.
      try {
        if constexpr (std::is_same_v<T, std::string>) {
          base::detail::read_value(value, {source_name(), place}, check, field);
        } else {
          base::detail::read_value(scalar(value), {source_name(), place}, check, field);
        }
      } catch (const base::InvalidFile& error) {
        throw ApiError(400, std::string(error.what()).substr(source_name().size() + 2), "", place);
      }
    }
  }

  const json& object_;
  std::string place_;
  Source source_;
  std::vector<const char*> known_;
};

template <class Request>
Request read_request(const json& document, Source source) {
  Request request;
  RequestReader reader(document, "", source);
  request.visit(reader);
  reader.finish();
  return request;
}

/// Writes what a RequestReader reads as a JSON schema.
class SchemaWriter {
 public:
  template <class T>
  void operator()(const char* name, T& field, const char* says, const base::Check& check = base::any()) {
    json schema = of(field, check);
    schema["description"] = says;
    if constexpr (std::is_arithmetic_v<T> || std::is_same_v<T, std::string>) schema["default"] = field;
    properties_[name] = std::move(schema);
  }
  template <class T>
  void required(const char* name, T& field, const char* says, const base::Check& check = base::any()) {
    (*this)(name, field, says, check);
    properties_[name].erase("default");
    required_.push_back(name);
  }
  void ignored(const char* name, const char* says) { properties_[name] = {{"description", says}}; }
  void only(const char* name, const json& neutral, const char* says) { properties_[name] = {{"description", says}, {"const", neutral}}; }

  json take();

 private:
  static json scalar(const char* type, const base::Check& check);

  template <class T>
  static json of(T& field, const base::Check& check) {
    if constexpr (std::is_same_v<T, bool>) {
      return {{"type", "boolean"}};
    } else if constexpr (std::is_same_v<T, int64_t>) {
      return scalar("integer", check);
    } else if constexpr (std::is_same_v<T, double>) {
      return scalar("number", check);
    } else if constexpr (std::is_same_v<T, std::string>) {
      return scalar("string", check);
    } else if constexpr (std::is_same_v<T, Upload>) {
      return {{"type", "string"}, {"format", "binary"}};
    } else if constexpr (std::is_same_v<T, json>) {
      return {{"type", "object"}};
    } else if constexpr (is_one_or_many<T>) {
      const json one = of(field.values.emplace_back(), check);
      return {{"anyOf", json::array({one, {{"type", "array"}, {"items", one}}})}};
    } else if constexpr (base::detail::is_vector<T>) {
      return {{"type", "array"}, {"items", of(field.emplace_back(), check)}};
    } else if constexpr (base::detail::is_optional<T>) {
      return of(field.emplace(), check);
    } else {
      SchemaWriter inner;
      field.visit(inner);
      json object = inner.take();
      if constexpr (FromText<T>) return {{"anyOf", json::array({{{"type", "string"}}, object})}};
      return object;
    }
  }

  json properties_ = json::object(), required_ = json::array();
};

/// The JSON schema of a request.
template <class Request>
json request_schema() {
  Request request;
  SchemaWriter writer;
  request.visit(writer);
  return writer.take();
}

}  // namespace atelier::service
