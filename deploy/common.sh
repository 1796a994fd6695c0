# shellcheck shell=bash
# shellcheck disable=SC2034,SC2153,SC2154 # Sourced: what is unused or unset here is another file's.
# What the scripts of the host share; not run by itself.
# Callers set ROOT ("" or a scratch directory), IS_DRY_RUN (0 or 1) and PROGRAM_CALL (their name, for messages)
# and HERE (the directory of the scripts).

readonly NAME=avwap-execution
readonly SERVICE=execution.service
readonly PREFIX=/opt/avwap-execution

# The scripts and libraries that go to the host.
readonly HOST_SCRIPTS='as_service.sh command.sh common.sh compare.sh edit.sh in_force.sh install.sh migrate.sh releases.sh rollback.sh sources.sh uninstall.sh unit.sh upgrade.sh verify.sh'
readonly COMMAND=/usr/local/bin/avwap-execution

# Nobody who reads it may hold a script up, nor end it.
say() { printf '%s\n' "$*" || true; }

fail() {
  printf '%s: %s\n' "$PROGRAM_CALL" "$*" >&2
  exit 1
}

# Runs a command, or only shows it.
act() {
  if [ "$IS_DRY_RUN" = 1 ]; then
    printf 'would run:'
    printf ' %q' "$@"
    printf '\n'
  else
    "$@"
  fi
}

# Says what was done, or what would be.
say_done() {
  if [ "$IS_DRY_RUN" = 1 ]; then say "would be: $*"; else say "$*"; fi
}

# One of the scripts that change the installation at a time; it is free again with the end of the process. Below a scratch
# root the root itself is what is held.
take_lock() {
  local lock=${ROOT:-/run/avwap-execution.lock}
  [ "$IS_DRY_RUN" = 0 ] || return 0
  if [ -n "$ROOT" ]; then mkdir -p "$ROOT"; else (umask 077 && : >> "$lock"); fi
  exec 9< "$lock"
  flock -n 9 || fail "another install.sh, upgrade.sh, rollback.sh or uninstall.sh runs: wait for its end"
}

# From here on no terminal ends the script: neither ^C, nor one that hangs up or that nobody reads. Half of what follows
# would be worse than all of it.
go_on_to_the_end() {
  if [ "$IS_DRY_RUN" = 0 ]; then trap '' INT TERM HUP PIPE; fi
}

# Whether there is somebody to ask.
has_systemd() { [ -n "${SYSTEMCTL:-}" ] || [ -z "$ROOT" ]; }

# systemd, or nobody: below a scratch root there is no service, unless a test brings a stand-in in SYSTEMCTL.
control() {
  if [ -n "${SYSTEMCTL:-}" ]; then
    act "$SYSTEMCTL" "$@"
  elif [ -n "$ROOT" ]; then
    say "left out below --root: systemctl $*"
  else
    act systemctl "$@"
  fi
}

# Asks systemd without changing anything; empty where there is none.
ask() {
  if [ -n "${SYSTEMCTL:-}" ]; then
    "$SYSTEMCTL" "$@" 2>/dev/null || true
  elif [ -z "$ROOT" ]; then
    systemctl "$@" 2>/dev/null || true
  fi
}

# Writes a file from standard input, where it is not that already.
write_file() {
  local path=$1 mode=$2 text
  text=$(cat)
  if [ -f "$path" ] && [ "$(cat "$path")" = "$text" ]; then
    say "unchanged: $path"
  elif [ "$IS_DRY_RUN" = 1 ]; then
    say "would write: $path (mode $mode)"
    # What only root may read is not for the terminal either.
    if [ "$mode" != 0600 ]; then printf '%s\n' "$text" | sed 's/^/    /'; fi
  else
    if ! { (umask 077 && printf '%s\n' "$text" > "$path.new") && chmod "$mode" "$path.new" && sync "$path.new" &&
      mv -T "$path.new" "$path"; }; then
      rm -f -- "$path.new"
      fail "$path could not be written"
    fi
    say "written: $path"
  fi
}

require_root() {
  if [ "$IS_DRY_RUN" = 1 ] || [ -n "$ROOT" ]; then return 0; fi
  [ "$(id -u)" = 0 ] || fail "must run as root: use sudo, or --dry-run to see what it would do"
  [ -d /run/systemd/system ] || fail "this host does not run systemd"
}

# Refuses the command line, with the script's own line of usage.
usage() {
  printf '%s\n%s\n' "$1" "$(sed -n 's/^# \(Usage: .*\)/\1/p' "$0")" >&2
  exit 64
}

# An option that one script alone has: how many words it takes of those that follow, in TAKEN; 0 where it is none.
take_option() { TAKEN=0; }

# The command line that the scripts share: options, and in WORDS what is none. --help prints the script's header.
parse_arguments() {
  WORDS=()
  while [ $# -gt 0 ]; do
    TAKEN=1
    case "$1" in
      --dry-run) IS_DRY_RUN=1 ;;
      --root)
        [ $# -ge 2 ] || usage "--root needs a directory"
        ROOT=$(readlink -m -- "$2") || true
        # This very host is not below anything: there systemd is asked.
        [ -n "${ROOT#/}" ] || usage "--root needs a directory to install below"
        TAKEN=2
        ;;
      -h | --help)
        sed -n '2,/^[^#]/s/^# //p' "$0"
        exit 0
        ;;
      -*)
        take_option "$@"
        [ "$TAKEN" -gt 0 ] || usage "unknown option $1"
        ;;
      *) WORDS+=("$1") ;;
    esac
    shift "$TAKEN"
  done
}
