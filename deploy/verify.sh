#!/usr/bin/env bash
# Checks a copied binary before it is installed: it is the one of which its manifest speaks, and the manifest is signed
# with the release key, where this host has one. It starts nothing, and writes only into a temporary directory of its own.
# Usage: verify.sh [--root DIR] [--key FILE] [--sum-only] MANIFEST BINARY
#   --root DIR  the host below DIR: its release key is DIR/etc/avwap-execution/release.pub
#   --key FILE  this public key instead; it has to be there
#   --sum-only  compare the sum, ask for no signature: for a release that is installed already
# Key and signature (MANIFEST.minisig) are in minisign's format. Where the key is there, a binary without a signature of
# that key is refused. Exit status: 0 verified (one line says what), 1 refused (one line says why), 64 usage.
# The scripts call it in one line, which ends them with its status where it is not 0:
#   "$(dirname "$(readlink -f "$0")")/verify.sh" --root "$ROOT" "$BINARY.manifest.json" "$BINARY" || exit
set -euo pipefail
export LC_ALL=C

# openssl verifies, because a server has it and has no Deno; the installed binary may read neither file, and at the first
# installation there is none.
readonly NAME=avwap-execution
ROOT=
KEY=
IS_SUM_ONLY=0
WORDS=()
LINES_READ=()

fail() {
  printf 'verify.sh: %s\n' "$*" >&2
  exit 1
}

usage() {
  printf 'verify.sh: %s\nUsage: verify.sh [--root DIR] [--key FILE] [--sum-only] MANIFEST BINARY\n' "$1" >&2
  exit 64
}

# One value of the manifest, which has each on a line of its own: what stands there twice is nobody's.
read_value() {
  local -a found
  mapfile -t found < <(sed -n "s/^  \"$1\": \"\\([A-Za-z0-9/._@+-]*\\)\",\\{0,1\\}\$/\\1/p" "$DIR/manifest")
  [ "${#found[@]}" = 1 ] || fail "$MANIFEST is no manifest of $NAME: it has not one $1; copy it again"
  printf '%s' "${found[0]}"
}

check_sum() {
  local found
  found=$(read_value name)
  [ "$found" = "$NAME" ] || fail "$MANIFEST is no manifest of $NAME, but of $found"
  VERSION=$(read_value version)
  SUM=$(read_value sha256)
  [[ $SUM =~ ^[0-9a-f]{64}$ ]] || fail "$MANIFEST holds no SHA-256: copy it again"
  found=$(sha256sum < "$BINARY") || fail "$BINARY cannot be read"
  [ "${found%% *}" = "$SUM" ] ||
    fail "$BINARY has SHA-256 ${found%% *}, its manifest says $SUM: copy both again"
}

# The release key of this host, or nothing. Not being allowed to look is no answer.
find_key() {
  local config=$ROOT/etc/avwap-execution
  [ -z "$KEY" ] || return 0
  if [ -d "$config" ] && [ ! -x "$config" ]; then
    fail "$config cannot be searched for the release key: run as root"
  fi
  if [ -e "$config/release.pub" ] || [ -L "$config/release.pub" ]; then KEY=$config/release.pub; fi
}

# Writes the bytes of a line in base64 to a file, where there are as many as the format has.
decode() {
  local text=$1 file=$2 bytes=$3
  base64 -d <<< "$text" > "$file" 2> /dev/null && [ "$(stat -c %s "$file")" = "$bytes" ]
}

# `cut_bytes FILE FIRST COUNT`, the first byte being 1.
cut_bytes() {
  tail -c "+$2" "$1" | head -c "$3"
}

is_signed() {
  openssl pkeyutl -verify -pubin -keyform DER -inkey "$DIR/key.der" -rawin -in "$1" -sigfile "$2" > /dev/null 2>&1
}

# The lines of a file, in LINES_READ.
read_lines() {
  [ -f "$1" ] && mapfile -t LINES_READ < "$1"
}

read_key() {
  read_lines "$KEY" || fail "$KEY, the release key, cannot be read"
  if ! decode "${LINES_READ[1]:-}" "$DIR/key" 42 || [ "$(cut_bytes "$DIR/key" 1 2)" != Ed ]; then
    fail "$KEY is no public key in minisign's format: its second line is to be the key"
  fi
  # What X.509 writes before the 32 bytes of an Ed25519 key.
  { printf '\x30\x2a\x30\x05\x06\x03\x2b\x65\x70\x03\x21\x00' && cut_bytes "$DIR/key" 11 32; } > "$DIR/key.der"
}

check_signature() {
  local signature=$MANIFEST.minisig message=$DIR/manifest
  [[ $(openssl version 2> /dev/null) =~ ^OpenSSL\ ([3-9]|[1-9][0-9])\. ]] ||
    fail "the signature needs openssl 3 or later: apt-get install openssl"
  read_key
  read_lines "$signature" ||
    fail "$signature is missing, and $KEY asks for it: copy it from beside the manifest"
  { [ "${#LINES_READ[@]}" = 4 ] && [[ ${LINES_READ[2]} == "trusted comment: "* ]] &&
    decode "${LINES_READ[1]}" "$DIR/signature" 74 && decode "${LINES_READ[3]}" "$DIR/global" 64; } ||
    fail "$signature is no signature in minisign's format: copy it again"
  cut_bytes "$DIR/signature" 11 64 > "$DIR/signature.bytes"
  [ "$(cut_bytes "$DIR/signature" 3 8 | od -An -tx1)" = "$(cut_bytes "$DIR/key" 3 8 | od -An -tx1)" ] ||
    fail "$signature was made with another key than $KEY"
  case "$(cut_bytes "$DIR/signature" 1 2)" in
    Ed) ;;
    ED)
      message=$DIR/digest
      openssl dgst -blake2b512 -binary "$DIR/manifest" > "$message"
      ;;
    *) fail "$signature is of a kind that is not known here" ;;
  esac
  is_signed "$message" "$DIR/signature.bytes" || fail "$signature does not fit $MANIFEST: copy both again"
  COMMENT=${LINES_READ[2]#trusted comment: }
  { cat "$DIR/signature.bytes" && printf '%s' "$COMMENT"; } > "$DIR/global.message"
  is_signed "$DIR/global.message" "$DIR/global" || fail "$signature has a trusted comment that was changed: copy it again"
}

while [ $# -gt 0 ]; do
  case "$1" in
    --root | --key)
      [ $# -ge 2 ] || usage "$1 needs a path"
      if [ "$1" = --root ]; then ROOT=$2; else KEY=${2:?}; fi
      shift
      ;;
    --sum-only) IS_SUM_ONLY=1 ;;
    -h | --help)
      sed -n '2,11s/^# //p' "$0"
      exit 0
      ;;
    -*) usage "unknown option $1" ;;
    *) WORDS+=("$1") ;;
  esac
  shift
done
[ "${#WORDS[@]}" = 2 ] || usage "a manifest and a binary"
readonly MANIFEST=${WORDS[0]} BINARY=${WORDS[1]}

DIR=$(mktemp -d)
trap 'rm -rf "$DIR"' EXIT
[ -f "$BINARY" ] || fail "$BINARY is not a file: name the compiled binary"
# Once: what is compared is what was signed, whatever becomes of the file meanwhile.
cat -- "$MANIFEST" > "$DIR/manifest" 2> /dev/null ||
  fail "$MANIFEST cannot be read: copy it from beside the binary"
# The signature first: of what is not signed, nothing is read.
SIGNED="not signed: no release key on this host"
if [ "$IS_SUM_ONLY" = 1 ]; then
  SIGNED="signature not asked for"
else
  find_key
  if [ -n "$KEY" ]; then
    check_signature
    SIGNED="signed with $KEY: ${COMMENT//[^[:print:]]/ }"
  fi
fi
check_sum
printf 'verified: %s is %s %s, SHA-256 %s; %s\n' "$BINARY" "$NAME" "$VERSION" "$SUM" "$SIGNED"
