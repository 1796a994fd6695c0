# shellcheck shell=bash
# shellcheck disable=SC2034,SC2153,SC2154 # Sourced: what is unused or unset here is another file's.
# Releases beside each other, and the one that is current. Not run by itself; as_service.sh is sourced before.

# One text value of a binary's manifest.
read_manifest() {
  sed -n "s/^  \"$2\": \"\\(.*\\)\",\\{0,1\\}\$/\\1/p" "$1.manifest.json"
}

# Refuses a binary that is not the one its manifest speaks of: check_binary BINARY [--sum-only]. Sets VERSION, BASE_DIR,
# STATE_DIR and RELEASE.
check_binary() {
  local binary=$1 sum
  [ -f "$binary.manifest.json" ] ||
    fail "$binary.manifest.json is missing: copy it from beside the binary, it holds the checksum"
  "$HERE/verify.sh" --root "$ROOT" ${2:+"$2"} "$binary.manifest.json" "$binary" || exit
  sum=$(read_manifest "$binary" sha256)
  [ -x "$binary" ] || act chmod 0755 "$binary"
  VERSION=$(read_manifest "$binary" version)
  BASE_DIR=$(read_manifest "$binary" base_dir)
  STATE_DIR=$(read_manifest "$binary" state_dir)
  case "$VERSION$BASE_DIR$STATE_DIR" in
    *[!A-Za-z0-9/._@+-]* | '') fail "$binary.manifest.json is damaged: copy it again" ;;
  esac
  RELEASE=$VERSION-${sum:0:12}
  case "$(read_manifest "$binary" runtime)" in
    deno) ;;
    *) say "WARNING: this binary's runtime is '$(read_manifest "$binary" runtime)'" ;;
  esac
}

# A binary that can't even say its version is not worth a place.
check_starts() {
  local said
  said=$(env -i "$1" --version 2>&1 | head -n 1) || true
  case "$said" in
    "$NAME $VERSION "*) ;;
    *) fail "$1 does not run on this host: it answers --version with '${said:-nothing}'" ;;
  esac
}

# Whether the binary of an installed release is the one that its manifest speaks of.
is_whole() {
  "$HERE/verify.sh" --sum-only --root "$ROOT" "$1/$NAME.manifest.json" "$1/$NAME" > /dev/null 2>&1
}

# What is being filled, and is no part of the installation yet.
FILLED=

# However a script ends: nothing half-made of it stays.
clear_up() {
  end_stand_in
  if [ -n "$FILLED" ]; then rm -rf -- "$FILLED"; fi
}

# Begins a directory beside its place: fill_dir DIR
fill_dir() {
  FILLED=
  if [ "$IS_DRY_RUN" = 0 ]; then FILLED=$1.new; fi
  act rm -rf -- "$1.new"
  act install -d -m 0755 "$1.new"
}

# Puts it there once it is on the disk: in one step, or, where one is there that was damaged, file by file, each in one step.
put_dir() {
  act sync
  if [ -d "$1" ]; then
    act mv -f -t "$1" -- "$1.new"/*
    act rmdir -- "$1.new"
  else
    act mv -T "$1.new" "$1"
  fi
  FILLED=
}

# Puts the binary beside the others; one that is there already stays, where its sum is right.
place_release() {
  local binary=$1 releases=$ROOT$PREFIX/releases suffix
  local dir=$releases/$RELEASE
  act install -d -m 0755 "$ROOT$PREFIX" "$releases"
  # What a script left that was cut short.
  act rm -rf -- "$releases"/*.new "$releases"/*.damaged
  if [ ! -e "$dir" ]; then
    IS_NEW_RELEASE=1
  elif is_whole "$dir" && cmp -s "$binary" "$dir/$NAME"; then
    say "unchanged: $dir"
    return 0
  else
    say "damaged, and placed again: $dir"
  fi
  fill_dir "$dir"
  act install -m 0755 "$binary" "$dir.new/$NAME"
  for suffix in manifest.json manifest.json.minisig; do
    if [ -f "$binary.$suffix" ]; then act install -m 0644 "$binary.$suffix" "$dir.new/$NAME.$suffix"; fi
  done
  put_dir "$dir"
  say_done "release: $dir"
}

# A release that was refused does not stay, where this very call brought it.
drop_release() {
  [ "${IS_NEW_RELEASE:-0}" = 1 ] && [ "$(read_link current)" != "$RELEASE" ] || return 0
  act rm -rf -- "$ROOT$PREFIX/releases/$RELEASE"
  say_done "removed: $ROOT$PREFIX/releases/$RELEASE"
}

# The sum of the host's scripts as they are in a directory; empty where one is missing.
sum_scripts() {
  local name
  for name in $HOST_SCRIPTS; do [ -f "$1/$name" ] || return 0; done
  for name in $HOST_SCRIPTS; do cat -- "$1/$name"; done | sha256sum | cut -c 1-12
}

# Puts the scripts that are run later, the operator's command among them, beside those in use. They are one set: with half of
# one, `kill` might not work.
place_host_scripts() {
  local name dir
  HOST_SET=host-$(sum_scripts "$HERE")
  [ "$HOST_SET" != host- ] || fail "not all of the scripts are in $HERE: copy them all ($HOST_SCRIPTS)"
  dir=$ROOT$PREFIX/$HOST_SET
  [ "$HOST_SET" != "host-$(sum_scripts "$dir")" ] || return 0
  act install -d -m 0755 "$ROOT$PREFIX"
  fill_dir "$dir"
  for name in $HOST_SCRIPTS; do act install -m 0755 "$HERE/$name" "$dir.new/$name"; done
  put_dir "$dir"
}

# Puts that set in use by one link, and writes the files that the runbook's emergency drop-ins name: as environment files they
# win over every Environment=.
use_host_scripts() {
  local dir=$ROOT$PREFIX/host other
  write_file "$ROOT/etc/avwap-execution/kill-switch-on" 0600 <<< 'KILL_SWITCH=1'
  write_file "$ROOT/etc/avwap-execution/dry-run-on" 0600 <<< 'DRY_RUN=1'
  if [ -d "$dir" ] && [ ! -L "$dir" ]; then
    # Older releases have a directory there: the command goes past it while it gives way.
    link_command "$HOST_SET"
    act rm -rf -- "$dir.before"
    act mv -T "$dir" "$dir.before"
  fi
  [ "$(readlink "$dir" || true)" = "$HOST_SET" ] || point host "$HOST_SET"
  link_command host
  for other in "$dir.before" "$dir"-*; do
    if [ -e "$other" ] && [ "$other" != "$dir-${HOST_SET#host-}" ]; then act rm -rf -- "$other"; fi
  done
}

link_command() {
  local target=$PREFIX/$1/command.sh
  if [ "$(readlink "$ROOT$COMMAND" || true)" = "$target" ]; then return 0; fi
  act install -d -m 0755 "$ROOT$(dirname "$COMMAND")"
  act ln -sfn "$target" "$ROOT$COMMAND.new"
  act mv -T "$ROOT$COMMAND.new" "$ROOT$COMMAND"
  say_done "command: $COMMAND"
}

# Name of the release that a link points to; empty where it does not.
read_link() {
  local target
  target=$(readlink "$ROOT$PREFIX/$1") || return 0
  basename "$target"
}

# Name of the release that the service's process runs, whatever the link says by now; empty where none runs.
read_running_release() {
  local pid exe releases=$ROOT$PREFIX/releases
  pid=$(ask show "$SERVICE" -p MainPID --value)
  exe=$(readlink "${PROC_DIR:-/proc}/${pid:-0}/exe" 2> /dev/null) || return 0
  case "$exe" in "$releases"/*/*) ;; *) return 0 ;; esac
  exe=${exe#"$releases"/}
  printf '%s' "${exe%%/*}"
}

list_releases() { (cd "$ROOT$PREFIX/releases" && printf '%s ' *); }

# Replaces a link in one step: at no moment is there none. False where it could not be.
point() {
  local link=$ROOT$PREFIX/.$1.new
  if act ln -sfn "$2" "$link" && act mv -T "$link" "$ROOT$PREFIX/$1"; then return 0; fi
  rm -f -- "$link"
  return 1
}

# Makes a release the current one and remembers the one before it.
switch_to() {
  local before
  before=$(read_link current)
  if [ -n "$before" ] && [ "$before" != "$1" ]; then point previous "releases/$before" || return 1; fi
  point current "releases/$1" || return 1
  act sync
  say_done "current: $1"
}

# Whether the service is up, or on its way (as while it waits for the next try).
is_running() {
  case "$(ask is-active "$SERVICE")" in
    active | activating | reloading) return 0 ;;
    *) return 1 ;;
  esac
}

# Whether a restart now would fall into a LIVE session: by what the service says of itself.
is_live_session() {
  is_running || return 1
  case "$(ask show "$SERVICE" -p StatusText --value)" in "LIVE; market open;"*) return 0 ;; *) return 1 ;; esac
}

# `check` of one release, run as the service would run it. CHECK_STATUS is its status, or `none` where it could not run;
# CHECK_OTHERS names what FAILs beside the watchlist, whose status hides it.
run_check() {
  local binary=$ROOT$PREFIX/releases/$1/$NAME said
  CHECK_STATUS=none
  CHECK_OTHERS=
  if [ "$IS_DRY_RUN" = 1 ]; then
    say "would run: $binary check (as the service)"
    CHECK_STATUS=0
  elif ! has_systemd; then
    say "left out below --root: $NAME check"
    CHECK_STATUS=0
  else
    said=$(mktemp)
    run_as_service "$binary" check > "$said"
    cat "$said" || true
    CHECK_OTHERS=$(sed -n '/^FAIL watchlist /d; s/^FAIL //p' "$said")
    rm -f -- "$said"
    if [ "$HAS_RUN" = 1 ]; then CHECK_STATUS=$STATUS; fi
  fi
}

# Starts the service anew and waits for READY=1, which it says after the first pass of its loop. A service that waits for
# today's watchlist is up as far as it can be, where `check` said the same beforehand.
restart_and_verify() {
  local status
  control reset-failed "$SERVICE" || true
  if control restart "$SERVICE"; then
    if [ "$IS_DRY_RUN" = 1 ]; then return 0; fi
    if [ "$(ask is-active "$SERVICE")" = active ]; then
      say "$SERVICE is up"
      return 0
    fi
  fi
  status=$(ask show "$SERVICE" -p ExecMainStatus --value)
  case "$status:$CHECK_STATUS" in
    1:1 | 2:2)
      say "$SERVICE waits for today's watchlist (status $status), and tries again every minute"
      return 0
      ;;
  esac
  say "$SERVICE did not come up (status ${status:-unknown}): journalctl -u $SERVICE -n 50 --no-pager"
  return 1
}
