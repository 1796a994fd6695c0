# shellcheck shell=bash
# shellcheck disable=SC2034,SC2153,SC2154 # Sourced: what is unused or unset here is another file's.
# The texts that install.sh writes. Callers set BASE_DIR, STATE_DIR, and CARRIED_UNIT and CARRIED_SERVICE: what is taken
# over from the unit that was here before, for each section.

# The state directory of an operator who names none, as the program has it.
readonly DEFAULT_STATE_DIR=/root/avwap_r3k_scanner/state
readonly UNIT_DIR=/etc/systemd/system
readonly CONFIG_DIR=/etc/avwap-execution
readonly MARK='# Written by install.sh of avwap-execution: changes belong into a drop-in.'
# The broker's keys and the addresses that are secrets: never in Environment=, which every user of the host can read.
readonly SECRETS='APCA_API_KEY_ID APCA_API_SECRET_KEY SLACK_WEBHOOK_URL HEALTHCHECK_URL'
# In an environment file they would win over the drop-ins by which LIVE is turned on and off.
readonly SWITCHES='DRY_RUN LIVE_TRADING LIVE_CONFIRM_TOKEN KILL_SWITCH'

# Variables by which the runtime, the C library or the linker would reach past the permission list or trust other
# certificates, or tell a collector of each request, whatever the list says.
unset_variables() {
  printf '%s ' \
    HTTP_PROXY http_proxy HTTPS_PROXY https_proxy ALL_PROXY all_proxy NO_PROXY no_proxy \
    DENO_CERT DENO_TLS_CA_STORE DENO_AUTH_TOKENS DENO_DIR DENO_V8_FLAGS DENO_TRACE_PERMISSIONS \
    NODE_EXTRA_CA_CERTS NODE_OPTIONS NODE_TLS_REJECT_UNAUTHORIZED \
    OTEL_DENO SSL_CERT_FILE SSL_CERT_DIR SSLKEYLOGFILE LD_PRELOAD LD_LIBRARY_PATH LD_AUDIT
}

# The directories that may be written: the service's own, and the default one, where the operator's switches count from
# whatever shell they are made (the command takes them away there too).
written_dirs() {
  printf '%s' "$STATE_DIR"
  if [ "$STATE_DIR" != "$DEFAULT_STATE_DIR" ]; then printf ' -%s' "$DEFAULT_STATE_DIR"; fi
}

# An empty home with just these directories stands in for the host's, where one is in it.
home_lines() {
  printf 'ProtectHome=tmpfs\n'
  case "$BASE_DIR" in /root | /root/* | /home/*) printf 'BindReadOnlyPaths=%s\n' "$BASE_DIR" ;; esac
  printf 'BindPaths=%s' "$(written_dirs)"
}

unit_text() {
  cat <<EOF
$MARK
[Unit]
Description=AVWAP breakout execution
Wants=network-online.target
After=network-online.target time-sync.target
# A missing or stale watchlist refuses the start; it is tried again until today's list is there.
StartLimitIntervalSec=0
${CARRIED_UNIT:+$CARRIED_UNIT
}
[Service]
Type=notify
NotifyAccess=main
Environment=AVWAP_BASE_DIR=$BASE_DIR AVWAP_STATE_DIR=$STATE_DIR
${CARRIED_SERVICE:+$CARRIED_SERVICE
}# Last, so that the keys in it hold.
EnvironmentFile=-$CONFIG_DIR/environment
# For the journal alone: run itself refuses what it can't work with.
ExecStartPre=-/usr/bin/timeout -k 5 60 $PREFIX/current/$NAME check
ExecStart=$PREFIX/current/$NAME run
Restart=on-failure
RestartSec=60
# Wrong usage and an invalid configuration do not heal by themselves.
RestartPreventExitStatus=64 78
WatchdogSec=60
TimeoutStartSec=240
TimeoutStopSec=90
SyslogIdentifier=$NAME
RuntimeDirectory=$NAME
RuntimeDirectoryMode=0700
UMask=0077
LimitCORE=0
UnsetEnvironment=$(unset_variables)

ReadWritePaths=$(written_dirs)
$(home_lines)
ProtectSystem=strict
PrivateTmp=yes
PrivateDevices=yes
PrivateUsers=yes
PrivateIPC=yes
PrivateMounts=yes
ProtectClock=yes
ProtectControlGroups=yes
ProtectHostname=yes
ProtectKernelLogs=yes
ProtectKernelModules=yes
ProtectKernelTunables=yes
ProtectProc=invisible
ProcSubset=pid
CapabilityBoundingSet=
AmbientCapabilities=
NoNewPrivileges=yes
RemoveIPC=yes
RestrictAddressFamilies=AF_INET AF_INET6 AF_UNIX
RestrictNamespaces=yes
RestrictRealtime=yes
RestrictSUIDSGID=yes
LockPersonality=yes
KeyringMode=private
DevicePolicy=closed
SystemCallArchitectures=native
# @pkey because V8 protects its compiled code with it. MemoryDenyWriteExecute= would end V8.
SystemCallFilter=@system-service @pkey
SystemCallFilter=~@privileged @resources
SystemCallErrorNumber=EPERM

[Install]
WantedBy=multi-user.target
EOF
}

dry_run_text() {
  cat <<EOF
# DRY_RUN from the first start on. LIVE (RUNBOOK 4): with both keys in place, set DRY_RUN=0 here.
[Service]
Environment=DRY_RUN=1
EOF
}

environment_text() {
  cat <<'END'
# Read by execution.service. One VARIABLE=value a line, no quotes needed; mode 0600, never in git.
# DRY_RUN and the LIVE keys do not belong here: this file wins over a drop-in's Environment=.
END
  if [ -n "${CARRIED_FILE:-}" ]; then
    printf '%s\n' "# Taken over from the service that was here before." "$CARRIED_FILE"
  else
    cat <<'END'
#APCA_API_KEY_ID=
#APCA_API_SECRET_KEY=
# 1 is paper, 0 is live money.
ALPACA_PAPER=1
#SLACK_WEBHOOK_URL=
#HEALTHCHECK_URL=
END
  fi
}

# One line of an environment file, quoted so that systemd reads the value as it is.
quote_setting() {
  local value=$2
  value=${value//\\/\\\\}
  value=${value//\"/\\\"}
  value=${value//\$/\\\$}
  value=${value//\`/\\\`}
  printf '%s="%s"\n' "$1" "$value"
}
