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
trap end_stand_in EXIT

# Refuses in words of its own, and takes the new release away again.
refuse() {
  drop_release
  fail "$*"
}

take_option() {
  case "$1" in --now) IS_NOW=1 ;; *) TAKEN=0 ;; esac
}

parse_arguments "$@"
[ "${#WORDS[@]}" -le 1 ] || usage "one binary only"
BINARY=${WORDS[0]:-}
[ -n "$BINARY" ] || usage "which binary?"

require_root
check_binary "$BINARY"
check_starts "$(readlink -f "$BINARY")"
OLD=$(read_link current)
[ -n "$OLD" ] || fail "nothing is installed yet: use install.sh"
for dir in base_dir:$BASE_DIR state_dir:$STATE_DIR; do
  [ "$(read_manifest "$ROOT$PREFIX/current/$NAME" "${dir%%:*}")" = "${dir#*:}" ] ||
    fail "the new binary was built for ${dir%%:*} ${dir#*:}, the current one was not: build it alike, or use install.sh"
done
if [ "$OLD" = "$RELEASE" ] && is_whole "$ROOT$PREFIX/releases/$RELEASE"; then
  say "already current: $RELEASE"
  exit 0
fi
if is_live_session && [ "$IS_NOW" = 0 ]; then
  fail "$SERVICE trades LIVE and the market is open: a restart leaves positions to their resting stops for a while; do it after the close, or now with --now"
fi

place_release "$BINARY"
run_check "$RELEASE"
case "$CHECK_STATUS" in
  0) ;;
  1 | 2)
    [ -z "$CHECK_OTHERS" ] || refuse "check of the new release FAILs not for the watchlist alone, see above: nothing was switched, $OLD stays current"
    say "check fails for the watchlist alone: upgrading all the same"
    ;;
  none) refuse "check of the new release could not be run as the service: nothing was switched, $OLD stays current" ;;
  *) refuse "check of the new release ends with $CHECK_STATUS: nothing was switched, $OLD stays current" ;;
esac

if is_running; then WAS_RUNNING=1; else WAS_RUNNING=0; fi
BEFORE_OLD=$(read_link previous)
switch_to "$RELEASE"
if [ "$WAS_RUNNING" = 0 ]; then
  place_host_scripts
  say "$SERVICE was not running and is not started: systemctl start $SERVICE"
  exit 0
fi
if restart_and_verify; then
  place_host_scripts
  say_done "upgraded: $OLD -> $RELEASE (back with $PREFIX/host/rollback.sh)"
  exit 0
fi
say "switching back to $OLD"
# As it was before, so that rollback.sh never leads to the release that failed.
point current "$OLD"
if [ -n "$BEFORE_OLD" ]; then point previous "$BEFORE_OLD"; else rm -f "$ROOT$PREFIX/previous"; fi
if restart_and_verify; then
  refuse "$RELEASE did not come up; $OLD runs again"
fi
refuse "$RELEASE did not come up, and neither does $OLD: nothing trades until you look (resting stops stay at the broker)"
