#!/usr/bin/env bash
# Builds the fuzz targets with clang, AddressSanitizer and UBSan and runs each for some seconds on top of its seeds.
#   tests/fuzz/run.sh [SECONDS] [TARGET ...]      30 s; all. A find ends it with its error; the input is in build-fuzz/found/TARGET
set -euo pipefail
cd "$(dirname "$0")/../.."
seconds=${1:-30}
shift || true
targets=("$@")
[ ${#targets[@]} -gt 0 ] || for folder in tests/fuzz/corpus/*; do targets+=("$(basename "$folder")"); done
cmake -S . -B build-fuzz -G Ninja -DCMAKE_CXX_COMPILER=clang++ -DATELIER_FUZZ=ON -DATELIER_SANITIZE=address,undefined ${ATELIER_CMAKE_ARGS:-}
ninja -C build-fuzz "${targets[@]/#/fuzz_}"
for target in "${targets[@]}"; do
  found=build-fuzz/found/$target
  mkdir -p "$found"
  echo "== $target"
  build-fuzz/tests/fuzz/fuzz_"$target" -max_total_time="$seconds" -rss_limit_mb=2048 -timeout=30 -print_final_stats=1 -verbosity=0 \
    -artifact_prefix="$found/broke-" "$found" "tests/fuzz/corpus/$target"
done
