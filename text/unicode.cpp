#include "text/unicode.h"

#include "base/error.h"

#ifndef ATELIER_CORE_ONLY
#include <unicode/locid.h>
#include <unicode/normalizer2.h>
#include <unicode/regex.h>
#include <unicode/unistr.h>
#include <unicode/utf8.h>
#endif

namespace atelier::text {

using base::InvalidFile;

#ifdef ATELIER_CORE_ONLY

struct Pattern::Compiled {};

namespace {
[[noreturn]] void needs_icu(const std::string& where) {
  throw InvalidFile(fmt::format("{}: this tokenizer needs Unicode rules, and this program was built without ICU "
                                "(ATELIER_CORE_ONLY)", where));
}
}  // namespace

Pattern::Pattern(std::string_view, bool, const std::string& where) { needs_icu(where); }
void Pattern::matches(std::string_view, const std::function<void(size_t, size_t)>&) const { needs_icu("tokenizer"); }
std::string nfc(std::string_view) { needs_icu("tokenizer"); }
std::string lower_case(std::string_view) { needs_icu("tokenizer"); }

#else

namespace {

constexpr size_t kPatternBytes = 16 << 10;
constexpr size_t kTextBytes = size_t{256} << 20;
constexpr int32_t kTimeLimit = 2000;        // about milliseconds, a match
constexpr int32_t kStackBytes = 16 << 20;

icu::UnicodeString utf16(std::string_view text) {
  REQUIRE(text.size() <= kTextBytes, "the text has {} bytes, at most {} can be tokenized at once", text.size(), kTextBytes);
  return icu::UnicodeString::fromUTF8(icu::StringPiece(text.data(), static_cast<int32_t>(text.size())));
}

}  // namespace

struct Pattern::Compiled {
  std::unique_ptr<icu::RegexPattern> pattern;
};

Pattern::Pattern(std::string_view pattern, bool literal, const std::string& where) {
  CHECK_FILE(pattern.size() <= kPatternBytes, where, "a pattern of {} bytes, at most {} are accepted", pattern.size(),
             kPatternBytes);
  UErrorCode status = U_ZERO_ERROR;
  UParseError place{};
  auto compiled = std::make_shared<Compiled>();
  compiled->pattern.reset(
      icu::RegexPattern::compile(utf16(pattern), literal ? UREGEX_LITERAL : 0, place, status));
  CHECK_FILE(U_SUCCESS(status), where, "the pattern {:?} is not understood at character {} ({})", pattern, place.offset,
             u_errorName(status));
  compiled_ = std::move(compiled);
}

void Pattern::matches(std::string_view text, const std::function<void(size_t, size_t)>& emit) const {
  const icu::UnicodeString subject = utf16(text);
  UErrorCode status = U_ZERO_ERROR;
  const std::unique_ptr<icu::RegexMatcher> matcher(compiled_->pattern->matcher(subject, status));
  if (U_SUCCESS(status)) {
    matcher->setTimeLimit(kTimeLimit, status);
    matcher->setStackLimit(kStackBytes, status);
  }
  // UTF-16 positions only grow, so one walk over the bytes finds them all.
  int32_t units = 0, bytes = 0;
  const auto* data = reinterpret_cast<const uint8_t*>(text.data());
  const auto byte_at = [&](int32_t position) {
    while (units < position) {
      UChar32 character;
      U8_NEXT(data, bytes, static_cast<int32_t>(text.size()), character);
      units += U16_LENGTH(character);
    }
    return static_cast<size_t>(bytes);
  };
  while (U_SUCCESS(status) && matcher->find(status)) {
    const int32_t from = matcher->start(status), to = matcher->end(status);
    if (to == from) continue;
    const size_t begin = byte_at(from);
    emit(begin, byte_at(to));
  }
  REQUIRE(U_SUCCESS(status), "the tokenizer's pattern takes too long on this text ({})", u_errorName(status));
}

std::string nfc(std::string_view text) {
  UErrorCode status = U_ZERO_ERROR;
  const icu::Normalizer2* normalizer = icu::Normalizer2::getNFCInstance(status);
  std::string out;
  if (U_SUCCESS(status)) normalizer->normalize(utf16(text), status).toUTF8String(out);
  if (U_FAILURE(status)) throw base::ResourceError(fmt::format("ICU cannot normalise text: {}", u_errorName(status)));
  return out;
}

std::string lower_case(std::string_view text) {
  const icu::UnicodeString source = utf16(text);
  icu::UnicodeString lower;
  for (int32_t i = 0; i < source.length(); i = source.moveIndex32(i, 1)) {
    icu::UnicodeString character(source.char32At(i));
    lower += character.toLower(icu::Locale::getRoot());
  }
  std::string out;
  lower.toUTF8String(out);
  return out;
}

#endif

}  // namespace atelier::text
