import { assert, assertEquals, assertFalse, assertStringIncludes } from "../assert.ts";
import { withHost } from "./host.ts";
import { OLD_UNIT, SCAN_ENV, UNIT_PATH, writeOldService } from "./old_service.ts";

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
    // What was changed has its text on the disk before it has its name.
    assert((await host.listSyncedFiles()).includes("/etc/scan.env.new"));
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
    assertEquals((await host.listSyncedFiles()).at(-1), `${UNIT_PATH}.new`);
    assertStringIncludes(stdout, "systemd says: execution.service is in DRY_RUN");
    assertStringIncludes(
      await Deno.readTextFile(`${host.dropIns}/zz-dry-run.conf`),
      "EnvironmentFile=/etc/avwap-execution/dry-run-on\n",
    );
  }));

Deno.test("what 0.1.0 left is found: keys that everybody can read are named, and the unit before it is put back", () =>
  withHost(async (host) => {
    await writeOldService(host);
    const binary = await host.makeBinary();
    assertEquals((await host.installWithSystem(binary)).status, 0);
    const config = `${host.root}/etc/avwap-execution`;
    await Deno.rename(`${config}/before/execution.service`, `${config}/execution.service.before`);
    const carried = `${UNIT_PATH}.d/20-carried-over.conf`;
    await host.write(carried, '[Service]\nEnvironment="APCA_API_SECRET_KEY=s3cret$x"\n');
    const { status, stdout, stderr } = await host.installWithSystem(binary);
    assertEquals([status, stderr], [0, ""], stdout);
    assertStringIncludes(
      stdout,
      `WARNING: ${host.root}${carried} sets APCA_API_SECRET_KEY in Environment=, which every user of ` +
        "this host can read: move it to /etc/avwap-execution/environment",
    );
    assertFalse(stdout.includes("s3cret"), stdout);
    assertEquals((await host.uninstall()).status, 0);
    assertEquals(await Deno.readTextFile(host.unit), OLD_UNIT);
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
