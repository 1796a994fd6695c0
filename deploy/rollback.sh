#!/usr/bin/env bash
# Switches back to the release before the current one, or to the one that is named, and restarts the service.
# Usage: rollback.sh [--dry-run] [--accept-loss-of WHAT] [--root DIR] [RELEASE]
#   --accept-loss-of WHAT  go on in the mode it has, though that release does not know WHAT (release, pause, loss-limit),
#                          which is in force; without it the service starts in DRY_RUN. May be given several times
# It waits for no close. A second rollback without a name undoes the first; after a switch that was cut short it asks for
# the name. Exit status: 0 switched, 1 not switched or not up, 64 usage.
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
trap clear_up EXIT

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

if [ -n "$RELEASE" ] && [ -d "$ROOT$PREFIX/releases" ] && [ ! -x "$ROOT$PREFIX/releases/$RELEASE/$NAME" ]; then
  fail "no release $RELEASE; there are: $(list_releases)"
fi
require_root
take_lock
OLD=$(read_link current)
[ -n "$OLD" ] || fail "nothing is installed yet: use install.sh"
RUNNING=$(read_running_release)
RUNNING=${RUNNING:-$OLD}
if [ -z "$RELEASE" ]; then
  # Whether that switch went forward or back nobody knows any more.
  [ "$RUNNING" = "$OLD" ] || fail "a switch was cut short: $OLD is current, the service still runs $RUNNING; name the one that is to run: rollback.sh $RUNNING, or rollback.sh $OLD"
  RELEASE=$(read_link previous)
  if [ "$RELEASE" = "$OLD" ]; then RELEASE=; fi
fi
[ -n "$RELEASE" ] || fail "there is no release before $OLD; there are: $(list_releases)"
[ -x "$ROOT$PREFIX/releases/$RELEASE/$NAME" ] ||
  fail "the release before is not there any more ($RELEASE); there are: $(list_releases)"
if [ "$OLD" = "$RELEASE" ] && [ "$RUNNING" = "$RELEASE" ]; then
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
go_on_to_the_end
if is_running; then WAS_RUNNING=1; else WAS_RUNNING=0; fi
switch_to "$RELEASE" || fail "the link to the release could not be made: $OLD stays current"
if [ "$WAS_RUNNING" = 0 ]; then
  say "$SERVICE was not running and is not started: systemctl start $SERVICE"
  exit 0
fi
restart_and_verify || fail "$RELEASE did not come up; forward again with rollback.sh $RUNNING"
say_done "rolled back: $RUNNING -> $RELEASE"
