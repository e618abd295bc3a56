// Argument types: their schema, their words, their checks.
#include "base/error.h"
#include "sketchpad/tool.h"

namespace atelier::sketchpad {
namespace {

std::string joined(const std::vector<std::string>& words) {
  std::string out;
  for (const std::string& w : words) out += (out.empty() ? "" : ", ") + w;
  return out;
}

bool in_range(const json& value, double low, double high) {
  return value.is_number() && std::isfinite(value.get<double>()) && value.get<double>() >= low && value.get<double>() <= high;
}

json numbers_schema(int count, double low, double high) {
  return {{"type", "array"}, {"items", {{"type", "number"}, {"minimum", low}, {"maximum", high}}}, {"minItems", count},
      {"maxItems", count}};
}

bool are_numbers(const json& value, size_t count, double low, double high) {
  return value.is_array() && value.size() == count && std::all_of(value.begin(), value.end(),
      [&](const json& v) { return in_range(v, low, high); });
}

Type made(Type::Kind kind, double low = 0, double high = 0) {
  Type out;
  out.kind_ = kind, out.low_ = low, out.high_ = high;
  return out;
}

}  // namespace

Type number(double low, double high) { return made(Type::Kind::number, low, high); }
Type integer(int64_t low, int64_t high) { return made(Type::Kind::integer, static_cast<double>(low), static_cast<double>(high)); }
Type flag() { return made(Type::Kind::flag); }
Type text(int64_t most_bytes) { return made(Type::Kind::text, 1, static_cast<double>(most_bytes)); }
Type colour() { return made(Type::Kind::colour); }
Type point() { return made(Type::Kind::point); }
Type box() { return made(Type::Kind::box); }
Type picture() { return made(Type::Kind::picture); }
Type canvas() { return made(Type::Kind::canvas); }
Type choice(std::vector<std::string> choices) {
  Type out = made(Type::Kind::choice);
  out.choices_ = std::move(choices);
  return out;
}
Type list_of(Type item, int64_t least, int64_t most) {
  Type out = made(Type::Kind::list, static_cast<double>(least), static_cast<double>(most));
  out.item_ = std::make_shared<const Type>(std::move(item));
  return out;
}
Type matrix(double low, double high, int64_t most_rows) {
  Type out = made(Type::Kind::matrix, 1, static_cast<double>(most_rows));
  out.least_ = low, out.most_ = high;
  return out;
}
Type named_points(double low, double high, int64_t most) {
  Type out = made(Type::Kind::named_points, 0, static_cast<double>(most));
  out.least_ = low, out.most_ = high;
  return out;
}

json Type::schema() const {
  switch (kind_) {
    case Kind::number: return {{"type", "number"}, {"minimum", low_}, {"maximum", high_}};
    case Kind::integer: return {{"type", "integer"}, {"minimum", static_cast<int64_t>(low_)}, {"maximum", static_cast<int64_t>(high_)}};
    case Kind::flag: return {{"type", "boolean"}};
    case Kind::text: return {{"type", "string"}, {"minLength", 1}, {"maxLength", static_cast<int64_t>(high_)}};
    case Kind::choice: return {{"type", "string"}, {"enum", choices_}};
    case Kind::colour:
    case Kind::picture:
    case Kind::canvas: return {{"type", "string"}, {"maxLength", 64}};
    case Kind::point: return numbers_schema(2, 0, 1);
    case Kind::box: return numbers_schema(4, 0, 1);
    case Kind::list: return {{"type", "array"}, {"items", item_->schema()}, {"minItems", static_cast<int64_t>(low_)},
        {"maxItems", static_cast<int64_t>(high_)}};
    case Kind::matrix: {
      const json row = {{"type", "array"}, {"items", {{"type", "number"}, {"minimum", least_}, {"maximum", most_}}}};
      return {{"type", "array"}, {"items", row}, {"minItems", 1}, {"maxItems", static_cast<int64_t>(high_)}};
    }
    case Kind::named_points:
      return {{"type", "object"}, {"additionalProperties", numbers_schema(2, least_, most_)},
          {"maxProperties", static_cast<int64_t>(high_)}};
  }
  return {};
}

std::string Type::in_words() const {
  switch (kind_) {
    case Kind::number: return fmt::format("a number in {:g} to {:g}", low_, high_);
    case Kind::integer: return fmt::format("a whole number in {:g} to {:g}", low_, high_);
    case Kind::flag: return "true or false";
    case Kind::text: return fmt::format("a text of 1 to {:g} bytes", high_);
    case Kind::choice: return "one of " + joined(choices_);
    case Kind::colour: return "a colour's name or #rrggbb";
    case Kind::point: return "a point [x, y] with both in 0 to 1";
    case Kind::box: return "a box [x, y, width, height] inside the picture, all in 0 to 1";
    case Kind::list: return fmt::format("a list of {:g} to {:g}, each {}", low_, high_, item_->in_words());
    case Kind::matrix: return fmt::format("a square matrix as a list of 1 to {:g} rows, entries in {:g} to {:g}", high_, least_, most_);
    case Kind::named_points: return fmt::format("an object of at most {:g} points, such as {{\"A\": [1, 2]}}, coordinates in {:g} to {:g}", high_, least_, most_);
    case Kind::picture: return "the name of a picture";
    case Kind::canvas: return "the name of a canvas";
  }
  return {};
}

void Type::check(const json& value, const std::string& name) const {
  bool good = false;
  switch (kind_) {
    case Kind::number: good = in_range(value, low_, high_); break;
    case Kind::integer: good = in_range(value, low_, high_) && value.get<double>() == std::floor(value.get<double>()); break;
    case Kind::flag: good = value.is_boolean(); break;
    case Kind::text:
      good = value.is_string() && !value.get_ref<const std::string&>().empty() &&
          static_cast<double>(value.get_ref<const std::string&>().size()) <= high_ &&
             base::is_utf8(value.get_ref<const std::string&>());
      break;
    case Kind::choice: good = value.is_string() && std::find(choices_.begin(), choices_.end(),
        value.get_ref<const std::string&>()) != choices_.end(); break;
    case Kind::colour:
      good = value.is_string();
      if (good) parse_colour(value.get_ref<const std::string&>());
      break;
    case Kind::point: good = are_numbers(value, 2, 0, 1); break;
    case Kind::box: {
      good = are_numbers(value, 4, 0, 1);
      if (good) good = value[2] > 0 && value[3] > 0 && value[0].get<double>() + value[2].get<double>() <= 1 + 1e-6 &&
          value[1].get<double>() + value[3].get<double>() <= 1 + 1e-6;
      break;
    }
    case Kind::list:
      good = value.is_array() && static_cast<double>(value.size()) >= low_ && static_cast<double>(value.size()) <= high_;
      if (good)
        for (size_t i = 0; i < value.size(); ++i) item_->check(value[i], fmt::format("{}[{}]", name, i));
      break;
    case Kind::matrix:
      good = value.is_array() && !value.empty() && static_cast<double>(value.size()) <= high_;
      if (good) good = std::all_of(value.begin(), value.end(), [&](const json& row) { return are_numbers(row, value.size(), least_,
          most_); });
      break;
    case Kind::named_points:
      good = value.is_object() && static_cast<double>(value.size()) <= high_;
      if (good)
        for (const auto& [key, p] : value.items()) good = good && !key.empty() && key.size() <= 16 && are_numbers(p, 2, least_, most_);
      break;
    case Kind::picture:
    case Kind::canvas: {
      good = value.is_string() && value.get_ref<const std::string&>().size() <= 64;
      if (good && kind_ == Kind::canvas)
        for (char c : value.get_ref<const std::string&>())
          REQUIRE((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' || c == '-',
                  "{}: a canvas's name has letters, digits, _ and - only, not {}", name, base::shown(value));
      break;
    }
  }
  REQUIRE(good, "{} must be {}, not {}", name, in_words(), base::shown(value));
}

}  // namespace atelier::sketchpad
