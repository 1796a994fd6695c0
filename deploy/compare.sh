# shellcheck shell=bash
# shellcheck disable=SC2034,SC2153,SC2154 # Sourced: what is unused or unset here is another file's.
# What install.sh compares: the environment and the properties of the service as it is, and as it would be. Not run by
# itself; sources.sh is sourced before, and migrate.sh, which asks, after. Messages name variables and files, never values.

property_of() { sed -n "s/^$2=//p" <<< "$1" | head -n 1; }

is_on() {
  case "${1,,}" in 1 | true | yes | on) return 0 ;; *) return 1 ;; esac
}

has_word() { case " $1 " in *" $2 "*) return 0 ;; *) return 1 ;; esac; }

# Whether both environments are the same but for some names: is_same_but ARRAY ARRAY NAMES
is_same_but() {
  local -n one=$1 other=$2
  local name
  for name in "${!one[@]}" "${!other[@]}"; do
    has_word "$3" "$name" && continue
    [ "${one[$name]-$'\n'}" = "${other[$name]-$'\n'}" ] || return 1
  done
}

# Whether an environment holds one of some names: holds_any ARRAY NAMES
holds_any() {
  local -n held=$1
  local name
  for name in $2; do
    if [ -n "${held[$name]+set}" ]; then return 0; fi
  done
  return 1
}

# Words of a property that one text of properties has and another has not.
list_new_words() {
  local word have
  have=" $(property_of "$2" "$3") "
  for word in $(property_of "$1" "$3"); do
    case "$word" in system-execution.slice | *.mount) continue ;; esac
    case "$have" in *" $word "*) ;; *) printf '%s ' "$word" ;; esac
  done
}

# The name of a file that is told to the operator: a staged copy stands for its path.
real_path() {
  local path
  for path in "${!STAGED[@]}"; do
    if [ "${STAGED[$path]}" = "$1" ]; then
      printf '%s' "$path"
      return 0
    fi
  done
  case "$1" in
    "$STAGE/unit") printf '%s' "$UNIT" ;;
    "$STAGE/environment") printf '%s' "$CONFIG_DIR/environment" ;;
    "$STAGE"/*) printf '%s' "$DROP_INS/${1##*/}" ;;
    *) printf '%s' "$1" ;;
  esac
}

# The first start is in DRY_RUN, whatever else any file says: systemd is asked, not the files.
refuse_live() {
  local holder
  if is_on "${AFTER[DRY_RUN]-}"; then
    say "systemd says: the first start is in DRY_RUN"
    return 0
  fi
  read_sources "${STAGED_FILES[@]}" -- "${AFTER_ENVIRONMENT_FILES[@]}" || true
  holder=$(find_holder DRY_RUN "${AFTER[DRY_RUN]-}")
  if [ -z "${AFTER[DRY_RUN]+set}" ]; then
    fail "DRY_RUN would not be on at the first start: a file takes it out of the environment (UnsetEnvironment=): systemctl cat $SERVICE"
  fi
  fail "$(real_path "$holder") turns DRY_RUN off: take it out, install, and set it again when LIVE is due (a running installation is renewed with upgrade.sh)"
}

# What would be another value than before is refused, by name; what was taken out on purpose is named.
compare_environment() {
  local name different='' unset
  unset=$(unset_variables)
  while IFS= read -r name; do
    [ "${BEFORE[$name]-$'\n'}" != "${AFTER[$name]-$'\n'}" ] || continue
    case "$name" in
      DRY_RUN) continue ;;
      LIVE_TRADING | LIVE_CONFIRM_TOKEN)
        # No harm before DRY_RUN is taken away; but then.
        say "not as before: $name (another drop-in sets it too: avwap-execution check)"
        continue
        ;;
      AVWAP_BASE_DIR | AVWAP_STATE_DIR)
        if [ -z "${BEFORE[$name]+set}" ]; then
          say "not as before: $name (was the program's default, will be ${AFTER[$name]})"
          continue
        fi
        ;;
      ALPACA_PAPER) [ -n "${BEFORE[$name]+set}" ] || [ "${AFTER[$name]}" != 1 ] || continue ;;
    esac
    if has_word "$unset" "$name"; then
      say "taken out of the environment (it reaches past the sandbox): $name"
    else
      different+=" $name"
    fi
  done < <(printf '%s\n' "${!BEFORE[@]}" "${!AFTER[@]}" | sed '/^$/d' | sort -u)
  [ -z "$different" ] || fail "the service would have other values than now in:$different; nothing was changed"
  case "${AFTER[AVWAP_STATE_DIR]}" in
    "$STATE_DIR" | "$STATE_DIR"/*) ;;
    *) fail "AVWAP_STATE_DIR of the service is not below $STATE_DIR, for which the binary was built: build it with --state-dir" ;;
  esac
}

# What the old unit and the drop-ins set, and will not be so any more; each property by its name.
compare_properties() {
  local before after empty name value words
  before=$(show_properties "${BEFORE_FILES[@]}")
  after=$(show_properties "${STAGED_FILES[@]}")
  empty=$(show_properties)
  STATE_OWNER=$(property_of "$after" User)
  while IFS='=' read -r name value; do
    case "$name" in
      Id | Names | Description | LoadError | LoadState | Slice | *Timestamp* | Environment | EnvironmentFiles | ExecStart | ExecStartEx | DropInPaths) continue ;;
      *Ex | SetCredential* | CollectMode | FragmentPath | RequiresMountsFor | ControlGroup | UnsetEnvironment) continue ;;
    esac
    [ "$value" != "$(property_of "$empty" "$name")" ] || continue
    [ "$value" != "$(property_of "$after" "$name")" ] || continue
    case "$name" in
      Exec*) words="$(sed -E 's/^\{ path=([^ ;]*).*/\1/' <<< "$value") is not run any more" ;;
      After | Before | Wants | Requires | Requisite | BindsTo | PartOf | Conflicts | OnFailure | OnSuccess)
        words=$(list_new_words "$before" "$after" "$name")
        [ -n "$words" ] || continue
        ;;
      User | Group | SupplementaryGroups | WorkingDirectory | Restart | Type | PassEnvironment)
        words="was $value, will be $(property_of "$after" "$name")"
        ;;
      *) words="see $KEPT_DIR/$SERVICE" ;;
    esac
    say "not as before: $name ($words)"
  done <<< "$before"
  value=$(property_of "$after" ExecStart)
  case "$value" in
    "{ path=$PREFIX/current/$NAME ; argv[]=$PREFIX/current/$NAME run"*) ;;
    *) fail "a drop-in has an ExecStart of its own: make it $PREFIX/current/$NAME run, or take it out: systemctl cat $SERVICE" ;;
  esac
  if [ "$(grep -c '^ExecStart=' <<< "$after")" != 1 ]; then
    fail "a drop-in has an ExecStart of its own beside the unit's: take it out: systemctl cat $SERVICE"
  fi
}

say_loose_files() {
  local path
  for path in "$@"; do
    path=$ROOT${path#-}
    if [ -f "$path" ] && [ $((0$(stat -c %a "$path") & 044)) != 0 ]; then
      say "WARNING: $path can be read by others than its owner: chmod 0600 $path, where it holds keys"
    fi
  done
}
