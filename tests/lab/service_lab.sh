#!/usr/bin/env bash
# The service under a real systemd, from installation to rollback, with the compiled binary and the simulated broker; the
# operator's commands as the service runs; migration from an old unit, and back.
# Usage: service_lab.sh [--only PART] LAB, or AVWAP_SYSTEMD_LAB=LAB service_lab.sh
#   LAB is a program that boots systemd in namespaces and knows: up, down, pid, put FILE PATH, exec COMMAND...
#   PART is service, commands, releases, migration, hostile or remedies
# Needs root, and deno on the PATH (or DENO=). Prints one line a step; exit status 0 only where every one was seen.
set -euo pipefail
cd "$(dirname "$(readlink -f "$0")")/../.."

ONLY=
if [ "${1:-}" = --only ]; then
  ONLY=$2
  shift 2
fi
LAB_PROGRAM=${1:-${AVWAP_SYSTEMD_LAB:-}}
DENO=${DENO:-deno}
if [ ! -x "$LAB_PROGRAM" ]; then
  printf 'service_lab.sh: name the lab: service_lab.sh LAB, or set AVWAP_SYSTEMD_LAB\n' >&2
  exit 64
fi
WORK=$(mktemp -d)
# shellcheck source=tests/lab/lab_steps.sh
. tests/lab/lab_steps.sh
# shellcheck source=tests/lab/command_steps.sh
. tests/lab/command_steps.sh
# shellcheck source=tests/lab/release_steps.sh
. tests/lab/release_steps.sh
# shellcheck source=tests/lab/migration_steps.sh
. tests/lab/migration_steps.sh
# shellcheck source=tests/lab/hostile_steps.sh
. tests/lab/hostile_steps.sh
# shellcheck source=tests/lab/remedy_steps.sh
. tests/lab/remedy_steps.sh
trap clean_up EXIT

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
  write_inside /etc/avwap-execution/environment "$(lab_environment)"
  # Only so that the lab does not wait for minutes where the service would.
  write_inside "$DROP_INS/90-lab.conf" "[Service]
RestartSec=3
WatchdogSec=20"
  inside systemctl daemon-reload
}

# Help and version need neither root nor a service.
try_help() {
  local words status
  for words in --help -h help version -V 'help kill' 'flatten --help' 'completion bash'; do
    inside su -s /bin/sh nobody -c "avwap-execution $words" > "$WORK/help.log" 2>&1 || { cat "$WORK/help.log"; fail "$words needs no root"; }
  done
  if inside su -s /bin/sh nobody -c 'avwap-execution status' > "$WORK/help.log" 2>&1; then fail "what runs as the service needs root"; fi
  grep -q 'must run as root, as the service is started: sudo avwap-execution status' "$WORK/help.log" || { cat "$WORK/help.log"; fail "and says so"; }
  for words in chekc 'check --jsno' 'flatten --all' adopt 'log --since noon' 'run --poll-seconds'; do
    status=0
    inside su -s /bin/sh nobody -c "avwap-execution $words" > "$WORK/help.log" 2>&1 || status=$?
    [ "$status" = 64 ] || { cat "$WORK/help.log"; fail "$words is usage without root too ($status)"; }
    if grep -q root "$WORK/help.log"; then cat "$WORK/help.log"; fail "and root is not asked for"; fi
  done
  for words in 'upgrade.sh --nwo x' 'install.sh /nowhere' 'upgrade.sh /nowhere' 'rollback.sh nosuch' 'uninstall.sh all' 'edit.sh DRY-RUN'; do
    if inside su -s /bin/sh nobody -c "/opt/avwap-execution/host/$words" > "$WORK/help.log" 2>&1; then fail "$words is refused"; fi
    if grep -q 'as root' "$WORK/help.log"; then cat "$WORK/help.log"; fail "what is wrong with $words comes before root"; fi
  done
  seen "help, version and completion need no root; what does says how, and what is mistyped comes first"
}

try_check() {
  local status=0
  inside avwap-execution check > "$WORK/check.log" 2>&1 || status=$?
  [ "$status" = 1 ] || { cat "$WORK/check.log"; fail "check ends with 1 without a watchlist ($status)"; }
  grep -q '^FAIL watchlist' "$WORK/check.log" || fail "check names the watchlist"
  if grep -E '^(FAIL|WARN) (credentials|broker) ' "$WORK/check.log"; then fail "check has the service's credentials"; fi
  seen "the operator's command runs check in the service's environment, and passes its status on"
}

try_watchlist() {
  local asked lines
  write_watchlist
  inside touch -d '3 days ago' "$BASE/daily_candidates.csv"
  mark
  if inside systemctl start execution.service 2> /dev/null; then fail "a stale watchlist refuses the start"; fi
  [ "$(property ExecMainStatus)" = 2 ] || fail "a stale watchlist ends with status 2"
  seen "a stale watchlist refuses the start with status 2"
  asked=$(count_requests)
  [ "$asked" -gt 0 ] || fail "check asks the broker"
  until_true 60 "it is tried again, five times" "[ \$(systemctl show execution.service -p NRestarts --value) -ge 5 ]"
  [ "$(count_requests)" = "$asked" ] || fail "a service that waits for its list asks the broker no more than every 5 minutes"
  lines=$(sh_inside "journalctl -t avwap-execution --no-pager -o cat --since '$MARKED' | wc -l")
  [ "$lines" -le 10 ] || fail "a service that waits for its list writes no more than 10 lines an hour ($lines)"
  seen "a service that waits for its list asks the broker once, and says so in $lines lines"
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
  inside rm -f "$STATE/live_orders_today.json"
  write_live "$STATE"
  [ "$(inside stat -c %a "$STATE/live_confirm_token.txt")" = 600 ] || fail "the token file has mode 0600"
  mark
  inside systemctl restart execution.service
  until_line 10 "Gate mode=DRY_RUN status=FAIL reason=ledger unavailable (ledger missing)"
  until_line 10 "Live ledger was missing: written anew from the records"
  seen "a missing ledger starts in DRY_RUN and is written anew from the records"
  until_line 30 "Gate mode=LIVE status=PASS reason=live trading confirmed"
  until_line 30 "SUBMITTED NVDA: qty=6 order_id="
  [ "$(count_buys)" = 1 ] || fail "LIVE sends one bracket order"
  seen "LIVE by drop-in: one bracket order at the broker"
}

try_kill_switch() {
  mark
  inside avwap-execution kill > "$WORK/kill.log" || { cat "$WORK/kill.log"; fail "kill ends with 0 where the engine saw it"; }
  grep -q ' saw it\.$' "$WORK/kill.log" || { cat "$WORK/kill.log"; fail "kill says that the engine saw it"; }
  until_line 1 "Gate mode=DRY_RUN status=FAIL reason=kill switch active (file)"
  seen "the kill switch is obeyed, and the command says so when the engine has seen it"
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

run_service() {
  boot
  try_install
  try_help
  try_check
  try_watchlist
  try_live
  try_kill_switch
  try_crash
  try_hang
  try_upgrade
  try_stop
}

build_all
for part in service commands releases migration hostile remedies; do
  if [ -z "$ONLY" ] || [ "$ONLY" = "$part" ]; then
    printf '\n== %s\n' "$part"
    "run_$part"
  fi
done
printf '\n%d passed, 0 failed\n' "$SEEN"
