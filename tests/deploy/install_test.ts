import { assert, assertEquals, assertFalse, assertStringIncludes } from "../assert.ts";
import { type Host, run, withHost } from "./host.ts";

/** The scripts that go to the host: all that are there. */
async function listScripts(): Promise<string[]> {
  const names: string[] = [];
  for await (const { name } of Deno.readDir(new URL("../../deploy/", import.meta.url))) {
    if (name.endsWith(".sh")) names.push(name);
  }
  assert(names.length > 8);
  return names;
}

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

Deno.test("install.sh --dry-run tells everything and changes nothing", () =>
  withHost(async (host) => {
    const { status, stdout, stderr } = await host.install("--dry-run", await host.makeBinary());
    assertEquals([status, stderr], [0, ""]);
    for (
      const text of [
        "would write: " + host.unit,
        "    ExecStart=/opt/avwap-execution/current/avwap-execution run",
        "50-dry-run.conf (mode 0600)",
        "would run: mv -T",
        "would be: current: ",
      ]
    ) assertStringIncludes(stdout, text);
    assertFalse(/^(release|written|current|command|Installed)\b/m.test(stdout), stdout);
    assertEquals(await host.listTree(), []);
  }));

Deno.test("install.sh puts release, link, unit and DRY_RUN drop-in in place, with their modes", () =>
  withHost(async (host) => {
    const { status, stderr } = await host.install(await host.makeBinary());
    assertEquals([status, stderr], [0, ""]);
    const tree = (await host.listTree()).map((line) => line.slice(host.root.length));
    const has = (pattern: RegExp) => assert(tree.some((line) => pattern.test(line)), `${pattern}`);
    has(/^\/opt\/avwap-execution\/releases\/0\.1\.0-[0-9a-f]{12}\/avwap-execution 755 /);
    has(
      /^\/opt\/avwap-execution\/releases\/0\.1\.0-[0-9a-f]{12}\/avwap-execution\.manifest\.json 644 /,
    );
    has(/^\/opt\/avwap-execution\/current -> releases\/0\.1\.0-[0-9a-f]{12}$/);
    has(/^\/root\/scan\/state 700$/);
    has(/^\/etc\/avwap-execution 700$/);
    has(/^\/usr\/local\/bin\/avwap-execution -> \/opt\/avwap-execution\/host\/command\.sh$/);
    for (const script of await listScripts()) {
      has(new RegExp(`^/opt/avwap-execution/host/${script.replace(".", "\\.")} 755 #`));
    }
    has(/^\/etc\/avwap-execution\/kill-switch-on 600 KILL_SWITCH=1\n$/);
    has(/^\/etc\/avwap-execution\/dry-run-on 600 DRY_RUN=1\n$/);
    has(/^\/etc\/avwap-execution\/environment 600 /);
    has(/^\/etc\/systemd\/system\/execution\.service 644 /);
    has(
      /^\/etc\/systemd\/system\/execution\.service\.d\/50-dry-run\.conf 600 [^]*\nEnvironment=DRY_RUN=1\n/,
    );
    assertFalse(tree.some((line) => /^\S*\.new\b/.test(line)));
  }));

Deno.test("install.sh run again changes nothing", () =>
  withHost(async (host) => {
    const binary = await host.makeBinary();
    assertEquals((await host.install(binary)).status, 0);
    const before = await host.listTree();
    const { status, stdout } = await host.install(binary);
    assertEquals(status, 0);
    assertFalse(stdout.includes("written:"), stdout);
    assertEquals(await host.listTree(), before);
  }));

Deno.test("install.sh never overwrites what the operator wrote", () =>
  withHost(async (host) => {
    const binary = await host.makeBinary();
    assertEquals((await host.install(binary)).status, 0);
    const mine = [
      `${host.dropIns}/50-dry-run.conf`,
      `${host.dropIns}/override.conf`,
      `${host.root}/etc/avwap-execution/environment`,
    ];
    for (const path of mine) await Deno.writeTextFile(path, "# mine\n");
    assertEquals((await host.install(binary)).status, 0);
    for (const path of mine) assertEquals(await Deno.readTextFile(path), "# mine\n");
  }));

const OLD_UNIT = `[Unit]
OnFailure=tell@execution.service
[Service]
User=trader
Environment="MAX_LIVE_ORDERS_PER_DAY=2" LIVE_TRADING=1
Environment=APCA_API_SECRET_KEY=s3cret$x DRY_RUN=0
EnvironmentFile=-/etc/scan.env
ExecStartPre=/bin/gate
ExecStart=/usr/bin/python3
Nice=5
`;
const SCAN_ENV =
  "APCA_API_KEY_ID=KEY\nDRY_RUN=0\nKILL_SWITCH=1\nMAX_LIVE_POSITIONS=3\nMY_DRY_RUN=0\n";
const UNIT_PATH = "/etc/systemd/system/execution.service";

/** A stopped service of somebody else's, as people write them. */
async function writeOldService(host: Host): Promise<void> {
  await host.makeSystemd({ isRunning: false });
  await host.write(UNIT_PATH, OLD_UNIT);
  await host.write("/etc/scan.env", SCAN_ENV);
  await host.write("/root/scan/state/live_orders_today.json", "{}");
  const mine = "[Service]\nEnvironment=MAX_LIVE_POSITIONS=9 LIVE_CONFIRM_TOKEN=s3cret\n";
  await host.write(`${UNIT_PATH}.d/40-mine.conf`, mine);
}

Deno.test("install.sh takes a unit over by what systemd reads from it: keys and switches move, the rest stays or is named", () =>
  withHost(async (host) => {
    await writeOldService(host);
    const { status, stdout, stderr } = await host.installWithSystem(await host.makeBinary());
    assertEquals([status, stderr], [0, ""]);
    for (
      const text of [
        "moved into a drop-in: /etc/scan.env line 2, DRY_RUN",
        "moved into a drop-in: /etc/scan.env line 3, KILL_SWITCH",
        `moved into a drop-in: LIVE_TRADING of ${UNIT_PATH}`,
        `moved into /etc/avwap-execution/environment: APCA_API_SECRET_KEY of ${UNIT_PATH}`,
        "not as before: ExecStartPre",
        "not as before: Nice",
        "systemd says: the first start is in DRY_RUN",
      ]
    ) assertStringIncludes(stdout, text);
    assertFalse(stdout.includes("s3cret"), stdout);
    const tree = (await host.listTree()).map((line) => line.slice(host.root.length));
    const textOf = (path: string) => tree.find((line) => line.startsWith(`${path} `)) ?? "";
    const unit = textOf(UNIT_PATH);
    for (
      const line of [
        "OnFailure=tell@execution.service",
        "User=trader",
        "EnvironmentFile=-/etc/scan.env",
        'Environment="MAX_LIVE_ORDERS_PER_DAY=2"',
      ]
    ) assert(unit.includes(`\n${line}\n`), line);
    assertFalse(/s3cret|LIVE_TRADING|DRY_RUN=0|gate|python3/.test(unit), unit);
    assertEquals(
      textOf(`${UNIT_PATH}.d/60-live.conf`),
      `${UNIT_PATH}.d/60-live.conf 600 [Service]\nEnvironment="LIVE_TRADING=1"\n`,
    );
    assertStringIncludes(textOf(`${UNIT_PATH}.d/40-mine.conf`), "40-mine.conf 600 [Service]");
    assertStringIncludes(textOf(`${UNIT_PATH}.d/70-kill.conf`), 'Environment="KILL_SWITCH=1"');
    assertStringIncludes(
      textOf("/etc/avwap-execution/environment"),
      '\nAPCA_API_KEY_ID="KEY"\nAPCA_API_SECRET_KEY="s3cret\\$x"\nALPACA_PAPER=1\n',
    );
    assertStringIncludes(textOf("/etc/scan.env"), "MAX_LIVE_POSITIONS=3\nMY_DRY_RUN=0\n");
    assertFalse(/^(DRY_RUN|KILL_SWITCH)/m.test(textOf("/etc/scan.env")));
    assertStringIncludes(textOf("/etc/avwap-execution/before/etc-scan.env"), SCAN_ENV);
    assertEquals(
      textOf("/etc/avwap-execution/before/execution.service"),
      `/etc/avwap-execution/before/execution.service 600 ${OLD_UNIT}`,
    );
    assertFalse(tree.some((line) => /^\/run\/systemd\/system\/execution@/.test(line)));
    // Once more, from what is installed now.
    const before = await host.listTree();
    assertEquals((await host.installWithSystem(await host.makeBinary())).status, 0);
    const after = await host.listTree();
    assertEquals(
      after.filter((line) => line.includes("/etc/")),
      before.filter((line) => line.includes("/etc/")),
    );
  }));

Deno.test("uninstall.sh puts the unit back that was here before, in DRY_RUN whatever it says", () =>
  withHost(async (host) => {
    await writeOldService(host);
    assertEquals((await host.installWithSystem(await host.makeBinary())).status, 0);
    const { status, stdout, stderr } = await host.uninstall();
    assertEquals([status, stderr], [0, ""]);
    assertEquals(await Deno.readTextFile(host.unit), OLD_UNIT);
    assertStringIncludes(stdout, "systemd says: execution.service is in DRY_RUN");
    assertStringIncludes(
      await Deno.readTextFile(`${host.dropIns}/zz-dry-run.conf`),
      "EnvironmentFile=/etc/avwap-execution/dry-run-on\n",
    );
  }));

/** A host on which the first start would not be in DRY_RUN, not this program's, or not as it was before. */
const UNSAFE: { when: string; path: string; text: string; says: string }[] = [
  {
    when: "a later drop-in turns DRY_RUN off",
    path: `${UNIT_PATH}.d/override.conf`,
    text: '[Service]\nEnvironment="A=s3cret" DRY_RUN=no\n',
    says: "override.conf turns DRY_RUN off",
  },
  {
    when: "a later drop-in empties DRY_RUN",
    path: `${UNIT_PATH}.d/60-mine.conf`,
    text: '[Service]\nEnvironment="DRY_RUN="\n',
    says: "60-mine.conf turns DRY_RUN off",
  },
  {
    when: "a drop-in takes DRY_RUN out of the environment",
    path: `${UNIT_PATH}.d/60-mine.conf`,
    text: "[Service]\nUnsetEnvironment=DRY_RUN\n",
    says: "takes it out of the environment",
  },
  {
    when: "a drop-in starts another program",
    path: `${UNIT_PATH}.d/override.conf`,
    text: "[Service]\nExecStart=\nExecStart=/usr/bin/python3\n",
    says: "has an ExecStart of its own",
  },
  {
    when: "a drop-in starts another program beside this one",
    path: `${UNIT_PATH}.d/override.conf`,
    text: "[Service]\nExecStart=/usr/bin/python3\n",
    says: "has an ExecStart of its own beside the unit's",
  },
  {
    when: "the state directory is not the binary's",
    path: `${UNIT_PATH}.d/override.conf`,
    text: "[Service]\nEnvironment=AVWAP_STATE_DIR=/srv/s3cret\n",
    says: "AVWAP_STATE_DIR of the service is not below /root/scan/state",
  },
  {
    when: "the keys would be others than now",
    path: "/etc/avwap-execution/environment",
    text: "APCA_API_KEY_ID=s3cret-other\n",
    says: "would have other values than now in: APCA_API_KEY_ID",
  },
];

for (const { when, path, text, says } of UNSAFE) {
  Deno.test(`install.sh refuses in one line, prints no value and changes nothing, where ${when}`, () =>
    withHost(async (host) => {
      await writeOldService(host);
      await host.write(path, text);
      const before = await host.listTree();
      const { status, stdout, stderr } = await host.installWithSystem(await host.makeBinary());
      assertEquals(status, 1, stdout);
      assertStringIncludes(stderr, says);
      assertEquals(stderr.trimEnd().split("\n").length, 1, stderr);
      assertFalse(`${stdout}${stderr}`.includes("s3cret"));
      assertEquals(
        (await host.listTree()).filter((line) => !line.includes("/run")),
        before.filter((line) => !line.includes("/run")),
      );
    }));
}

Deno.test("install.sh refuses a service that runs, and one that is not what its files say", () =>
  withHost(async (host) => {
    await writeOldService(host);
    const binary = await host.makeBinary();
    await Deno.writeTextFile(`${host.root}.need-reload`, "yes");
    assertStringIncludes((await host.installWithSystem(binary)).stderr, "systemctl daemon-reload");
    for (const state of ["active", "activating", "reloading"]) {
      await Deno.writeTextFile(`${host.root}.active`, state);
      const { status, stdout, stderr } = await host.installWithSystem(binary);
      assertEquals(status, 1);
      assertStringIncludes(stdout, "systemctl stop execution.service");
      assertStringIncludes(stderr, "runs, nothing was changed");
    }
    assertEquals(await Deno.readTextFile(host.unit), OLD_UNIT);
  }));

Deno.test("install.sh refuses a unit of somebody else's where nobody can be asked what it sets", () =>
  withHost(async (host) => {
    await host.write(UNIT_PATH, OLD_UNIT);
    const { status, stderr } = await host.install(await host.makeBinary());
    assertEquals([status, await Deno.readTextFile(host.unit)], [1, OLD_UNIT]);
    assertStringIncludes(stderr, "no systemd to ask");
  }));

Deno.test("install.sh has everything on the disk before it names a release, and again at its end", () =>
  withHost(async (host) => {
    await host.makeSystemd({ isRunning: false });
    assertEquals((await host.installWithSystem(await host.makeBinary())).status, 0);
    assertEquals((await host.listSyncs()).map((line) => line.trim()), [
      "new new-manifest",
      "current unit dry-run command",
      "current unit dry-run command",
    ]);
  }));

const REFUSED: {
  when: string;
  args: (host: Host) => Promise<string[]>;
  status: number;
  says: string;
}[] = [
  { when: "no binary is named", args: () => Promise.resolve([]), status: 64, says: "which binary" },
  {
    when: "an option is unknown",
    args: () => Promise.resolve(["--force"]),
    status: 64,
    says: "--force",
  },
  {
    when: "two binaries are named",
    args: () => Promise.resolve(["a", "b"]),
    status: 64,
    says: "one binary",
  },
  {
    when: "the binary is missing",
    args: () => Promise.resolve(["/none"]),
    status: 1,
    says: "/none is not a file",
  },
  {
    when: "the manifest is missing",
    args: async (host) => {
      const binary = await host.makeBinary();
      await Deno.remove(`${binary}.manifest.json`);
      return [binary];
    },
    status: 1,
    says: "manifest.json is missing",
  },
  {
    when: "the binary was cut on its way",
    args: async (host) => {
      const binary = await host.makeBinary();
      await Deno.writeTextFile(binary, "#!/bin/sh\n");
      return [binary];
    },
    status: 1,
    says: "its manifest says",
  },
  {
    when: "the binary does not run",
    args: async (host) => [await host.makeBinary({ says: "exec format error" })],
    status: 1,
    says: "answers --version with 'exec format error'",
  },
  {
    when: "the manifest would put something into the unit",
    args: async (host) => [await host.makeBinary({ stateDir: "/srv/x y" })],
    status: 1,
    says: "damaged",
  },
];

for (const { when, args, status, says } of REFUSED) {
  Deno.test(`install.sh exits ${status} in one line, and changes nothing, where ${when}`, () =>
    withHost(async (host) => {
      const ran = await host.install(...await args(host));
      assertEquals([ran.status, await host.listTree()], [status, []]);
      assertStringIncludes(ran.stderr.split("\n")[0] ?? "", says);
    }));
}

Deno.test("install.sh warns of a binary that is not for production", () =>
  withHost(async (host) => {
    const binary = await host.makeBinary({ runtime: "npm, not for production" });
    assertStringIncludes((await host.install(binary)).stdout, "WARNING: this binary's runtime");
  }));

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
  "ReadWritePaths=/root/scan/state",
  "ProtectHome=tmpfs",
  "BindReadOnlyPaths=/root/scan",
  "BindPaths=/root/scan/state",
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

Deno.test("the unit outside a home directory shuts home directories altogether", () =>
  withHost(async (host) => {
    const binary = await host.makeBinary({ baseDir: "/srv/scan", stateDir: "/srv/scan/state" });
    assertEquals((await host.install(binary)).status, 0);
    const lines = (await Deno.readTextFile(host.unit)).split("\n");
    assert(lines.includes("ProtectHome=yes") && lines.includes("ReadWritePaths=/srv/scan/state"));
    assertFalse(lines.some((line) => line.startsWith("Bind")));
  }));
