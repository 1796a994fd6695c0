#!/usr/bin/env bash
# Puts a new release beside the running one, checks it, switches to it, and switches back where it does not come up.
# Usage: upgrade.sh [--dry-run] [--now] [--root DIR] BINARY
#   --now  also while LIVE trades in an open market, where a restart is refused otherwise
# Leaves unit, drop-ins, environment and state as they are. Exit status: 0 upgraded, 1 not upgraded (the old release runs
# on, the new one does not stay), 64 usage.
set -euo pipefail

PROGRAM_CALL=upgrade.sh
IS_DRY_RUN=0
IS_NOW=0
ROOT=
HERE=$(dirname "$(readlink -f "$0")")
# shellcheck source=deploy/common.sh
. "$HERE/common.sh"
# shellcheck source=deploy/as_service.sh
. "$HERE/as_service.sh"
# shellcheck source=deploy/releases.sh
. "$HERE/releases.sh"

OLD=
BEFORE_OLD=
WAS_RUNNING=0
IS_SWITCHED=0
IS_NEW_RELEASE=0

# However this script ends, the service runs on the new release or goes on with the old one.
clean_up() {
  clear_up
  if [ "$IS_SWITCHED" = 1 ]; then go_back; fi
  drop_release
}
trap clean_up EXIT

# As it was before, so that rollback.sh never leads to the release that failed.
go_back() {
  IS_SWITCHED=0
  say "switching back to $OLD"
  point current "releases/$OLD" || true
  if [ -n "$BEFORE_OLD" ] && [ "$BEFORE_OLD" != "$OLD" ]; then
    point previous "releases/$BEFORE_OLD" || true
  else
    rm -f -- "$ROOT$PREFIX/previous"
  fi
  [ "$WAS_RUNNING" = 1 ] || return 0
  if [ "$(read_running_release)" = "$OLD" ] || restart_and_verify; then
    say "$PROGRAM_CALL: $OLD runs again, and not $RELEASE" >&2
  else
    say "$PROGRAM_CALL: $OLD does not come up either: nothing trades until you look (resting stops stay at the broker)" >&2
  fi
}

take_option() {
  case "$1" in --now) IS_NOW=1 ;; *) TAKEN=0 ;; esac
}

parse_arguments "$@"
[ "${#WORDS[@]}" -le 1 ] || usage "one binary only"
BINARY=${WORDS[0]:-}
[ -n "$BINARY" ] || usage "which binary?"
[ -f "$BINARY" ] || fail "$BINARY is not a file: name the compiled binary"

require_root
take_lock
check_binary "$BINARY"
check_starts "$(readlink -f "$BINARY")"
OLD=$(read_link current)
[ -n "$OLD" ] || fail "nothing is installed yet: use install.sh"
for dir in base_dir:$BASE_DIR state_dir:$STATE_DIR; do
  [ "$(read_manifest "$ROOT$PREFIX/current/$NAME" "${dir%%:*}")" = "${dir#*:}" ] ||
    fail "the new binary was built for ${dir%%:*} ${dir#*:}, the current one was not: build it alike, or use install.sh"
done
RUNNING=$(read_running_release)
if [ "$OLD" = "$RELEASE" ] && is_whole "$ROOT$PREFIX/releases/$RELEASE" && [ "${RUNNING:-$RELEASE}" = "$RELEASE" ]; then
  place_host_scripts
  use_host_scripts
  say "already current: $RELEASE"
  exit 0
fi
if is_live_session && [ "$IS_NOW" = 0 ]; then
  fail "$SERVICE trades LIVE and the market is open: a restart leaves positions to their resting stops for a while; do it after the close, or now with --now"
fi
if is_running; then WAS_RUNNING=1; fi
BEFORE_OLD=$(read_link previous)

place_release "$BINARY"
place_host_scripts
if [ "$OLD" = "$RELEASE" ] && [ -n "$RUNNING" ] && [ "$RUNNING" != "$RELEASE" ]; then
  say "an upgrade to $RELEASE was cut short, and the service still runs $RUNNING: going on with it"
  OLD=$RUNNING
  IS_NEW_RELEASE=1
  IS_SWITCHED=1
fi
run_check "$RELEASE"
case "$CHECK_STATUS" in
  0) ;;
  1 | 2)
    [ -z "$CHECK_OTHERS" ] || fail "check of the new release FAILs not for the watchlist alone, see above: nothing was switched, $OLD stays current"
    say "check fails for the watchlist alone: upgrading all the same"
    ;;
  none) fail "check of the new release could not be run as the service: nothing was switched, $OLD stays current" ;;
  *) fail "check of the new release ends with $CHECK_STATUS: nothing was switched, $OLD stays current" ;;
esac

if [ "$WAS_RUNNING" = 1 ]; then say "switching and restarting: this goes on to its end, at ^C too"; fi
go_on_to_the_end
IS_SWITCHED=1
switch_to "$RELEASE" || fail "the link to the release could not be made: $OLD stays current"
if [ "$WAS_RUNNING" = 1 ]; then restart_and_verify || exit 1; fi
IS_SWITCHED=0
use_host_scripts
if [ "$WAS_RUNNING" = 0 ]; then
  say "$SERVICE was not running and is not started: systemctl start $SERVICE"
else
  say_done "upgraded: $OLD -> $RELEASE (back with $PREFIX/host/rollback.sh)"
fi
