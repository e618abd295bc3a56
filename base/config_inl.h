#pragma once
/// The visitors behind base/config.h; include that one. What needs no template is in config.cpp.
#include "base/config.h"

namespace atelier::base::detail {

/// Where a value stands: "unet/config.json" and "blocks[2].channels".
struct Place {
  const std::string& source;
  std::string field;

  Place operator[](size_t index) const { return {source, fmt::format("{}[{}]", field, index)}; }
  Place operator/(const char* name) const { return {source, field.empty() ? name : field + "." + name}; }
};

// Each throws InvalidFile naming the place, the value and what it may be.
void read_value(const json& value, const Place& place, const Check& check, bool& field);
void read_value(const json& value, const Place& place, const Check& check, int64_t& field);
void read_value(const json& value, const Place& place, const Check& check, double& field);
void read_value(const json& value, const Place& place, const Check& check, std::string& field);
[[noreturn]] void refuse(const json& value, const Place& place, std::string_view expected);

template <class T>
constexpr bool is_vector = false;
template <class T>
constexpr bool is_vector<std::vector<T>> = true;
template <class T>
constexpr bool is_optional = false;
template <class T>
constexpr bool is_optional<std::optional<T>> = true;
template <class T>
constexpr bool is_config = std::is_class_v<T> && !is_vector<T> && !is_optional<T> && !std::is_same_v<T, std::string>;

/// Reads one object's fields; a field that is absent keeps its default (an optional becomes empty).
class Reader {
 public:
  Reader(const json& object, const Place& place, UnknownFields unknown);

  template <class T>
  void operator()(const char* name, T& field, const Check& check = any()) {
    const json* value = find(name);
    if (value != nullptr) {
      read(*value, place_ / name, check, field);
    } else if constexpr (is_optional<T>) {
      field.reset();
    }
  }

  /// Once every field has been visited. @throws InvalidFile if there are others and they are refused
  void finish() const;

 private:
  /// nullptr if the object has none of this name; remembers the name as one that may be there.
  const json* find(const char* name);

  template <class T>
  void read(const json& value, const Place& place, const Check& check, T& field) {
    if constexpr (is_vector<T>) {
      if (!value.is_array()) refuse(value, place, "a list");
      field.clear();
      for (const json& element : value) {
        typename T::value_type read_element{};
        read(element, place[field.size()], check, read_element);
        field.push_back(std::move(read_element));
      }
    } else if constexpr (is_optional<T>) {
      field.reset();
      if (!value.is_null()) read(value, place, check, field.emplace());
    } else if constexpr (is_config<T>) {
      Reader inner(value, place, unknown_);
      field.visit(inner);
      inner.finish();
    } else {
      read_value(value, place, check, field);
    }
  }

  const json& object_;
  Place place_;
  UnknownFields unknown_;
  std::vector<const char*> known_;
};

/// Writes one object's fields; an empty optional is left out.
class Writer {
 public:
  template <class T>
  void operator()(const char* name, T& field, const Check& = any()) {
    if constexpr (is_optional<T>) {
      if (field) object_[name] = write(*field);
    } else {
      object_[name] = write(field);
    }
  }
  json take() { return std::move(object_); }

 private:
  template <class T>
  static json write(T& field) {
    if constexpr (is_vector<T>) {
      json list = json::array();
      for (auto&& element : field) {
        typename T::value_type copy = element;  // a vector of bools has no references to give
        list.push_back(write(copy));
      }
      return list;
    } else if constexpr (is_optional<T>) {
      return field ? write(*field) : json();
    } else if constexpr (is_config<T>) {
      Writer inner;
      field.visit(inner);
      return inner.take();
    } else {
      return field;
    }
  }

  json object_ = json::object();
};

}  // namespace atelier::base::detail

namespace atelier::base {

template <class Config>
Config read_config(const json& document, const std::string& what, UnknownFields unknown) {
  Config config;
  detail::Reader reader(document, {what, ""}, unknown);
  config.visit(reader);
  reader.finish();
  return config;
}

template <class Config>
Config read_config(const std::filesystem::path& path, UnknownFields unknown) {
  return read_config<Config>(read_json(path), path.string(), unknown);
}

template <class Config>
json write_config(const Config& config) {
  Config copy = config;  // one visit serves reading and writing, so it cannot be const
  detail::Writer writer;
  copy.visit(writer);
  return writer.take();
}

}  // namespace atelier::base
