// Stand-ins for systemd's programs, for the scripts' own decisions; that systemd itself reads units as the scripts expect is
// seen in the lab. They know one word or quoted word a line, no continuation and no specifier but %%.

/** Starts what `current` points to; tells of units what stands in their files. Its own files are beside the root. */
export const FAKE_SYSTEMCTL = `#!/bin/bash
unit_files() {
  if [ "$1" = execution.service ]; then
    echo "$FAKE_ROOT/etc/systemd/system/$1" "$FAKE_ROOT/etc/systemd/system/$1.d"/*.conf
  else
    echo "$FAKE_ROOT/run/systemd/system/$1" "$FAKE_ROOT/run/systemd/system/$1.d"/*.conf
  fi
}
case "$*" in
  "is-active "*) cat "$FAKE_ROOT.active" ;;
  *"-p FragmentPath --value") [ ! -e "$FAKE_ROOT/etc/systemd/system/execution.service" ] || echo /etc/systemd/system/execution.service ;;
  *"-p UnitPath --value") echo /etc/systemd/system /run/systemd/system ;;
  *"-p NeedDaemonReload --value") cat "$FAKE_ROOT.need-reload" 2> /dev/null || echo no ;;
  *"-p StatusText --value") cat "$FAKE_ROOT.status-text" ;;
  *"-p ExecMainStatus --value") cat "$FAKE_ROOT.main-status" ;;
  *"-p MainPID --value") cat "$FAKE_ROOT.main-pid" 2> /dev/null || echo 0 ;;
  "show execution@"*)
    for file in $(unit_files "$2"); do [ -e "$file" ] && cat "$file" && echo; done | awk -F = '
      /^EnvironmentFile=$/ { files = ""; next }
      /^EnvironmentFile=-/ { files = files "EnvironmentFiles=" substr($0, 18) " (ignore_errors=yes)\\n"; next }
      /^EnvironmentFile=/ { files = files "EnvironmentFiles=" substr($0, 17) " (ignore_errors=no)\\n"; next }
      /^ExecStart=$/ { start = ""; next }
      /^ExecStart=/ {
        split(substr($0, 11), word, " ")
        start = start "ExecStart={ path=" word[1] " ; argv[]=" substr($0, 11) " ; ignore_errors=no }\\n"
        next
      }
      /^(ExecStartPre|OnFailure|After|User|Nice)=/ { value[$1] = $2 }
      END { printf "%s%s", files, start; for (name in value) print name "=" value[name] }
    '
    ;;
  "restart "*)
    echo "$*" >> "$FAKE_ROOT.controls"
    "$FAKE_ROOT/opt/avwap-execution/current/avwap-execution" run
    status=$?
    echo "$status" > "$FAKE_ROOT.main-status"
    rm -f "$FAKE_ROOT.main-pid"
    if [ "$status" = 0 ]; then
      mkdir -p "$FAKE_ROOT.proc/999999999"
      ln -sfn "$(readlink -f "$FAKE_ROOT/opt/avwap-execution/current")/avwap-execution" "$FAKE_ROOT.proc/999999999/exe"
      echo 999999999 > "$FAKE_ROOT.main-pid"
    fi
    if [ "$status" = 0 ]; then echo active; else echo activating; fi > "$FAKE_ROOT.active"
    exit "$status"
    ;;
  *) echo "$*" >> "$FAKE_ROOT.controls" ;;
esac
`;

/** Runs a stand-in unit with the environment that its files make. */
export const FAKE_SYSTEMD_RUN = `#!/bin/bash
for word in "$@"; do case "$word" in --unit=*) unit=\${word#--unit=} ;; esac; done
dir=$FAKE_ROOT/run/systemd/system/$unit.d
[ ! -e "$FAKE_ROOT.cannot-run" ] || exit 1
declare -A own=() from_files=() all=()
files=() unset=() start=
export LC_ALL=C
set_words() {
  local word
  eval "set -- $(sed 's/%%/%/g; s/[$\`]/\\\\&/g' <<< "$1")"
  for word in "$@"; do own[\${word%%=*}]=\${word#*=}; done
}
wide=$FAKE_ROOT/etc/systemd/system/service.d
for name in $({ ls "$dir"; ls "$wide"; } 2> /dev/null | grep '[.]conf$' | sort -u); do
  file=$dir/$name
  [ -e "$file" ] || file=$wide/$name
  while IFS= read -r line || [ -n "$line" ]; do
    case "$line" in
      Environment=) own=() ;;
      Environment=*) set_words "\${line#Environment=}" ;;
      EnvironmentFile=) files=() ;;
      EnvironmentFile=*) files+=("\${line#EnvironmentFile=}") ;;
      UnsetEnvironment=) unset=() ;;
      UnsetEnvironment=*) unset+=(\${line#UnsetEnvironment=}) ;;
      ExecStart=) start= ;;
      ExecStart=*) start=\${line#ExecStart=} ;;
    esac
  done < "$file"
done
for file in "\${files[@]}"; do
  path=\${file#-}
  [ ! -e "$FAKE_ROOT$path" ] || path=$FAKE_ROOT$path
  if [ ! -e "$path" ]; then
    [ "\${file#-}" != "$file" ] && continue
    exit 1
  fi
  while IFS= read -r line || [ -n "$line" ]; do
    [[ $line =~ ^[A-Za-z_][A-Za-z_0-9]*= ]] || continue
    value=\${line#*=}
    value=\${value#\\"}
    value=\${value%\\"}
    from_files[\${line%%=*}]=\${value//\\\\\$/\$}
  done < "$path"
done
if [ -e "$FAKE_ROOT.manager" ]; then while IFS= read -r line; do all[\${line%%=*}]=\${line#*=}; done < "$FAKE_ROOT.manager"; fi
for name in "\${!own[@]}"; do all[$name]=\${own[$name]}; done
for name in "\${!from_files[@]}"; do all[$name]=\${from_files[$name]}; done
for name in "\${unset[@]}"; do unset "all[$name]"; done
settings=()
for name in "\${!all[@]}"; do settings+=("$name=\${all[$name]}"); done
eval "set -- $(sed 's/^+//; s/%%/%/g; s/[$][$]/\\\\$/g; s/\`/\\\\\`/g' <<< "$start")"
env -i "\${settings[@]}" "$@"
echo "exited $?" > "$dir/result"
`;

/** Notes what was in place when everything was to be on the disk; of a single file, its path below the root. */
export const FAKE_SYNC = `#!/bin/bash
if [ $# != 0 ]; then
  echo "\${1#"$FAKE_ROOT"}" >> "$FAKE_ROOT.synced-files"
  exit 0
fi
releases=$FAKE_ROOT/opt/avwap-execution/releases
has() { [ -e "$2" ] && printf '%s ' "$1"; }
{
  has new "$(echo "$releases"/*.new/avwap-execution)"
  has new-manifest "$(echo "$releases"/*.new/avwap-execution.manifest.json)"
  has current "$FAKE_ROOT/opt/avwap-execution/current"
  has unit "$FAKE_ROOT/etc/systemd/system/execution.service"
  has dry-run "$FAKE_ROOT/etc/systemd/system/execution.service.d/50-dry-run.conf"
  has command "$FAKE_ROOT/opt/avwap-execution/host/command.sh"
  echo
} >> "$FAKE_ROOT.syncs"
`;

/** Programs by which the scripts change something. */
export const CHANGING = ["chmod", "cp", "install", "ln", "mv", "rm", "sync", "systemctl", "touch"];

/**
 * One of them: counts what it is asked to change, and ends the scripts, or itself, before the step that `.cut` names. What
 * is done to stand-ins, below /run, is no step, and nothing outside the part of the host that `.part` names.
 */
export const FAKE_CHANGE = `#!/bin/bash
name=\${0##*/}
case "$name $*" in
  "systemctl restart "* | "systemctl daemon-reload"* | "systemctl enable "* | "systemctl disable "*) ;;
  "systemctl "* | *"$FAKE_ROOT/run/systemd/"*) exec "\${0%/*}/real/$name" "$@" ;;
esac
read -r at how 2> /dev/null < "$FAKE_ROOT.cut"
# What is only written beside its place makes no other half of it.
case "$how $name" in "power cp" | "power install" | "power sync") exec "\${0%/*}/real/$name" "$@" ;; esac
case "$name $*" in systemctl\\ * | *"$(cat "$FAKE_ROOT.part" 2> /dev/null)"*) ;; *) exec "\${0%/*}/real/$name" "$@" ;; esac
step=$((1 + $(cat "$FAKE_ROOT.steps" 2> /dev/null || echo 0)))
echo "$step" > "$FAKE_ROOT.steps"
if [ "$step" = "$at" ]; then
  case "$how" in
    power) kill -KILL 0 ;;
    # By turns ^C and the end of the connection.
    terminal) if [ $((step % 2)) = 0 ]; then kill -INT 0; else kill -HUP 0; fi ;;
    full) exit 1 ;;
  esac
fi
exec "\${0%/*}/real/$name" "$@"
`;
