#include "text/pretokenizer.h"

#include "base/error.h"

namespace atelier::text {

using base::json;

const std::string_view kGpt2Pattern =
    R"('s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+)";
const std::string_view kClipPattern = R"('s|'t|'re|'ve|'m|'ll|'d|[\p{L}]+|[\p{N}]|[^\s\p{L}\p{N}]+)";
const std::string_view kOwnPattern =
    R"( ?[^\x00-@\[-`{-\x7F]+| ?[0-9]| ?[\x00-\x08\x0E-\x1F!-/:-@\[-`{-\x7F]+|[\t-\r ]+(?![^\t-\r ])|[\t-\r ]+)";

namespace {

constexpr int kMaxDepth = 8;  // of Sequences in Sequences
constexpr const char* kWhiteSpace = "\\s+";

enum class Sort { space, letter, digit, mark };

Sort sort_of(char c) {
  const auto byte = static_cast<unsigned char>(c);
  if (byte == ' ' || (byte >= '\t' && byte <= '\r')) return Sort::space;
  if (byte >= 0x80 || (byte >= 'a' && byte <= 'z') || (byte >= 'A' && byte <= 'Z')) return Sort::letter;
  return byte >= '0' && byte <= '9' ? Sort::digit : Sort::mark;
}

std::string type_of(const json& document, const std::string& where, const char* role) {
  CHECK_FILE(document.is_object() && document.contains("type") && document["type"].is_string(), where,
             "{} must be an object with a type", role);
  return document["type"].get<std::string>();
}

bool flag(const json& document, const char* name, bool otherwise, const std::string& where) {
  const auto found = document.find(name);
  if (found == document.end() || found->is_null()) return otherwise;
  CHECK_FILE(found->is_boolean(), where, "{} must be true or false", name);
  return found->get<bool>();
}

/// {"Regex": "…"} or {"String": "…"}; returns the text and whether it is literal.
std::pair<std::string, bool> pattern_of(const json& document, const std::string& where) {
  const auto found = document.find("pattern");
  CHECK_FILE(found != document.end() && found->is_object() && found->size() == 1 && found->begin()->is_string() &&
                 (found->contains("Regex") || found->contains("String")),
             where, "a pattern must be {{\"Regex\": text}} or {{\"String\": text}}");
  return {found->begin()->get<std::string>(), found->contains("String")};
}

/// The parts of a Sequence under its list's name. @throws InvalidFile if there is no such list
const json& parts_of(const json& document, const char* list, const std::string& where, int depth) {
  CHECK_FILE(depth < kMaxDepth, where, "Sequences may be nested {} deep", kMaxDepth);
  const auto found = document.find(list);
  CHECK_FILE(found != document.end() && found->is_array(), where, "a Sequence must have a list named {}", list);
  return *found;
}

}  // namespace

void scan_own(std::string_view text, const Emit& emit) {
  size_t at = 0;
  while (at < text.size()) {
    size_t end = at;
    if (sort_of(text[at]) == Sort::space) {
      while (end < text.size() && sort_of(text[end]) == Sort::space) ++end;
      if (end < text.size()) {
        // The last one belongs to what follows if it is a space, and stands alone otherwise.
        if (end - at > 1) {
          emit(text.substr(at, end - 1 - at));
          at = end - 1;
        }
        if (text[at] != ' ') {
          emit(text.substr(at, 1));
          at = end;
        }
      } else {
        emit(text.substr(at));
        return;
      }
    }
    const Sort sort = sort_of(text[end]);
    ++end;
    while (sort != Sort::digit && end < text.size() && sort_of(text[end]) == sort) ++end;
    emit(text.substr(at, end - at));
    at = end;
  }
}

Normalizer Normalizer::read(const json& document, const std::string& where) {
  Normalizer normalizer;
  if (!document.is_null()) normalizer.add(document, where, 0);
  return normalizer;
}

void Normalizer::add(const json& document, const std::string& where, int depth) {
  const std::string type = type_of(document, where, "normalizer");
  if (type == "Sequence") {
    for (const json& part : parts_of(document, "normalizers", where, depth)) add(part, where, depth + 1);
  } else if (type == "NFC") {
    steps_.emplace_back(Step::nfc, std::nullopt);
  } else if (type == "Lowercase") {
    steps_.emplace_back(Step::lower_case, std::nullopt);
  } else if (type == "Replace") {
    CHECK_FILE(pattern_of(document, where) == std::pair(std::string(kWhiteSpace), false) && document.contains("content") &&
                   document["content"] == " ",
               where, "of Replace normalizers only \"\\s+\" by one space is supported");
    steps_.emplace_back(Step::white_space, Pattern(kWhiteSpace, false, where));
  } else {
    CHECK_FILE(false, where, "the normalizer {:?} is not supported (NFC, Lowercase, Replace, Sequence are)", type);
  }
}

json Normalizer::write() const {
  if (steps_.empty()) return nullptr;
  json list = json::array();
  for (const auto& [step, pattern] : steps_) {
    if (step == Step::nfc) list.push_back({{"type", "NFC"}});
    if (step == Step::lower_case) list.push_back({{"type", "Lowercase"}});
    if (step == Step::white_space) {
      list.push_back({{"type", "Replace"}, {"pattern", {{"Regex", kWhiteSpace}}}, {"content", " "}});
    }
  }
  return list.size() == 1 ? list[0] : json{{"type", "Sequence"}, {"normalizers", list}};
}

std::string Normalizer::apply(std::string_view text) const {
  std::string current(text);
  for (const auto& [step, pattern] : steps_) {
    if (step == Step::nfc) current = nfc(current);
    if (step == Step::lower_case) current = lower_case(current);
    if (step == Step::white_space) {
      std::string clean;
      size_t at = 0;
      pattern->matches(current, [&](size_t begin, size_t end) {
        clean.append(current, at, begin - at).append(" ");
        at = end;
      });
      current = clean.append(current, at);
    }
  }
  return current;
}

Pretokenizer Pretokenizer::read(const json& document, const std::string& where) {
  CHECK_FILE(!document.is_null(), where, "there is no pre_tokenizer; only byte-level BPE is supported");
  Pretokenizer pretokenizer;
  pretokenizer.document_ = document;
  pretokenizer.add(document, where, 0);
  CHECK_FILE(pretokenizer.byte_level_, where, "no pre_tokenizer is ByteLevel; only byte-level BPE is supported");
  return pretokenizer;
}

void Pretokenizer::add(const json& document, const std::string& where, int depth) {
  const std::string type = type_of(document, where, "pre_tokenizer");
  CHECK_FILE(!byte_level_, where, "the pre_tokenizer {:?} comes after ByteLevel, which must be the last", type);
  if (type == "Sequence") {
    for (const json& part : parts_of(document, "pretokenizers", where, depth)) add(part, where, depth + 1);
  } else if (type == "ByteLevel") {
    if (flag(document, "add_prefix_space", true, where)) steps_.push_back({Step::prefix_space, std::nullopt});
    if (flag(document, "use_regex", true, where)) steps_.push_back({Step::isolate, Pattern(kGpt2Pattern, false, where)});
    byte_level_ = true;
  } else if (type == "Split") {
    const auto [text, literal] = pattern_of(document, where);
    CHECK_FILE(document.contains("behavior") && document["behavior"].is_string(), where, "a Split must have a behavior");
    const auto behavior = document["behavior"].get<std::string>();
    const bool invert = flag(document, "invert", false, where);
    if (text == kOwnPattern && !literal && behavior == "Isolated") {
      steps_.push_back({Step::own, std::nullopt});
      return;
    }
    CHECK_FILE(behavior == "Isolated" || behavior == "Removed", where,
               "the Split behavior {:?} is not supported (Isolated and Removed are)", behavior);
    const auto kind = behavior == "Isolated" ? Step::isolate : invert ? Step::keep_matches : Step::drop_matches;
    steps_.push_back({kind, Pattern(text, literal, where)});
  } else if (type == "Digits") {
    CHECK_FILE(flag(document, "individual_digits", false, where), where, "of Digits only individual_digits is supported");
    steps_.push_back({Step::isolate, Pattern("\\p{N}", false, where)});
  } else {
    CHECK_FILE(false, where, "the pre_tokenizer {:?} is not supported (ByteLevel, Split, Digits, Sequence are)", type);
  }
}

json Pretokenizer::write() const { return document_; }

void Pretokenizer::split(std::string_view text, const Emit& emit) const {
  if (!text.empty()) run(0, text, emit);
}

void Pretokenizer::run(size_t step, std::string_view text, const Emit& emit) const {
  if (text.empty()) return;
  if (step == steps_.size()) return emit(text);
  const auto next = [&](std::string_view piece) { run(step + 1, piece, emit); };
  const Step& current = steps_[step];
  if (current.kind == Step::prefix_space) {
    if (text.front() == ' ') return next(text);
    return next(std::string(" ").append(text));
  }
  if (current.kind == Step::own) return scan_own(text, next);
  size_t at = 0;
  const auto gap = [&](size_t end) {
    if (end > at && current.kind != Step::keep_matches) next(text.substr(at, end - at));
  };
  current.pattern->matches(text, [&](size_t begin, size_t end) {
    gap(begin);
    if (current.kind != Step::drop_matches) next(text.substr(begin, end - begin));
    at = end;
  });
  gap(text.size());
}

}  // namespace atelier::text
