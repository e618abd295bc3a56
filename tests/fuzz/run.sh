#!/usr/bin/env bash
# Builds the fuzz targets (fuzz.h) under AddressSanitizer and UBSan, on top of the libraries in build/, and runs them, one a
# processor at a time.
#   tests/fuzz/run.sh [SECONDS] [TARGET ...]      30 s; all
# Where clang++ has libFuzzer each target looks for new inputs that long, on top of its seeds; what it finds is in
# build-fuzz/found/TARGET, the input that broke it as broke-*. Elsewhere each runs its seeds and the same damaged copies of them.
set -euo pipefail
cd "$(dirname "$0")/../.."
seconds=${1:-30}
shift || true
targets=("$@")
[ ${#targets[@]} -gt 0 ] || for folder in tests/fuzz/corpus/*; do targets+=("$(basename "$folder")"); done

folder=build-fuzz
mkdir -p $folder/found
compiler=g++
if clang++ -fsanitize=fuzzer,address -x c++ - -o $folder/probe 2>/dev/null <<<'extern "C" int LLVMFuzzerTestOneInput(const char*, unsigned long) { return 0; }'; then
  compiler=clang++
fi
libtorch=$(sed -n 's/^ATELIER_LIBTORCH:[^=]*=//p' build/CMakeCache.txt)
cmake -S tests/fuzz -B $folder -G Ninja -DCMAKE_CXX_COMPILER=$compiler -DATELIER_BUILD="$PWD/build" -DATELIER_LIBTORCH="$libtorch"
ninja -C $folder "${targets[@]}"

fuzz() {
  local found=build-fuzz/found/$1 log=build-fuzz/found/$1.log flags=()
  mkdir -p "$found"
  [ "$2" = g++ ] || flags=(-max_total_time="$3" -rss_limit_mb=2048 -timeout=30 -print_final_stats=1 -artifact_prefix="$found/broke-" "$found")
  if ! build-fuzz/"$1" "${flags[@]}" tests/fuzz/corpus/"$1" >"$log" 2>&1; then
    echo "== $1 broke" && grep -v '^#' "$log" | tail -n 60
    return 1
  fi
  echo "== $1: $(grep -E 'damaged copies|number_of_executed_units' "$log")"
}
export -f fuzz
printf '%s\n' "${targets[@]}" | xargs -P "$(nproc)" -I TARGET bash -c "fuzz TARGET $compiler $seconds"
