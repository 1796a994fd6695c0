import { assert, assertEquals, assertFalse, assertStringIncludes } from "../assert.ts";
import { type Host, withHost } from "./host.ts";

/** The scripts that go to the host: all that are there. */
async function listScripts(): Promise<string[]> {
  const names: string[] = [];
  for await (const { name } of Deno.readDir(new URL("../../deploy/", import.meta.url))) {
    if (name.endsWith(".sh")) names.push(name);
  }
  assert(names.length > 8);
  return names;
}

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
    has(/^\/opt\/avwap-execution\/host -> host-[0-9a-f]{12}$/);
    for (const script of await listScripts()) {
      has(
        new RegExp(`^/opt/avwap-execution/host-[0-9a-f]{12}/${script.replace(".", "\\.")} 755 #`),
      );
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

Deno.test("install.sh has everything on the disk before it names a release, and again at its end", () =>
  withHost(async (host) => {
    await host.makeSystemd({ isRunning: false });
    assertEquals((await host.installWithSystem(await host.makeBinary())).status, 0);
    assertEquals((await host.listSyncs()).map((line) => line.trim()), [
      // The release, then the scripts.
      "new new-manifest",
      "",
      "current unit dry-run command",
      "current unit dry-run command",
    ]);
    // Each text too, before it gets its name: a power cut leaves no empty file under it.
    assertEquals(await host.listSyncedFiles(), [
      "/etc/avwap-execution/environment.new",
      "/etc/systemd/system/execution.service.d/50-dry-run.conf.new",
      "/etc/systemd/system/execution.service.new",
      "/etc/avwap-execution/kill-switch-on.new",
      "/etc/avwap-execution/dry-run-on.new",
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
