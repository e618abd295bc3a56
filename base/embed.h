#pragma once
/// Files that the program carries. The assembler copies them in, since C++20 has no #embed; CMake lists them as the
/// object's dependencies.
///
///   EMBED(corpus_sources, "corpus/sources.json")            at file scope, outside namespaces
///   std::string_view text = EMBEDDED(corpus_sources);
#include <cstddef>
#include <string_view>

/// @param name  one of its own in the whole program @param file  below the source tree
#define EMBED(name, file)                                                         \
  asm(".pushsection .rodata\n"                                                    \
      ".global atelier_" #name "\n.hidden atelier_" #name "\n"                    \
      "atelier_" #name ":\n.incbin \"" ATELIER_SOURCE_DIR "/" file "\"\n"         \
      ".global atelier_" #name "_end\n.hidden atelier_" #name "_end\n"            \
      "atelier_" #name "_end:\n.byte 0\n.popsection\n");                          \
  extern "C" {                                                                    \
  __attribute__((visibility("hidden"))) extern const char atelier_##name[];       \
  __attribute__((visibility("hidden"))) extern const char atelier_##name##_end[]; \
  }

#define EMBEDDED(name) std::string_view(atelier_##name, static_cast<size_t>(atelier_##name##_end - atelier_##name))
