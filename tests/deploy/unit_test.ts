import { DEFAULT_BASE_DIR, DEFAULT_STATE_DIR } from "../../src/runtime/config.ts";
import { assert, assertEquals, assertStringIncludes } from "../assert.ts";
import { type BinaryPlan, type Host, run, withHost } from "./host.ts";

/** Variables that never reach the program: what dials past the permissions, or trusts or tells others. */
const UNSET = [
  "HTTP_PROXY",
  "http_proxy",
  "HTTPS_PROXY",
  "https_proxy",
  "ALL_PROXY",
  "all_proxy",
  "NO_PROXY",
  "no_proxy",
  "DENO_CERT",
  "DENO_TLS_CA_STORE",
  "DENO_AUTH_TOKENS",
  "DENO_DIR",
  "DENO_V8_FLAGS",
  "DENO_TRACE_PERMISSIONS",
  "NODE_EXTRA_CA_CERTS",
  "NODE_OPTIONS",
  "NODE_TLS_REJECT_UNAUTHORIZED",
  "OTEL_DENO",
  "SSL_CERT_FILE",
  "SSL_CERT_DIR",
  "SSLKEYLOGFILE",
  "LD_PRELOAD",
  "LD_LIBRARY_PATH",
  "LD_AUDIT",
];

Deno.test("the unit is what systemd understands, and exposes less than 2.0", () =>
  withHost(async (host) => {
    assertEquals((await host.install(await host.makeBinary())).status, 0);
    // What the unit refers to, so that systemd finds it below the scratch root.
    await Deno.mkdir(`${host.root}/lib`);
    assertEquals((await run("cp", ["-r", "/lib/systemd", `${host.root}/lib/`])).status, 0);
    const verify = () =>
      run("systemd-analyze", ["verify", `--root=${host.root}`, "execution.service"]);
    // It exits 0 for a key that it does not know, so its silence is what counts.
    assertEquals(await verify(), { status: 0, stdout: "", stderr: "" });
    const security = await run("systemd-analyze", [
      "security",
      "--offline=true",
      "--no-pager",
      `--root=${host.root}`,
      "execution.service",
    ]);
    const score = /Overall exposure level for \S+: (\d+\.\d+)/.exec(security.stdout);
    assert(Number(score?.[1]) < 2, security.stdout);
    Deno.stdout.writeSync(new TextEncoder().encode(`\n    ${score?.[0]}\n`));
    const unit = await Deno.readTextFile(host.unit);
    await Deno.writeTextFile(host.unit, unit.replace("RestartSec=", "RestartSecs="));
    assertStringIncludes((await verify()).stderr, "Unknown key 'RestartSecs'");
  }));

/** Every directive of the unit. A line less, or more, is to be seen here first. */
const DIRECTIVES = [
  "[Unit]",
  "Description=AVWAP breakout execution",
  "Wants=network-online.target",
  "After=network-online.target time-sync.target",
  "StartLimitIntervalSec=0",
  "[Service]",
  "Type=notify",
  "NotifyAccess=main",
  "Environment=AVWAP_BASE_DIR=/root/scan AVWAP_STATE_DIR=/root/scan/state",
  "EnvironmentFile=-/etc/avwap-execution/environment",
  "ExecStartPre=-/usr/bin/timeout -k 5 60 /opt/avwap-execution/current/avwap-execution check",
  "ExecStart=/opt/avwap-execution/current/avwap-execution run",
  "Restart=on-failure",
  "RestartSec=60",
  "RestartPreventExitStatus=64 78",
  "WatchdogSec=60",
  "TimeoutStartSec=240",
  "TimeoutStopSec=90",
  "SyslogIdentifier=avwap-execution",
  "RuntimeDirectory=avwap-execution",
  "RuntimeDirectoryMode=0700",
  "UMask=0077",
  "LimitCORE=0",
  "ReadWritePaths=/root/scan/state -/root/avwap_r3k_scanner/state",
  "ProtectHome=tmpfs",
  "BindReadOnlyPaths=/root/scan",
  "BindPaths=/root/scan/state -/root/avwap_r3k_scanner/state",
  "ProtectSystem=strict",
  "PrivateTmp=yes",
  "PrivateDevices=yes",
  "PrivateUsers=yes",
  "PrivateIPC=yes",
  "PrivateMounts=yes",
  "ProtectClock=yes",
  "ProtectControlGroups=yes",
  "ProtectHostname=yes",
  "ProtectKernelLogs=yes",
  "ProtectKernelModules=yes",
  "ProtectKernelTunables=yes",
  "ProtectProc=invisible",
  "ProcSubset=pid",
  "CapabilityBoundingSet=",
  "AmbientCapabilities=",
  "NoNewPrivileges=yes",
  "RemoveIPC=yes",
  "RestrictAddressFamilies=AF_INET AF_INET6 AF_UNIX",
  "RestrictNamespaces=yes",
  "RestrictRealtime=yes",
  "RestrictSUIDSGID=yes",
  "LockPersonality=yes",
  "KeyringMode=private",
  "DevicePolicy=closed",
  "SystemCallArchitectures=native",
  "SystemCallFilter=@system-service @pkey",
  "SystemCallFilter=~@privileged @resources",
  "SystemCallErrorNumber=EPERM",
  "[Install]",
  "WantedBy=multi-user.target",
];

Deno.test("the unit is these directives, each of which somebody wanted", () =>
  withHost(async (host) => {
    assertEquals((await host.install(await host.makeBinary())).status, 0);
    const lines = (await Deno.readTextFile(host.unit)).split("\n")
      .filter((line) => line !== "" && !line.startsWith("#"));
    const unset = lines.find((line) => line.startsWith("UnsetEnvironment="));
    assertEquals(unset?.slice("UnsetEnvironment=".length).trim().split(" "), UNSET);
    assertEquals(lines.filter((line) => line !== unset), DIRECTIVES);
  }));

/** The lines by which the unit opens directories. */
async function listOpened(host: Host, dirs: BinaryPlan): Promise<string[]> {
  assertEquals((await host.install(await host.makeBinary(dirs))).status, 0);
  const lines = (await Deno.readTextFile(host.unit)).split("\n");
  return lines.filter((line) => /^(ProtectHome|Bind\w+|ReadWritePaths)=/.test(line));
}

Deno.test("the unit outside a home directory shuts home directories but for the place where the switches count too", () =>
  withHost(async (host) => {
    const opened = await listOpened(host, {
      baseDir: "/srv/scan",
      stateDir: "/srv/scan/state",
    });
    assertEquals(opened, [
      `ReadWritePaths=/srv/scan/state -${DEFAULT_STATE_DIR}`,
      "ProtectHome=tmpfs",
      `BindPaths=/srv/scan/state -${DEFAULT_STATE_DIR}`,
    ]);
  }));

Deno.test("the unit for the default directories opens these two alone", () =>
  withHost(async (host) => {
    const opened = await listOpened(host, {
      baseDir: DEFAULT_BASE_DIR,
      stateDir: DEFAULT_STATE_DIR,
    });
    assertEquals(opened, [
      `ReadWritePaths=${DEFAULT_STATE_DIR}`,
      "ProtectHome=tmpfs",
      `BindReadOnlyPaths=${DEFAULT_BASE_DIR}`,
      `BindPaths=${DEFAULT_STATE_DIR}`,
    ]);
  }));
