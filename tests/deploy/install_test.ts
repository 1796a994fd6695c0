import { assert, assertEquals, assertFalse, assertMatch, assertStringIncludes } from "../assert.ts";
import { type Host, run, withHost } from "./host.ts";

/** What the program itself names or refuses when it is set. */
const NAMED_TO_THE_OPERATOR = [
  "DENO_CERT",
  "DENO_TLS_CA_STORE",
  "NODE_EXTRA_CA_CERTS",
  "SSL_CERT_FILE",
  "SSL_CERT_DIR",
  "SSLKEYLOGFILE",
  "OTEL_DENO",
];
const UNSET_BOTH_CASES = ["HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "NO_PROXY"];

Deno.test("install.sh --dry-run tells everything and changes nothing", () =>
  withHost(async (host) => {
    const { status, stdout, stderr } = await host.install("--dry-run", await host.makeBinary());
    assertEquals([status, stderr], [0, ""]);
    for (
      const text of [
        "would write: " + host.unit,
        "    ExecStart=/opt/avwap-execution/current/avwap-execution run",
        "50-dry-run.conf (mode 0644)",
        "    Environment=DRY_RUN=1",
        "would run: mv -T",
      ]
    ) assertStringIncludes(stdout, text);
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
    has(/^\/usr\/local\/bin\/avwap-execution 755 #!/);
    has(/^\/etc\/avwap-execution\/environment 600 /);
    has(/^\/etc\/systemd\/system\/execution\.service 644 /);
    has(
      /^\/etc\/systemd\/system\/execution\.service\.d\/50-dry-run\.conf 644 [^]*\nEnvironment=DRY_RUN=1\n/,
    );
    assertFalse(tree.some((line) => line.includes(".new")));
  }));

Deno.test("install.sh writes an operator's command that shellcheck finds nothing in", () =>
  withHost(async (host) => {
    assertEquals((await host.install(await host.makeBinary())).status, 0);
    const command = `${host.root}/usr/local/bin/avwap-execution`;
    assertEquals(await run("shellcheck", [command]), { status: 0, stdout: "", stderr: "" });
    assertStringIncludes(
      await Deno.readTextFile(command),
      '-- /opt/avwap-execution/current/avwap-execution "$@"\n',
    );
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
    const { status, stdout } = await host.install(binary);
    assertEquals(status, 0);
    assertStringIncludes(stdout, "50-dry-run.conf does not turn DRY_RUN on any more");
    for (const path of mine) assertEquals(await Deno.readTextFile(path), "# mine\n");
  }));

Deno.test("install.sh keeps a unit that is not its own, and carries its environment over", () =>
  withHost(async (host) => {
    const old = "[Service]\nExecStart=/usr/bin/python3 run.py\nEnvironmentFile=-/etc/scan.env\n" +
      "Environment=DRY_RUN=0 SLACK_VERBOSE=1\n";
    await Deno.mkdir(host.dropIns, { recursive: true });
    await Deno.writeTextFile(host.unit, old);
    const { status, stdout, stderr } = await host.install(await host.makeBinary());
    assertEquals([status, stderr], [0, ""]);
    assertStringIncludes(stdout, "WARNING");
    const kept = `${host.root}/etc/avwap-execution/execution.service.before`;
    assertEquals(await Deno.readTextFile(kept), old);
    const carried = await Deno.readTextFile(`${host.dropIns}/20-carried-over.conf`);
    assertStringIncludes(carried, "EnvironmentFile=-/etc/scan.env\nEnvironment=DRY_RUN=0 SLACK");
    assertFalse(carried.includes("ExecStart"));
    // The drop-in that is read later wins.
    assertStringIncludes(await Deno.readTextFile(`${host.dropIns}/50-dry-run.conf`), "DRY_RUN=1");
    assertEquals((await host.install(await host.makeBinary())).status, 0);
    assertEquals(await Deno.readTextFile(kept), old);
  }));

/** A host on which the first start would not be in DRY_RUN, or would not start this program. */
const UNSAFE: { when: string; path: string; text: string; says: string }[] = [
  {
    when: "the environment file turns DRY_RUN off",
    path: "/etc/avwap-execution/environment",
    text: "DRY_RUN=0\n",
    says: "environment turns DRY_RUN off (line 1)",
  },
  {
    when: "a drop-in turns DRY_RUN off",
    path: "/etc/systemd/system/execution.service.d/override.conf",
    text: '[Service]\nEnvironment="A=1" DRY_RUN=no\n',
    says: "override.conf turns DRY_RUN off (line 2)",
  },
  {
    when: "a drop-in empties DRY_RUN",
    path: "/etc/systemd/system/execution.service.d/60-live.conf",
    text: '[Service]\nEnvironment="DRY_RUN="\n',
    says: "60-live.conf turns DRY_RUN off (line 2)",
  },
  {
    when: "a file that the old unit names turns DRY_RUN off",
    path: "/etc/scan.env",
    text: "export A=1\nDRY_RUN=False\n",
    says: "/etc/scan.env turns DRY_RUN off (line 2)",
  },
  {
    when: "a drop-in starts another program",
    path: "/etc/systemd/system/execution.service.d/override.conf",
    text: "[Service]\nExecStart=\nExecStart=/usr/bin/python3 run.py\n",
    says: "has an ExecStart of its own (line 3)",
  },
];

async function writeOldUnit(host: Host): Promise<void> {
  await Deno.mkdir(host.dropIns, { recursive: true });
  await Deno.mkdir(`${host.root}/etc/avwap-execution`, { recursive: true });
  await Deno.writeTextFile(host.unit, "[Service]\nEnvironmentFile=/etc/scan.env\n");
}

for (const { when, path, text, says } of UNSAFE) {
  Deno.test(`install.sh refuses, and changes nothing, where ${when}`, () =>
    withHost(async (host) => {
      await writeOldUnit(host);
      await Deno.writeTextFile(`${host.root}${path}`, text);
      const before = await host.listTree();
      const { status, stderr } = await host.install(await host.makeBinary());
      assertEquals(status, 1);
      assertStringIncludes(stderr, says);
      assertEquals(stderr.trimEnd().split("\n").length, 1, stderr);
      assertEquals(await host.listTree(), before);
    }));
}

Deno.test("install.sh takes DRY_RUN_LEDGER_PATH=0, a comment and DRY_RUN=1 for what they are", () =>
  withHost(async (host) => {
    await writeOldUnit(host);
    await Deno.writeTextFile(
      `${host.root}/etc/scan.env`,
      "DRY_RUN_LEDGER_PATH=0\n#DRY_RUN=0\nDRY_RUN=1\nMY_DRY_RUN=0\n",
    );
    const { status, stderr } = await host.install(await host.makeBinary());
    assertEquals([status, stderr], [0, ""]);
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

Deno.test("the unit lets only the state directory be written and unsets what dials past the list", () =>
  withHost(async (host) => {
    const binary = await host.makeBinary({ baseDir: "/srv/scan", stateDir: "/srv/scan/state" });
    assertEquals((await host.install(binary)).status, 0);
    const unit = await Deno.readTextFile(host.unit);
    const valueOf = (key: string) =>
      unit.split("\n").filter((line) => line.startsWith(`${key}=`)).map((line) =>
        line.slice(key.length + 1)
      );
    assertEquals(valueOf("ReadWritePaths"), ["/srv/scan/state"]);
    assertEquals(valueOf("BindPaths"), []);
    assertEquals([valueOf("ProtectHome"), valueOf("ProtectSystem")], [["yes"], ["strict"]]);
    assertEquals([valueOf("Type"), valueOf("Restart")], [["notify"], ["on-failure"]]);
    assertEquals(valueOf("RestartPreventExitStatus"), ["64 78"]);
    assertEquals([valueOf("RestartSec"), valueOf("StartLimitIntervalSec")], [["60"], ["0"]]);
    assertMatch(valueOf("ExecStartPre")[0] ?? "", /^-.* check$/);
    const unset = valueOf("UnsetEnvironment")[0]?.trim().split(" ") ?? [];
    for (const name of UNSET_BOTH_CASES) {
      assert(unset.includes(name) && unset.includes(name.toLowerCase()), name);
    }
    for (const name of [...NAMED_TO_THE_OPERATOR, "LD_PRELOAD"]) {
      assert(unset.includes(name), name);
    }
  }));
