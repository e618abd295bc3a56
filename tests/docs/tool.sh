#!/usr/bin/env bash
# What the documents' commands find under the names atelier, curl, cmake, ninja, python, node, npm, pip and grep, and in place
# of the repository's scripts: commands_test.cpp links this script to each. A block tagged `sh` is run, with few steps, and
# with a service where it asks one at 127.0.0.1:8080; of a block tagged `sh parsed` the program's words are only written
# down, for the test to parse.
# Environment: DOCS_MODE (run or parsed), DOCS_FOLDER (scratch), DOCS_PROGRAM, DOCS_REPOSITORY.
set -euo pipefail
name=$(basename "$0")
address=127.0.0.1:8080
PATH=${PATH#*:}  # without the folder of these links: the real ones
export ATELIER_ARG_THREADS=1  # several documents may be tried at a time

fail() { echo "$name: $*" >&2; exit 9; }

healthy() {  # PORT
  local status=
  { printf 'GET /health HTTP/1.0\r\nHost: 127.0.0.1\r\n\r\n' >&3 && read -r _ status _ <&3; } 3<>"/dev/tcp/127.0.0.1/$1"
  [[ $status == 200 ]]
}

# The service that a reader has started in another terminal; the test ends it.
start_service() {
  [[ -e $DOCS_FOLDER/service.port ]] && return
  local port= i
  : >"$DOCS_FOLDER/service.log"  # read below, perhaps before the service's own shell has come to opening it
  ATELIER_ARG_PORT=0 "$DOCS_PROGRAM" serve "$@" </dev/null >"$DOCS_FOLDER/service.log" 2>&1 &
  echo $! >"$DOCS_FOLDER/service.pid"
  for ((i = 0; i < 1500; ++i)); do
    kill -0 "$(cat "$DOCS_FOLDER/service.pid")" 2>/dev/null || { cat "$DOCS_FOLDER/service.log" >&2; fail 'the service has ended'; }
    port=$(sed -n 's|.*http://127.0.0.1:\([0-9]*\)/v1, and.*|\1|p' "$DOCS_FOLDER/service.log")
    [[ -n $port ]] && healthy "$port" && break
    sleep 0.1
  done
  ((i < 1500)) || fail 'the service does not get ready'
  echo "$port" >"$DOCS_FOLDER/service.port"
}

with_service() {  # COMMAND…: runs it with the service's port in place of the documents'
  start_service
  "${@//$address/127.0.0.1:$(cat "$DOCS_FOLDER/service.port")}"
}

case $name in
  atelier)
    if [[ $* == test ]]; then
      grep -q '== test ' "$DOCS_REPOSITORY/atelier" || fail 'the launcher knows no `test`'
    elif [[ $DOCS_MODE == parsed ]]; then
      printf '%s\0' "$#" "$@" >>"$DOCS_FOLDER/parsed"
    elif [[ ${1:-} == serve ]]; then
      start_service "${@:2}"
    elif [[ $* == *$address* ]]; then
      with_service "$DOCS_PROGRAM" "$@"
    else
      [[ ${1:-} != imagine ]] || export ATELIER_ARG_STEPS=3  # a flag in the document wins
      exec "$DOCS_PROGRAM" "$@"
    fi
    ;;
  curl) with_service curl -sSf "$@" ;;
  cmake)
    for word in "$@"; do
      [[ $word =~ ^-D(ATELIER_[A-Z_]+)= ]] || continue
      grep -qE "(option\(|set\()${BASH_REMATCH[1]} " "$DOCS_REPOSITORY/CMakeLists.txt" || fail "CMakeLists.txt has no ${BASH_REMATCH[1]}"
    done
    ;;
  python | node)
    script=$DOCS_REPOSITORY/$1
    [[ -f $script ]] || fail "there is no $1"
    for word in "${@:2}"; do
      [[ $word != --* ]] || grep -qF -- "$word" "$script" || fail "$1 knows no $word"
    done
    ;;
  *.sh) [[ $DOCS_MODE == parsed ]] || fail 'scripts are too long for a block that is run' ;;
  grep) [[ $DOCS_MODE == parsed ]] || exec grep "$@" ;;
  ninja | npm | pip) ;;  # nothing of ours is in their words
esac
