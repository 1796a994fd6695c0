#!/usr/bin/env bash
# Installs the binary as execution.service, in DRY_RUN, and starts nothing.
# Usage: install.sh [--dry-run] [--root DIR] BINARY
#   --dry-run   say everything it would do, change nothing
#   --root DIR  install below DIR, without systemd: to look at, or to test
# May be run again while the service is stopped: what is as it should be stays, and a drop-in of yours is never overwritten.
# Of a unit that is not from here systemd's own reading is taken over; what would change is refused, or named. Exit
# status: 0 installed, 1 refused, 64 usage.
set -euo pipefail

PROGRAM_CALL=install.sh
IS_DRY_RUN=0
ROOT=
HERE=$(dirname "$(readlink -f "$0")")
# shellcheck source=deploy/common.sh
. "$HERE/common.sh"
# shellcheck source=deploy/as_service.sh
. "$HERE/as_service.sh"
# shellcheck source=deploy/releases.sh
. "$HERE/releases.sh"
# shellcheck source=deploy/sources.sh
. "$HERE/sources.sh"
# shellcheck source=deploy/unit.sh
. "$HERE/unit.sh"
# shellcheck source=deploy/compare.sh
. "$HERE/compare.sh"
# shellcheck source=deploy/migrate.sh
. "$HERE/migrate.sh"

UNIT=
DROP_INS=
KEPT_DIR=

clean_up() {
  clear_up
  if [ -n "$STAGE" ]; then rm -rf -- "$STAGE"; fi
}
trap clean_up EXIT

# Writes a file from standard input, but what is there already is the operator's.
write_once() {
  if [ -e "$1" ]; then
    say "left as it is: $1"
    cat > /dev/null
  else
    write_file "$@"
  fi
}

# Makes a directory, or tightens it to the mode; its contents stay.
make_dir() {
  local path=$1 mode=$2
  if [ -d "$path" ] && [ "$(stat -c %a "$path")" = "${mode#0}" ]; then
    say "unchanged: $path"
  else
    act install -d -m "$mode" "$path"
  fi
}

# The base directory is the scan's: it is made where it is missing, and else left alone.
make_base_dir() {
  if [ -d "$ROOT$BASE_DIR" ]; then
    say "left as it is: $ROOT$BASE_DIR"
  else
    act install -d -m 0755 "$ROOT$BASE_DIR"
  fi
}

# Without systemd nobody can say what a unit means.
plan_below_root() {
  [ ! -e "$UNIT" ] || grep -qF "$MARK" "$UNIT" ||
    fail "$UNIT is not from here, and below --root there is no systemd to ask what it sets"
  say "left out below --root: what systemd makes of unit, drop-ins and environment files"
  STAGE=$(mktemp -d)
  read_carried
}

# The unit that was here before, and what is taken over from it.
keep_foreign_unit() {
  [ "$IS_FOREIGN" = 1 ] || return 0
  say "WARNING: $FRAGMENT is not from here; it is kept as $KEPT_DIR/$SERVICE"
  act touch "$KEPT_DIR/unfinished"
  if [ -e "$KEPT_DIR/$SERVICE" ]; then
    say "left as it is: $KEPT_DIR/$SERVICE"
  else
    act install -m 0600 "$ROOT$FRAGMENT" "$KEPT_DIR/$SERVICE"
  fi
  write_file "$ROOT$CONFIG_DIR/carried-over.unit" 0600 <<< "$CARRIED_UNIT"
  write_file "$ROOT$CONFIG_DIR/carried-over.service" 0600 <<< "$CARRIED_SERVICE"
}

write_drop_ins() {
  local name
  dry_run_text | write_once "$DROP_INS/50-dry-run.conf" 0600
  for name in 60-live.conf 70-kill.conf; do
    if [ -s "$STAGE/$name" ]; then write_once "$DROP_INS/$name" 0600 < "$STAGE/$name"; fi
  done
}

# The same question once more, of what is installed now.
prove_dry_run() {
  if [ "$IS_DRY_RUN" = 1 ] || ! has_systemd; then return 0; fi
  read_unit_files
  if probe_environment AFTER "$ROOT$FRAGMENT" "${DROP_IN_FILES[@]}" && is_on "${AFTER[DRY_RUN]-}"; then return 0; fi
  control disable "$SERVICE"
  fail "$SERVICE is not in DRY_RUN as it is installed now: do not start it; systemctl cat $SERVICE"
}

say_next() {
  if [ "$IS_DRY_RUN" = 1 ]; then
    say "
Would install $RELEASE, and start nothing. Nothing was changed."
    return 0
  fi
  say "
Installed $RELEASE. Nothing was started. Next:
  1. credentials: edit $CONFIG_DIR/environment
  2. look again:  $NAME check
  3. start it, in DRY_RUN: systemctl start $SERVICE
  4. the rest is in RUNBOOK.md, sections 3 and 4"
}

parse_arguments "$@"
[ "${#WORDS[@]}" -le 1 ] || usage "one binary only"
BINARY=${WORDS[0]:-}
[ -n "$BINARY" ] || usage "which binary?"
[ -f "$BINARY" ] || fail "$BINARY is not a file: name the compiled binary"

UNIT=$ROOT$UNIT_DIR/$SERVICE
DROP_INS=$UNIT.d
KEPT_DIR=$ROOT$CONFIG_DIR/before
require_root
take_lock
check_binary "$BINARY"
check_starts "$(readlink -f "$BINARY")"
if has_systemd; then plan_installation; else plan_below_root; fi

make_base_dir
if [ -n "$STATE_OWNER" ] && [ ! -e "$ROOT$STATE_DIR" ]; then
  act install -d -m 0700 -o "$STATE_OWNER" "$ROOT$STATE_DIR"
fi
make_dir "$ROOT$STATE_DIR" 0700
make_dir "$ROOT$CONFIG_DIR" 0700
make_dir "$KEPT_DIR" 0700
act install -d -m 0755 "$ROOT$UNIT_DIR" "$DROP_INS"
place_release "$BINARY"
place_host_scripts
environment_text | write_once "$ROOT$CONFIG_DIR/environment" 0600
write_drop_ins
# The switches leave the environment files before a unit is there that could start with them, and the keys leave the
# drop-ins when there is one that has them from elsewhere: cut short anywhere, a second run goes on.
put_environment_files
keep_foreign_unit
unit_text | write_file "$UNIT" 0644
put_drop_ins
act rm -f -- "$KEPT_DIR/unfinished"
use_host_scripts
[ "$(read_link current)" = "$RELEASE" ] || switch_to "$RELEASE"
act sync
control daemon-reload
control enable "$SERVICE"
prove_dry_run
run_check "$RELEASE"
[ "$CHECK_STATUS" = 0 ] || say "check ends with $CHECK_STATUS: see its FAIL lines above"
say_next
