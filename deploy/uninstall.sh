#!/usr/bin/env bash
# Takes the installation away: unit, releases, command. Where a unit was here before, that one is put back, in DRY_RUN.
# Usage: uninstall.sh [--dry-run] [--root DIR]
# Leaves the state directory, the keys and your drop-ins, and says so; starts nothing. The service has to be stopped.
# Exit status: 0 done, 1 refused, 64 usage.
set -euo pipefail

PROGRAM_CALL=uninstall.sh
IS_DRY_RUN=0
ROOT=
HERE=$(dirname "$(readlink -f "$0")")
# shellcheck source=deploy/common.sh
. "$HERE/common.sh"
# shellcheck source=deploy/as_service.sh
. "$HERE/as_service.sh"
# shellcheck source=deploy/releases.sh
. "$HERE/releases.sh"
# shellcheck source=deploy/unit.sh
. "$HERE/unit.sh"
trap clear_up EXIT

parse_arguments "$@"
[ "${#WORDS[@]}" = 0 ] || usage "unknown argument ${WORDS[0]}"

UNIT=$ROOT$UNIT_DIR/$SERVICE
DROP_INS=$UNIT.d
KEPT=$ROOT$CONFIG_DIR/before/$SERVICE
# Where release 0.1.0 put it.
[ -f "$KEPT" ] || KEPT=$ROOT$CONFIG_DIR/$SERVICE.before
require_root
take_lock
IS_UNIT_LEFT=0
if ! grep -qsF "$MARK" "$UNIT"; then
  # One that was cut short had got so far.
  if [ ! -e "$ROOT$PREFIX" ] || grep -qsF "$PREFIX" "$UNIT"; then
    fail "$UNIT is not install.sh's: there is nothing to take away"
  fi
  IS_UNIT_LEFT=1
fi
! is_running || fail "$SERVICE runs: systemctl stop $SERVICE first (stops that rest at the broker stay there)"
STATE_DIR=$(read_manifest "$ROOT$PREFIX/current/$NAME" state_dir 2> /dev/null || true)
STATE_DIR=${STATE_DIR:+$ROOT$STATE_DIR}

# The keys stay in the file that only root can read, and DRY_RUN is on, whatever the old unit and its files say.
put_back() {
  write_file "$DROP_INS/zy-keys.conf" 0644 <<< "[Service]
EnvironmentFile=-$CONFIG_DIR/environment"
  write_file "$DROP_INS/zz-dry-run.conf" 0644 <<< "[Service]
EnvironmentFile=$CONFIG_DIR/dry-run-on"
  # Last, and in one step: without those two it may be LIVE.
  act install -m 0600 "$KEPT" "$UNIT.new"
  act sync "$UNIT.new"
  act mv -T "$UNIT.new" "$UNIT"
  say_done "put back: $UNIT, with DRY_RUN by $DROP_INS/zz-dry-run.conf"
}

prove_dry_run() {
  local -A now=()
  if [ "$IS_DRY_RUN" = 1 ] || ! has_systemd; then return 0; fi
  read_unit_files
  probe_environment now "$ROOT$FRAGMENT" "${DROP_IN_FILES[@]}" || now=()
  [ "${now[DRY_RUN]-}" = 1 ] ||
    fail "$SERVICE, put back, is not in DRY_RUN: do not start it; systemctl cat $SERVICE"
  say "systemd says: $SERVICE is in DRY_RUN when you start it (systemctl start $SERVICE)"
}

HAS_KEPT=0
if [ -f "$KEPT" ]; then HAS_KEPT=1; fi
if [ "$IS_UNIT_LEFT" = 1 ]; then
  say "left as it is: $UNIT (this goes on where one before was cut short)"
elif [ "$HAS_KEPT" = 1 ]; then
  put_back
else
  control disable "$SERVICE"
  act rm -f -- "$UNIT"
fi
control daemon-reload
if [ "$HAS_KEPT" = 1 ]; then prove_dry_run; fi
act rm -f -- "$ROOT$COMMAND"
act rm -rf -- "$ROOT$PREFIX"
act sync
say_done "taken away: $ROOT$PREFIX, $ROOT$COMMAND"
say "left: ${STATE_DIR:-the state directory} (ledger, positions, events)"
say "left: $ROOT$CONFIG_DIR (keys, and the files as they were before)"
for file in "$DROP_INS"/*.conf; do
  if [ -e "$file" ]; then say "left: $file"; fi
done
