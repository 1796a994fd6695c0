# shellcheck shell=bash
# shellcheck disable=SC2034,SC2153,SC2154 # Sourced: what is unused or unset here is another file's.
# What install.sh asks of systemd before it changes anything: the service as it is, and as it would be, with each changed
# file staged. Not run by itself; unit.sh, sources.sh and compare.sh are sourced before. Values stay in memory and in files
# that only root can read; messages name variables, files and lines.

# A scratch directory; the staged copy of each file that would be changed, by its path; and what moves into drop-ins.
STAGE=
declare -A STAGED=() BEFORE=() AFTER=() MOVED=()
BEFORE_FILES=()
TOKEN_FILES=()
STAGED_FILES=()
AFTER_ENVIRONMENT_FILES=()
IS_FOREIGN=0
CARRIED_UNIT=
CARRIED_SERVICE=
CARRIED_FILE=
STATE_OWNER=

# Whether a copy sets what the whole one sets, but for some names: is_taken_out PROBE ARRAY NAMES FILE...; `whole` is the
# caller's.
is_taken_out() {
  local probe=$1 into=$2 names=$3
  shift 3
  "$probe" "$into" "$@" && is_same_but whole "$into" "$names" && ! holds_any "$into" "$names"
}

refuse_unready() {
  if is_running; then
    say "$SERVICE runs: stop it first (systemctl stop $SERVICE); a running one is renewed with upgrade.sh"
    [ "$IS_DRY_RUN" = 1 ] || fail "$SERVICE runs, nothing was changed"
  fi
  [ "$(ask show "$SERVICE" -p NeedDaemonReload --value)" != yes ] ||
    fail "$SERVICE is not what its files say: systemctl daemon-reload, then look again"
}

# The service as it is. False where there is none.
read_before() {
  read_unit_files
  [ -n "$FRAGMENT" ] || return 1
  grep -qF "$MARK" "$ROOT$FRAGMENT" || IS_FOREIGN=1
  BEFORE_FILES=("$ROOT$FRAGMENT" "${DROP_IN_FILES[@]}")
  probe_environment BEFORE "${BEFORE_FILES[@]}" ||
    fail "systemd can't make the environment of $SERVICE as it is: journalctl -n 20 --no-pager"
}

# An environment file without the four switches, judged by what systemd reads from it.
stage_environment_file() {
  local path=${1#-} copy=$STAGE/${#STAGED[@]} name line
  local -A whole=() rest=()
  probe_file whole "$path" || fail "systemd can't read $path: journalctl -n 20 --no-pager"
  holds_any whole "$SWITCHES" || return 0
  [ -f "$ROOT$path" ] || fail "$path is a pattern for several files, and one of them sets one of $SWITCHES: take it out there"
  sed -E "s/^[[:space:]]*(${SWITCHES// /|})[[:space:]]*=.*/# \\1 belongs into a drop-in of $SERVICE/" "$ROOT$path" > "$copy"
  local IS_ALONE=1 STAND_IN_LINES
  STAND_IN_LINES=$(environment_file_line "$copy")
  is_taken_out probe_environment rest "$SWITCHES" ||
    fail "$path sets one of $SWITCHES in a way that install.sh does not take out (line $(grep -nE "${SWITCHES// /|}" "$ROOT$path" | cut -d : -f 1 | xargs)): set it in a drop-in instead"
  while IFS=: read -r line name; do
    say "moved into a drop-in: $path line $line, $(grep -oE "${SWITCHES// /|}" <<< "$name" | head -n 1)"
  done < <(grep -nE "^[[:space:]]*(${SWITCHES// /|})[[:space:]]*=" "$ROOT$path")
  for name in $SWITCHES; do
    if [ -n "${whole[$name]+set}" ]; then MOVED[$name]=${BEFORE[$name]-}; fi
  done
  STAGED[$path]=$copy
}

# A drop-in without the broker's keys and the secret addresses in Environment=.
stage_drop_in() {
  local file=$1 copy=$STAGE/drop-ins/${1##*/} name
  local -A whole=() rest=()
  grep -q Environment "$file" || return 0
  probe_own whole "$file" || fail "systemd can't read $file: journalctl -n 20 --no-pager"
  if [ -n "${whole[LIVE_CONFIRM_TOKEN]+set}" ] && [ "$(stat -c %a "$file")" != 600 ]; then
    TOKEN_FILES+=("$file")
  fi
  holds_any whole "$SECRETS" || return 0
  name="(${SECRETS// /|})="
  sed -E "/^[[:space:]]*Environment[[:space:]]*=/ {
      s/\"${name}([^\"\\\\]|\\\\.)*\"//g; s/'${name}[^']*'//g
      s/(=|[[:space:]])${name}[^[:space:]\"']*/\\1/g
      /=[[:space:]]*\$/d
    }" "$file" > "$copy"
  is_taken_out probe_own rest "$SECRETS" "$copy" ||
    fail "$file sets one of $SECRETS in Environment=, which every user can read, in a way that install.sh does not take out: move it to $CONFIG_DIR/environment"
  for name in $SECRETS; do
    if [ -n "${whole[$name]+set}" ]; then say "moved into $CONFIG_DIR/environment: $name of $file"; fi
  done
  STAGED[$file]=$copy
}

# What the unit that was here before is taken over with: user, order, OnFailure=, and its environment but for switches and
# secrets. Not its commands.
carry_over() {
  local unit empty name words line
  local -A own=()
  unit=$(show_properties "$ROOT$FRAGMENT")
  empty=$(show_properties)
  for name in After Before Wants Requires Requisite BindsTo PartOf Conflicts OnFailure OnSuccess; do
    words=$(list_new_words "$unit" "$empty" "$name")
    CARRIED_UNIT+=${words:+$name=${words% }$'\n'}
  done
  for name in User Group SupplementaryGroups PassEnvironment; do
    words=$(property_of "$unit" "$name")
    CARRIED_SERVICE+=${words:+$name=$words$'\n'}
  done
  while IFS= read -r line; do
    CARRIED_SERVICE+=$(environment_file_line "$line")$'\n'
  done < <(list_environment_files "$ROOT$FRAGMENT")
  probe_own own "$ROOT$FRAGMENT" || fail "systemd can't read $FRAGMENT: journalctl -n 20 --no-pager"
  while IFS= read -r name; do
    if has_word "$SWITCHES" "$name"; then
      say "moved into a drop-in: $name of $FRAGMENT"
      MOVED[$name]=${BEFORE[$name]-}
    elif has_word "$SECRETS" "$name"; then
      say "moved into $CONFIG_DIR/environment: $name of $FRAGMENT"
    else
      CARRIED_SERVICE+=Environment=$(quote_word "$name=${own[$name]}")$'\n'
    fi
  done < <(printf '%s\n' "${!own[@]}" | sort)
  for name in $SECRETS; do
    if [ -n "${BEFORE[$name]+set}" ]; then CARRIED_FILE+=$(quote_setting "$name" "${BEFORE[$name]}")$'\n'; fi
  done
  if [ -z "${BEFORE[ALPACA_PAPER]+set}" ]; then CARRIED_FILE+=$'ALPACA_PAPER=1\n'; fi
  CARRIED_UNIT=${CARRIED_UNIT%$'\n'}
  CARRIED_SERVICE=${CARRIED_SERVICE%$'\n'}
  CARRIED_FILE=${CARRIED_FILE:-# Its keys stay where they were.}
  CARRIED_FILE=${CARRIED_FILE%$'\n'}
}

# Text of a drop-in that holds some of the moved switches; empty where none was moved.
moved_text() {
  local name text=
  for name in "$@"; do
    if [ -n "${MOVED[$name]+set}" ]; then text+=Environment=$(quote_word "$name=${MOVED[$name]}")$'\n'; fi
  done
  if [ -n "$text" ]; then printf '[Service]\n%s' "$text"; fi
}

# The files of the service as they would be, in the order in which they count; where a path is not there yet, its staged
# text. In STAGED_FILES.
stage_all() {
  local file name
  local -A found=()
  local LC_ALL=C
  unit_text > "$STAGE/unit"
  for file in "${DROP_IN_FILES[@]}"; do
    found[${file##*/}]=${STAGED[$file]:-$file}
  done
  dry_run_text > "$STAGE/50-dry-run.conf"
  moved_text LIVE_TRADING LIVE_CONFIRM_TOKEN > "$STAGE/60-live.conf"
  moved_text KILL_SWITCH > "$STAGE/70-kill.conf"
  for name in 50-dry-run.conf 60-live.conf 70-kill.conf; do
    if [ -s "$STAGE/$name" ] && [ -z "${found[$name]-}" ]; then found[$name]=$STAGE/$name; fi
  done
  STAGED_FILES=("$STAGE/unit")
  for name in $(printf '%s\n' "${!found[@]}" | sort); do STAGED_FILES+=("${found[$name]}"); done
}

# The environment that the staged files make, with each environment file as it would be.
read_after() {
  local path real staged
  local STAND_IN_LINES='EnvironmentFile='
  AFTER_ENVIRONMENT_FILES=()
  while IFS= read -r path; do
    real=${path#-}
    staged=${STAGED[$real]-}
    if [ "$real" = "$CONFIG_DIR/environment" ] && [ ! -e "$ROOT$real" ]; then
      staged=$STAGE/environment
      environment_text > "$staged"
    fi
    if [ -n "$staged" ]; then path=-$staged; fi
    AFTER_ENVIRONMENT_FILES+=("$path")
    STAND_IN_LINES+=$'\n'$(environment_file_line "$path")
  done < <(list_environment_files "${STAGED_FILES[@]}")
  probe_environment AFTER "${STAGED_FILES[@]}" ||
    fail "systemd can't make the environment of the service as it would be: journalctl -n 20 --no-pager"
}

# Everything that is asked before anything is changed: refuses, or says what moves and what will not be as before.
plan_installation() {
  local file
  local -a paths=()
  STAGE=$(mktemp -d)
  mkdir "$STAGE/drop-ins"
  refuse_unready
  if read_before; then
    mapfile -t paths < <(list_environment_files "${BEFORE_FILES[@]}")
    say_loose_files "${paths[@]}"
    for file in "${paths[@]}"; do stage_environment_file "$file"; done
    # One that was cut short after its unit was there is gone on with.
    if [ "$IS_FOREIGN" = 1 ] || [ -e "$KEPT_DIR/unfinished" ]; then
      for file in "${DROP_IN_FILES[@]}"; do stage_drop_in "$file"; done
    else
      say_exposed
    fi
    if [ "$IS_FOREIGN" = 1 ]; then carry_over; fi
  fi
  if [ "$IS_FOREIGN" = 0 ]; then read_carried; fi
  stage_all
  read_after
  refuse_live
  if [ -n "$FRAGMENT" ]; then compare_environment; fi
  compare_properties
}

# What an earlier installation took over.
read_carried() {
  CARRIED_UNIT=$(cat "$ROOT$CONFIG_DIR/carried-over.unit" 2> /dev/null || true)
  CARRIED_SERVICE=$(cat "$ROOT$CONFIG_DIR/carried-over.service" 2> /dev/null || true)
}

# Puts the changed copies in the place of their files, which are kept as they were.
put_staged() {
  local path=$1 file
  # Drop-ins are named below the root, environment files as the unit names them.
  file=$ROOT${path#"$ROOT"}
  act cp -p "$file" "$KEPT_DIR/$(tr / - <<< "${file#"$ROOT"/}")"
  act cp --preserve=mode,ownership "$file" "$file.new"
  act cp --no-preserve=mode,ownership "${STAGED[$path]}" "$file.new"
  act sync "$file.new"
  act mv "$file.new" "$file"
  say_done "changed: $file (as it was: $KEPT_DIR)"
}

put_environment_files() {
  local path
  for path in "${!STAGED[@]}"; do
    case "$path" in *"/$SERVICE.d/"*.conf) ;; *) put_staged "$path" ;; esac
  done
}

# What holds the token is root's alone.
put_drop_ins() {
  local path
  for path in "${!STAGED[@]}"; do
    case "$path" in *"/$SERVICE.d/"*.conf) put_staged "$path" ;; esac
  done
  for path in "${TOKEN_FILES[@]}"; do
    act chmod 0600 "$path"
    say_done "readable by root alone, as it holds the token: $path"
  done
}
