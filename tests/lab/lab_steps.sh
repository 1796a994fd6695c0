# shellcheck shell=bash
# shellcheck disable=SC2016,SC2034,SC2154 # Sourced, and full of texts for other readers than this shell.
# What the steps of the lab share: the lab, its clock of lines, and the releases. Not run by itself.
# Callers set LAB_PROGRAM, DENO and WORK.

PORT=18443
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
  stop_market
  lab down || true
  rm -rf "$WORK"
  exit "$status"
}

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

count_requests() { sh_inside "curl -s http://127.0.0.1:$PORT/sim/requests" | grep -o '\"method\"' | wc -l; }

# Compiled once where AVWAP_LAB_BUILDS names a directory to keep the builds in. Each is another release by its hosts.
build() {
  local name=$1 hosts=$2 kept=${AVWAP_LAB_BUILDS:-$WORK/builds}/$1
  if [ ! -e "$kept/avwap-execution.manifest.json" ]; then
    "$DENO" task compile --runtime=npm "--allow-host=$hosts" "--output=$kept/avwap-execution" "${@:3}" > "$WORK/build.log" 2>&1 ||
      { cat "$WORK/build.log" >&2; fail "the binary compiles"; }
  fi
  cp -r "$kept" "$WORK/$name"
}

# Release 0.1.0, its real code, out of the repository's history; by an index of its own.
build_old() {
  local kept=${AVWAP_LAB_BUILDS:-$WORK/builds}/old source=$WORK/old-source
  if [ ! -e "$kept/avwap-execution.manifest.json" ]; then
    mkdir -p "$kept" "$source"
    GIT_INDEX_FILE=$WORK/old-index git read-tree 0ece04242bddc4ab9c78b0a36b95a5469cc3a04e
    GIT_INDEX_FILE=$WORK/old-index git checkout-index --all "--prefix=$source/"
    (cd "$source" && "$DENO" task compile --runtime=npm "--allow-host=127.0.0.1:$PORT" "--output=$kept/avwap-execution") \
      > "$WORK/build.log" 2>&1 || { cat "$WORK/build.log" >&2; fail "release 0.1.0 compiles"; }
  fi
  cp -r "$kept" "$WORK/old"
}

put_release() {
  local file
  for file in avwap-execution avwap-execution.manifest.json; do
    lab put "$WORK/$1/$file" "/root/incoming/$1/$file"
  done
}

# A release that is a script: build_script NAME TEXT. It answers --version as the real one does.
build_script() {
  local version sum
  mkdir -p "$WORK/$1"
  version=$(sed -n 's/^  "version": "\(.*\)",$/\1/p' "$WORK/first/avwap-execution.manifest.json")
  printf '#!/bin/sh\ncase "$1" in\n  --version) echo "avwap-execution %s (%s)" ;;\n%s\nesac\n' "$version" "$1" "$2" \
    > "$WORK/$1/avwap-execution"
  chmod 0755 "$WORK/$1/avwap-execution"
  sum=$(sha256sum "$WORK/$1/avwap-execution" | cut -d ' ' -f 1)
  sed "s/^  \"sha256\": .*/  \"sha256\": \"$sum\",/" "$WORK/first/avwap-execution.manifest.json" \
    > "$WORK/$1/avwap-execution.manifest.json"
}

# The directory of a release on the host.
release_of() {
  local manifest=$WORK/$1/avwap-execution.manifest.json
  printf '%s-%.12s' "$(sed -n 's/^  "version": "\(.*\)",$/\1/p' "$manifest")" \
    "$(sed -n 's/^  "sha256": "\(.*\)",\{0,1\}$/\1/p' "$manifest")"
}

write_inside() { printf '%s\n' "$2" > "$WORK/text"; lab put "$WORK/text" "$1"; }

build_all() {
  build first "127.0.0.1:$PORT"
  build second "127.0.0.1:$PORT,127.0.0.1:18444"
  build elsewhere "127.0.0.1:$PORT" --base-dir=/srv/scan --state-dir=/srv/scan/state
  build_script broken '  check) exit 0 ;;
  *) echo "I am broken"; exit 70 ;;'
  build_script unfit '  check) exit 78 ;;
  *) exit 78 ;;'
  build_old
}

stop_market() {
  if [ -z "$MARKET_PID" ]; then return 0; fi
  kill "$MARKET_PID" 2> /dev/null || true
  wait "$MARKET_PID" 2> /dev/null || true
  MARKET_PID=
}

# The simulated broker of this moment, or with a clock that is so many minutes ahead of the host's: start_market MINUTES
# [closed]
start_market() {
  stop_market
  nsenter -t "$(lab pid)" --net "$DENO" run --no-prompt --quiet --allow-net=127.0.0.1 tests/lab/market.ts "$PORT" "$@" \
    > "$WORK/market.log" 2>&1 &
  MARKET_PID=$!
  until_true 20 "the simulated broker answers" "curl -s http://127.0.0.1:$PORT/sim/requests"
}

# A fresh host with the simulated broker and what was copied to it; nothing is installed.
boot() {
  local file
  stop_market
  lab down
  lab up > "$WORK/up.log" || { cat "$WORK/up.log" >&2; fail "the lab boots"; }
  start_market 0
  for file in deploy/*.sh; do lab put "$file" "/root/incoming/${file#deploy/}"; done
  for file in first second broken unfit old; do put_release "$file"; done
  seen "systemd $(inside systemctl --version | head -n 1 | cut -d ' ' -f 2) and the simulated broker are up"
}

# The lines of the runbook's first block of commands under a heading.
runbook_block() {
  awk -v heading="$1" '
    /^#/ { is_here = index($0, heading) > 0 }
    is_here && /^```bash/ { is_block = 1; next }
    is_block && /^```/ { exit }
    is_block
  ' deploy/RUNBOOK.md
}

# Runs them as they stand there.
run_block() {
  local text
  text=$(runbook_block "$1")
  [ -n "$text" ] || fail "the runbook has commands under $1"
  sh_inside "set -eu; $text"
}

# LIVE with both keys in the drop-ins of the runbook, which the service has as soon as it is started anew.
write_live() {
  inside avwap-execution token > /dev/null
  inside rm -f "$DROP_INS/zz-dry-run.conf"
  write_inside "$DROP_INS/60-live.conf" "[Service]
Environment=LIVE_TRADING=1 LIVE_CONFIRM_TOKEN=$(inside cat "$1/live_confirm_token.txt") EXECUTION_POLL_SECONDS=5"
  write_inside "$DROP_INS/50-dry-run.conf" '[Service]
Environment=DRY_RUN=0'
  inside systemctl daemon-reload
}

# A script inside that has the host's libraries, as the operator's command has them.
with_libraries() {
  inside bash -c "set -euo pipefail; PROGRAM_CALL=lab IS_DRY_RUN=0 ROOT='' HERE=/opt/avwap-execution/host
    for file in common as_service releases sources; do . \$HERE/\$file.sh; done; $1"
}

# What the service's own environment file holds in the lab.
lab_environment() {
  printf '%s\n' APCA_API_KEY_ID=SIMKEYID APCA_API_SECRET_KEY=sim-secret-key "APCA_API_BASE_URL=http://127.0.0.1:$PORT" \
    "APCA_API_DATA_URL=http://127.0.0.1:$PORT" ENTRY_DELAY_MIN_SECONDS=0 ENTRY_DELAY_MAX_SECONDS=0
}

write_watchlist() {
  write_inside "$BASE/daily_candidates.csv" "Symbol,Direction,Price,Entry_Level,Entry_DistPct,Stop_Loss,Target_R1,Target_R2,Anchor
NVDA,Long,127,124.2,-3.4,117.1,131.4,139.6,gap"
}
