# shellcheck shell=bash
# shellcheck disable=SC2016,SC2034,SC2154 # Sourced, and full of texts for other readers than this shell.
# Steps of the lab: what `check` names as a remedy is pasted, under the real systemd. Each remedy that asks systemd, or needs
# a program of the host's, has a step here, remedy_NAME; tests/deploy/remedies_test.ts runs all of them below a scratch root.

BROKEN=$DROP_INS/61-broken.conf
KEYS=/etc/avwap-execution/environment
FOLLOWED=0

run_remedies() {
  local name
  boot
  install_first
  write_live "$STATE"
  sh_inside "printf 'Environment=ALLOWLIST_SYMBOLS=NVDA MAX_LIVE_ORDERS_PER_DAY=1 MAX_LIVE_POSITIONS=1\nEnvironment=MAX_LIVE_GROSS_NOTIONAL=1500 MAX_LIVE_NOTIONAL_PER_SYMBOL=1000\n' >> $DROP_INS/60-live.conf"
  inside systemctl daemon-reload
  inside systemctl start execution.service
  until_true 20 "an engine that made its records" "test -e $STATE/execution_state.json"
  inside systemctl stop execution.service
  inside cp -a /etc/systemd/system/execution.service.d /root/drop-ins-before
  inside cp -a "$KEYS" /root/keys-before
  # REMEDY=set_ follows those alone.
  for name in $(compgen -A function "remedy_${REMEDY:-}"); do
    restore_files
    "$name"
    FOLLOWED=$((FOLLOWED + 1))
  done
  restore_files
  seen "$FOLLOWED remedies of check, pasted as they stand there, do what they are for"
  try_places_elsewhere
}

restore_files() {
  sh_inside "rm -rf $DROP_INS && cp -a /root/drop-ins-before $DROP_INS && cp -a /root/keys-before $KEYS"
  inside systemctl daemon-reload
}

# The remedy of that name as check prints it now, in a line; nothing where check does not name it.
named() {
  inside avwap-execution check --json "${@:2}" > "$WORK/check.json" 2> /dev/null || true
  awk -v name="\"name\": \"$1\"," '
    index($0, name) { is_here = 1; next }
    is_here && /"text": / { sub(/^ *"text": "/, ""); sub(/"$/, ""); gsub(/\\"/, "\""); gsub(/\\\\/, "\\"); print; exit }
  ' "$WORK/check.json"
}

# Pastes a remedy; what the operator does in the editor is bash, with the files as its arguments: paste NAME EDITING
paste() {
  local line
  line=$(named "$1")
  [ -n "$line" ] || { cat "$WORK/check.json"; fail "check names $1"; }
  write_inside /root/editor "#!/bin/bash
${2:-exit 1}"
  inside chmod 0755 /root/editor
  inside env EDITOR=/root/editor bash -c "$line" > "$WORK/pasted" 2>&1 || { cat "$WORK/pasted"; fail "what $1 says can be pasted: $line"; }
}

# And check names it no more.
follow() {
  paste "$@"
  [ -z "$(named "$1")" ] || { cat "$WORK/pasted" "$WORK/check.json"; fail "$1 does what it is for"; }
}

# One variable in a drop-in of its own, and what an editor does with it.
broken() {
  write_inside "$BROKEN" "[Service]
Environment=$1"
  inside systemctl daemon-reload
}
take_out() { printf 'sed -i "/%s=/d" "$@"' "$1"; }
give() { printf 'sed -i "s|\\(%s\\)=[^ ]*|\\1=%s|" "$@"' "$1" "$2"; }

remedy_correct_variables() {
  broken EXECUTION_POLL_SECONDS=soon
  follow correct_variables "$(give EXECUTION_POLL_SECONDS 5)"
}
# What wins over a drop-in: an environment file of somebody else's.
remedy_correct_variables_of_a_file() {
  write_inside /etc/other.env 'EXECUTION_POLL_SECONDS=soon'
  write_inside "$BROKEN" '[Service]
Environment=EXECUTION_POLL_SECONDS=7
EnvironmentFile=/etc/oth*.env'
  inside systemctl daemon-reload
  follow correct_variables 'for file in "$@"; do case "$file" in /etc/other.env) sed -i d "$file" ;; esac; done'
  grep -q "^EXECUTION_POLL_SECONDS: $BROKEN holds$" "$WORK/pasted" || { cat "$WORK/pasted"; fail "and says what holds now"; }
}
remedy_settle_doubts() {
  broken EXEC_V2_IGNORE_MARKET_HOURS=perhaps
  follow settle_doubts "$(take_out EXEC_V2_IGNORE_MARKET_HOURS)"
}
remedy_rename_variables() {
  broken MAX_LIVE_ORDER_PER_DAY=1
  follow rename_variables 'sed -i s/MAX_LIVE_ORDER_PER_DAY/MAX_LIVE_ORDERS_PER_DAY/ "$@"'
}
remedy_take_out_network() {
  write_inside "$BROKEN" '[Service]
UnsetEnvironment=
Environment=NODE_EXTRA_CA_CERTS=/root/avwap_r3k_scanner/ca.pem'
  inside systemctl daemon-reload
  follow take_out_network "$(take_out NODE_EXTRA_CA_CERTS)"
}
remedy_set_keys() {
  sh_inside "sed -i /^APCA_API_SECRET_KEY=/d $KEYS"
  follow set_keys 'echo APCA_API_SECRET_KEY=sim-secret-key >> "$1"'
  [ "$(inside stat -c %a "$KEYS")" = 600 ] || fail "the keys stay root's alone"
}
remedy_correct_caps() {
  broken MAX_LIVE_GROSS_NOTIONAL=500x
  follow correct_caps "$(give MAX_LIVE_GROSS_NOTIONAL 500)"
}
remedy_set_caps() {
  broken MAX_LIVE_POSITIONS=
  follow set_caps "$(give MAX_LIVE_POSITIONS 1)"
}
remedy_set_allowlist() {
  broken ALLOWLIST_SYMBOLS=
  follow set_allowlist "$(give ALLOWLIST_SYMBOLS NVDA)"
}
remedy_set_slack() {
  follow set_slack 'echo SLACK_WEBHOOK_URL=https://hooks.slack.com/services/T/B/x >> "$1"'
}
remedy_set_token() {
  broken LIVE_CONFIRM_TOKEN=another
  follow set_token "sed -i \"s|LIVE_CONFIRM_TOKEN=.*|LIVE_CONFIRM_TOKEN=\$(cat $STATE/live_confirm_token.txt)|\" \"\$@\""
}
remedy_take_out_kill_switch() {
  run_block "### Kill switch by variable" > "$WORK/block.log"
  inside systemctl stop execution.service
  follow take_out_kill_switch "$(take_out EnvironmentFile)"
  [ "$(inside cat /etc/avwap-execution/kill-switch-on)" = KILL_SWITCH=1 ] || fail "the emergency step stays as it is"
}
remedy_choose_mode() {
  write_inside "$DROP_INS/50-dry-run.conf" '[Service]
Environment=DRY_RUN=1'
  inside systemctl daemon-reload
  follow choose_mode "$(give DRY_RUN 0)"
}
remedy_match_keys() {
  sh_inside "sed -i s/sim-secret-key/another-key/ $KEYS"
  follow match_keys "$(give APCA_API_SECRET_KEY sim-secret-key)"
}
remedy_match_records() {
  sh_inside "cp -a $STATE /root/state-before && sed -i 's/\"account_id\": \"/&other-/' $STATE/live_orders_today.json && install -d -m 0700 $STATE/another"
  paste match_records 'printf "[Service]\nEnvironment=AVWAP_STATE_DIR='"$STATE"'/another\n" > "$1"'
  [ -z "$(named match_records)" ] || fail "another state directory has no records of another account"
  sh_inside "rm -rf $STATE && cp -a /root/state-before $STATE && rm -rf /root/state-before"
}
remedy_choose_state_dir() {
  inside install -d -m 0700 "$STATE/money"
  sh_inside "AVWAP_STATE_DIR=$STATE/money DRY_RUN=1 setsid -f bash -c 'set -a; . $KEYS; exec /opt/avwap-execution/current/avwap-execution run' > /dev/null 2>&1"
  until_true 15 "another engine runs" "pgrep -f 'current/avwap-execution run$'"
  until_true 10 "and check names it" "avwap-execution check --json 2> /dev/null | grep -q '\"name\": \"choose_state_dir\"'"
  follow choose_state_dir 'printf "[Service]\nEnvironment=AVWAP_STATE_DIR='"$STATE"'/money\n" > "$1"'
  sh_inside "kill \$(pgrep -f 'current/avwap-execution run$')"
  until_true 15 "it is gone" "! pgrep -f 'current/avwap-execution run$'"
  inside rm -rf "$STATE/money"
}
remedy_place_dry_run_ledger() {
  broken "DRY_RUN_LEDGER_PATH=$BASE/dry_run_ledger.json"
  follow place_dry_run_ledger "$(take_out DRY_RUN_LEDGER_PATH)"
}
remedy_set_healthcheck() {
  sh_inside "echo HEALTHCHECK_URL=https://hc.example/x >> $KEYS"
  follow set_healthcheck "$(take_out HEALTHCHECK_URL)"
}
remedy_force_dry_run() {
  start_market 0 closed
  follow force_dry_run
  inside avwap-execution status | head -n 1 | grep -q 'DRY_RUN enabled' || fail "and the service is in DRY_RUN"
  start_market 0
}
remedy_rebuild_ledger() {
  local pid line
  inside systemctl start execution.service
  until_true 20 "it runs" "systemctl is-active execution.service"
  # One that goes on would write it anew by itself.
  pid=$(property MainPID)
  inside kill -STOP "$pid"
  inside sh -c "echo '{' > $STATE/live_orders_today.json"
  line=$(named rebuild_ledger)
  inside kill -CONT "$pid"
  [[ $line == 'systemctl stop execution.service && '* ]] || { cat "$WORK/check.json"; fail "check stops the service around it: $line"; }
  inside bash -c "$line" > "$WORK/pasted" 2>&1 || { cat "$WORK/pasted"; fail "$line"; }
  is_state active || fail "the service runs again"
  [ -z "$(named rebuild_ledger)" ] || fail "the ledger is there again"
  inside systemctl stop execution.service
}
remedy_give_to_service() {
  inside useradd --system stranger || true
  inside chown -R stranger "$STATE"
  inside chmod 0700 "$STATE"
  inside systemctl stop execution.service
  follow give_to_service
  [ "$(inside stat -c %U "$STATE/live_confirm_token.txt")" = root ] || fail "all of it is the service's"
  inside useradd --system trader2 || true
  write_inside "$BROKEN" '[Service]
User=trader2'
  inside chown trader2 /root/avwap_r3k_scanner/daily_candidates.csv
  inside systemctl daemon-reload
  follow give_to_service
  [ "$(inside stat -c %U "$STATE/live_confirm_token.txt")" = trader2 ] || fail "and of the user that it has"
  inside chown -R root "$BASE"
}
remedy_set_clock() {
  start_market 2
  # What keeps the clock on this host; none is in the lab.
  write_inside /usr/lib/systemd/ntp-units.d/10-lab.list 'lab-ntp.service'
  write_inside /etc/systemd/system/lab-ntp.service '[Service]
ExecStart=/bin/sleep infinity
[Install]
WantedBy=multi-user.target'
  inside systemctl daemon-reload
  paste set_clock
  until_true 10 "what keeps the clock is started" "systemctl is-active lab-ntp.service"
  start_market 0
  [ -z "$(named set_clock)" ] || fail "and with it the clock is right"
}
remedy_ask_broker() {
  local line
  stop_market
  line=$(named ask_broker)
  if inside bash -c "$line" > "$WORK/pasted" 2>&1; then fail "nobody answers"; fi
  grep -q '^curl: ' "$WORK/pasted" || { cat "$WORK/pasted"; fail "and curl says why"; }
  start_market 0
  inside bash -c "$line" > "$WORK/pasted" || fail "then somebody does"
  grep -q '^HTTP/' "$WORK/pasted" || { cat "$WORK/pasted"; fail "and what is said is shown"; }
}
remedy_verify_binary() {
  inside bash -c '/opt/avwap-execution/host/verify.sh --sum-only /opt/avwap-execution/current/avwap-execution.manifest.json /opt/avwap-execution/current/avwap-execution' > "$WORK/pasted"
  grep -q '^verified: ' "$WORK/pasted" || fail "the binary in use is verified by its sum"
}

# Built for directories outside of root's home, which the unit shuts: the default place of the switches is behind that.
try_places_elsewhere() {
  boot
  put_release elsewhere
  inside mkdir -p "$STATE" /srv/scan
  inside /root/incoming/install.sh /root/incoming/elsewhere/avwap-execution > "$WORK/install.log" 2>&1 ||
    { cat "$WORK/install.log"; fail "install.sh installs below /srv"; }
  write_inside "$KEYS" "$(lab_environment)"
  inside systemctl daemon-reload
  named show_places > "$WORK/line"
  [ ! -s "$WORK/line" ] || fail "the installed unit makes the places of the switches readable"
  inside touch "$STATE/KILL_SWITCH"
  inside avwap-execution status | grep -q '^Kill switch  ON' || fail "the literal touch line counts below /srv too"
  inside avwap-execution resume --all > "$WORK/resume.log" || { cat "$WORK/resume.log"; fail "and resume --all takes it away"; }
  inside touch "$STATE/KILL_SWITCH"
  write_inside "$BROKEN" '[Service]
BindPaths=
ReadWritePaths=/srv/scan/state
ProtectHome=yes'
  inside systemctl daemon-reload
  follow show_places
  inside avwap-execution status | grep -q '^Kill switch  ON' || fail "and where a drop-in had shut it"
  inside avwap-execution resume --all > "$WORK/resume.log" || { cat "$WORK/resume.log"; fail "resume --all there too"; }
  if inside test -e "$STATE/KILL_SWITCH"; then fail "it is away"; fi
  seen "built for other directories: the runbook's literal touch line counts, and where it would not check's remedy makes it"
}
