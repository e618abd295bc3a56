#pragma once
/// A config is a plain struct with defaults and one `visit`, which reads, writes, prints and compares it.
///
///   struct VaeConfig {
///     int64_t latent_channels = 8;
///     template <class Visitor> void visit(Visitor& v) { v("latent_channels", latent_channels, range(1, 64)); }
///   };
///
/// Field types: bool, int64_t, double, std::string, std::vector of these, std::optional of these, and structs that
/// themselves have a `visit`. Names are Hugging Face's where it has one.
#include "base/error.h"
#include "base/json.h"

#include <optional>
#include <string>
#include <type_traits>
#include <vector>

namespace atelier::base {

/// What a field may be. Checked after reading; on vectors, for each element.
struct Check {
  double low = -1e300, high = 1e300;   // numbers
  std::vector<std::string> one_of;     // strings
};
inline Check any() { return {}; }
inline Check range(double low, double high) { return {low, high, {}}; }
inline Check positive() { return {1e-300, 1e300, {}}; }
inline Check one_of(std::vector<std::string> names) { return {-1e300, 1e300, std::move(names)}; }

/// A field that a config does not have: our own files refuse it (a typing error must not pass silently), Hugging
/// Face's carry dozens that are of no concern here.
enum class UnknownFields { refuse, ignore };

/// @param what   names the source in messages
/// @throws InvalidFile naming the field, its value and what it may be
template <class Config>
Config read_config(const json& document, const std::string& what, UnknownFields unknown = UnknownFields::refuse);
template <class Config>
Config read_config(const std::filesystem::path& path, UnknownFields unknown = UnknownFields::refuse);

template <class Config>
json write_config(const Config& config);

template <class Config>
bool equal(const Config& a, const Config& b) {
  return write_config(a) == write_config(b);
}

}  // namespace atelier::base

#include "base/config_inl.h"
