#!/usr/bin/env bash
# The operator's command, avwap-execution: the release in use, run as execution.service would run it, by systemd itself:
# with its environment, user, sandbox and state directory.
# Usage: avwap-execution COMMAND [OPTION...]
# Exit status: the program's, 64 without a command, or 70 where it could not be run so.
set -euo pipefail

HERE=$(dirname "$(readlink -f "$0")")
PROGRAM_CALL=avwap-execution
IS_DRY_RUN=0
ROOT=
# shellcheck source=deploy/common.sh
. "$HERE/common.sh"
# shellcheck source=deploy/as_service.sh
. "$HERE/as_service.sh"
# shellcheck source=deploy/releases.sh
. "$HERE/releases.sh"
# shellcheck source=deploy/sources.sh
. "$HERE/sources.sh"

BINARY=$ROOT$PREFIX/current/$NAME
# Where the engine runs, for what goes without its environment.
RUNNING_DIR=
# The words of a kill that is not done yet, whatever ends this script.
OPEN_KILL=()

# Help and version need no service, and no root.
run_plainly() {
  exec env -i PATH="$PATH" TERM="${TERM:-dumb}" ${NO_COLOR:+NO_COLOR="$NO_COLOR"} \
    ${RUNNING_DIR:+AVWAP_STATE_DIR="$RUNNING_DIR"} "$BINARY" "$@"
}

# What is wrong with the command line comes before everything else, root too. A release that can't say that by itself refuses
# its own word for it, and is asked nothing.
refuse_mistyped() {
  local status=0 said
  said=$(timeout 3 env -i "$BINARY" usage "$@" 2>&1) || status=$?
  if [ "$status" = 64 ] && env -i "$BINARY" usage > /dev/null 2>&1; then
    printf '%s\n' "$said" >&2
    exit 64
  fi
}

# The kill switch by the program alone, in a directory that is named: where systemd does not help.
kill_in() {
  local dir=$1
  shift
  env -i AVWAP_STATE_DIR="$dir" "$BINARY" "$@" || STATUS=$?
}

# The state directory of the engine that runs, from the process itself; empty where none runs, or others may not look.
read_running_dir() {
  local pid
  pid=$(ask show "$SERVICE" -p MainPID --value)
  [ "${pid:-0}" != 0 ] || return 0
  { tr '\0' '\n' 2> /dev/null < "/proc/$pid/environ" | sed -n 's/^AVWAP_STATE_DIR=//p'; } 2> /dev/null || true
}

# However this script ends: nothing of it is left behind, and a kill that was asked for is made.
# shellcheck disable=SC2317 # The trap calls it.
clean_up() {
  local words=("${OPEN_KILL[@]}")
  end_stand_in || true
  OPEN_KILL=()
  if [ "${#words[@]}" -gt 0 ]; then
    say "it could not be run as the service; without it, in $(read_manifest "$BINARY" state_dir):"
    STATUS=0
    kill_in "$(read_manifest "$BINARY" state_dir)" "${words[@]}"
    exit $((STATUS == 0 ? 1 : STATUS))
  fi
}

# What systemd does not take of the service's files, as of one that was written by half: it goes on without it. Its own words
# are left out, as they may hold the value.
say_ignored() {
  [ -z "$ROOT" ] || return 0
  { systemd-analyze verify --man=no "$SERVICE" 2>&1 || true; } |
    sed -nE "s|^(/.*/$SERVICE(\.d/[^:]*\.conf)?):([0-9]+): .*|WARN unit: systemd ignores \1 line \3, or a part of it: correct it, then systemctl daemon-reload|p" |
    sort -u
}

# The directory that the unit opens for writing: without it systemd makes no sandbox, and nothing can be run in it.
# shellcheck disable=SC2016 # What is printed is another shell's.
say_missing_dir() {
  local dir
  dir=$(read_manifest "$BINARY" state_dir)
  if [ -d "$ROOT$dir" ]; then return 0; fi
  printf '%s: %s is missing; remedy: install -d -m 0700 -o "$(systemctl show %s -p User --value | grep . || echo root)" %s\n' \
    "$NAME" "$dir" "$SERVICE" "$dir" >&2
}

# It has to win: as the service where that can be, else in the directory that this release was built for; and in that of
# the engine that runs, where it has another.
run_kill() {
  local built running dir
  local -A now=()
  built=$(read_manifest "$BINARY" state_dir)
  OPEN_KILL=("$@")
  if ! timeout 5 "${SYSTEMCTL:-systemctl}" show -p Version > /dev/null 2>&1; then
    say "systemd does not answer"
    exit 1
  fi
  run_as_service "$BINARY" "$@"
  if [ "$HAS_RUN" = 0 ]; then exit 1; fi
  probe_environment now "$ROOT$FRAGMENT" "${DROP_IN_FILES[@]}" || now=()
  dir=${now[AVWAP_STATE_DIR]:-$built}
  if [ "$STATUS" != 0 ] && [ ! -e "$ROOT$dir/KILL_SWITCH" ] && [ ! -e "$ROOT$built/KILL_SWITCH" ]; then
    say "as the service it ended with $STATUS; once more without it, in $built:"
    STATUS=0
    kill_in "$built" "$@"
  fi
  OPEN_KILL=()
  running=$(read_running_dir)
  if [ -n "$running" ] && [ "$running" != "$dir" ]; then
    say "the engine that runs has another state directory than the unit says now; once more in $running:"
    kill_in "$running" "$@"
    STATUS=1
  fi
  exit "$STATUS"
}

# Bare it would be `run`: an engine that nobody watches, beside the service or in its place.
[ $# -gt 0 ] || usage "name a command: $NAME --help; the engine is started with systemctl start $SERVICE"
for word in "$@"; do
  case "$word" in -h | --help | -V | --version) run_plainly "$@" ;; esac
done
# What a shell proposes are the symbols of the engine that runs.
case "${1:-} ${2:-}" in 'completion symbols' | 'completion adoptable') RUNNING_DIR=$(read_running_dir) ;; esac
case "${1:-}" in help | version | completion) run_plainly "$@" ;; esac
refuse_mistyped "$@"
[ -n "$ROOT" ] || [ "$(id -u)" = 0 ] || fail "must run as root, as the service is started: sudo $NAME${1:+ $1}"

trap clean_up EXIT
if [ -n "${NO_COLOR:-}" ]; then STAND_IN_LINES='Environment=NO_COLOR=1'; fi
if [ "${1:-}" = kill ]; then run_kill "$@"; fi
if [ "$(ask show "$SERVICE" -p NeedDaemonReload --value)" = yes ]; then
  say "WARN $SERVICE is not what the files say until you run: systemctl daemon-reload" >&2
fi
if [ "${1:-}" = check ]; then
  say_ignored >&2
  say_twice_set >&2 || say "WARN environment: which file sets which variable could not be seen" >&2
fi
if [ -t 0 ] && [ -t 1 ]; then STAND_IN_TERMINAL=--pty; fi
run_as_service "$BINARY" "$@"
if [ "$HAS_RUN" = 0 ]; then say_missing_dir; fi
exit "$STATUS"
