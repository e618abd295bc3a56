#!/usr/bin/env bash
# Draws docs/gallery.png and docs/prompts_100.png again, from fixed prompts and seeds. usage: docs/make_gallery.sh [MODEL]
set -euo pipefail
cd "$(dirname "$0")/.."
model=${1:-models/starter}
pictures=$(mktemp -d)
trap 'rm -r "$pictures"' EXIT
./atelier imagine --prompt-file docs/gallery.txt --seed 1 --model "$model" --grid docs/gallery.png -o "$pictures/gallery_%03d.png" >/dev/null
./atelier imagine --prompt-file bench/prompts_100.txt --seed 0 --model "$model" --grid docs/prompts_100.png -o "$pictures/prompt_%03d.png" >/dev/null
