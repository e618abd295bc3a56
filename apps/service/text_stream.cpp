#include "apps/service/text_stream.h"

#include <algorithm>

namespace atelier::service {
namespace {

/// Bytes at the end that are the beginning of a character without its end.
size_t half_character(std::string_view text) {
  for (size_t back = 1; back <= std::min<size_t>(4, text.size()); ++back) {
    const auto byte = static_cast<unsigned char>(text[text.size() - back]);
    if ((byte & 0xC0) == 0x80) continue;
    const size_t length = byte < 0x80 ? 1 : byte < 0xE0 ? 2 : byte < 0xF0 ? 3 : 4;
    return length > back ? back : 0;
  }
  return 0;
}

}  // namespace

std::string TextStream::push(std::string_view bytes) {
  if (stopped_) return {};
  pending_ += bytes;
  size_t first = pending_.npos, held = half_character(pending_);
  for (const std::string& stop : stop_) {
    first = std::min(first, pending_.find(stop));
    for (size_t length = std::min(stop.size() - 1, pending_.size()); length > held; --length)
      if (std::string_view(stop).starts_with(std::string_view(pending_).substr(pending_.size() - length))) held = length;
  }
  stopped_ = first != pending_.npos;
  const size_t ready = stopped_ ? first : pending_.size() - held;
  std::string text = pending_.substr(0, ready);
  pending_.erase(0, stopped_ ? pending_.size() : ready);
  return text;
}

std::string TextStream::finish() {
  const size_t half = half_character(pending_);
  std::string text = pending_.substr(0, pending_.size() - half) + (half > 0 ? "\xEF\xBF\xBD" : "");
  pending_.clear();
  return text;
}

}  // namespace atelier::service
