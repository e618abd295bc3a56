#!/usr/bin/env bash
# Holds the C++ of the tree to .clang-format, and files to .clang-tidy. usage: cmake/lint.sh [FILE…]
# Without files clang-tidy reads those that parse what comes from outside: with LibTorch's headers a file takes half a
# minute, so all of them are for an hour without hurry. Needs Debian 12's clang-format-16 and clang-tidy-16, and a build/
# that says how files are compiled; what is not there is skipped, with a line that says so.
set -euo pipefail
cd "$(dirname "$0")/.."
parsers=(base/json.cpp base/files.cpp apps/service/multipart.cpp base/base64.cpp apps/service/data_uri.cpp sketchpad/formula.cpp text/unicode.cpp)
failed=0

skip() { echo "lint: $* is not there, skipped" >&2; }

if command -v clang-format-16 >/dev/null; then
  mapfile -t files < <((($#)) && printf '%s\n' "$@" || git ls-files '*.cpp' '*.h')
  python3 cmake/check_format.py clang-format-16 "${files[@]}" || failed=1
else
  skip clang-format-16
fi

if ! command -v clang-tidy-16 >/dev/null; then
  skip clang-tidy-16
elif [[ ! -e build/build.ninja ]]; then
  skip build/build.ninja
else
  commands=$(mktemp -d)
  trap 'rm -r "$commands"' EXIT
  # GCC's precompiled header and names of warnings mean nothing to clang.
  ninja -C build -t compdb | sed -E 's/-include [^ ]*cmake_pch.hxx//; s/-Winvalid-pch|-Werror//g' >"$commands/compile_commands.json"
  (($#)) || set -- "${parsers[@]}"
  printf '%s\0' "$@" | xargs -0 -n 1 -P "$(nproc)" clang-tidy-16 -p "$commands" --quiet 2> >(grep -v 'warnings generated' >&2) || failed=1
fi
exit "$failed"
