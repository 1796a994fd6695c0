#!/usr/bin/env bash
# Opens, in your editor, the files by which systemd gives execution.service a variable; where none does, the one that it
# belongs into. Then systemd reads its files anew, and which of them holds is said.
# Usage: edit.sh [--dry-run] [--root DIR] VARIABLE...
#   --dry-run  name the files, open none
# The editor is SYSTEMD_EDITOR, EDITOR or VISUAL, as with systemctl edit. The service has what was changed at its next
# start. Exit status: 0 done, 1 refused or the editor failed, 64 usage.
set -euo pipefail

PROGRAM_CALL=edit.sh
IS_DRY_RUN=0
ROOT=
HERE=$(dirname "$(readlink -f "$0")")
# shellcheck source=deploy/common.sh
. "$HERE/common.sh"
# shellcheck source=deploy/as_service.sh
. "$HERE/as_service.sh"
# shellcheck source=deploy/sources.sh
. "$HERE/sources.sh"
# shellcheck source=deploy/unit.sh
. "$HERE/unit.sh"
trap end_stand_in EXIT

# Paths to be opened, in order, each once; and those of them that are new.
OPENED=()
NEW=()
# The environment of the service.
declare -A NOW=()

open_file() {
  local file
  for file in "${OPENED[@]}"; do
    if [ "$file" = "$1" ]; then return 0; fi
  done
  OPENED+=("$1")
}

# The drop-ins that name an environment file.
list_naming() {
  local file
  for file in "${DROP_IN_FILES[@]}"; do
    if grep -qF "$1" "$file"; then printf '%s\n' "$file"; fi
  done
}

# The files of one source. What install.sh writes anew is none: a drop-in wins over its unit, and the emergency steps need
# their environment files as they are.
list_files_of() {
  case "$1" in
    "$CONFIG_DIR/dry-run-on" | "$CONFIG_DIR/kill-switch-on") list_naming "$1" ;;
    "$ROOT$FRAGMENT") if ! grep -qF "$MARK" "$1"; then printf '%s\n' "$1"; fi ;;
    *)
      if [ -e "$1" ]; then
        printf '%s\n' "$1"
      else
        # As a unit names it, which may be a pattern for several files.
        compgen -G "$ROOT$1" || true
      fi
      ;;
  esac
}

# Where a variable belongs that no file sets: what the runbook's steps write, or where systemctl edit would put it.
home_of() {
  if [[ " $SECRETS ALPACA_PAPER " == *" $1 "* ]]; then
    printf '%s' "$ROOT$CONFIG_DIR/environment"
    return 0
  fi
  printf '%s' "$ROOT$UNIT_DIR/$SERVICE.d/"
  case "$1" in
    DRY_RUN) printf 50-dry-run.conf ;;
    KILL_SWITCH) printf 70-kill.conf ;;
    LIVE_* | MAX_LIVE_* | ALLOWLIST_SYMBOLS) printf 60-live.conf ;;
    *) printf override.conf ;;
  esac
}

# A drop-in that is not there yet begins with its section, and each variable as a comment.
begin_drop_in() {
  local file=$1 name=$2
  if [ -e "$file" ] && ! is_new "$file"; then return 0; fi
  if [ "$IS_DRY_RUN" = 1 ]; then return 0; fi
  if [ ! -e "$file" ]; then
    install -d -m 0755 "$(dirname "$file")"
    (umask 077 && printf '[Service]\n' > "$file")
    NEW+=("$file")
  fi
  printf '#Environment=%s=\n' "$name" >> "$file"
}

is_new() {
  local file
  for file in "${NEW[@]}"; do
    if [ "$file" = "$1" ]; then return 0; fi
  done
  return 1
}

# The files that may take a variable out of the environment again, where it is not in it though a file sets it.
list_taking_out() {
  local file
  for file in "${DROP_IN_FILES[@]}"; do
    if [ -f "$file" ] && grep -qE "UnsetEnvironment=.*$1" "$file"; then printf '%s\n' "$file"; fi
  done
}

# Adds what is to be opened for one variable.
open_for() {
  local name=$1 index file has_file=0
  for ((index = ${#SOURCES[@]} - 1; index >= 0; index--)); do
    [ -n "${SOURCE_VALUES["$index $name"]+set}" ] || continue
    while IFS= read -r file; do
      has_file=1
      open_file "$file"
    done < <(list_files_of "${SOURCES[index]}")
  done
  if [ "$has_file" = 1 ] && [ -z "${NOW[$name]+set}" ]; then
    while IFS= read -r file; do open_file "$file"; done < <(list_taking_out "$name")
  fi
  if [ "$has_file" = 0 ]; then
    file=$(home_of "$name")
    case "$file" in *.conf) begin_drop_in "$file" "$name" ;; esac
    open_file "$file"
  fi
}

# What others may read of it is not for a token.
tighten() {
  local file
  for file in "${OPENED[@]}"; do
    if [ -f "$file" ] && grep -qE "(LIVE_CONFIRM_TOKEN|${SECRETS// /|})=" "$file" && [ "$(stat -c %a "$file")" != 600 ]; then
      chmod 0600 "$file"
      say "readable by root alone: $file"
    fi
  done
}

# A new one in which nothing but comments stands does not stay.
drop_untouched() {
  local file
  for file in "${NEW[@]}"; do
    if [ -f "$file" ] && ! grep -qvE '^(#.*|\[Service\]|[[:space:]]*)$' "$file"; then rm -f -- "$file"; fi
  done
}

find_editor() {
  local each
  EDITOR_WORDS=${SYSTEMD_EDITOR:-${EDITOR:-${VISUAL:-}}}
  for each in editor nano vim vi; do
    if [ -z "$EDITOR_WORDS" ] && command -v "$each" > /dev/null; then EDITOR_WORDS=$each; fi
  done
  [ -n "$EDITOR_WORDS" ] || fail "no editor is here: EDITOR=PROGRAM $0 ${NAMES[*]}"
}

# Which file holds now, of each variable; no value.
say_holders() {
  local name holder
  read_unit_files
  if ! read_all_sources || ! probe_environment NOW "$ROOT$FRAGMENT" "${DROP_IN_FILES[@]}"; then
    fail "systemd can't make the environment of $SERVICE any more: put it right, $0 ${NAMES[*]}; journalctl -n 20 --no-pager"
  fi
  for name in "${NAMES[@]}"; do
    if [ -z "${NOW[$name]-}" ]; then
      say "$name: not set"
    else
      holder=$(find_holder "$name" "${NOW[$name]}")
      say "$name: ${holder:-systemd itself (systemctl show-environment)} holds"
    fi
  done
}

parse_arguments "$@"
NAMES=("${WORDS[@]}")
[ "${#NAMES[@]}" -gt 0 ] || usage "which variable?"
for name in "${NAMES[@]}"; do
  [[ $name =~ ^[A-Za-z_][A-Za-z0-9_]*$ ]] || usage "$name is no variable: give its name alone"
done
require_root
has_systemd || fail "below --root there is no systemd to ask"
read_unit_files
[ -n "$FRAGMENT" ] || fail "$SERVICE is not installed"
if ! read_all_sources || ! probe_environment NOW "$ROOT$FRAGMENT" "${DROP_IN_FILES[@]}"; then
  fail "which file sets which variable could not be seen: journalctl -n 20 --no-pager"
fi
for name in "${NAMES[@]}"; do open_for "$name"; done
if [ "$IS_DRY_RUN" = 1 ]; then
  say "would open: ${OPENED[*]}"
  exit 0
fi
find_editor
IS_EDITED=1
# An editor may have words of its own.
# shellcheck disable=SC2086
$EDITOR_WORDS "${OPENED[@]}" || IS_EDITED=0
drop_untouched
tighten
control daemon-reload
[ "$IS_EDITED" = 1 ] || fail "the editor failed ($EDITOR_WORDS)"
say_exposed
say_holders
say "the service has it at its next start: systemctl restart $SERVICE"
