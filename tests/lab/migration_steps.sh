# shellcheck shell=bash
# shellcheck disable=SC2016,SC2034,SC2154 # Sourced, and full of texts for other readers than this shell.
# Steps of the lab: from an old unit as people write them to the new one, and back.

UNIT=/etc/systemd/system/execution.service
# What has to be the same before and after; the old program writes its environment into a file.
KEPT='ALLOWLIST_SYMBOLS APCA_API_KEY_ID APCA_API_SECRET_KEY APCA_API_BASE_URL APCA_API_DATA_URL ALPACA_PAPER MAX_LIVE_GROSS_NOTIONAL MAX_LIVE_ORDERS_PER_DAY MAX_LIVE_POSITIONS SLACK_WEBHOOK_URL SLACK_ALERTS_USERNAME HEALTHCHECK_URL AVWAP_STATE_DIR'

run_migration() {
  boot
  write_old_service
  try_refused_while_running
  try_refused_migrations
  try_migrate
  try_back
  try_kept_live_out
}

write_old_service() {
  inside useradd --system trader
  inside mkdir -p "$STATE" "$DROP_INS"
  write_watchlist
  inside chown -R trader "$BASE"
  inside chmod 0750 "$STATE"
  # Else the old engine would not get there.
  inside chmod 0711 /root
  write_inside /usr/local/bin/old-engine '#!/bin/sh
env -0 > /root/avwap_r3k_scanner/state/old-environment
exec sleep infinity'
  inside chmod 0755 /usr/local/bin/old-engine
  write_inside "$UNIT" '[Unit]
Description=Old engine
After=network-online.target scan-%p.service
Wants=scan-%p.service
OnFailure=tell@%n.service

[Service]
User=trader
WorkingDirectory=/
Environment="ALLOWLIST_SYMBOLS=NVDA,AAPL" \
# a comment in the middle
  MAX_LIVE_ORDERS_PER_DAY=4 MAX_LIVE_GROSS_NOTIONAL=500
Environment="SLACK_ALERTS_USERNAME=the $bot `x` 100%% \"q\" \\b" HTTPS_PROXY=http://proxy:3128
Environment=APCA_API_SECRET_KEY=sim-secret-key "HEALTHCHECK_URL=https://hc-ping.com/s3cret-%%41"
Environment=AVWAP_STATE_DIR=/root/avwap_r3k_scanner/state
EnvironmentFile=-/etc/scan.env
EnvironmentFile=/etc/%p-live.env
ExecStartPre=/bin/true gate
ExecStart=/usr/local/bin/old-engine
Restart=always
Nice=5

[Install]
WantedBy=multi-user.target'
  write_inside /etc/scan.env "# shared with the scan
APCA_API_KEY_ID=SIMKEYID
APCA_API_BASE_URL=http://127.0.0.1:$PORT
APCA_API_DATA_URL=\"http://127.0.0.1:$PORT\"
DRY_RUN=0
ENTRY_DELAY_MIN_SECONDS=0
ENTRY_DELAY_MAX_SECONDS=0"
  write_inside /etc/execution-live.env 'LIVE_TRADING=1
LIVE_CONFIRM_TOKEN="t0ken s3cret"
MAX_LIVE_POSITIONS=3
ALPACA_PAPER=1'
  inside chmod 0600 /etc/execution-live.env
  write_inside "$DROP_INS/override.conf" '[Service]
Environment=MAX_LIVE_ORDERS_PER_DAY=1
Environment=SLACK_WEBHOOK_URL=https://hooks.slack.com/services/s3cret%%2F'
  write_inside "$DROP_INS/05-early.conf" '[Service]
Environment=MAX_LIVE_GROSS_NOTIONAL=400 KILL_SWITCH=0'
  write_inside "$DROP_INS/06-token.conf" '[Service]
Environment="LIVE_CONFIRM_TOKEN=t0ken s3cret"'
  write_inside /etc/odd.env 'A="x
DRY_RUN=0
"
DRY_RUN=\
0'
  inside systemctl daemon-reload
  inside systemctl --quiet enable --now execution.service
  until_true 5 "the old engine runs" "test -s $STATE/old-environment"
  take_kept "$STATE/old-environment" > "$WORK/before.env"
  tree > "$WORK/before.tree"
}

# The values that are to be kept, of a file in the form of /proc/PID/environ.
take_kept() {
  sh_inside "tr '\\0' '\\n' < $1" | grep -E "^(${KEPT// /|})=" | sort
}

tree() { sh_inside "find /etc /opt /usr/local -type f -newer /usr/local/bin/old-engine -exec sha256sum {} + | grep -v ' /etc/\\(passwd\\|group\\|shadow\\|gshadow\\|machine-id\\)' | sort"; }

install_old() { inside /root/incoming/install.sh "$@" /root/incoming/first/avwap-execution > "$WORK/install.log" 2>&1; }

unchanged() {
  tree > "$WORK/after.tree"
  diff "$WORK/before.tree" "$WORK/after.tree" || fail "$1 changes nothing"
}

refuses() {
  local text=$1
  if install_old; then fail "install.sh refuses: $text"; fi
  grep -qE -- "$text" "$WORK/install.log" || { cat "$WORK/install.log"; fail "install.sh says: $text"; }
  if grep -q s3cret "$WORK/install.log"; then fail "no value is printed"; fi
}

try_refused_while_running() {
  refuses 'execution.service runs'
  unchanged "a refused installation"
  inside systemctl stop execution.service
  seen "install.sh refuses while the old service runs"
}

# Each with one more drop-in, and nothing changed.
try_refused_migrations() {
  local file=$DROP_INS/zz-mine.conf
  refuse_with() {
    write_inside "$file" "[Service]
$1"
    inside systemctl daemon-reload
    refuses "$2"
    inside rm "$file"
    unchanged "a refused installation"
    inside systemctl daemon-reload
  }
  refuse_with 'Environment="A=1" DRY_RUN=no' 'zz-mine.conf turns DRY_RUN off'
  refuse_with 'Environment=\
  DRY_RUN=' 'zz-mine.conf turns DRY_RUN off'
  refuse_with 'UnsetEnvironment=DRY_RUN' 'takes it out of the environment'
  refuse_with 'ExecStart=
ExecStart=/usr/bin/python3 run.py' 'has an ExecStart of its own'
  refuse_with 'Environment=AVWAP_STATE_DIR=/srv/state' 'AVWAP_STATE_DIR of the service is not below'
  refuse_with 'EnvironmentFile=/etc/odd.env' '/etc/odd.env sets one of .* in a way'
  write_inside "$file" '[Service]'
  refuses 'daemon-reload'
  inside rm "$file"
  inside systemctl daemon-reload
  seen "install.sh refuses what would be LIVE, another program, another directory, or can't be moved; nothing is changed"
}

try_migrate() {
  install_old --dry-run || { cat "$WORK/install.log"; fail "install.sh --dry-run"; }
  unchanged "install.sh --dry-run"
  if grep -q s3cret "$WORK/install.log"; then fail "--dry-run prints no secret"; fi
  install_old || { cat "$WORK/install.log"; fail "install.sh migrates"; }
  if grep -q s3cret "$WORK/install.log"; then fail "the installation prints no secret"; fi
  local text
  for text in 'moved into a drop-in: /etc/scan.env line 5, DRY_RUN' 'moved into a drop-in: /etc/execution-live.env line 1, LIVE_TRADING' \
    'moved into a drop-in: /etc/execution-live.env line 2, LIVE_CONFIRM_TOKEN' 'not as before: ExecStartPre (/bin/true' \
    'not as before: Restart (was always' 'not as before: Nice' 'HTTPS_PROXY' 'systemd says: the first start is in DRY_RUN' \
    'SLACK_WEBHOOK_URL of /etc/systemd/system/execution.service.d/override.conf'; do
    grep -qF -- "$text" "$WORK/install.log" || { cat "$WORK/install.log"; fail "install.sh says: $text"; }
  done
  is_state inactive || fail "nothing is started"
  seen "an old unit with continuations, two environment files, a user and override.conf is migrated, and each difference named"
  [ "$(property User)" = trader ] || fail "User= is kept"
  [[ " $(property OnFailure) " == *' tell@execution.service.service '* ]] || fail "OnFailure= is kept"
  [[ " $(property After) " == *' scan-execution.service '* ]] || fail "After= is kept"
  if property Environment | grep -qE 's3cret-|sim-secret-key|hooks.slack.com'; then fail "no key and no secret address in Environment="; fi
  for text in /etc/avwap-execution/environment "$DROP_INS/60-live.conf" "$DROP_INS/50-dry-run.conf" "$DROP_INS/06-token.conf" /etc/avwap-execution/before/execution.service; do
    [ "$(inside stat -c %a "$text")" = 600 ] || fail "$text has mode 0600"
  done
  if inside grep -qE '^(DRY_RUN|LIVE_|KILL)' /etc/scan.env /etc/execution-live.env; then fail "the switches are out of the environment files"; fi
  [ -z "$(inside systemd-analyze verify execution.service 2>&1 | grep -v 'world-inaccessible\|scan-execution\|tell@' || true)" ] || fail "systemd-analyze verify is silent"
  mark
  inside systemctl start execution.service
  until_line 15 "Gate mode=DRY_RUN status=FAIL reason=DRY_RUN enabled"
  until_line 15 "Gate allowlist=AAPL,NVDA"
  until_line 15 "Gate caps(orders/day=1, positions=3, gross_notional=400.0"
  take_kept "/proc/$(property MainPID)/environ" > "$WORK/after.env"
  diff "$WORK/before.env" "$WORK/after.env" > /dev/null || { diff "$WORK/before.env" "$WORK/after.env" | cut -d = -f 1; fail "caps, allowlist, keys and paths are as before"; }
  until_line 5 "SUBMITTED NVDA"
  [ "$(count_buys)" = 0 ] || fail "no order leaves"
  seen "the migrated service runs in DRY_RUN as its own user with the same caps, allowlist, keys and paths; no key in Environment="
}

try_back() {
  inside rm -f "$STATE/old-environment"
  run_block "## 11)" > "$WORK/back.log" 2>&1 || { cat "$WORK/back.log"; fail "the runbook's way back"; }
  until_true 5 "the old engine runs" "test -s $STATE/old-environment"
  take_kept "$STATE/old-environment" > "$WORK/back.env"
  diff "$WORK/before.env" "$WORK/back.env" > /dev/null || { diff "$WORK/before.env" "$WORK/back.env" | cut -d = -f 1; fail "the old service has its caps, allowlist, keys and paths"; }
  sh_inside "tr '\\0' '\\n' < $STATE/old-environment | grep -qx DRY_RUN=1" || fail "the old service is in DRY_RUN"
  inside systemctl stop execution.service
  seen "and back: the old service, with the same caps, allowlist, keys and paths, in DRY_RUN"
}

# DRY_RUN=0 everywhere in the old unit and its files: the first start is in DRY_RUN all the same.
try_kept_live_out() {
  boot
  inside mkdir -p "$DROP_INS"
  write_inside "$UNIT" '[Service]
Environment=DRY_RUN=0 LIVE_TRADING=1
EnvironmentFile=/etc/a.env
EnvironmentFile=/etc/b.env
ExecStart=/bin/sleep infinity'
  write_inside /etc/a.env "$(lab_environment)
DRY_RUN=false"
  write_inside /etc/b.env 'LIVE_CONFIRM_TOKEN=x
DRY_RUN=0
KILL_SWITCH=1'
  inside systemctl daemon-reload
  install_old || { cat "$WORK/install.log"; fail "install.sh migrates"; }
  write_watchlist
  mark
  inside systemctl start execution.service
  until_line 15 "Gate mode=DRY_RUN status=FAIL reason=DRY_RUN enabled"
  sh_inside "tr '\\0' '\\n' < /proc/$(property MainPID)/environ | grep -qx KILL_SWITCH=1" || fail "a kill switch that was on stays on"
  seen "DRY_RUN=0 in unit and files: the first start is in DRY_RUN, and a kill switch stays on"
}
