import { assert, assertEquals, assertFalse, assertStringIncludes } from "../assert.ts";
import type { Host, Ran } from "./host.ts";
import { withInstalled } from "./installed.ts";

const DROP_INS = "/etc/systemd/system/execution.service.d";
const KEYS = "/etc/avwap-execution/environment";

/** Runs it as it is installed; the stand-in for an editor notes which files it was given. */
function edit(host: Host, names: string, editor = ""): Promise<Ran> {
  return host.paste(
    `/opt/avwap-execution/host/edit.sh ${names}`,
    `printf '%s\\n' "$@" > "$FAKE_ROOT.opened"\n${editor}`,
  );
}

/** Paths, below the root, that the editor was last given. */
async function listOpened(host: Host): Promise<string[]> {
  const text = await Deno.readTextFile(`${host.root}.opened`);
  return text.trimEnd().split("\n").map((path) => path.slice(host.root.length));
}

async function modeOf(host: Host, path: string): Promise<number> {
  return ((await Deno.stat(`${host.root}${path}`)).mode ?? 0) & 0o777;
}

/** A variable and what sets it; the files that are opened for it. */
const CASES: readonly {
  readonly when: string;
  readonly name: string;
  readonly files?: Readonly<Record<string, string>>;
  readonly opened: readonly string[];
}[] = [
  {
    when: "a drop-in sets it",
    name: "MAX_LIVE_POSITIONS",
    files: { [`${DROP_INS}/61-mine.conf`]: "[Service]\nEnvironment=MAX_LIVE_POSITIONS=3\n" },
    opened: [`${DROP_INS}/61-mine.conf`],
  },
  {
    when: "a drop-in and an environment file set it, what holds first",
    name: "MAX_LIVE_POSITIONS",
    files: {
      [`${DROP_INS}/61-mine.conf`]:
        "[Service]\nEnvironment=MAX_LIVE_POSITIONS=3\nEnvironmentFile=/etc/mine.env\n",
      "/etc/mine.env": "MAX_LIVE_POSITIONS=4\n",
    },
    opened: ["/etc/mine.env", `${DROP_INS}/61-mine.conf`],
  },
  {
    when: "a drop-in for every service sets it",
    name: "SLACK_VERBOSE",
    files: {
      "/etc/systemd/system/service.d/10-all.conf": "[Service]\nEnvironment=SLACK_VERBOSE=1\n",
    },
    opened: ["/etc/systemd/system/service.d/10-all.conf"],
  },
  {
    when: "the emergency step's drop-in turns it on",
    name: "KILL_SWITCH",
    files: {
      [`${DROP_INS}/zz-kill.conf`]:
        "[Service]\nEnvironmentFile=/etc/avwap-execution/kill-switch-on\n",
    },
    opened: [`${DROP_INS}/zz-kill.conf`],
  },
  {
    when: "a drop-in sets it, and another takes it out again",
    name: "SLACK_VERBOSE",
    files: {
      [`${DROP_INS}/61-mine.conf`]: "[Service]\nEnvironment=SLACK_VERBOSE=1\n",
      [`${DROP_INS}/62-out.conf`]: "[Service]\nUnsetEnvironment=SLACK_VERBOSE\n",
    },
    opened: [`${DROP_INS}/61-mine.conf`, `${DROP_INS}/62-out.conf`],
  },
  // The unit of install.sh is written again, so a drop-in has to overrule it.
  {
    when: "the unit sets it",
    name: "AVWAP_STATE_DIR",
    opened: [`${DROP_INS}/override.conf`],
  },
  { when: "nothing sets a cap", name: "MAX_LIVE_POSITIONS", opened: [`${DROP_INS}/60-live.conf`] },
  { when: "nothing sets it", name: "ALPACA_DATA_FEED", opened: [`${DROP_INS}/override.conf`] },
  // In that file they would win over the drop-ins by which LIVE is turned on and off.
  {
    when: "nothing sets the token",
    name: "LIVE_CONFIRM_TOKEN",
    opened: [`${DROP_INS}/60-live.conf`],
  },
  { when: "nothing sets LIVE", name: "LIVE_TRADING", opened: [`${DROP_INS}/60-live.conf`] },
  {
    when: "nothing sets the kill switch",
    name: "KILL_SWITCH",
    opened: [`${DROP_INS}/70-kill.conf`],
  },
  { when: "it is as installed", name: "DRY_RUN", opened: [`${DROP_INS}/50-dry-run.conf`] },
  // Every user of the host can read what stands in Environment=.
  ...["APCA_API_KEY_ID", "APCA_API_SECRET_KEY", "SLACK_WEBHOOK_URL", "HEALTHCHECK_URL"].map((
    name,
  ) => ({
    when: "nothing sets what is secret",
    name,
    opened: [KEYS],
  })),
  { when: "the installation sets it", name: "ALPACA_PAPER", opened: [KEYS] },
];

Deno.test("edit.sh opens the files that systemd has a variable from, and where there is none the one that it belongs into", () =>
  withInstalled(async (host) => {
    const before = await listConfiguration(host);
    for (const { when, name, files = {}, opened } of CASES) {
      for (const [path, text] of Object.entries(files)) await host.write(path, text);
      const { status, stdout, stderr } = await edit(host, `--dry-run ${name}`);
      const paths = opened.map((path) => `${host.root}${path}`);
      assertEquals(
        [status, stdout],
        [0, `would open: ${paths.join(" ")}\n`],
        `${name}, ${when}: ${stderr}`,
      );
      for (const path of Object.keys(files)) await Deno.remove(`${host.root}${path}`);
      assertEquals(await listConfiguration(host), before, name);
    }
  }));

/** What there is of the service's configuration. */
async function listConfiguration(host: Host): Promise<string[]> {
  return (await host.listTree(`${host.root}/etc`)).filter((line) => !line.includes("/service.d "));
}

Deno.test("edit.sh says which file holds what was written, without a value, and systemd reads it anew", () =>
  withInstalled(async (host) => {
    const { status, stdout } = await edit(
      host,
      "MAX_LIVE_POSITIONS ALPACA_DATA_FEED",
      `sed -i 's/^#Environment=MAX_LIVE_POSITIONS=/Environment=MAX_LIVE_POSITIONS=77/' "$1"`,
    );
    const file = `${DROP_INS}/60-live.conf`;
    assertEquals(status, 0);
    assertEquals(stdout.split("\n").slice(0, -1), [
      `MAX_LIVE_POSITIONS: ${host.root}${file} holds`,
      "ALPACA_DATA_FEED: not set",
      "the service has it at its next start: systemctl restart execution.service",
    ]);
    assertFalse(stdout.includes("77"));
    assertEquals(await listOpened(host), [file, `${DROP_INS}/override.conf`]);
    assertEquals((await host.readEnvironment()).MAX_LIVE_POSITIONS, "77");
    assertEquals(await host.listControls(), ["daemon-reload"]);
    assertEquals(await modeOf(host, file), 0o600);
    // A new one in which nothing was written does not stay.
    assertFalse((await host.listTree(host.dropIns)).some((line) => line.includes("override.conf")));
  }));

Deno.test("edit.sh leaves a token readable by root alone, and warns of a key in a unit", () =>
  withInstalled(async (host) => {
    const file = `${DROP_INS}/60-live.conf`;
    await host.write(file, "[Service]\nEnvironment=LIVE_CONFIRM_TOKEN=old\n");
    const { status, stdout } = await edit(
      host,
      "LIVE_CONFIRM_TOKEN",
      `printf 'Environment=LIVE_CONFIRM_TOKEN=new APCA_API_KEY_ID=mine\\n' >> "$1"; chmod 644 "$1"`,
    );
    assertEquals([status, await modeOf(host, file)], [0, 0o600]);
    assertStringIncludes(stdout, `readable by root alone: ${host.root}${file}\n`);
    assertStringIncludes(stdout, `${file} sets APCA_API_KEY_ID in Environment=, which every user`);
    assertFalse(stdout.includes("new"));
  }));

Deno.test("edit.sh has systemd read the files anew where the editor fails, and says so", () =>
  withInstalled(async (host) => {
    const { status, stderr } = await edit(host, "DRY_RUN", "exit 3");
    assertEquals(status, 1);
    assertStringIncludes(stderr, "the editor failed (editor-of-test)");
    assertEquals(await host.listControls(), ["daemon-reload"]);
  }));

Deno.test("edit.sh takes names of variables alone, and opens nothing else", () =>
  withInstalled(async (host) => {
    for (const names of ["", "DRY-RUN", "DRY_RUN=0", "--bogus DRY_RUN", "'A B'"]) {
      const { status, stderr } = await edit(host, names);
      assertEquals(status, 64, names);
      assertStringIncludes(stderr, "Usage: edit.sh");
      const files = await Array.fromAsync(Deno.readDir(host.dir));
      assert(!files.some(({ name }) => name === "root.opened"), names);
    }
  }));
