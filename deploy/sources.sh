# shellcheck shell=bash
# shellcheck disable=SC2034,SC2153,SC2154 # Sourced: what is unused or unset here is another file's.
# Which file sets which variable of execution.service: each is given to systemd alone. Not run by itself; as_service.sh is
# sourced before. Values stay in memory and are printed nowhere.

# Paths in the order in which they count, the last most; and "INDEX VARIABLE" to value.
SOURCES=()
declare -A SOURCE_VALUES=()

# Paths of the environment files that systemd finds in unit files, in order; '-' before those that may be missing.
list_environment_files() {
  local line
  show_properties "$@" | while IFS= read -r line; do
    case "$line" in
      EnvironmentFiles=*' (ignore_errors=yes)') line=-${line#*=} ;;
      EnvironmentFiles=*' (ignore_errors=no)') line=${line#*=} ;;
      *) continue ;;
    esac
    printf '%s\n' "${line% (ignore_errors=*}"
  done
}

# What one unit file sets by itself, without the files that it names: probe_own ARRAY FILE
probe_own() {
  local IS_ALONE=1 STAND_IN_LINES=$'EnvironmentFile=\nPassEnvironment=\nUnsetEnvironment='
  probe_environment "$1" "$2"
}

# What one environment file sets: probe_file ARRAY FILE
probe_file() {
  local IS_ALONE=1 STAND_IN_LINES
  STAND_IN_LINES=$(environment_file_line "-${2#-}")
  probe_environment "$1"
}

environment_file_line() { printf 'EnvironmentFile=%s' "${1//%/%%}"; }

add_source() {
  local name
  local -n values=$2
  for name in "${!values[@]}"; do SOURCE_VALUES["${#SOURCES[@]} $name"]=${values[$name]}; done
  SOURCES+=("$1")
}

# Fills SOURCES from unit files, the unit first, and the environment files: read_sources UNIT_FILE... -- ENVIRONMENT_FILE...
read_sources() {
  local -A own=()
  SOURCES=()
  SOURCE_VALUES=()
  while [ "$1" != -- ]; do
    # Others can set nothing, and each question costs a while.
    if grep -q Environment "$1"; then
      probe_own own "$1" || return 1
      add_source "$1" own
    fi
    shift
  done
  shift
  while [ $# -gt 0 ]; do
    probe_file own "$1" || return 1
    add_source "${1#-}" own
    shift
  done
}

# The last source that gives a variable the value that holds; empty where none does.
find_holder() {
  local index
  for ((index = ${#SOURCES[@]} - 1; index >= 0; index--)); do
    if [ "${SOURCE_VALUES["$index $1"]-$'\n'none}" = "$2" ]; then
      printf '%s' "${SOURCES[index]}"
      return 0
    fi
  done
}

# The drop-ins in the order in which they count, with those that hold for every service and are not hidden.
list_all_drop_ins() {
  local file other
  {
    for file in "${WIDE_FILES[@]}"; do
      for other in "${DROP_IN_FILES[@]}"; do
        [ "${other##*/}" != "${file##*/}" ] || continue 2
      done
      printf '%s\t%s\n' "${file##*/}" "$file"
    done
    for file in "${DROP_IN_FILES[@]}"; do printf '%s\t%s\n' "${file##*/}" "$file"; done
  } | LC_ALL=C sort -t $'\t' -k 1,1 | cut -f 2
}

# Fills SOURCES from all files of the service; read_unit_files is called before.
read_all_sources() {
  local -a files=() drop_ins=()
  mapfile -t drop_ins < <(list_all_drop_ins)
  mapfile -t files < <(list_environment_files "$ROOT$FRAGMENT" "${DROP_IN_FILES[@]}")
  read_sources "$ROOT$FRAGMENT" "${drop_ins[@]}" -- "${files[@]}"
}

# What an earlier release, or a hand, left where every user of the host can read it.
say_exposed() {
  local file name
  local -A whole=()
  for file in "${DROP_IN_FILES[@]}"; do
    grep -q Environment "$file" || continue
    probe_own whole "$file" || fail "systemd can't read $file: journalctl -n 20 --no-pager"
    for name in $SECRETS; do
      [ -n "${whole[$name]+set}" ] || continue
      say "WARNING: $file sets $name in Environment=, which every user of this host can read: move it to $CONFIG_DIR/environment"
    done
  done
}

# Names each variable that two sources set to two values, which one holds, and how to get to them; and each that is set and
# taken out again. Those that install.sh's
# own unit sets are defaults, made to be overruled.
say_twice_set() {
  local -A effective=() paths=() differing=() first=()
  local index name holder
  read_unit_files
  [ -n "$FRAGMENT" ] || return 0
  read_all_sources && probe_environment effective "$ROOT$FRAGMENT" "${DROP_IN_FILES[@]}" || return 1
  for ((index = 0; index < ${#SOURCES[@]}; index++)); do
    for name in "${!SOURCE_VALUES[@]}"; do
      [ "${name%% *}" = "$index" ] || continue
      name=${name#* }
      case "$index:$name" in 0:AVWAP_BASE_DIR | 0:AVWAP_STATE_DIR) continue ;; esac
      if [ -z "${paths[$name]-}" ]; then
        first[$name]=${SOURCE_VALUES["$index $name"]}
      elif [ "${first[$name]}" != "${SOURCE_VALUES["$index $name"]}" ]; then
        differing[$name]=1
      fi
      paths[$name]+=${paths[$name]:+, }${SOURCES[index]}
    done
  done
  for name in "${!paths[@]}"; do
    if [ -n "${effective[$name]+set}" ] || [ -n "${differing[$name]-}" ]; then continue; fi
    printf 'WARN environment: %s is set (%s) and taken out again by an UnsetEnvironment=: none holds; remedy: %s %s\n' \
      "$name" "${paths[$name]}" "$PREFIX/host/edit.sh" "$name"
  done | sort
  for name in "${!differing[@]}"; do
    holder=none
    if [ -n "${effective[$name]+set}" ]; then holder=$(find_holder "$name" "${effective[$name]}"); fi
    printf 'WARN environment: %s is set twice with two values (%s): %s holds; remedy: %s %s\n' \
      "$name" "${paths[$name]}" "$holder" "$PREFIX/host/edit.sh" "$name"
  done | sort
}
