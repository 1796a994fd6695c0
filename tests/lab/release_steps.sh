# shellcheck shell=bash
# shellcheck disable=SC2016,SC2034,SC2154 # Sourced, and full of texts for other readers than this shell.
# Steps of the lab: upgrade, rollback and removal.

current() { inside readlink /opt/avwap-execution/current; }

# The plain way, with an order at the broker.
try_upgrade() {
  local first second
  first=$(current)
  inside /root/incoming/upgrade.sh --now /root/incoming/second/avwap-execution > "$WORK/upgrade.log" 2>&1 ||
    { cat "$WORK/upgrade.log"; fail "upgrade.sh upgrades"; }
  second=$(current)
  [ "$first" != "$second" ] || fail "upgrade.sh switches the link"
  is_state active || fail "the upgraded service is up"
  seen "upgraded to the second release"
  until_true 15 "LIVE again" "systemctl show execution.service -p StatusText --value | grep -q '^LIVE; market open'"
  if inside /root/incoming/upgrade.sh /root/incoming/broken/avwap-execution > "$WORK/broken.log" 2>&1; then
    fail "upgrade.sh waits for --now in a LIVE session"
  fi
  grep -q 'trades LIVE and the market is open' "$WORK/broken.log" || { cat "$WORK/broken.log"; fail "and says why"; }
  seen "in a LIVE session with the market open an upgrade waits for --now"
  if inside /root/incoming/upgrade.sh --now /root/incoming/broken/avwap-execution > "$WORK/broken.log" 2>&1; then
    fail "upgrade.sh refuses a broken release"
  fi
  [ "$(current)" = "$second" ] || { cat "$WORK/broken.log"; fail "a broken release is switched back"; }
  is_state active || fail "the service is up after a broken upgrade"
  if inside test -e "/opt/avwap-execution/releases/$(release_of broken)"; then fail "a release that was refused does not stay"; fi
  seen "a release that does not come up is switched back by itself, and does not stay"
  inside /opt/avwap-execution/host/rollback.sh > "$WORK/rollback.log" 2>&1 || { cat "$WORK/rollback.log"; fail "rollback.sh"; }
  [ "$(current)" = "$first" ] || { cat "$WORK/rollback.log"; fail "rollback.sh goes to the release before"; }
  is_state active || fail "the service is up after a rollback"
  [ "$(count_buys)" = 1 ] || fail "no second order after upgrade and rollback"
  seen "rolled back to the first release, without waiting for the close"
}

# A host on which 0.1.0 was installed by its own script, over a unit that people write, as an upgrade finds it.
write_010() {
  local file
  mkdir -p "$WORK/old-deploy"
  git archive 0ece04242bddc4ab9c78b0a36b95a5469cc3a04e deploy | tar -x -C "$WORK/old-deploy"
  for file in "$WORK"/old-deploy/deploy/*.sh; do lab put "$file" "/root/old-deploy/${file##*/}"; done
  write_inside /etc/systemd/system/execution.service '[Service]
Environment=APCA_API_KEY_ID=SIMKEYID APCA_API_SECRET_KEY=sim-secret-key MAX_LIVE_POSITIONS=3
ExecStart=/bin/sleep infinity'
  inside systemctl daemon-reload
  inside /root/old-deploy/install.sh /root/incoming/old/avwap-execution > "$WORK/install.log" 2>&1 ||
    { cat "$WORK/install.log"; fail "0.1.0 installs"; }
  write_inside /etc/avwap-execution/environment "$(lab_environment | grep -v '^APCA_API_\(KEY\|SECRET\)')"
  write_watchlist
  inside systemctl daemon-reload
  inside systemctl start execution.service
  is_state active || fail "0.1.0 runs"
}

try_from_010() {
  local old
  boot
  write_010
  old=$(current)
  inside /root/incoming/upgrade.sh /root/incoming/first/avwap-execution > "$WORK/upgrade.log" 2>&1 || { cat "$WORK/upgrade.log"; fail "upgrade.sh from 0.1.0"; }
  is_state active || fail "the service is up after the upgrade from 0.1.0"
  inside avwap-execution status > "$WORK/status.log" || { cat "$WORK/status.log"; fail "the operator's command works after the upgrade"; }
  grep -q '^Mode .*DRY_RUN enabled' "$WORK/status.log" || { cat "$WORK/status.log"; fail "in the service's own mode"; }
  inside avwap-execution kill > "$WORK/kill.log" || { cat "$WORK/kill.log"; fail "kill ends with 0"; }
  inside avwap-execution resume > /dev/null
  inside /opt/avwap-execution/host/rollback.sh > "$WORK/rollback.log" 2>&1 || { cat "$WORK/rollback.log"; fail "rollback.sh to 0.1.0"; }
  [ "$(current)" = "$old" ] || fail "0.1.0 is current"
  if grep -q 'in force' "$WORK/rollback.log"; then cat "$WORK/rollback.log"; fail "nothing is in force"; fi
  inside /opt/avwap-execution/host/rollback.sh > "$WORK/rollback.log" 2>&1 || { cat "$WORK/rollback.log"; fail "and forward"; }
  is_state active || fail "the service is up again"
  seen "a host that 0.1.0 installed is upgraded, rolled back and upgraded again"
  inside systemctl stop execution.service
  install_again
  property Environment | grep -q MAX_LIVE_POSITIONS=3 || fail "what 0.1.0 carried over holds"
  inside systemctl start execution.service
  is_state active || fail "it runs under the unit of this release"
  inside systemctl stop execution.service
  inside /opt/avwap-execution/host/uninstall.sh > "$WORK/uninstall.log" 2>&1 || { cat "$WORK/uninstall.log"; fail "uninstall.sh"; }
  property ExecStart | grep -q /bin/sleep || { cat "$WORK/uninstall.log"; fail "the unit that 0.1.0 kept is put back"; }
  grep -q 'systemd says: execution.service is in DRY_RUN' "$WORK/uninstall.log" || { cat "$WORK/uninstall.log"; fail "in DRY_RUN"; }
  seen "its unit is renewed by install.sh, which names keys that everybody can read; uninstall.sh puts the unit before 0.1.0 back"
}

install_again() {
  inside /root/incoming/install.sh /root/incoming/first/avwap-execution > "$WORK/install.log" 2>&1 || { cat "$WORK/install.log"; fail "install.sh over 0.1.0's unit"; }
  grep -q '20-carried-over.conf sets APCA_API_SECRET_KEY in Environment=, which every user' "$WORK/install.log" ||
    { cat "$WORK/install.log"; fail "install.sh names keys in Environment="; }
}

run_releases() {
  boot
  install_first
  inside systemctl start execution.service
  try_refused
  try_damaged
  try_in_force
  try_uninstall
  try_from_010
}

refused() {
  local name=$1 text=$2 before
  before=$(current)
  if inside /root/incoming/upgrade.sh "/root/incoming/$name/avwap-execution" > "$WORK/refused.log" 2>&1; then fail "$text"; fi
  [ "$(current)" = "$before" ] || fail "$text: nothing is switched"
  if inside test -e "/opt/avwap-execution/releases/$(release_of "$name")"; then fail "$text: it does not stay"; fi
}

try_refused() {
  inside /root/incoming/upgrade.sh --dry-run /root/incoming/second/avwap-execution > "$WORK/dry.log"
  grep -q '^would be: current: ' "$WORK/dry.log" || fail "upgrade.sh --dry-run says would"
  if grep -E '^(release|current|upgraded|removed|written):' "$WORK/dry.log"; then fail "upgrade.sh --dry-run says nothing as done"; fi
  refused unfit "a release whose check FAILs is refused"
  write_inside "$DROP_INS/43-nobody.conf" '[Service]
User=no-such-user'
  inside systemctl daemon-reload
  refused second "a check that could not run is not a check that passed"
  grep -q 'could not be run' "$WORK/refused.log" || { cat "$WORK/refused.log"; fail "and that is said"; }
  inside rm "$DROP_INS/43-nobody.conf"
  inside systemctl daemon-reload
  seen "a check that FAILs or could not run is no upgrade, and the release does not stay; --dry-run says would"
}

try_damaged() {
  local dir
  dir=/opt/avwap-execution/releases/$(release_of second)
  inside mkdir -p "$dir"
  sh_inside "cp /root/incoming/second/avwap-execution.manifest.json $dir/ && printf broken > $dir/avwap-execution"
  inside /root/incoming/upgrade.sh /root/incoming/second/avwap-execution > "$WORK/upgrade.log" 2>&1 || { cat "$WORK/upgrade.log"; fail "upgrade.sh over a damaged release"; }
  grep -q '^damaged, and placed again' "$WORK/upgrade.log" || fail "a release that is there already is verified by its sum"
  is_state active || fail "and it runs"
  seen "a release that is there already is verified by its sum, and placed again"
}

# To 0.1.0 itself, which knows neither, and whose code runs under this unit and reads these records.
try_in_force() {
  local old second rollback=/opt/avwap-execution/host/rollback.sh
  old=$(release_of old)
  second=$(release_of second)
  inside mkdir -p "/opt/avwap-execution/releases/$old"
  sh_inside "cp /root/incoming/old/* /opt/avwap-execution/releases/$old/"
  write_live "$STATE"
  mark
  inside systemctl restart execution.service
  until_line 30 "Position NVDA: qty=6"
  inside avwap-execution release NVDA --yes > "$WORK/release.log" || { cat "$WORK/release.log"; fail "release takes NVDA off the engine's hands"; }
  inside avwap-execution pause > "$WORK/pause.log"
  mark
  inside "$rollback" "$old" > "$WORK/rollback.log" 2>&1 || { cat "$WORK/rollback.log"; fail "rollback.sh to 0.1.0"; }
  for text in 'released symbols: NVDA' 'entries are paused'; do
    grep -qF "does not know what is in force: $text" "$WORK/rollback.log" || { cat "$WORK/rollback.log"; fail "it names: $text"; }
  done
  is_state active || fail "0.1.0 runs"
  until_line 15 "Gate mode=DRY_RUN status=FAIL reason=DRY_RUN enabled"
  seen "a rollback to 0.1.0 itself names what that does not know, and it runs in DRY_RUN"
  inside "$rollback" "$second" > "$WORK/rollback.log" 2>&1 || { cat "$WORK/rollback.log"; fail "forward again"; }
  inside avwap-execution status > "$WORK/status.log"
  grep -q '^Released .*NVDA' "$WORK/status.log" || { cat "$WORK/status.log"; fail "what was released is released after 0.1.0"; }
  grep -q '^Entries .*PAUSED' "$WORK/status.log" || { cat "$WORK/status.log"; fail "what was paused is paused after 0.1.0"; }
  seen "forward again: what was released and paused still is"
  inside rm "$DROP_INS/zz-dry-run.conf"
  inside systemctl daemon-reload
  mark
  inside "$rollback" --accept-loss-of release --accept-loss-of pause "$old" > "$WORK/rollback.log" 2>&1 || { cat "$WORK/rollback.log"; fail "rollback.sh --accept-loss-of"; }
  if inside test -e "$DROP_INS/zz-dry-run.conf"; then fail "accepted: the mode stays"; fi
  until_line 30 "Gate mode=LIVE status=PASS reason=live trading confirmed"
  inside "$rollback" "$second" > "$WORK/rollback.log" 2>&1 || { cat "$WORK/rollback.log"; fail "and forward"; }
  seen "where the loss is accepted 0.1.0 goes on LIVE, in the open market"
}

try_uninstall() {
  local before
  if inside /opt/avwap-execution/host/uninstall.sh > "$WORK/uninstall.log" 2>&1; then fail "uninstall.sh refuses while the service runs"; fi
  inside systemctl stop execution.service
  before=$(inside find "$BASE" /etc/avwap-execution -type f | sort)
  inside /opt/avwap-execution/host/uninstall.sh --dry-run > "$WORK/uninstall.log"
  inside test -e /opt/avwap-execution/current || fail "uninstall.sh --dry-run changes nothing"
  inside /opt/avwap-execution/host/uninstall.sh > "$WORK/uninstall.log" 2>&1 || { cat "$WORK/uninstall.log"; fail "uninstall.sh"; }
  grep -q "^left: $STATE" "$WORK/uninstall.log" || fail "uninstall.sh says that it left the state"
  [ "$(inside find "$BASE" /etc/avwap-execution -type f | sort)" = "$before" ] || fail "state and keys are left"
  if sh_inside "test -e /opt/avwap-execution || test -e /usr/local/bin/avwap-execution || test -e /etc/systemd/system/execution.service"; then
    fail "the rest is gone"
  fi
  seen "uninstall.sh leaves state, keys and drop-ins, and says so"
}
