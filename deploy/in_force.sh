# shellcheck shell=bash
# shellcheck disable=SC2034,SC2153,SC2154 # Sourced: what is unused or unset here is another file's.
# What the operator has put in force and an older release may not know. Not run by itself; releases.sh is sourced before.

# Each has a line in both functions below, and nowhere else.
readonly IN_FORCE='release pause loss-limit'
# The last of the drop-ins by its name, with a file of its own: it wins over each Environment= and environment file before.
readonly FORCED_DRY_RUN=/etc/systemd/system/execution.service.d/zz-dry-run.conf

# Whether a release knows it: by the commands that its own help lists, and the variables that it was permitted to read.
is_known() {
  case "$2" in
    release | pause) env -i "$1" --help 2> /dev/null | grep -qE "^  $2( |\$)" ;;
    loss-limit) grep -q MAX_LIVE_LOSS_PER_DAY "$1.manifest.json" ;;
  esac
}

# What of it is in force, in words; empty where it is not. The service's environment is in SERVICE_ENVIRONMENT.
describe_in_force() {
  local state=$ROOT${SERVICE_ENVIRONMENT[AVWAP_STATE_DIR]:-$STATE_DIR} symbols
  case "$1" in
    release)
      symbols=$(tr -d '\n' < "$state/execution_state.json" 2> /dev/null |
        grep -oE '"released": *\[[^]]*\]' | grep -oE '"symbol": *"[^"]*"' | cut -d '"' -f 4 | xargs || true)
      if [ -n "$symbols" ]; then printf 'released symbols: %s' "$symbols"; fi
      ;;
    pause)
      if [ -e "$state/ENTRIES_PAUSED" ] || [ -L "$state/ENTRIES_PAUSED" ]; then printf 'entries are paused'; fi
      ;;
    loss-limit)
      if [ -n "${SERVICE_ENVIRONMENT[MAX_LIVE_LOSS_PER_DAY]-}" ]; then printf 'a loss limit a day'; fi
      ;;
  esac
}

# Names what the release of a binary would lose; what is not accepted makes the service start in DRY_RUN.
keep_in_force() {
  local what words lost=''
  local -A SERVICE_ENVIRONMENT=()
  read_unit_files
  probe_environment SERVICE_ENVIRONMENT "$ROOT$FRAGMENT" "${DROP_IN_FILES[@]}" ||
    say "WARNING: the service's environment can't be had: the state directory is taken to be $STATE_DIR"
  for what in $IN_FORCE; do
    words=$(describe_in_force "$what")
    if [ -z "$words" ] || is_known "$1" "$what"; then continue; fi
    say "$RELEASE does not know what is in force: $words"
    case " $ACCEPTED " in *" $what "*) say "accepted: it will be as if there were none" ;; *) lost+=" --accept-loss-of $what" ;; esac
  done
  [ -z "$lost" ] || force_dry_run "$lost"
}

force_dry_run() {
  local -A forced=()
  say_done "DRY_RUN from the next start on, by $FORCED_DRY_RUN; to go on in the mode it has instead: rollback.sh$1 $RELEASE"
  [ "$IS_DRY_RUN" = 0 ] || return 0
  write_file "$ROOT/etc/avwap-execution/dry-run-on" 0600 <<< 'DRY_RUN=1'
  printf '[Service]\nEnvironmentFile=/etc/avwap-execution/dry-run-on\n' > "$ROOT$FORCED_DRY_RUN"
  control daemon-reload
  read_unit_files
  probe_environment forced "$ROOT$FRAGMENT" "${DROP_IN_FILES[@]}" || true
  [ "${forced[DRY_RUN]-}" = 1 ] ||
    fail "another file overrules $FORCED_DRY_RUN: nothing was switched; avwap-execution check names it"
}
