#!/usr/bin/env bash
# Installs the binary as execution.service, in DRY_RUN, and starts nothing.
# Usage: install.sh [--dry-run] [--root DIR] BINARY
#   --dry-run   print everything it would do, change nothing
#   --root DIR  install below DIR, without systemd: to look at, or to test
# May be run again at any time: what is as it should be stays, and a drop-in of yours is never overwritten. A unit that
# is not from here is kept, with its environment carried over. Exit status: 0 installed, 1 refused, 64 usage.
set -euo pipefail

PROGRAM_CALL=install.sh
IS_DRY_RUN=0
ROOT=
BINARY=
# shellcheck source=deploy/common.sh
. "$(dirname "$(readlink -f "$0")")/common.sh"

readonly UNIT_DIR=/etc/systemd/system
readonly CONFIG_DIR=/etc/avwap-execution
readonly COMMAND=/usr/local/bin/avwap-execution
readonly MARK='# Written by install.sh of avwap-execution: changes belong into a drop-in.'
UNIT=
DROP_INS=
KEPT_UNIT=

usage() {
  printf '%s\nUsage: %s [--dry-run] [--root DIR] BINARY\n' "$1" "$PROGRAM_CALL" >&2
  exit 64
}

# Variables by which the runtime, the C library or the linker would reach past the permission list or trust other
# certificates, or tell a collector of each request, whatever the list says.
unset_variables() {
  printf '%s ' \
    HTTP_PROXY http_proxy HTTPS_PROXY https_proxy ALL_PROXY all_proxy NO_PROXY no_proxy \
    DENO_CERT DENO_TLS_CA_STORE DENO_AUTH_TOKENS DENO_DIR DENO_V8_FLAGS DENO_TRACE_PERMISSIONS \
    NODE_EXTRA_CA_CERTS NODE_OPTIONS NODE_TLS_REJECT_UNAUTHORIZED \
    OTEL_DENO SSL_CERT_FILE SSL_CERT_DIR SSLKEYLOGFILE LD_PRELOAD LD_LIBRARY_PATH LD_AUDIT
}

# Where a home directory holds the directories, an empty one with just these two stands in for it.
home_lines() {
  case "$BASE_DIR:$STATE_DIR" in
    /root* | /home/* | *:/root* | *:/home/*)
      printf 'ProtectHome=tmpfs\nBindReadOnlyPaths=%s\nBindPaths=%s' "$BASE_DIR" "$STATE_DIR"
      ;;
    *) printf 'ProtectHome=yes' ;;
  esac
}

unit_text() {
  cat <<EOF
$MARK
[Unit]
Description=AVWAP breakout execution
Wants=network-online.target
After=network-online.target time-sync.target
# A missing or stale watchlist refuses the start; it is tried again until today's list is there.
StartLimitIntervalSec=0

[Service]
Type=notify
NotifyAccess=main
Environment=AVWAP_BASE_DIR=$BASE_DIR AVWAP_STATE_DIR=$STATE_DIR
EnvironmentFile=-$CONFIG_DIR/environment
# For the journal alone: run itself refuses what it can't work with.
ExecStartPre=-/usr/bin/timeout -k 5 60 $PREFIX/current/$NAME check
ExecStart=$PREFIX/current/$NAME run
Restart=on-failure
RestartSec=60
# Wrong usage and an invalid configuration do not heal by themselves.
RestartPreventExitStatus=64 78
WatchdogSec=60
TimeoutStartSec=240
TimeoutStopSec=90
SyslogIdentifier=$NAME
RuntimeDirectory=$NAME
RuntimeDirectoryMode=0700
UMask=0077
LimitCORE=0
UnsetEnvironment=$(unset_variables)

ReadWritePaths=$STATE_DIR
$(home_lines)
ProtectSystem=strict
PrivateTmp=yes
PrivateDevices=yes
PrivateUsers=yes
PrivateIPC=yes
PrivateMounts=yes
ProtectClock=yes
ProtectControlGroups=yes
ProtectHostname=yes
ProtectKernelLogs=yes
ProtectKernelModules=yes
ProtectKernelTunables=yes
ProtectProc=invisible
ProcSubset=pid
CapabilityBoundingSet=
AmbientCapabilities=
NoNewPrivileges=yes
RemoveIPC=yes
RestrictAddressFamilies=AF_INET AF_INET6 AF_UNIX
RestrictNamespaces=yes
RestrictRealtime=yes
RestrictSUIDSGID=yes
LockPersonality=yes
KeyringMode=private
DevicePolicy=closed
SystemCallArchitectures=native
# @pkey because V8 protects its compiled code with it. MemoryDenyWriteExecute= would end V8.
SystemCallFilter=@system-service @pkey
SystemCallFilter=~@privileged @resources
SystemCallErrorNumber=EPERM

[Install]
WantedBy=multi-user.target
EOF
}

dry_run_text() {
  cat <<EOF
# DRY_RUN from the first start on. LIVE (RUNBOOK 4): with both keys in place, set DRY_RUN=0 here.
[Service]
Environment=DRY_RUN=1
EOF
}

environment_text() {
  cat <<'EOF'
# Read by execution.service. One VARIABLE=value a line, no quotes needed; mode 0600, never in git.
# DRY_RUN and the LIVE keys do not belong here: this file wins over a drop-in's Environment=.
#APCA_API_KEY_ID=
#APCA_API_SECRET_KEY=
# 1 is paper, 0 is live money.
ALPACA_PAPER=1
#SLACK_WEBHOOK_URL=
EOF
}

# The operator's command: the current release in the environment that the service has, drop-ins included.
command_text() {
  cat <<EOF
#!/usr/bin/env bash
$MARK
set -euo pipefail
# The kill switch asks nobody: this binary can write no other state directory.
if [ "\${1:-}" = kill ]; then
  AVWAP_STATE_DIR=$STATE_DIR exec $PREFIX/current/$NAME "\$@"
fi
properties=()
while IFS= read -r line; do
  case "\$line" in
    Environment=?*) properties+=(-p "\$line") ;;
    EnvironmentFiles=?*)
      line=\${line#EnvironmentFiles=}
      properties+=(-p "EnvironmentFile=-\${line% (ignore_errors=*}")
      ;;
  esac
done < <(systemctl show $SERVICE -p Environment -p EnvironmentFiles)
mode=--pipe
if [ -t 0 ] && [ -t 1 ]; then mode=--pty; fi
exec systemd-run --quiet "\$mode" --wait --collect "\${properties[@]}" \\
  -p "UnsetEnvironment=$(unset_variables)" -- $PREFIX/current/$NAME "\$@"
EOF
}

# Writes a file from standard input, where it is not that already.
write_file() {
  local path=$1 mode=$2 text
  text=$(cat)
  if [ -f "$path" ] && [ "$(cat "$path")" = "$text" ]; then
    say "unchanged: $path"
  elif [ "$IS_DRY_RUN" = 1 ]; then
    say "would write: $path (mode $mode)"
    printf '%s\n' "$text" | sed 's/^/    /'
  else
    printf '%s\n' "$text" > "$path.new"
    chmod "$mode" "$path.new"
    mv "$path.new" "$path"
    say "written: $path"
  fi
}

# The same, but what is there already is the operator's.
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

is_foreign_unit() {
  [ -f "$UNIT" ] && ! grep -qF "$MARK" "$UNIT"
}

# Every file that can set a variable or a command of the service, one a line: drop-ins, and the environment files that
# they or the unit name. Our own DRY_RUN drop-in is judged by its text as well.
list_sources() {
  local file line path
  local -a files=("$ROOT$CONFIG_DIR/environment")
  for file in "$UNIT" "$DROP_INS"/*.conf; do
    [ -f "$file" ] || continue
    [ "$file" = "$UNIT" ] && ! is_foreign_unit && continue
    printf '%s\n' "$file"
    while IFS= read -r line; do
      path=${line#*=}
      path=${path#-}
      path=${path#\"}
      files+=("$ROOT${path%\"}")
    done < <(grep -E '^[[:space:]]*EnvironmentFile=.' "$file" || true)
  done
  for file in "${files[@]}"; do
    if [ -f "$file" ]; then printf '%s\n' "$file"; fi
  done
}

# Whether our DRY_RUN drop-in is read after a file and so wins over it: the unit, and drop-ins of a lower name.
is_overruled() {
  local LC_ALL=C
  [ "$1" = "$UNIT" ] && return 0
  [ "$(dirname "$1")" = "$DROP_INS" ] && [[ $(basename "$1") < 50-dry-run.conf ]]
}

# The first start has to be in DRY_RUN, and has to be this program.
check_sources() {
  local file found
  while IFS= read -r file; do
    found=$(grep -nE '^[^#;]*(^|[[:space:]="])DRY_RUN="?(0|false|no|off)?"?([[:space:]"]|$)' -i "$file" || true)
    if [ -n "$found" ] && ! is_overruled "$file"; then
      fail "$file turns DRY_RUN off (line ${found%%:*}): take the line out, install, and set it again when LIVE is due (a running installation is renewed with upgrade.sh)"
    fi
    found=$(grep -nE '^[[:space:]]*ExecStart=.' "$file" || true)
    if [ -n "$found" ] && [ "$file" != "$UNIT" ] && [[ $found != *=$PREFIX/current/$NAME* ]]; then
      fail "$file has an ExecStart of its own (line ${found%%:*}): make it $PREFIX/current/$NAME run, or take it out"
    fi
  done < <(list_sources)
  if [ -f "$DROP_INS/50-dry-run.conf" ] && ! grep -qE '^Environment=.*DRY_RUN="?(1|true|yes|on)' -i "$DROP_INS/50-dry-run.conf"; then
    say "WARNING: $DROP_INS/50-dry-run.conf does not turn DRY_RUN on any more"
  fi
}

# A unit of somebody else is kept beside our configuration, and its environment goes into a drop-in.
keep_foreign_unit() {
  local lines
  is_foreign_unit || return 0
  say "WARNING: $UNIT is not from here; it is kept as $KEPT_UNIT"
  lines=$(grep -E '^[[:space:]]*Environment(File)?=.' "$UNIT" || true)
  if [ -n "$lines" ]; then
    printf '# The environment of the unit that was here before.\n[Service]\n%s\n' "$lines" |
      write_once "$DROP_INS/20-carried-over.conf" 0600
  fi
  if [ -e "$KEPT_UNIT" ]; then
    say "left as it is: $KEPT_UNIT"
  else
    act cp -p "$UNIT" "$KEPT_UNIT"
  fi
}

say_next() {
  say "
Installed $RELEASE. Nothing was started. Next:
  1. credentials: edit $CONFIG_DIR/environment
  2. look again:  $NAME check
  3. start it, in DRY_RUN: systemctl start $SERVICE
  4. the rest is in RUNBOOK.md, sections 3 and 4"
}

while [ $# -gt 0 ]; do
  case "$1" in
    --dry-run) IS_DRY_RUN=1 ;;
    --root)
      [ $# -ge 2 ] || usage "--root needs a directory"
      ROOT=$(readlink -m "$2")
      shift
      ;;
    -h | --help)
      sed -n '2,7s/^# //p' "$0"
      exit 0
      ;;
    -*) usage "unknown option $1" ;;
    *)
      [ -z "$BINARY" ] || usage "one binary only"
      BINARY=$1
      ;;
  esac
  shift
done
[ -n "$BINARY" ] || usage "which binary?"

UNIT=$ROOT$UNIT_DIR/$SERVICE
DROP_INS=$UNIT.d
KEPT_UNIT=$ROOT$CONFIG_DIR/$SERVICE.before
require_root
check_binary "$BINARY"
check_starts "$(readlink -f "$BINARY")"
check_sources

make_base_dir
make_dir "$ROOT$STATE_DIR" 0700
make_dir "$ROOT$CONFIG_DIR" 0700
act install -d -m 0755 "$ROOT$UNIT_DIR" "$DROP_INS"
place_release "$BINARY"
environment_text | write_once "$ROOT$CONFIG_DIR/environment" 0600
dry_run_text | write_once "$DROP_INS/50-dry-run.conf" 0644
keep_foreign_unit
unit_text | write_file "$UNIT" 0644
act install -d -m 0755 "$ROOT$(dirname "$COMMAND")"
command_text | write_file "$ROOT$COMMAND" 0755
[ "$(read_link current)" = "$RELEASE" ] || switch_to "$RELEASE"
control daemon-reload
control enable "$SERVICE"
run_check "$RELEASE"
[ "$CHECK_STATUS" = 0 ] || say "check ends with $CHECK_STATUS: see its FAIL lines above"
say_next
