#!/usr/bin/env bash
# Writes docs/commands: a page a command, from the program's own --help. usage: docs/make_commands.sh [PROGRAM [FOLDER]]
# A test (tests/docs/pages_test.cpp) fails while the pages say something else than the program.
set -euo pipefail
root=$(dirname "$(readlink -f "${BASH_SOURCE[0]}")")/..
program=${1:-$root/build/bin/atelier}
folder=${2:-$root/docs/commands}

# As any reader's machine would print it: their home is called ~.
help_of() { env -u XDG_CACHE_HOME -u ATELIER_MODELS HOME='~' "$program" "$@" --help; }

# Lines "name  what it does" of a help text's list of commands.
commands_of() { sed -n '/^Subcommands:/,/^$/{/^  [a-z]/p}' <<<"$1"; }

# The help of a command, then of each of its own commands.
section() { # HEADING WORDS…
  local heading=$1 text line
  shift
  text=$(help_of "$@")
  printf '%s atelier %s\n\n```text\n%s\n```\n' "$heading" "$*" "$text"
  while read -r line; do
    [[ -z $line ]] || { echo; section "#$heading" "$@" "${line%% *}"; }
  done <<<"$(commands_of "$text")"
}

mkdir -p "$folder"
rm -f "$folder"/*.md
text=$(help_of)
{
  printf '# Commands\n\nMade by docs/make_commands.sh from the help of the program itself: change it there (apps/*_command.cpp).\n\n'
  printf '| command | what it does |\n| --- | --- |\n'
  while read -r command what; do
    printf '| [%s](%s.md) | %s |\n' "$command" "$command" "$what"
    section '#' "$command" >"$folder/$command.md"
  done <<<"$(commands_of "$text")"
  printf '\n```text\n%s\n```\n' "$text"
} >"$folder/README.md"
