# shellcheck shell=bash
# shellcheck disable=SC2016,SC2034,SC2154 # Sourced, and full of texts for other readers than this shell.
# Steps of the lab: an operator who mistypes, is in a hurry or out of luck, and a host that is not as it should be.

HOST=/opt/avwap-execution/host

run_hostile() {
  boot
  install_first
  try_mistyped
  try_half_written
  try_no_state
  try_foreign_state
  inside systemctl start execution.service
  until_true 10 "the service is up" "systemctl is-active execution.service"
  try_mistyped_scripts
  try_at_once
  try_interrupted
  try_power_cut
  try_rollback_cut
  try_disk_full
  try_two_services
  try_wrong_clock
}

# What must not change whatever is mistyped.
installed() { sh_inside "find /etc /opt /usr/local $STATE -path '*/events-*' -prune -o -type f -exec sha256sum {} + | sort"; }

# How a command ended, and a line of what it said: ended STATUS EXPECTED LOG TEXT WHAT
ended() {
  if [ "$1" != "$2" ] || ! grep -q -- "$4" "$WORK/$3"; then
    cat "$WORK/$3"
    fail "$5 ($1)"
  fi
}

# Each command and each of its options, one letter short or wrong.
try_mistyped() {
  local line word status count=0
  inside avwap-execution help | sed -n 's/^  \([a-z]\{3,\}\( [a-z]*\)\{0,1\}\)  .*/\1/p' > "$WORK/commands"
  [ "$(wc -l < "$WORK/commands")" -gt 12 ] || { cat "$WORK/commands"; fail "help lists the commands"; }
  installed > "$WORK/before"
  while read -r line; do
    for word in "${line%?}" "${line}x" "$line --nosuch" "$line nosuch nosuch"; do
      status=0
      # shellcheck disable=SC2086 # Words.
      inside avwap-execution $word > "$WORK/typed.log" 2>&1 < /dev/null || status=$?
      [ "$status" = 64 ] || { cat "$WORK/typed.log"; fail "avwap-execution $word is usage ($status)"; }
      count=$((count + 1))
    done
  done < "$WORK/commands"
  status=0
  inside avwap-execution > "$WORK/typed.log" 2>&1 || status=$?
  ended "$status" 64 typed.log 'systemctl start execution.service' "no word is no engine"
  installed > "$WORK/after"
  diff "$WORK/before" "$WORK/after" || fail "what is mistyped changes nothing"
  is_state inactive || fail "and starts nothing"
  seen "$count mistyped commands and options, and none at all, are refused with 64 and change nothing"
}

# Drop-ins as an editor leaves them that was ended in the middle.
try_half_written() {
  local status
  write_inside "$DROP_INS/71-none.conf" ''
  write_inside "$DROP_INS/72-head.conf" '[Servi'
  write_inside "$DROP_INS/73-bare.conf" 'Environment=DRY_RUN=0 MAX_LIVE_POSITIONS=9'
  write_inside "$DROP_INS/74-quote.conf" '[Service]
Environment="MAX_LIVE_POSITIONS=8'
  sh_inside "printf '[Service]\nEnvironment=MAX_LIVE_ORDERS_PER_DAY=3 \\\\' > $DROP_INS/75-goes-on.conf"
  sh_inside "head -c 400 /dev/urandom > $DROP_INS/76-noise.conf"
  inside mkdir "$DROP_INS/77-dir.conf"
  inside ln -s /nowhere "$DROP_INS/78-broken.conf"
  write_inside "$DROP_INS/79-swapped.conf.swp" '[Service]
Environment=DRY_RUN=0'
  inside systemctl daemon-reload
  mark
  inside systemctl start execution.service || fail "systemd starts it with them"
  compare_with_service "half-written drop-ins"
  inside avwap-execution check > "$WORK/check.log" 2>&1 || true
  for status in 72-head 73-bare 74-quote; do
    grep -q "^WARN unit: systemd ignores $DROP_INS/$status.conf line [0-9]*, or a part of it: " "$WORK/check.log" || { cat "$WORK/check.log"; fail "check names $status"; }
  done
  grep -q 'DRY_RUN enabled\|run would start DRY_RUN' "$WORK/check.log" || { cat "$WORK/check.log"; fail "and it is in DRY_RUN"; }
  inside avwap-execution kill > "$WORK/kill.log" || { cat "$WORK/kill.log"; fail "kill works among them"; }
  inside avwap-execution resume > /dev/null
  inside systemctl stop execution.service
  sh_inside "rm -rf $DROP_INS/7*"
  inside systemctl daemon-reload
  seen "half-written drop-ins: commands have what the service has, kill works, and check names what systemd ignores"
}

# Gone with a disk that was not mounted, or by hand.
try_no_state() {
  local status=0
  inside mv "$STATE" /root/state-away
  inside avwap-execution check > "$WORK/check.log" 2>&1 || status=$?
  ended "$status" 70 check.log "$STATE is missing; remedy: " "without a state directory nothing can be run as the service"
  inside bash -c "$(sed -n 's/.*; remedy: //p' "$WORK/check.log")" || fail "the remedy can be pasted"
  status=0
  inside avwap-execution token > "$WORK/token.log" 2>&1 || status=$?
  ended "$status" 0 token.log LIVE_CONFIRM_TOKEN "and then it can"
  sh_inside "rm -rf $STATE && mv /root/state-away $STATE"
  seen "a state directory that is gone: it is said, with a line that makes it again"
}

# A state directory of somebody else's; the service is root, but without root's powers.
try_foreign_state() {
  local status=0
  inside useradd --system other
  inside chown -R other "$STATE"
  inside chmod 0700 "$STATE"
  inside avwap-execution check > "$WORK/check.log" 2>&1 || status=$?
  ended "$status" 78 check.log '^FAIL state' "check FAILs for another user's state directory"
  if inside systemctl start execution.service 2> /dev/null; then fail "the service can't start with it"; fi
  inside systemctl stop execution.service
  status=0
  inside avwap-execution kill > "$WORK/kill.log" 2>&1 || status=$?
  inside test -e "$STATE/KILL_SWITCH" || { cat "$WORK/kill.log"; fail "kill makes its file all the same"; }
  inside rm "$STATE/KILL_SWITCH"
  inside chown -R root "$STATE"
  seen "another user's state directory FAILs in check as in the service, and kill makes its file all the same"
}

try_mistyped_scripts() {
  local words status
  installed > "$WORK/before"
  for words in 'upgrade.sh --nwo /root/incoming/second/avwap-execution' 'upgrade.sh' 'upgrade.sh /root/incoming/second/avwap-execution --root' \
    'upgrade.sh --root / /root/incoming/second/avwap-execution' 'upgrade.sh --now a b' 'rollback.sh --accept-loss-of relaese' \
    'rollback.sh --accept-loss-of' 'rollback.sh a b' 'uninstall.sh --dryrun' 'uninstall.sh all' 'install.sh --dryrun x' 'install.sh --root'; do
    status=0
    # shellcheck disable=SC2086 # Words.
    inside /root/incoming/${words} > "$WORK/typed.log" 2>&1 || status=$?
    [ "$status" = 64 ] || { cat "$WORK/typed.log"; fail "$words is usage ($status)"; }
    grep -q '^Usage: ' "$WORK/typed.log" || { cat "$WORK/typed.log"; fail "$words says how"; }
  done
  installed > "$WORK/after"
  diff "$WORK/before" "$WORK/after" || fail "a mistyped script changes nothing"
  is_state active || fail "the service runs on"
  seen "mistyped scripts are refused with 64 and their usage, and change nothing"
}

# Begins a script in a group of its own, with a systemctl that waits where it is told to: slow_script WORDS
slow_script() {
  write_inside /root/slow/systemctl "#!/bin/sh
case \"\$1\" in restart) touch /root/slow/reached; while [ ! -e /root/slow/go ]; do sleep 0.1; done ;; esac
exec /usr/bin/systemctl \"\$@\""
  inside chmod 0755 /root/slow/systemctl
  inside rm -f /root/slow/reached /root/slow/go /root/slow/pid
  sh_inside "PATH=/root/slow:\$PATH setsid env --default-signal=INT bash -c 'echo \$\$ > /root/slow/pid; exec $1' > /root/slow/log 2>&1" &
  SLOW=$!
  until_true 40 "it comes to the restart" "test -e /root/slow/reached"
}

try_at_once() {
  local status=0 before script
  before=$(current)
  slow_script '/root/incoming/upgrade.sh --now /root/incoming/second/avwap-execution'
  for script in 'upgrade.sh --now /root/incoming/first/avwap-execution' 'rollback.sh' 'uninstall.sh' 'install.sh /root/incoming/first/avwap-execution'; do
    status=0
    # shellcheck disable=SC2086 # Words.
    inside /root/incoming/$script > "$WORK/twice.log" 2>&1 || status=$?
    ended "$status" 1 twice.log 'wait for its end' "$script refuses beside an upgrade"
  done
  inside avwap-execution kill > "$WORK/kill.log" || { cat "$WORK/kill.log"; fail "kill works beside an upgrade"; }
  inside avwap-execution resume > /dev/null
  inside touch /root/slow/go
  wait "$SLOW" || { inside cat /root/slow/log; fail "the upgrade ends well"; }
  [ "$(current)" != "$before" ] || fail "the upgrade upgraded"
  is_state active || fail "the service is up"
  inside "$HOST/rollback.sh" > "$WORK/rollback.log" 2>&1 || { cat "$WORK/rollback.log"; fail "rollback.sh"; }
  seen "two scripts at once: the second one says so and changes nothing; kill works beside an upgrade"
}

# ^C, and a connection that ends, once it switches.
try_interrupted() {
  local before
  before=$(current)
  slow_script '/root/incoming/upgrade.sh --now /root/incoming/second/avwap-execution'
  sh_inside 'kill -INT -- -$(cat /root/slow/pid); kill -HUP -- -$(cat /root/slow/pid); sleep 0.5; touch /root/slow/go'
  wait "$SLOW" || { inside cat /root/slow/log; fail "an upgrade that switches goes on at ^C"; }
  [ "$(current)" != "$before" ] || fail "it has upgraded"
  is_state active || fail "the service is up"
  sh_inside 'grep -q "at ^C too" /root/slow/log' || fail "it says so"
  inside "$HOST/rollback.sh" > "$WORK/rollback.log" 2>&1 || { cat "$WORK/rollback.log"; fail "rollback.sh"; }
  # Before it switches, it ends and leaves nothing of a release that it brought.
  inside rm -rf "/opt/avwap-execution/releases/$(release_of second)"
  sh_inside 'setsid env --default-signal=INT bash -c "echo \$\$ > /root/slow/pid; exec /root/incoming/upgrade.sh /root/incoming/second/avwap-execution" > /root/slow/log 2>&1' &
  SLOW=$!
  until_true 20 "its check runs" "pgrep -f 'releases/.*/avwap-execution check'"
  sh_inside 'kill -INT -- -$(cat /root/slow/pid)'
  wait "$SLOW" && fail "^C ends it before"
  [ "$(current)" = "$before" ] || fail "nothing is switched"
  if inside test -e "/opt/avwap-execution/releases/$(release_of second)"; then inside cat /root/slow/log; fail "the release does not stay"; fi
  until_true 10 "no stand-in is left" "! ls -d /run/systemd/system/execution@* 2> /dev/null"
  seen "^C and a lost connection: before the switch nothing stays, after it the upgrade goes on to its end"
}

# The script is killed between the link and the restart.
try_power_cut() {
  local pid
  pid=$(property MainPID)
  slow_script '/root/incoming/upgrade.sh --now /root/incoming/second/avwap-execution'
  sh_inside 'kill -KILL -- -$(cat /root/slow/pid)'
  wait "$SLOW" && fail "it is ended"
  [ "$(current):$(property MainPID)" = "releases/$(release_of second):$pid" ] || fail "the link is switched, the service not"
  if inside "$HOST/rollback.sh" > "$WORK/rollback.log" 2>&1; then fail "rollback.sh asks which one is meant"; fi
  grep -q "a switch was cut short: $(release_of second) is current, the service still runs $(release_of first)" "$WORK/rollback.log" ||
    { cat "$WORK/rollback.log"; fail "and says how it stands"; }
  inside /root/incoming/upgrade.sh --now /root/incoming/second/avwap-execution > "$WORK/upgrade.log" 2>&1 || { cat "$WORK/upgrade.log"; fail "upgrade.sh goes on"; }
  grep -q 'was cut short, and the service still runs' "$WORK/upgrade.log" || { cat "$WORK/upgrade.log"; fail "and says so"; }
  [ "$(property MainPID)" != "$pid" ] || fail "the service runs on the new release"
  is_state active || fail "the service is up"
  inside test ! -e /run/systemd/system/execution@command || fail "nothing is left"
  seen "an upgrade that was cut before its restart is seen, and goes on when run again"
}

try_rollback_cut() {
  local first second
  first=$(release_of first)
  second=$(release_of second)
  slow_script "$HOST/rollback.sh"
  sh_inside 'kill -KILL -- -$(cat /root/slow/pid)'
  wait "$SLOW" && fail "it is ended"
  [ "$(current)" = "releases/$first" ] || fail "the link is switched"
  inside "$HOST/rollback.sh" "$first" > "$WORK/rollback.log" 2>&1 || { cat "$WORK/rollback.log"; fail "rollback.sh goes on to the one that is named"; }
  grep -q "rolled back: $second -> $first" "$WORK/rollback.log" || { cat "$WORK/rollback.log"; fail "and says from where"; }
  is_state active || fail "the service is up"
  seen "a rollback that was cut before its restart goes on to the release that is named, and never forward by itself"
}

try_disk_full() {
  local before
  before=$(current)
  inside rm -rf "/opt/avwap-execution/releases/$(release_of second)"
  sh_inside 'dd if=/dev/zero of=/filler bs=1M 2> /dev/null; dd if=/dev/zero of=/filler2 bs=4k 2> /dev/null; true'
  if inside /root/incoming/upgrade.sh --now /root/incoming/second/avwap-execution > "$WORK/full.log" 2>&1; then fail "there is no room for a release"; fi
  grep -q 'No space left' "$WORK/full.log" || { cat "$WORK/full.log"; fail "upgrade.sh says why"; }
  [ "$(current)" = "$before" ] || fail "nothing is switched"
  is_state active || fail "the service runs on"
  if sh_inside 'ls -d /opt/avwap-execution/releases/*.new /opt/avwap-execution/*.new 2> /dev/null'; then fail "nothing half-made is left"; fi
  # The engine's own word that it saw the switch may find no room in the trail: then kill says so, and never that all is well.
  inside avwap-execution kill > "$WORK/kill.log" 2>&1 || grep -q '^NOT SEEN' "$WORK/kill.log" || { cat "$WORK/kill.log"; fail "kill works on a full disk"; }
  inside test -e "$STATE/KILL_SWITCH" || { cat "$WORK/kill.log"; fail "kill makes the switch on a full disk"; }
  inside rm -f /filler /filler2
  inside avwap-execution resume > /dev/null
  inside /root/incoming/upgrade.sh --now /root/incoming/second/avwap-execution > "$WORK/upgrade.log" 2>&1 || { cat "$WORK/upgrade.log"; fail "with room it upgrades"; }
  seen "a full disk: no upgrade, nothing half-made, the service runs on, kill works; with room it upgrades"
}

# Somebody copied the unit.
try_two_services() {
  local status=0
  write_inside /etc/systemd/system/second.service "$(inside cat /etc/systemd/system/execution.service)"
  sh_inside "sed -i 's|^RuntimeDirectory=.*|RuntimeDirectory=second|' /etc/systemd/system/second.service"
  inside mkdir -p /etc/systemd/system/second.service.d
  write_inside /etc/systemd/system/second.service.d/50-dry-run.conf '[Service]
Environment=DRY_RUN=1
RestartSec=3'
  inside systemctl daemon-reload
  inside systemctl start --no-block second.service
  until_true 15 "the second one finds the directory held" "systemctl show second.service -p ExecMainStatus --value | grep -qx 75"
  is_state active || fail "the first runs on"
  inside systemctl stop second.service
  inside install -d -m 0700 "$STATE/money"
  write_inside /etc/systemd/system/second.service.d/60-dir.conf "[Service]
Environment=AVWAP_STATE_DIR=$STATE/money"
  inside systemctl daemon-reload
  inside systemctl start --no-block second.service
  until_true 15 "with a directory of its own it runs" "systemctl show second.service -p ExecMainStatus --value | grep -qx 0 && [ \$(systemctl show second.service -p MainPID --value) != 0 ]"
  until_true 15 "status names it" "avwap-execution status | grep -qF '$STATE/money'"
  # 1: one of them has another directory than the command.
  inside avwap-execution kill > "$WORK/kill.log" || status=$?
  ended "$status" 1 kill.log "which runs in $STATE/money, saw it" "kill beside a second service says who saw it"
  inside avwap-execution resume > /dev/null
  inside systemctl stop second.service
  sh_inside "rm -rf /etc/systemd/system/second.service* $STATE/money"
  inside systemctl daemon-reload
  seen "two services: one directory has one engine (75); with two, status names the other, and kill reaches both"
}

# The host's clock is ten minutes behind the broker's.
try_wrong_clock() {
  local status=0
  start_market 10
  write_live "$STATE"
  inside avwap-execution check > "$WORK/check.log" 2>&1 || status=$?
  grep -qE '^(FAIL|WARN) (system )?clock' "$WORK/check.log" || { cat "$WORK/check.log"; fail "check names the clock ($status)"; }
  mark
  inside systemctl restart execution.service
  until_line 30 "Gate FAIL NVDA: system clock"
  [ "$(count_buys)" = 0 ] || fail "no entry leaves by a wrong clock"
  seen "a wrong clock: check names it, and no entry leaves"
}
