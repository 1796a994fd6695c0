# shellcheck shell=bash
# shellcheck disable=SC2016,SC2034,SC2154 # Sourced, and full of texts for other readers than this shell.
# Steps of the lab: the operator's commands run as the service does, and the emergency steps win.

SECRET='s3cret$HOME`id` "quoted" \back %n 100%'

run_commands() {
  boot
  install_first
  odd_environment
  try_same_as_service
  try_no_secret_seen
  try_unset_and_passed
  try_other_user
  try_unreadable
  try_not_runnable
  try_kill_elsewhere
  try_emergency
  try_twice_set
  try_paper_then_money
  try_touch_line
  try_resume_paused
  try_kill_unseen
  try_flatten
  try_kill_without_systemd
}

install_first() {
  inside /root/incoming/install.sh /root/incoming/first/avwap-execution > "$WORK/install.log" 2>&1 ||
    { cat "$WORK/install.log"; fail "install.sh installs"; }
  write_inside /etc/avwap-execution/environment "$(lab_environment)"
  write_inside "$DROP_INS/90-lab.conf" "[Service]
RestartSec=3"
  write_watchlist
  inside systemctl daemon-reload
}

# Everything that systemd's grammar knows and a shell reads otherwise, in unit files of three places and two more
# environment files.
odd_environment() {
  write_inside /etc/odd-execution.env 'SLACK_ALERTS_CHANNEL="a \"b\" \\ \$HOME `id`"
SLACK_ALERTS_USERNAME=continued \
  over lines # no comment
SLACK_VERBOSE='"'single \$quoted'"'
; a comment
 ALPACA_DATA_FEED = iex
NOT AN ASSIGNMENT
MAX_LIVE_POSITIONS=3'
  write_inside /etc/odd-second.env 'MAX_LIVE_POSITIONS=2
SLACK_DAILY_SUMMARY_TIME=16:30'
  write_inside "$DROP_INS/40-odd.conf" '[Service]
Environment="ALLOWLIST_SYMBOLS=NVDA,AAPL" \
# a comment in the middle
  MAX_LIVE_ORDERS_PER_DAY=2 "SLACK_HEARTBEAT_MINUTES=3\x30"
Environment=DRYRUN_NOTE=$HOME`id`$$ "UNIT_NAME=%n %N %p %%"
EnvironmentFile=/etc/odd-%p.env
EnvironmentFile=-/etc/missing.env
PassEnvironment=LANG PASSED_BY_MANAGER'
  inside mkdir -p /run/systemd/system/execution.service.d /etc/systemd/system/service.d
  write_inside /run/systemd/system/execution.service.d/45-run.conf '[Service]
EnvironmentFile=-/etc/odd-second.env
UnsetEnvironment=SLACK_VERBOSE'
  write_inside /etc/systemd/system/service.d/30-all.conf '[Service]
Environment=FOR_ALL_SERVICES=1 MAX_LIVE_ORDERS_PER_DAY=9'
  write_inside "$DROP_INS/41-token.conf" "[Service]
Environment=\"LIVE_CONFIRM_TOKEN=$(sed 's/[\\"]/\\&/g; s/%/%%/g' <<< "$SECRET")\""
  inside systemctl set-environment PASSED_BY_MANAGER=yes
  inside systemctl daemon-reload
}

# Both environments, but for what systemd tells each process about itself, and both sandboxes.
compare_with_service() {
  local pid own='^(INVOCATION_ID|JOURNAL_STREAM|SYSTEMD_EXEC_PID|NOTIFY_SOCKET|WATCHDOG_[A-Z]*|RUNTIME_DIRECTORY)='
  pid=$(property MainPID)
  [ "$pid" != 0 ] || fail "the service runs"
  sh_inside "sort -z /proc/$pid/environ | grep -zvE '$own'" > "$WORK/service.env"
  with_libraries 'run_as_service /usr/bin/env -0' > "$WORK/command.raw"
  sort -z "$WORK/command.raw" | grep -zvE "$own" > "$WORK/command.env"
  cmp -s "$WORK/service.env" "$WORK/command.env" ||
    { diff <(tr '\0' '\n' < "$WORK/service.env") <(tr '\0' '\n' < "$WORK/command.env") || true; fail "a command has the environment of the service: $1"; }
  local status='^(Uid|Gid|Groups|CapInh|CapPrm|CapEff|CapBnd|CapAmb|NoNewPrivs|Seccomp|Umask):'
  sh_inside "grep -E '$status' /proc/$pid/status; awk '{ print \$5, \$6 }' /proc/$pid/mountinfo | grep -v '^/run/avwap-execution' | sort" \
    > "$WORK/service.box"
  with_libraries "run_as_service /bin/sh -c 'grep -E \"$status\" /proc/self/status; awk \"{ print \\\$5, \\\$6 }\" /proc/self/mountinfo | sort'" \
    > "$WORK/command.box"
  diff "$WORK/service.box" "$WORK/command.box" || fail "a command has the sandbox of the service: $1"
}

try_same_as_service() {
  mark
  inside systemctl restart execution.service
  compare_with_service "odd values"
  tr '\0' '\n' < "$WORK/command.env" > "$WORK/command.txt"
  local line
  for line in "LIVE_CONFIRM_TOKEN=$SECRET" 'SLACK_ALERTS_CHANNEL=a "b" \ $HOME `id`' 'UNIT_NAME=execution.service execution execution %' \
    'DRYRUN_NOTE=$HOME`id`$$' MAX_LIVE_POSITIONS=2 MAX_LIVE_ORDERS_PER_DAY=2 SLACK_HEARTBEAT_MINUTES=30 PASSED_BY_MANAGER=yes FOR_ALL_SERVICES=1; do
    grep -qxF -- "$line" "$WORK/command.txt" || fail "systemd reads ${line%%=*} as expected"
  done
  if grep -q SLACK_VERBOSE "$WORK/command.txt"; then fail "UnsetEnvironment= holds for commands"; fi
  seen "commands have the service's own environment (quotes, \$, backticks, %, continuations, several files) and sandbox"
}

try_no_secret_seen() {
  inside avwap-execution check > "$WORK/check.log" 2>&1 || true
  inside avwap-execution status > "$WORK/status.log" 2>&1 || fail "status works with odd values"
  if grep -F 's3cret' "$WORK/check.log" "$WORK/status.log"; then fail "no command prints the token"; fi
  inside avwap-execution log --follow > /dev/null 2>&1 &
  local reader=$!
  until_true 10 "log --follow runs" "pgrep -f 'avwap-execution log --follow'"
  sh_inside 'cat /proc/[0-9]*/cmdline 2> /dev/null || true' > "$WORK/processes"
  if grep -aF s3cret "$WORK/processes"; then fail "no secret in a process list"; fi
  if sh_inside "find /run /tmp /var -xdev -type f -perm /044 -print0 | xargs -0 grep -lF s3cret 2> /dev/null | while read -r file; do
    dir=\$(dirname \$file); while [ \$dir != / ]; do [ \$((0\$(stat -c %a \$dir) & 1)) = 1 ] || continue 2; dir=\$(dirname \$dir); done; echo \$file; done | grep -v /journal/ | grep ."; then
    fail "no secret in a file that others can read"
  fi
  sh_inside "pkill -INT -f 'avwap-execution log --follow'" || true
  wait "$reader" 2> /dev/null || true
  until_true 5 "no stand-in is left" "! ls -d /run/systemd/system/execution@* 2> /dev/null"
  seen "no value is printed, stands in a process list or in a file that others can read; nothing is left behind"
}

try_unset_and_passed() {
  inside avwap-execution token > "$WORK/token.log"
  write_inside "$DROP_INS/95-live.conf" "[Service]
Environment=LIVE_TRADING=1 LIVE_CONFIRM_TOKEN=$(inside cat "$STATE/live_confirm_token.txt")
UnsetEnvironment=DRY_RUN"
  inside systemctl daemon-reload
  inside avwap-execution check > "$WORK/check.log" 2>&1 || true
  grep -q 'run would start LIVE' "$WORK/check.log" || { cat "$WORK/check.log"; fail "check says LIVE where UnsetEnvironment= takes DRY_RUN away"; }
  inside rm "$DROP_INS/95-live.conf"
  inside systemctl daemon-reload
  seen "UnsetEnvironment=DRY_RUN: check says LIVE, as the service would be"
}

try_other_user() {
  inside useradd --system trader
  inside chown -R trader "$BASE"
  write_inside "$DROP_INS/42-user.conf" '[Service]
User=trader'
  inside systemctl daemon-reload
  mark
  inside systemctl restart execution.service
  compare_with_service "User=trader"
  inside avwap-execution token > /dev/null
  [ "$(inside stat -c %U "$STATE/live_confirm_token.txt")" = trader ] || fail "token's file belongs to the service's user"
  seen "with User=trader commands run as trader"
}

# A file that the service can't read is no GO in check.
try_unreadable() {
  inside systemctl stop execution.service
  inside chown root:root "$BASE/daily_candidates.csv"
  inside chmod 0600 "$BASE/daily_candidates.csv"
  local status=0
  inside avwap-execution check > "$WORK/check.log" 2>&1 || status=$?
  if grep -q '0 FAIL' "$WORK/check.log" || [ "$status" = 0 ]; then fail "check sees a watchlist that the service can't read"; fi
  if inside systemctl start execution.service 2> /dev/null; then fail "the service can't read it either"; fi
  inside systemctl stop execution.service
  inside chown trader "$BASE/daily_candidates.csv"
  inside chown root:root "$STATE"
  status=0
  inside avwap-execution check > "$WORK/check.log" 2>&1 || status=$?
  if grep -q '0 FAIL' "$WORK/check.log" || [ "$status" = 0 ]; then fail "check sees a state directory of another user"; fi
  inside chown trader "$STATE"
  seen "a watchlist or a state directory that the service can't use FAILs in check"
}

try_not_runnable() {
  local status=0
  write_inside "$DROP_INS/43-nobody.conf" '[Service]
User=no-such-user'
  inside systemctl daemon-reload
  inside avwap-execution status > "$WORK/status.log" 2>&1 || status=$?
  [ "$status" = 70 ] || fail "a command that can't run as the service ends with 70 ($status)"
  grep -q 'could not be run as execution.service would run' "$WORK/status.log" || fail "and says so"
  inside avwap-execution kill > "$WORK/kill.log" 2>&1 || true
  inside test -e "$STATE/KILL_SWITCH" || { cat "$WORK/kill.log"; fail "kill works all the same"; }
  inside rm "$STATE/KILL_SWITCH" "$DROP_INS/43-nobody.conf"
  inside systemctl daemon-reload
  seen "where no command can run as the service it is said, and kill makes its file all the same"
}

# The engine that runs has another directory than the unit says by now.
try_kill_elsewhere() {
  local status=0
  inside install -d -o trader -m 0700 "$STATE/other"
  inside systemctl restart execution.service
  write_inside "$DROP_INS/44-dir.conf" "[Service]
Environment=AVWAP_STATE_DIR=$STATE/other"
  inside systemctl daemon-reload
  mark
  inside avwap-execution kill > "$WORK/kill.log" 2>&1 || status=$?
  [ "$status" = 1 ] || { cat "$WORK/kill.log"; fail "kill ends with 1 where the running engine has another directory ($status)"; }
  inside test -e "$STATE/KILL_SWITCH" || fail "the running engine's directory has the kill switch"
  inside test -e "$STATE/other/KILL_SWITCH" || fail "the unit's directory has it too"
  grep -q 'another state directory' "$WORK/kill.log" || fail "kill says so"
  inside rm -rf "$STATE/KILL_SWITCH" "$STATE/other" "$DROP_INS/44-dir.conf" "$DROP_INS/42-user.conf"
  inside chown -R root "$BASE"
  inside systemctl daemon-reload
  seen "kill reaches the engine that runs, also where the unit names another directory by now"
}

# LIVE in every way that other files can say it, and the runbook's lines against them.
try_emergency() {
  inside avwap-execution token > /dev/null
  write_inside /etc/late.env 'KILL_SWITCH=0
DRY_RUN=0'
  write_inside "$DROP_INS/95-live.conf" "[Service]
Environment=LIVE_TRADING=1 LIVE_CONFIRM_TOKEN=$(inside cat "$STATE/live_confirm_token.txt") KILL_SWITCH=0
EnvironmentFile=/etc/late.env"
  write_inside "$DROP_INS/zy-late.conf" '[Service]
Environment=DRY_RUN=0 KILL_SWITCH=off'
  inside systemctl daemon-reload
  inside avwap-execution status > "$WORK/status.log"
  if head -n 1 "$WORK/status.log" | grep -q 'DRY_RUN enabled'; then fail "the files say LIVE"; fi
  mark
  run_block "### Kill switch by variable" > "$WORK/block.log"
  grep -q 'kill switch active (env)' "$WORK/block.log" || { cat "$WORK/block.log"; fail "kill by variable wins"; }
  until_line 15 'reason=kill switch active (env)'
  inside rm "$DROP_INS/zz-kill.conf"
  mark
  run_block "### Fallback: force DRY_RUN" > "$WORK/block.log"
  grep -q 'DRY_RUN enabled' "$WORK/block.log" || { cat "$WORK/block.log"; fail "forced DRY_RUN wins"; }
  until_line 15 'reason=DRY_RUN enabled'
  seen "the runbook's kill by variable and forced DRY_RUN win over later drop-ins and environment files"
  # What wins nevertheless is said.
  write_inside "$DROP_INS/zzz-mine.conf" '[Service]
EnvironmentFile=/etc/late.env'
  inside systemctl daemon-reload
  inside avwap-execution check > "$WORK/check.log" 2>&1 || true
  grep -qE '^WARN environment: DRY_RUN is set twice with two values \(.*\): /etc/late.env holds; remedy: ' "$WORK/check.log" ||
    { cat "$WORK/check.log"; fail "check names what overrules the emergency step"; }
  inside rm "$DROP_INS/zzz-mine.conf" "$DROP_INS/zy-late.conf" "$DROP_INS/95-live.conf"
  inside systemctl daemon-reload
  run_block "### 4.5 One day" > "$WORK/block.log"
  grep -q 'DRY_RUN enabled' "$WORK/block.log" || fail "the end of a LIVE day is DRY_RUN"
  run_block "### 4.3 Take DRY_RUN away, last" > "$WORK/block.log" 2>&1 || true
  inside avwap-execution status > "$WORK/status.log"
  if head -n 1 "$WORK/status.log" | grep -q 'DRY_RUN enabled'; then fail "4.3 takes DRY_RUN away"; fi
  run_block "### 4.5 One day" > "$WORK/block.log"
  grep -q 'DRY_RUN enabled' "$WORK/block.log" || fail "and 4.5 brings it back"
  seen "check names what overrules them; LIVE for a day and back"
}

try_twice_set() {
  inside avwap-execution check > "$WORK/check.log" 2> "$WORK/check.err" || true
  grep -qE '^WARN environment: MAX_LIVE_POSITIONS is set twice with two values \(/etc/odd-execution.env, /etc/odd-second.env\): /etc/odd-second.env holds; remedy: ' "$WORK/check.err" ||
    { cat "$WORK/check.err"; fail "check names a variable of two environment files"; }
  grep -qE '^WARN environment: MAX_LIVE_ORDERS_PER_DAY is set twice' "$WORK/check.err" || { cat "$WORK/check.err"; fail "and one of service.d"; }
  inside avwap-execution check --json > "$WORK/check.json" 2> /dev/null || true
  head -c 1 "$WORK/check.json" | grep -q '{' || fail "check --json stays one document"
  seen "check names each variable that is set twice with two values, and which holds"
}

try_paper_then_money() {
  run_block "### 4.6 Paper first, then money"
  inside avwap-execution token > "$WORK/token.log"
  inside test -s "$STATE/money/live_confirm_token.txt" || fail "the token is made in the directory for money"
  mark
  inside systemctl start execution.service
  until_line 15 "Gate mode=DRY_RUN status=FAIL reason=DRY_RUN enabled"
  compare_with_service "a state directory of its own"
  inside avwap-execution kill > "$WORK/kill.log"
  inside avwap-execution status | grep -q '^Kill switch  ON (file)' || fail "status sees the kill switch"
  inside test -e "$STATE/money/KILL_SWITCH" || fail "kill knows the directory"
  inside avwap-execution resume > /dev/null
  seen "paper, then money: every command knows the state directory of its own, and the service may write it"
}

# The service has another directory than the one that the line names, and is LIVE there.
try_touch_line() {
  write_live "$STATE/money"
  mark
  inside systemctl restart execution.service
  until_line 30 "Gate mode=LIVE status=PASS reason=live trading confirmed"
  until_line 30 "Position NVDA: qty="
  [ "$(inside avwap-execution completion symbols)" = NVDA ] || fail "completion proposes the symbols of the engine that runs"
  mark
  # As the live-trading runbook has it, from a shell that knows nothing of the service.
  inside env -i /bin/sh -c 'STATE_DIR="${AVWAP_STATE_DIR:-/root/avwap_r3k_scanner/state}"
touch "${STATE_DIR}/KILL_SWITCH"'
  until_line 3 "reason=kill switch active (file)"
  inside avwap-execution resume > "$WORK/resume.log" || true
  grep -q "^Kill switch is STILL ON: $STATE/KILL_SWITCH" "$WORK/resume.log" || { cat "$WORK/resume.log"; fail "resume says that the other one is still there"; }
  inside avwap-execution resume --all > "$WORK/resume.log"
  until_line 15 "Gate mode=LIVE status=PASS reason=live trading confirmed"
  sh_inside "$(grep -m 1 '^touch ' deploy/RUNBOOK.md)"
  until_true 5 "the line of this runbook" "avwap-execution status | grep -q '^Kill switch  ON'"
  inside avwap-execution resume --all > "$WORK/resume.log"
  seen "the runbook's literal touch line works from any root shell, whatever directory the service uses; resume says where"
}

try_resume_paused() {
  inside avwap-execution kill > "$WORK/kill.log" || { cat "$WORK/kill.log"; fail "kill ends with 0"; }
  mark
  inside avwap-execution resume --paused > "$WORK/resume.log"
  until_line 15 "Gate mode=LIVE status=PASS reason=live trading confirmed"
  inside test -e "$STATE/money/ENTRIES_PAUSED" || fail "resume --paused makes ENTRIES_PAUSED in the service's directory"
  inside avwap-execution unpause > /dev/null
  if inside test -e "$STATE/money/ENTRIES_PAUSED"; then fail "unpause removes it"; fi
  seen "resume --paused lets exits go on and no entry, until unpause"
}

# An engine that stands still sees nothing; where none runs there is nobody to see.
try_kill_unseen() {
  local status=0 pid
  pid=$(property MainPID)
  inside kill -STOP "$pid"
  inside avwap-execution kill > "$WORK/kill.log" 2>&1 || status=$?
  inside kill -CONT "$pid"
  [ "$status" = 1 ] || { cat "$WORK/kill.log"; fail "kill ends with 1 where the engine did not see it ($status)"; }
  grep -q '^NOT SEEN: ' "$WORK/kill.log" || { cat "$WORK/kill.log"; fail "kill says NOT SEEN"; }
  if grep -q '^LIVE is off' "$WORK/kill.log"; then fail "kill claims nothing that is not so"; fi
  inside avwap-execution resume > /dev/null
  inside systemctl stop execution.service
  inside avwap-execution kill > "$WORK/kill.log" || { cat "$WORK/kill.log"; fail "kill ends with 0 where nothing runs"; }
  grep -q '^No process holds ' "$WORK/kill.log" || { cat "$WORK/kill.log"; fail "kill says that nothing runs"; }
  inside avwap-execution resume > /dev/null
  seen "kill: NOT SEEN and 1 where the engine stands still, 0 where nothing runs"
}

try_flatten() {
  mark
  inside systemctl start execution.service
  until_line 30 "Gate mode=LIVE status=PASS reason=live trading confirmed"
  inside avwap-execution flatten --close-positions > "$WORK/flatten.log"
  grep -q NVDA "$WORK/flatten.log" || { cat "$WORK/flatten.log"; fail "flatten shows the position"; }
  if inside test -e "$STATE/money/KILL_SWITCH"; then fail "flatten without --yes does nothing"; fi
  inside avwap-execution flatten --close-positions --yes > "$WORK/flatten.log" 2>&1 || { cat "$WORK/flatten.log"; fail "flatten --yes ends with 0"; }
  tail -n 1 "$WORK/flatten.log" | grep -q '^Done\.' || { cat "$WORK/flatten.log"; fail "its last line begins with Done."; }
  inside test -e "$STATE/money/KILL_SWITCH" || fail "flatten leaves the kill switch on"
  inside avwap-execution status --broker --json > "$WORK/status.json"
  grep -q '"open_orders": 0,' "$WORK/status.json" || { cat "$WORK/status.json"; fail "no order is open at the broker"; }
  inside avwap-execution resume > /dev/null
  seen "flatten --close-positions --yes ends what it says, beside a LIVE engine, and leaves the kill switch on"
}

# PID 1 stands still: nothing can be run as the service.
try_kill_without_systemd() {
  local status=0 pid
  pid=$(lab pid)
  kill -STOP "$pid"
  inside avwap-execution kill > "$WORK/kill.log" 2>&1 || status=$?
  kill -CONT "$pid"
  inside test -e "$STATE/KILL_SWITCH" || { cat "$WORK/kill.log"; fail "kill makes its file without systemd"; }
  [ "$status" = 1 ] || fail "and does not say that all is well ($status)"
  grep -q 'systemd does not answer' "$WORK/kill.log" || fail "but what is so"
  seen "kill works while systemd does not answer, and says so"
}
