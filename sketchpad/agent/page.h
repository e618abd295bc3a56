#pragma once
/// A trace as one HTML file for people: nothing is loaded from outside, no script, pictures inside, every text escaped.
///
/// Its content security policy allows its own style sheet by hash and pictures from data: addresses, nothing else.
#include "sketchpad/agent/trace.h"

namespace atelier::sketchpad {

std::string trace_page(const Trace& trace);

/// Text for HTML, in element content and in quoted attributes.
std::string escaped(std::string_view text);

}  // namespace atelier::sketchpad
