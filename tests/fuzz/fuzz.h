#pragma once
/// What fuzz targets share. Each target is one file with LLVMFuzzerTestOneInput and a folder of seeds, corpus/NAME:
///
///   ./atelier test && tests/fuzz/run.sh [SECONDS] [TARGET ...]     # builds and runs all of them, or these, 30 s each
///
/// With clang they are libFuzzer's programs; with any other compiler they run their seeds, the seeds' beginnings, and 200
/// damaged copies of each (replay.cpp). An input that broke a target is added to its seeds with the fix.
///
/// A target is right when every input ends in a value or in one of the errors that are meant for a user (base/error.h).
#include "base/error.h"

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size);

namespace atelier::fuzz {

inline std::string_view text(const uint8_t* data, size_t size) { return {reinterpret_cast<const char*>(data), size}; }

/// Runs it; errors for users are fine, all else is a find.
template <class Parse>
void expect_user_errors(const Parse& parse) {
  try {
    parse();
  } catch (const base::InvalidFile&) {
  } catch (const base::InvalidArgument&) {
  }
}

/// A file of this process with these bytes, for parsers that read files. @return its path, the same at every call
std::filesystem::path as_file(const uint8_t* data, size_t size, const char* name = "input");
/// The folder that such files lie in, removed when the process ends.
const std::filesystem::path& folder();

}  // namespace atelier::fuzz
