#!/usr/bin/env bash
# Switches back to the release before the current one, or to the one that is named, and restarts the service.
# Usage: rollback.sh [--dry-run] [--accept-loss-of WHAT] [--root DIR] [RELEASE]
#   --accept-loss-of WHAT  go on in the mode it has, though that release does not know WHAT (release, pause, loss-limit),
#                          which is in force; without it the service starts in DRY_RUN. May be given several times
# It waits for no close. A second rollback without a name undoes the first. Exit status: 0 switched, 1 not switched or not
# up, 64 usage.
set -euo pipefail

PROGRAM_CALL=rollback.sh
IS_DRY_RUN=0
ROOT=
ACCEPTED=
HERE=$(dirname "$(readlink -f "$0")")
# shellcheck source=deploy/common.sh
. "$HERE/common.sh"
# shellcheck source=deploy/as_service.sh
. "$HERE/as_service.sh"
# shellcheck source=deploy/releases.sh
. "$HERE/releases.sh"
# shellcheck source=deploy/in_force.sh
. "$HERE/in_force.sh"
trap end_stand_in EXIT

take_option() {
  [ "$1" = --accept-loss-of ] || { TAKEN=0; return 0; }
  [ $# -ge 2 ] || usage "--accept-loss-of needs one of: $IN_FORCE"
  case " $IN_FORCE " in *" $2 "*) ;; *) usage "--accept-loss-of takes one of: $IN_FORCE" ;; esac
  ACCEPTED+=" $2"
  TAKEN=2
}

parse_arguments "$@"
[ "${#WORDS[@]}" -le 1 ] || usage "one release only"
RELEASE=${WORDS[0]:-}

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
check_binary "$ROOT$PREFIX/releases/$RELEASE/$NAME" --sum-only
check_starts "$ROOT$PREFIX/releases/$RELEASE/$NAME"
run_check "$RELEASE"
[ "$CHECK_STATUS" = 0 ] || say "check of $RELEASE ends with $CHECK_STATUS: see above; going on, as a rollback is an emergency"
if has_systemd; then
  keep_in_force "$ROOT$PREFIX/releases/$RELEASE/$NAME"
else
  say "left out below --root: what is in force and $RELEASE does not know"
fi
if is_running; then WAS_RUNNING=1; else WAS_RUNNING=0; fi
switch_to "$RELEASE"
if [ "$WAS_RUNNING" = 0 ]; then
  say "$SERVICE was not running and is not started: systemctl start $SERVICE"
  exit 0
fi
restart_and_verify || fail "$RELEASE did not come up; forward again with rollback.sh $OLD"
say_done "rolled back: $OLD -> $RELEASE"
