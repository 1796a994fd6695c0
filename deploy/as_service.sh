# shellcheck shell=bash
# shellcheck disable=SC2034,SC2153,SC2154 # Sourced: what is unused or unset here is another file's.
# Runs a program as execution.service would run it: a stand-in unit gets the service's own files, and systemd reads them.
# Nothing here reads a value out of a unit, and none is printed. Not run by itself; common.sh is sourced before.
#
# A stand-in is a transient unit, execution@NAME.service (so that %p means the same), with copies of the service's unit and
# drop-ins in a directory of its own below /run. Its last drop-in says what is run, and that it stays alone: it is no
# daemon, starts no other unit, and nothing is started by its end.

STAND_IN=
STAND_IN_DIR=
FRAGMENT=
DROP_IN_FILES=()
WIDE_FILES=()
IS_ALONE=0
HAS_RUN=0
STATUS=0
HAS_GIVEN=0
declare -A GIVEN=()
# Lines for the [Service] section of the next stand-in, after all files; and what kind of terminal it gets.
STAND_IN_LINES=
STAND_IN_TERMINAL=--pipe
STAND_IN_PREFIX=

# A file, or a link to /dev/null: what else has the name of a drop-in systemd passes over.
is_file() { [ -f "$1" ] || [ -c "$1" ]; }

# Unit and drop-ins of the service as they are on the disk now: in FRAGMENT, and in DROP_IN_FILES in the order in which
# they count. Of two with one name the one in the directory that counts more; a link to /dev/null stays in the list, as it
# hides a service.d/ one. Those, which hold for every service, are in WIDE_FILES: systemd reads them for a stand-in too.
read_unit_files() {
  local -a dirs
  local -A found=() wide=()
  local file index
  local LC_ALL=C
  FRAGMENT=$(ask show "$SERVICE" -p FragmentPath --value)
  read -r -a dirs <<< "$(ask show -p UnitPath --value)"
  for ((index = ${#dirs[@]} - 1; index >= 0; index--)); do
    for file in "$ROOT${dirs[index]}/$SERVICE.d"/*.conf; do
      if is_file "$file"; then found[${file##*/}]=$file; fi
    done
    for file in "$ROOT${dirs[index]}/service.d"/*.conf; do
      if is_file "$file"; then wide[${file##*/}]=$file; fi
    done
  done
  WIDE_FILES=("${wide[@]}")
  DROP_IN_FILES=()
  while IFS= read -r -d '' file; do DROP_IN_FILES+=("${found[$file]}"); done < <(
    [ "${#found[@]}" = 0 ] || printf '%s\0' "${!found[@]}" | sort -z
  )
}

begin_stand_in() {
  local units=$ROOT/run/systemd/system
  [ -d "$units" ] || install -d -m 0755 "$units"
  STAND_IN_DIR=$(mktemp -d --suffix=.service.d "$units/execution@$1-XXXXXXXX")
  STAND_IN=$(basename "$STAND_IN_DIR" .d)
}

end_stand_in() {
  if [ -n "$STAND_IN_DIR" ]; then rm -rf -- "$STAND_IN_DIR"; fi
  STAND_IN_DIR=
}

# A file of the service for the stand-in, with the specifiers that hold the unit's own name written out. What is run gets
# no section that says how it hangs together with other units: a command must start none of them.
add_file() {
  local file=$1 name=${2:-${1##*/}} sections=${3:-service}
  if [ ! -s "$file" ]; then
    ln -s /dev/null "$STAND_IN_DIR/$name"
    return 0
  fi
  awk -v sections="$sections" '
    BEGIN { is_kept = 1 }
    !goes_on && /^[[:space:]]*\[/ { is_kept = sections == "all" || !/^[[:space:]]*\[(Unit|Install)\]/ }
    is_kept
    { goes_on = /^[[:space:]]*[#;]/ ? goes_on : /\\$/ }
  ' "$file" | sed -e "s/%%/\\x01/g; s/%n/$SERVICE/g; s/%N/${SERVICE%.service}/g; s/%[iI]//g; s/\\x01/%%/g" \
    > "$STAND_IN_DIR/$name"
}

# One word of ExecStart=, of EnvironmentFile= or of Environment=, quoted so that systemd reads it as it is.
quote_word() {
  local word=$1
  word=${word//\\/\\\\}
  word=${word//\"/\\\"}
  word=${word//%/%%}
  word=${word//$'\n'/\\n}
  printf '"%s"' "$word"
}

quote_command() {
  local word text=
  for word in "$@"; do text+=" $(quote_word "${word//\$/\$\$}")"; done
  printf '%s' "${text# }"
}

# What the last drop-in says. A command that fails is no failure of a unit: nothing may be set off by it.
last_text() {
  cat << END
[Unit]
ConditionPathExists=
AssertPathExists=
RefuseManualStart=no
FailureAction=none
SuccessAction=none
[Service]
Type=simple
Restart=no
RestartForceExitStatus=
RemainAfterExit=no
WatchdogSec=0
RuntimeMaxSec=infinity
RuntimeDirectory=
SuccessExitStatus=$(seq -s ' ' 1 255) SIGABRT SIGBUS SIGHUP SIGILL SIGINT SIGKILL SIGPIPE SIGQUIT SIGSEGV SIGSYS SIGTERM SIGTRAP
ExecCondition=
ExecStartPre=
ExecStartPost=
ExecReload=
ExecStop=
ExecStopPost=
ExecStart=
ExecStart=$STAND_IN_PREFIX$(quote_command "$@")
ExecStopPost=+/bin/sh -c 'echo "\$\$EXIT_CODE \$\$EXIT_STATUS" > "\$\$1"' sh $(quote_command "$STAND_IN_DIR/result")
$STAND_IN_LINES
END
}

# What holds for every service systemd reads for the stand-in too, unless a file of its own hides it by its name: a copy, as
# of the other files, or where one file alone is asked about a link to nothing.
hide_wide_files() {
  local file
  for file in "${WIDE_FILES[@]}"; do
    if [ -e "$STAND_IN_DIR/${file##*/}" ]; then continue; fi
    if [ "$IS_ALONE" = 1 ]; then ln -s /dev/null "$STAND_IN_DIR/${file##*/}"; else add_file "$file"; fi
  done
}

# A name that sorts after every other: what is read last counts.
last_name() {
  local LC_ALL=C name=~~~~.conf file
  for file in "$STAND_IN_DIR"/*.conf; do
    file=${file##*/}
    if [[ $file > $name ]]; then name=${file%.conf}~.conf; fi
  done
  printf '%s' "$name"
}

# Runs the stand-in to its end. HAS_RUN says whether the program ran at all, STATUS how it ended (128 and the signal's
# number where one ended it), or 70 where it did not run.
run_stand_in() {
  hide_wide_files
  last_text "$@" > "$STAND_IN_DIR/$(last_name)"
  "${SYSTEMD_RUN:-systemd-run}" --quiet --wait --collect "$STAND_IN_TERMINAL" --unit="$STAND_IN" \
    --description="a command, as $SERVICE would run it" -- /bin/false || true
  read_result
}

read_result() {
  local code='' value=''
  HAS_RUN=0
  STATUS=70
  read -r code value 2> /dev/null < "$STAND_IN_DIR/result" || return 0
  case "$code" in
    exited) STATUS=$value ;;
    *) STATUS=$((128 + $(kill -l "$value" 2> /dev/null || echo 0))) ;;
  esac
  HAS_RUN=1
  # From 200 on it is systemd's own: directory, namespace or program could not be had.
  if [ "$code" = exited ] && [ "$STATUS" -ge 200 ]; then
    HAS_RUN=0
    STATUS=70
  fi
}

# Runs a program as the service would, with this shell's standard streams.
run_as_service() {
  local file
  read_unit_files
  HAS_RUN=0
  STATUS=70
  if [ -n "$FRAGMENT" ]; then
    begin_stand_in command
    add_file "$ROOT$FRAGMENT" '!00-unit.conf'
    for file in "${DROP_IN_FILES[@]}"; do add_file "$file"; done
    run_stand_in "$@"
  fi
  if [ "$HAS_RUN" = 0 ]; then
    printf '%s: it could not be run as %s would run, which could not start either: journalctl -n 20 --no-pager says why\n' \
      "$PROGRAM_CALL" "$SERVICE" >&2
  fi
  end_stand_in
}

# What a probe goes without: it is to answer where the service could not start, and touch nothing of the service's.
bare_lines() {
  printf '%s=\n' RootDirectory RootImage WorkingDirectory BindPaths BindReadOnlyPaths ReadWritePaths ReadOnlyPaths \
    InaccessiblePaths ExecPaths NoExecPaths TemporaryFileSystem MountImages ExtensionImages LoadCredential \
    LoadCredentialEncrypted SetCredential StateDirectory CacheDirectory LogsDirectory ConfigurationDirectory User Group \
    PAMName NetworkNamespacePath
  printf '%s=no\n' DynamicUser ProtectHome ProtectSystem PrivateTmp PrivateUsers PrivateNetwork
}

# What systemd gives every process, whatever files say (systemctl set-environment), in GIVEN: no file is its source.
read_given() {
  local STAND_IN_LINES=
  [ "$HAS_GIVEN" = 0 ] || return 0
  HAS_GIVEN=1
  probe_environment GIVEN || { HAS_GIVEN=0; return 1; }
}

# The environment that systemd makes of files: `probe_environment ARRAY FILE...`, names and values into an associative
# array, in memory alone. The first file is the unit. Variables that systemd sets in every process are left out, and where
# one file alone is asked about, what there would be without it. False where it could not be had. How a program ended that
# was run before stays in HAS_RUN and STATUS.
probe_environment() {
  local HAS_RUN STATUS
  local -n probed=$1
  local line file name='!00-unit.conf'
  shift
  if [ "$IS_ALONE" = 1 ]; then read_given || return 1; fi
  probed=()
  begin_stand_in probe
  for file in "$@"; do
    add_file "$file" "$name"
    name=
  done
  local -a lines=()
  mapfile -d '' -t lines < <(
    STAND_IN_PREFIX=+
    STAND_IN_LINES+=$'\n'$(bare_lines)
    run_stand_in /usr/bin/env -0
  )
  read_result
  end_stand_in
  [ "$HAS_RUN:$STATUS" = 1:0 ] || return 1
  for line in "${lines[@]}"; do
    case "${line%%=*}" in
      PATH | LANG | HOME | LOGNAME | USER | SHELL | TERM | INVOCATION_ID | JOURNAL_STREAM | SYSTEMD_EXEC_PID) ;;
      MANAGERPID | NOTIFY_SOCKET | WATCHDOG_* | LISTEN_* | MAINPID | RUNTIME_DIRECTORY | MEMORY_PRESSURE_*) ;;
      *)
        if [ "$IS_ALONE" = 1 ] && [ "${GIVEN["${line%%=*}"]-$'\n'none}" = "${line#*=}" ]; then continue; fi
        probed[${line%%=*}]=${line#*=}
        ;;
    esac
  done
}

# The properties that systemd makes of files, `NAME=value` a line, without starting anything: show_properties FILE...
show_properties() {
  local file name='!00-unit.conf' units=$ROOT/run/systemd/system
  begin_stand_in show
  for file in "$@"; do
    add_file "$file" "$name" all
    name=
  done
  printf '[Service]\n' > "$units/$STAND_IN"
  # None at all would be refused.
  [ $# -gt 0 ] || printf 'ExecStart=/bin/true\n' >> "$units/$STAND_IN"
  ask show "$STAND_IN"
  rm -f -- "$units/$STAND_IN"
  end_stand_in
}
