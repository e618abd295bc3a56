#include "base/config.h"

#include <algorithm>
#include <cmath>

namespace atelier::base::detail {

namespace {

/// "1 to 64", "at least 0", "more than 0": what a number may be.
std::string allowed_numbers(const Check& check) {
  const Check everything = any(), above_zero = positive();
  if (check.low == above_zero.low) {
    return check.high == above_zero.high ? "more than 0" : fmt::format("more than 0 and at most {}", check.high);
  }
  if (check.high == everything.high) return fmt::format("at least {}", check.low);
  if (check.low == everything.low) return fmt::format("at most {}", check.high);
  return fmt::format("{} to {}", check.low, check.high);
}

void check_number(const json& value, const Place& place, const Check& check, double number) {
  if (number < check.low || number > check.high) refuse(value, place, allowed_numbers(check));
}

std::string listed(const std::vector<std::string>& names) {
  return fmt::format("{}", fmt::join(names, ", "));
}

}  // namespace

void refuse(const json& value, const Place& place, std::string_view expected) {
  CHECK_FILE(!place.field.empty(), place.source, "must be {}, not {}", expected, shown(value));
  CHECK_FILE(false, place.source, "{} must be {}, not {}", place.field, expected, shown(value));
}

void read_value(const json& value, const Place& place, const Check&, bool& field) {
  if (!value.is_boolean()) refuse(value, place, "true or false");
  field = value.get<bool>();
}

void read_value(const json& value, const Place& place, const Check& check, int64_t& field) {
  if (value.is_number_integer()) {
    if (value.is_number_unsigned() && value.get<uint64_t>() > uint64_t{INT64_MAX}) {
      refuse(value, place, "at most 9223372036854775807");
    }
    field = value.get<int64_t>();
  } else {
    // 25.0 is 25, up to where doubles stop holding every integer.
    constexpr double kLargest = 9007199254740992.0;
    const double number = value.is_number() ? value.get<double>() : NAN;
    if (!(std::abs(number) <= kLargest) || number != std::floor(number)) refuse(value, place, "an integer");
    field = static_cast<int64_t>(number);
  }
  check_number(value, place, check, static_cast<double>(field));
}

void read_value(const json& value, const Place& place, const Check& check, double& field) {
  if (!value.is_number()) refuse(value, place, "a number");
  field = value.get<double>();
  check_number(value, place, check, field);
}

void read_value(const json& value, const Place& place, const Check& check, std::string& field) {
  if (!value.is_string()) refuse(value, place, "a string");
  field = value.get<std::string>();
  const auto& names = check.one_of;
  if (!names.empty() && std::find(names.begin(), names.end(), field) == names.end()) {
    refuse(value, place, (names.size() > 1 ? "one of " : "") + listed(names));
  }
}

Reader::Reader(const json& object, const Place& place, UnknownFields unknown)
    : object_(object), place_(place), unknown_(unknown) {
  if (!object.is_object()) refuse(object, place, "an object");
}

const json* Reader::find(const char* name) {
  known_.push_back(name);
  const auto found = object_.find(name);
  return found == object_.end() ? nullptr : &*found;
}

void Reader::finish() const {
  if (unknown_ == UnknownFields::ignore) return;
  for (const auto& [name, value] : object_.items()) {
    if (std::find(known_.begin(), known_.end(), name) != known_.end()) continue;
    CHECK_FILE(false, place_.source, "{} is not a field; the fields{} are {}", shown(name),
               place_.field.empty() ? "" : " of " + place_.field, fmt::join(known_, ", "));
  }
}

}  // namespace atelier::base::detail
