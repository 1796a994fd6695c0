# shellcheck shell=bash
# What install.sh, upgrade.sh and rollback.sh share; not run by itself.
# Callers set ROOT ("" or a scratch directory), IS_DRY_RUN (0 or 1) and PROGRAM_CALL (their name, for messages).

readonly NAME=avwap-execution
readonly SERVICE=execution.service
readonly PREFIX=/opt/avwap-execution

say() { printf '%s\n' "$*"; }

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

require_root() {
  if [ "$IS_DRY_RUN" = 1 ] || [ -n "$ROOT" ]; then return 0; fi
  [ "$(id -u)" = 0 ] || fail "must run as root: use sudo, or --dry-run to see what it would do"
  [ -d /run/systemd/system ] || fail "this host does not run systemd"
}

# One text value of a binary's manifest.
read_manifest() {
  sed -n "s/^  \"$2\": \"\\(.*\\)\",\\{0,1\\}\$/\\1/p" "$1.manifest.json"
}

# Refuses a binary that is not the one its manifest speaks of, or that does not run here.
check_binary() {
  local binary=$1 wanted found
  [ -f "$binary" ] || fail "$binary is not a file: name the compiled binary"
  [ -f "$binary.manifest.json" ] ||
    fail "$binary.manifest.json is missing: copy it from beside the binary, it holds the checksum"
  wanted=$(read_manifest "$binary" sha256)
  found=$(sha256sum -- "$binary" | cut -d ' ' -f 1)
  [ -n "$wanted" ] || fail "$binary.manifest.json holds no sha256: copy it again"
  [ "$wanted" = "$found" ] ||
    fail "$binary has SHA-256 $found, its manifest says $wanted: copy both again"
  [ -x "$binary" ] || act chmod 0755 "$binary"
  VERSION=$(read_manifest "$binary" version)
  BASE_DIR=$(read_manifest "$binary" base_dir)
  STATE_DIR=$(read_manifest "$binary" state_dir)
  case "$VERSION$BASE_DIR$STATE_DIR" in
    *[!A-Za-z0-9/._@+-]* | '') fail "$binary.manifest.json is damaged: copy it again" ;;
  esac
  RELEASE=$VERSION-${wanted:0:12}
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

# Puts the binary beside the others; a release that is there already stays as it is.
place_release() {
  local binary=$1 dir=$ROOT$PREFIX/releases/$RELEASE
  if [ -e "$dir" ]; then
    say "unchanged: $dir"
    return 0
  fi
  act install -d -m 0755 "$ROOT$PREFIX" "$ROOT$PREFIX/releases" "$dir.new"
  act install -m 0755 "$binary" "$dir.new/$NAME"
  act install -m 0644 "$binary.manifest.json" "$dir.new/$NAME.manifest.json"
  act sync
  act mv -T "$dir.new" "$dir"
  say "release: $dir"
}

# Name of the release that a link points to; empty where it does not.
read_link() {
  local target
  target=$(readlink "$ROOT$PREFIX/$1") || return 0
  basename "$target"
}

# Replaces a link in one step: at no moment is there none.
point() {
  act ln -sfn "releases/$2" "$ROOT$PREFIX/.$1.new"
  act mv -T "$ROOT$PREFIX/.$1.new" "$ROOT$PREFIX/$1"
}

# Makes a release the current one and remembers the one before it.
switch_to() {
  local before
  before=$(read_link current)
  if [ -n "$before" ] && [ "$before" != "$1" ]; then point previous "$before"; fi
  point current "$1"
  say "current: $1"
}

# Whether the service is up, or on its way (as while it waits for the next try).
is_running() {
  case "$(ask is-active "$SERVICE")" in
    active | activating | reloading) return 0 ;;
    *) return 1 ;;
  esac
}

# `check` of one release, in the environment and from the directories of the service. Its status is left in CHECK_STATUS.
run_check() {
  local binary=$ROOT$PREFIX/releases/$1/$NAME line
  local -a properties=()
  CHECK_STATUS=0
  if [ "$IS_DRY_RUN" = 1 ]; then
    say "would run: $binary check (in the service's environment)"
    return 0
  fi
  if [ -n "${SYSTEMCTL:-}" ]; then
    "$binary" check || CHECK_STATUS=$?
    return 0
  fi
  if [ -n "$ROOT" ]; then
    say "left out below --root: $NAME check"
    return 0
  fi
  while IFS= read -r line; do
    case "$line" in
      Environment=?*) properties+=(-p "$line") ;;
      EnvironmentFiles=?*)
        line=${line#EnvironmentFiles=}
        properties+=(-p "EnvironmentFile=-${line% (ignore_errors=*}")
        ;;
    esac
  done < <(systemctl show "$SERVICE" -p Environment -p EnvironmentFiles)
  systemd-run --quiet --pipe --wait --collect "${properties[@]}" -- "$binary" check ||
    CHECK_STATUS=$?
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
