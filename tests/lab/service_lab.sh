#!/usr/bin/env bash
# The service under a real systemd, from installation to rollback, with the compiled binary and the simulated broker.
# Usage: service_lab.sh LAB, or AVWAP_SYSTEMD_LAB=LAB service_lab.sh
#   LAB is a program that boots systemd in namespaces and knows: up, down, pid, put FILE PATH, exec COMMAND...
# Needs root, and deno on the PATH (or DENO=). Prints one line a step; exit status 0 only where every one was seen.
set -euo pipefail
cd "$(dirname "$(readlink -f "$0")")/../.."

LAB_PROGRAM=${1:-${AVWAP_SYSTEMD_LAB:-}}
DENO=${DENO:-deno}
if [ ! -x "$LAB_PROGRAM" ]; then
  printf 'service_lab.sh: name the lab: service_lab.sh LAB, or set AVWAP_SYSTEMD_LAB\n' >&2
  exit 64
fi
PORT=18443
WORK=$(mktemp -d)
MARKET_PID=
SEEN=0
BASE=/root/avwap_r3k_scanner
STATE=$BASE/state
DROP_INS=/etc/systemd/system/execution.service.d

lab() { "$LAB_PROGRAM" "$@"; }
inside() { lab exec "$@"; }
sh_inside() { inside bash -c "$1"; }

clean_up() {
  local status=$?
  trap - EXIT
  if [ "$status" != 0 ]; then
    printf '\n--- the last of the journal:\n'
    inside journalctl --no-pager -n 60 -o short-precise || true
  fi
  if [ -n "$MARKET_PID" ]; then kill "$MARKET_PID" 2>/dev/null || true; fi
  lab down || true
  rm -rf "$WORK"
  exit "$status"
}
trap clean_up EXIT

seen() {
  SEEN=$((SEEN + 1))
  printf 'seen %2d: %s\n' "$SEEN" "$1"
}

fail() {
  printf 'NOT SEEN: %s\n' "$1" >&2
  exit 1
}

# Waits, at most so many seconds, until a command inside succeeds.
until_true() {
  local seconds=$1 what=$2 command=$3 tick
  for ((tick = 0; tick < seconds * 4; tick++)); do
    if sh_inside "$command" > /dev/null 2>&1; then return 0; fi
    sleep 0.25
  done
  fail "$what (waited $seconds s for: $command)"
}

# A line of the service's journal since the last mark.
mark() { MARKED=$(inside date '+%Y-%m-%d %H:%M:%S.%N' | cut -c 1-26); }
until_line() {
  until_true "$1" "line: $2" "journalctl -u execution.service --no-pager -o cat --since '$MARKED' | grep -qF -- '$2'"
}
no_line() {
  if sh_inside "journalctl -u execution.service --no-pager -o cat --since '$MARKED' | grep -qF -- '$1'"; then
    fail "no line: $1"
  fi
}
is_state() { [ "$(inside systemctl is-active execution.service || true)" = "$1" ]; }
property() { inside systemctl show execution.service -p "$1" --value; }
count_buys() {
  sh_inside "curl -s http://127.0.0.1:$PORT/sim/requests" | grep -oF '\"order_class\":\"bracket\"' | wc -l
}

build() {
  "$DENO" task compile --runtime=npm "--allow-host=127.0.0.1:$PORT" "--output=$WORK/$1/avwap-execution" > "$WORK/build.log" 2>&1 ||
    { cat "$WORK/build.log" >&2; fail "the binary compiles"; }
}

put_release() {
  local file
  for file in avwap-execution avwap-execution.manifest.json; do
    lab put "$WORK/$1/$file" "/root/incoming/$1/$file"
  done
}

# Answers --version as the real one does, and ends at once when it is to run.
build_broken() {
  local version sum
  mkdir -p "$WORK/broken"
  version=$(sed -n 's/^  "version": "\(.*\)",$/\1/p' "$WORK/first/avwap-execution.manifest.json")
  cat > "$WORK/broken/avwap-execution" << EOF
#!/bin/sh
case "\$1" in
  --version) echo "avwap-execution $version (broken)" ;;
  check) exit 0 ;;
  *) echo "I am broken"; exit 70 ;;
esac
EOF
  chmod 0755 "$WORK/broken/avwap-execution"
  sum=$(sha256sum "$WORK/broken/avwap-execution" | cut -d ' ' -f 1)
  sed "s/^  \"sha256\": .*/  \"sha256\": \"$sum\",/" "$WORK/first/avwap-execution.manifest.json" \
    > "$WORK/broken/avwap-execution.manifest.json"
}

write_inside() { printf '%s\n' "$2" > "$WORK/text"; lab put "$WORK/text" "$1"; }

boot() {
  build first
  build second
  build_broken
  lab up > "$WORK/up.log" || { cat "$WORK/up.log" >&2; fail "the lab boots"; }
  nsenter -t "$(lab pid)" --net "$DENO" run --no-prompt --quiet --allow-net=127.0.0.1 tests/lab/market.ts "$PORT" \
    > "$WORK/market.log" 2>&1 &
  MARKET_PID=$!
  local file
  for file in common.sh install.sh upgrade.sh rollback.sh; do lab put "deploy/$file" "/root/incoming/$file"; done
  for file in first second broken; do put_release "$file"; done
  until_true 20 "the simulated broker answers" "curl -s http://127.0.0.1:$PORT/sim/requests"
  seen "systemd $(inside systemctl --version | head -n 1 | cut -d ' ' -f 2) and the simulated broker are up"
}

try_install() {
  inside /root/incoming/install.sh --dry-run /root/incoming/first/avwap-execution > "$WORK/dry.log"
  if inside test -e /opt/avwap-execution; then fail "install.sh --dry-run changes nothing"; fi
  grep -q 'would write: /etc/systemd/system/execution.service ' "$WORK/dry.log" || fail "install.sh --dry-run tells what it would do"
  inside /root/incoming/install.sh /root/incoming/first/avwap-execution > "$WORK/install.log" 2>&1 ||
    { cat "$WORK/install.log"; fail "install.sh installs"; }
  is_state inactive || fail "install.sh starts nothing"
  [ -z "$(inside systemd-analyze verify execution.service 2>&1)" ] || fail "systemd-analyze verify is silent"
  inside systemd-analyze security --no-pager execution.service | tail -n 1
  seen "installed from the first release, nothing started, unit verified"
  write_inside /etc/avwap-execution/environment "APCA_API_KEY_ID=SIMKEYID
APCA_API_SECRET_KEY=sim-secret-key
APCA_API_BASE_URL=http://127.0.0.1:$PORT
APCA_API_DATA_URL=http://127.0.0.1:$PORT
ENTRY_DELAY_MIN_SECONDS=0
ENTRY_DELAY_MAX_SECONDS=0"
  # Only so that the lab does not wait for minutes where the service would.
  write_inside "$DROP_INS/90-lab.conf" "[Service]
RestartSec=3
WatchdogSec=20"
  inside systemctl daemon-reload
}

try_check() {
  local status=0
  inside avwap-execution check > "$WORK/check.log" 2>&1 || status=$?
  [ "$status" = 1 ] || { cat "$WORK/check.log"; fail "check ends with 1 without a watchlist ($status)"; }
  grep -q '^FAIL watchlist' "$WORK/check.log" || fail "check names the watchlist"
  grep -q '^PASS broker ' "$WORK/check.log" || fail "check has the service's credentials"
  seen "the operator's command runs check in the service's environment, and passes its status on"
}

try_watchlist() {
  write_inside "$BASE/daily_candidates.csv" "Symbol,Direction,Price,Entry_Level,Entry_DistPct,Stop_Loss,Target_R1,Target_R2,Anchor
NVDA,Long,127,124.2,-3.4,117.1,131.4,139.6,gap"
  inside touch -d '3 days ago' "$BASE/daily_candidates.csv"
  mark
  if inside systemctl start execution.service 2> /dev/null; then fail "a stale watchlist refuses the start"; fi
  [ "$(property ExecMainStatus)" = 2 ] || fail "a stale watchlist ends with status 2"
  seen "a stale watchlist refuses the start with status 2"
  inside touch "$BASE/daily_candidates.csv"
  until_true 30 "it comes up by itself" "systemctl is-active execution.service"
  until_line 5 "Gate mode=DRY_RUN status=FAIL reason=DRY_RUN enabled"
  seen "with a fresh one it comes up by itself, in DRY_RUN by the drop-in"
  until_line 5 "SUBMITTED NVDA: qty=6 order_id=dry-run"
  [ "$(count_buys)" = 0 ] || fail "DRY_RUN sends no order"
  seen "DRY_RUN simulates the order and sends none"
  until_true 10 "status text" "systemctl status execution.service | grep -q 'Status: \"DRY_RUN: DRY_RUN enabled; market open; next cycle '"
  seen "status text: $(property StatusText)"
}

try_live() {
  local token
  inside rm -f "$STATE/live_orders_today.json"
  inside avwap-execution token > "$WORK/token.log"
  token=$(inside cat "$STATE/live_confirm_token.txt")
  [ "$(inside stat -c %a "$STATE/live_confirm_token.txt")" = 600 ] || fail "the token file has mode 0600"
  write_inside "$DROP_INS/50-dry-run.conf" "[Service]
Environment=DRY_RUN=0"
  write_inside "$DROP_INS/60-live.conf" "[Service]
Environment=LIVE_TRADING=1 LIVE_CONFIRM_TOKEN=$token EXECUTION_POLL_SECONDS=5"
  inside systemctl daemon-reload
  mark
  inside systemctl restart execution.service
  until_line 10 "Gate mode=DRY_RUN status=FAIL reason=ledger unavailable (ledger missing)"
  until_line 10 "Live ledger was missing: rebuilt"
  seen "a missing ledger starts in DRY_RUN and is rebuilt"
  until_line 30 "Gate mode=LIVE status=PASS reason=live trading confirmed"
  until_line 30 "SUBMITTED NVDA: qty=6 order_id="
  [ "$(count_buys)" = 1 ] || fail "LIVE sends one bracket order"
  seen "LIVE by drop-in: one bracket order at the broker"
}

try_kill_switch() {
  mark
  inside avwap-execution kill > "$WORK/kill.log"
  until_line 3 "Gate mode=DRY_RUN status=FAIL reason=kill switch active (file)"
  seen "the kill switch file is obeyed"
  mark
  inside avwap-execution resume > "$WORK/resume.log"
  until_line 15 "Gate mode=LIVE status=PASS reason=live trading confirmed"
  [ "$(count_buys)" = 1 ] || fail "no second order after resume"
  seen "resume gives LIVE back"
}

try_crash() {
  local pid
  pid=$(property MainPID)
  mark
  inside kill -9 "$pid"
  until_true 30 "a new process after kill -9" "p=\$(systemctl show execution.service -p MainPID --value); [ \$p != 0 ] && [ \$p != $pid ] && systemctl is-active execution.service"
  until_line 15 "Gate mode=LIVE status=PASS reason=live trading confirmed"
  no_line "SUBMITTED NVDA"
  [ "$(count_buys)" = 1 ] || fail "no second order after kill -9"
  seen "kill -9: restarted, reconciled, no second order"
}

try_hang() {
  local pid
  pid=$(property MainPID)
  mark
  inside kill -STOP "$pid"
  until_true 60 "the watchdog's restart" "journalctl -u execution.service --no-pager --since '$MARKED' | grep -q 'Watchdog timeout'"
  until_true 60 "a new process after the hang" "p=\$(systemctl show execution.service -p MainPID --value); [ \$p != 0 ] && [ \$p != $pid ] && systemctl is-active execution.service"
  [ "$(count_buys)" = 1 ] || fail "no second order after a hang"
  seen "a hung loop is killed by the watchdog and restarted"
}

try_upgrade() {
  local first second
  first=$(inside readlink /opt/avwap-execution/current)
  inside /root/incoming/upgrade.sh /root/incoming/second/avwap-execution > "$WORK/upgrade.log" 2>&1 ||
    { cat "$WORK/upgrade.log"; fail "upgrade.sh upgrades"; }
  second=$(inside readlink /opt/avwap-execution/current)
  [ "$first" != "$second" ] || fail "upgrade.sh switches the link"
  is_state active || fail "the upgraded service is up"
  seen "upgraded to the second release"
  if inside /root/incoming/upgrade.sh /root/incoming/broken/avwap-execution > "$WORK/broken.log" 2>&1; then
    fail "upgrade.sh refuses a broken release"
  fi
  [ "$(inside readlink /opt/avwap-execution/current)" = "$second" ] || { cat "$WORK/broken.log"; fail "a broken release is switched back"; }
  is_state active || fail "the service is up after a broken upgrade"
  seen "a release that does not come up is switched back by itself"
  inside /root/incoming/rollback.sh > "$WORK/rollback.log" 2>&1 || { cat "$WORK/rollback.log"; fail "rollback.sh"; }
  [ "$(inside readlink /opt/avwap-execution/current)" = "$first" ] || { cat "$WORK/rollback.log"; fail "rollback.sh goes to the release before"; }
  is_state active || fail "the service is up after a rollback"
  [ "$(count_buys)" = 1 ] || fail "no second order after upgrade and rollback"
  seen "rolled back to the first release"
}

try_stop() {
  mark
  inside systemctl stop execution.service
  until_line 5 "SIGTERM received"
  [ "$(property ExecMainStatus)" = 0 ] || fail "a stop ends with status 0"
  is_state inactive || fail "a stopped service stays stopped"
  if sh_inside "journalctl -u execution.service --no-pager -o cat | grep -qE '^<[0-9]>'"; then fail "priorities are taken away by the journal"; fi
  sh_inside "journalctl -u execution.service -p err --no-pager -o cat | grep -q 'ERROR'" || fail "errors have their priority in the journal"
  if sh_inside "journalctl -u execution.service -p err --no-pager -o cat | grep -q 'Gate mode='"; then fail "gate lines are no errors in the journal"; fi
  seen "systemctl stop ends with status 0; the journal has its priorities"
}

boot
try_install
try_check
try_watchlist
try_live
try_kill_switch
try_crash
try_hang
try_upgrade
try_stop
printf '\n%d passed, 0 failed\n' "$SEEN"
