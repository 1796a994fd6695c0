#!/usr/bin/env bash
# Switches back to the release before the current one, or to the one that is named, and restarts the service.
# Usage: rollback.sh [--dry-run] [--root DIR] [RELEASE]
# A second rollback without a name undoes the first. Exit status: 0 switched, 1 not switched or not up, 64 usage.
set -euo pipefail

PROGRAM_CALL=rollback.sh
IS_DRY_RUN=0
ROOT=
RELEASE=
# shellcheck source=deploy/common.sh
. "$(dirname "$(readlink -f "$0")")/common.sh"

usage() {
  printf '%s\nUsage: %s [--dry-run] [--root DIR] [RELEASE]\n' "$1" "$PROGRAM_CALL" >&2
  exit 64
}

while [ $# -gt 0 ]; do
  case "$1" in
    --dry-run) IS_DRY_RUN=1 ;;
    --root)
      [ $# -ge 2 ] || usage "--root needs a directory"
      ROOT=$(readlink -m "$2")
      shift
      ;;
    -h | --help)
      sed -n '2,4s/^# //p' "$0"
      exit 0
      ;;
    -*) usage "unknown option $1" ;;
    *)
      [ -z "$RELEASE" ] || usage "one release only"
      RELEASE=$1
      ;;
  esac
  shift
done

require_root
OLD=$(read_link current)
[ -n "$OLD" ] || fail "nothing is installed yet: use install.sh"
if [ -z "$RELEASE" ]; then RELEASE=$(read_link previous); fi
[ -n "$RELEASE" ] || fail "there is no release before $OLD"
[ -x "$ROOT$PREFIX/releases/$RELEASE/$NAME" ] ||
  fail "no release $RELEASE; there are: $(ls "$ROOT$PREFIX/releases")"
if [ "$OLD" = "$RELEASE" ]; then
  say "already current: $RELEASE"
  exit 0
fi
check_binary "$ROOT$PREFIX/releases/$RELEASE/$NAME"
check_starts "$ROOT$PREFIX/releases/$RELEASE/$NAME"
run_check "$RELEASE"
if is_running; then WAS_RUNNING=1; else WAS_RUNNING=0; fi
switch_to "$RELEASE"
if [ "$WAS_RUNNING" = 0 ]; then
  say "$SERVICE was not running and is not started: systemctl start $SERVICE"
  exit 0
fi
restart_and_verify || fail "$RELEASE did not come up; forward again with rollback.sh $OLD"
say "rolled back: $OLD -> $RELEASE"
