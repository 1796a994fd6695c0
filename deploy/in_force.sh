# shellcheck shell=bash
# shellcheck disable=SC2034,SC2153,SC2154 # Sourced: what is unused or unset here is another file's.
# What the operator has put in force and an older release may not know. Not run by itself; releases.sh is sourced before.

# Each has a line in both functions below, and nowhere else.
readonly IN_FORCE='release pause loss-limit'
# The last of the drop-ins by its name, with a file of its own: it wins over each Environment= and environment file before.
readonly FORCED_DRY_RUN=/etc/systemd/system/execution.service.d/zz-dry-run.conf

list_commands() { env -i "$1" --help 2> /dev/null || true; }

# Whether a release knows it: by the commands that its own help lists, and the variables that it was permitted to read.
is_known() {
  case "$2" in
    release | pause) grep -qE "^  $2( |\$)" <<< "$(list_commands "$1")" ;;
    loss-limit) grep -q MAX_LIVE_LOSS_PER_DAY "$1.manifest.json" ;;
  esac
}

# Whether the release in use does not know it either, as far as it answers at all: then it is not in force.
is_unknown_now() {
  local current=$ROOT$PREFIX/current/$NAME
  grep -qE '^  check( |$)' <<< "$(list_commands "$current")" && ! is_known "$current" "$1"
}

# What `status --json` of the release in use says, asked as the service; two spaces deep, as that document is written.
read_status() { run_as_service "$ROOT$PREFIX/current/$NAME" status --json < /dev/null || true; }

# Whether it says so at all: it ran, it knows of releases, and it could read the records.
is_answer() {
  grep -q '^  "released": \[' <<< "$1" && grep -q '^  "entries_paused": ' <<< "$1" &&
    grep -A 1 '^  "state": {' <<< "$1" | grep -qE '"kind": "(ok|missing)"'
}

# What of it is in force, in words; empty where it is not. The service's environment is in SERVICE_ENVIRONMENT, and what the
# release in use says in STATUS_SAID.
describe_in_force() {
  local symbols
  if [ "$1" = loss-limit ]; then
    if [ -n "${SERVICE_ENVIRONMENT[MAX_LIVE_LOSS_PER_DAY]-}" ]; then printf 'a loss limit a day'; fi
  elif ! is_answer "$STATUS_SAID"; then
    printf '%s, as far as can be told: the release in use does not say (avwap-execution status)' "$1"
  elif [ "$1" = release ]; then
    symbols=$(sed -n '/^  "released": \[$/,/^  \]/s/^ *"symbol": "\(.*\)",\{0,1\}$/\1/p' <<< "$STATUS_SAID" | xargs)
    if [ -n "$symbols" ]; then printf 'released symbols: %s' "$symbols"; fi
  elif grep -q '^  "entries_paused": true' <<< "$STATUS_SAID"; then
    printf 'entries are paused'
  fi
}

# Names what the release of a binary would lose; what is not accepted makes the service start in DRY_RUN.
keep_in_force() {
  local what words lost='' unknown='' STATUS_SAID=''
  local -A SERVICE_ENVIRONMENT=()
  for what in $IN_FORCE; do
    is_known "$1" "$what" || is_unknown_now "$what" || unknown+=" $what"
  done
  [ -n "$unknown" ] || return 0
  read_unit_files
  probe_environment SERVICE_ENVIRONMENT "$ROOT$FRAGMENT" "${DROP_IN_FILES[@]}" || {
    say "WARNING: the service's environment can't be had: it is taken to set a loss limit"
    SERVICE_ENVIRONMENT[MAX_LIVE_LOSS_PER_DAY]=unknown
  }
  case "$unknown" in *release* | *pause*) STATUS_SAID=$(read_status) ;; esac
  for what in $unknown; do
    words=$(describe_in_force "$what")
    [ -n "$words" ] || continue
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
  write_file "$ROOT$FORCED_DRY_RUN" 0644 <<< $'[Service]\nEnvironmentFile=/etc/avwap-execution/dry-run-on'
  control daemon-reload
  read_unit_files
  probe_environment forced "$ROOT$FRAGMENT" "${DROP_IN_FILES[@]}" || true
  [ "${forced[DRY_RUN]-}" = 1 ] ||
    fail "another file overrules $FORCED_DRY_RUN: nothing was switched; avwap-execution check names it"
}
