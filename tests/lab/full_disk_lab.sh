#!/usr/bin/env bash
# The program on a disk that is really full: a tmpfs of 8 MB in a name space of its own. Needs user name spaces
# (`unshare -Urm`), which a CI host may forbid; the same behaviour on a disk in memory is tested everywhere.
#   tests/lab/full_disk_lab.sh DENO...    the command that runs Deno, by default: deno
set -euo pipefail
cd "$(dirname "$0")/../.."

if [ "${INSIDE_LAB:-}" != 1 ]; then
  [ $# -gt 0 ] || set -- deno
  exec env INSIDE_LAB=1 unshare -Urm "$0" "$@"
fi

lab=$(mktemp -d)
trap 'umount "$lab/state" && rm -rf "$lab"' EXIT
mkdir "$lab/state"
mount -t tmpfs -o size=8m,mode=700 none "$lab/state"
printf 'Symbol,Direction,Price,Entry_Level,Entry_DistPct,Stop_Loss,Target_R1,Target_R2,Anchor\nNVDA,Long,127,124,0,117,131,139,gap\n' \
  > "$lab/daily_candidates.csv"

# The broker is nobody: a run that starts ends with 0 and a market that counts as closed.
avwap=(
  env -u SLACK_WEBHOOK_URL APCA_API_KEY_ID=key APCA_API_SECRET_KEY=secret APCA_API_BASE_URL=http://127.0.0.1:9
  APCA_API_DATA_URL=http://127.0.0.1:9 AVWAP_BASE_DIR="$lab" AVWAP_STATE_DIR="$lab/state"
  "$@" run --no-prompt -A main.ts
)
failed=0

expect() {
  local name=$1 status=$2 words=$3 got=0
  shift 3
  out=$("$@" 2>&1) || got=$?
  if [ "$got" = "$status" ] && grep -qF -- "$words" <<< "$out"; then
    printf 'ok      %s\n' "$name"
  else
    printf 'FAILED  %s: exit %s, wanted %s and "%s"\n%s\n' "$name" "$got" "$status" "$words" "$out"
    failed=1
  fi
}
fill() { dd if=/dev/zero of="$lab/state/filler" bs=4k 2> /dev/null || true; }

expect 'a disk with room: the run starts' 0 'Market closed' "${avwap[@]}" run --run-once
expect 'the reserve is 4 MB of real blocks' 0 '4096' du -k "$lab/state/disk_reserve.bin"
fill
expect 'a full disk: the run starts from the reserve, and says so' 0 'Disk full: The disk of' "${avwap[@]}" run --run-once
expect 'status shows it' 0 'FULL, no entries' "${avwap[@]}" status
# 69: the broker is nobody.
expect 'check names it' 69 'FAIL disk space      the disk was full' "${avwap[@]}" check
fill
truncate -s 0 "$lab/state/disk_reserve.bin"
fill
expect 'no room and no reserve: 70' 70 'no space left on the device' "${avwap[@]}" run --run-once
rm "$lab/state/filler"
expect 'room again: the run starts' 0 'Market closed' "${avwap[@]}" run --run-once
expect 'and the reserve is whole again' 0 '4096' du -k "$lab/state/disk_reserve.bin"
exit $failed
