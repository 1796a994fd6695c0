import {
  assert,
  assertEquals,
  assertFalse,
  assertNotEquals,
  assertStringIncludes,
} from "../assert.ts";
import { type BinaryPlan, type Host, withHost } from "./host.ts";

/** A host with one release that runs. */
async function withInstalled(
  act: (host: Host, first: string) => Promise<void>,
  { isRunning = true, statusText = "", ...plan }: BinaryPlan & {
    readonly isRunning?: boolean;
    readonly statusText?: string;
  } = {},
): Promise<void> {
  await withHost(async (host) => {
    assertEquals((await host.install(await host.makeBinary(plan))).status, 0);
    await host.makeSystemd({ isRunning, statusText });
    const first = await host.readLink("current");
    assert(first !== null);
    await act(host, first);
  });
}

/** Names of the releases that are on the host. */
async function listReleases(host: Host): Promise<string[]> {
  const names: string[] = [];
  for await (const { name } of Deno.readDir(`${host.root}/opt/avwap-execution/releases`)) {
    names.push(name);
  }
  return names.toSorted();
}

Deno.test("upgrade.sh switches to a release that comes up, and rollback.sh back and forth", () =>
  withInstalled(async (host, first) => {
    const unit = await Deno.readTextFile(host.unit);
    const { status, stdout, stderr } = await host.upgrade(await host.makeBinary());
    assertEquals([status, stderr], [0, ""], stdout);
    const second = await host.readLink("current");
    assertNotEquals(second, first);
    assertEquals(await host.readLink("previous"), first);
    assertEquals(await Deno.readTextFile(host.unit), unit);
    for (const expected of [first, second, first]) {
      assertEquals((await host.rollback()).status, 0);
      assertEquals(await host.readLink("current"), expected);
    }
    const restarts = (await host.listControls()).filter((line) => line.startsWith("restart"));
    assertEquals(restarts.length, 4);
  }));

Deno.test("upgrade.sh switches back by itself where the new release does not come up", () =>
  withInstalled(async (host, first) => {
    assertEquals((await host.upgrade(await host.makeBinary())).status, 0);
    const second = await host.readLink("current");
    for (const run of [1, 2, 70, 78, 127]) {
      const { status, stderr } = await host.upgrade(await host.makeBinary({ run }));
      assertEquals(status, 1);
      assertStringIncludes(stderr, `did not come up; ${second} runs again`);
      assertEquals(await host.readLink("current"), second);
      // Never the release that failed.
      assertEquals(await host.readLink("previous"), first);
      assertEquals(await Deno.readTextFile(`${host.root}.active`), "active\n");
    }
  }));

Deno.test("upgrade.sh leaves no previous release where there was none", () =>
  withInstalled(async (host, first) => {
    assertEquals((await host.upgrade(await host.makeBinary({ run: 70 }))).status, 1);
    assertEquals([await host.readLink("current"), await host.readLink("previous")], [first, null]);
    const { status, stderr } = await host.rollback();
    assertEquals(status, 1);
    assertStringIncludes(stderr, `no release before ${first}`);
  }));

Deno.test("upgrade.sh says so where the old release does not come up any more either", () =>
  withInstalled(async (host, first) => {
    const { status, stderr } = await host.upgrade(await host.makeBinary({ run: 70 }));
    assertEquals(status, 1);
    assertStringIncludes(stderr, "nothing trades until you look");
    assertEquals(await host.readLink("current"), first);
  }, { run: 70 }));

for (const check of [64, 69, 70, 75, 78, 127]) {
  Deno.test(`upgrade.sh switches nothing where check ends with ${check}`, () =>
    withInstalled(async (host, first) => {
      const { status, stderr } = await host.upgrade(await host.makeBinary({ check }));
      assertEquals(status, 1);
      assertStringIncludes(stderr, `ends with ${check}: nothing was switched`);
      assertEquals([await host.readLink("current"), await host.listControls()], [first, []]);
      assertEquals(await listReleases(host), [first]);
    }));
}

for (const check of [1, 2]) {
  Deno.test(`upgrade.sh goes on where check and start end with ${check}, the watchlist's`, () =>
    withInstalled(async (host, first) => {
      const { status, stdout } = await host.upgrade(await host.makeBinary({ check, run: check }));
      assertEquals(status, 0, stdout);
      assertStringIncludes(stdout, "waits for today's watchlist");
      assertNotEquals(await host.readLink("current"), first);
    }));
}

Deno.test("upgrade.sh starts nothing that was stopped", () =>
  withInstalled(async (host, first) => {
    const { status, stdout } = await host.upgrade(await host.makeBinary());
    assertEquals(status, 0);
    assertStringIncludes(stdout, "was not running and is not started");
    assertNotEquals(await host.readLink("current"), first);
    assertEquals(await host.listControls(), []);
  }, { isRunning: false }));

Deno.test("upgrade.sh --dry-run changes nothing", () =>
  withInstalled(async (host) => {
    const before = await host.listTree();
    const { status, stdout } = await host.upgrade("--dry-run", await host.makeBinary());
    assertEquals(status, 0);
    assertStringIncludes(stdout, "would run:");
    for (const word of ["release", "current", "upgraded"]) {
      assertStringIncludes(stdout, `would be: ${word}: `);
      assertFalse(stdout.includes(`\n${word}: `), stdout);
    }
    assertEquals(await host.listTree(), before);
  }));

Deno.test("upgrade.sh lets no release through whose check could not run", () =>
  withInstalled(async (host, first) => {
    await Deno.writeTextFile(`${host.root}.cannot-run`, "");
    const { status, stderr } = await host.upgrade(await host.makeBinary());
    assertEquals(status, 1);
    assertStringIncludes(stderr, "could not be run as the service: nothing was switched");
    assertEquals([await host.readLink("current"), await host.listControls()], [first, []]);
    assertEquals(await listReleases(host), [first]);
  }));

Deno.test("upgrade.sh waits for --now while LIVE trades in an open market, and only then", async () => {
  const statusText = "LIVE; market open; next cycle 2026-01-20 10:00:00 EST (bar closed)";
  await withInstalled(async (host, first) => {
    const binary = await host.makeBinary();
    const before = await host.listTree();
    const { status, stderr } = await host.upgrade(binary);
    assertEquals([status, await host.listTree()], [1, before]);
    assertStringIncludes(stderr, "trades LIVE and the market is open");
    assertEquals((await host.upgrade("--now", binary)).status, 0);
    assertNotEquals(await host.readLink("current"), first);
    assertEquals((await host.rollback()).status, 0);
    assertEquals(await host.readLink("current"), first);
  }, { statusText });
  for (
    const text of ["LIVE; market closed; next cycle", "DRY_RUN: DRY_RUN enabled; market open;"]
  ) {
    await withInstalled(async (host) => {
      assertEquals((await host.upgrade(await host.makeBinary())).status, 0, text);
    }, { statusText: text });
  }
});

Deno.test("upgrade.sh places a release again that is there and damaged, the current one too", () =>
  withInstalled(async (host, first) => {
    const binary = await host.makeBinary();
    assertEquals((await host.upgrade(binary)).status, 0);
    const second = await host.readLink("current");
    const path = `${host.root}/opt/avwap-execution/releases/${second}/avwap-execution`;
    const whole = await Deno.readTextFile(path);
    await Deno.writeTextFile(path, "#!/bin/sh\nexit 0\n");
    const { status, stdout } = await host.upgrade(binary);
    assertEquals(status, 0, stdout);
    assertStringIncludes(stdout, "damaged, and placed again");
    assertEquals(await Deno.readTextFile(path), whole);
    assertEquals(await listReleases(host), [first, second ?? ""].toSorted());
  }));

Deno.test("upgrade.sh has the release on the disk before it is named, and the link after", () =>
  withInstalled(async (host) => {
    assertEquals((await host.upgrade(await host.makeBinary())).status, 0);
    assertEquals((await host.listSyncs()).map((line) => line.trim()), [
      "new new-manifest current unit dry-run command",
      "current unit dry-run command",
    ]);
  }));

const REFUSED: { when: string; plan: BinaryPlan; says: string }[] = [
  {
    when: "built for another state",
    plan: { stateDir: "/srv/state" },
    says: "state_dir /srv/state",
  },
  { when: "built for another base", plan: { baseDir: "/srv" }, says: "base_dir /srv" },
  { when: "that does not run", plan: { says: "" }, says: "does not run on this host" },
];

for (const { when, plan, says } of REFUSED) {
  Deno.test(`upgrade.sh refuses a binary ${when}`, () =>
    withInstalled(async (host) => {
      const before = await host.listTree();
      const { status, stderr } = await host.upgrade(await host.makeBinary(plan));
      assertEquals(status, 1);
      assertStringIncludes(stderr, says);
      assertEquals(await host.listTree(), before);
    }));
}

Deno.test("upgrade.sh refuses a host without an installation, and knows the current release", async () => {
  await withHost(async (host) => {
    const { status, stderr } = await host.upgrade(await host.makeBinary());
    assertEquals([status, await host.listTree()], [1, []]);
    assertStringIncludes(stderr, "use install.sh");
  });
  await withInstalled(async (host) => {
    const binary = await host.makeBinary();
    assertEquals((await host.upgrade(binary)).status, 0);
    const before = await host.listTree();
    const { status, stdout } = await host.upgrade(binary);
    assertEquals(status, 0);
    assertStringIncludes(stdout, "already current");
    assertEquals(await host.listTree(), before);
  });
});

Deno.test("rollback.sh goes to the release that is named, and refuses one that is not there", () =>
  withInstalled(async (host, first) => {
    for (let release = 0; release < 2; release++) {
      assertEquals((await host.upgrade(await host.makeBinary())).status, 0);
    }
    assertEquals((await host.rollback(first)).status, 0);
    assertEquals(await host.readLink("current"), first);
    const { status, stderr } = await host.rollback("0.0.1-none");
    assertEquals(status, 1);
    assertStringIncludes(stderr, `no release 0.0.1-none; there are: `);
    assertEquals(await host.readLink("current"), first);
  }));

/** What can be in force, and where it is seen. */
const IN_FORCE: { what: string; path: string; text: string; says: string }[] = [
  {
    what: "release",
    path: "/root/scan/state/execution_state.json",
    text: '{\n "released": [\n {"symbol": "TSLA", "position_id": "p1"},\n {"symbol": "BRK.B"}]}\n',
    says: "released symbols: TSLA BRK.B",
  },
  {
    what: "pause",
    path: "/root/scan/state/ENTRIES_PAUSED",
    text: "",
    says: "entries are paused",
  },
  {
    what: "loss-limit",
    path: "/etc/avwap-execution/environment",
    text: "MAX_LIVE_LOSS_PER_DAY=100\n",
    says: "a loss limit a day",
  },
];
async function hasDropIn(host: Host, name: string): Promise<boolean> {
  for await (const entry of Deno.readDir(host.dropIns)) if (entry.name === name) return true;
  return false;
}

const FORCED = "/etc/systemd/system/execution.service.d/zz-dry-run.conf";

for (const { what, path, text, says } of IN_FORCE) {
  Deno.test(`rollback.sh to a release that does not know ${what} names it and starts in DRY_RUN, or goes on where that is accepted`, () =>
    withInstalled(async (host, first) => {
      const newer = await host.makeBinary({ commands: ["release", "pause"] });
      assertEquals((await host.upgrade(newer)).status, 0);
      const second = await host.readLink("current");
      await host.write(path, text);
      const accepted = await host.rollback("--accept-loss-of", what);
      assertEquals(accepted.status, 0, accepted.stderr);
      assertStringIncludes(accepted.stdout, `does not know what is in force: ${says}`);
      assertFalse(await hasDropIn(host, "zz-dry-run.conf"));
      assertEquals((await host.rollback(second ?? "", "--accept-loss-of", what)).status, 0);
      const { status, stdout } = await host.rollback();
      assertEquals([status, await host.readLink("current")], [0, first], stdout);
      assertStringIncludes(stdout, `--accept-loss-of ${what}`);
      assertStringIncludes(await Deno.readTextFile(`${host.root}${FORCED}`), "/dry-run-on\n");
      assertFalse(stdout.includes("=100"), stdout);
    }, { commands: [] }));
}

Deno.test("rollback.sh says nothing of what is not in force, or what the older release knows", () =>
  withInstalled(async (host) => {
    const [release] = IN_FORCE;
    assert(release !== undefined);
    assertEquals((await host.upgrade(await host.makeBinary())).status, 0);
    await host.write(release.path, release.text);
    const { status, stdout } = await host.rollback();
    assertEquals(status, 0);
    assertFalse(stdout.includes("in force"), stdout);
    assertFalse(await hasDropIn(host, "zz-dry-run.conf"));
  }));

Deno.test("rollback.sh switches nothing where another file overrules the forced DRY_RUN", () =>
  withInstalled(async (host) => {
    assertEquals((await host.upgrade(await host.makeBinary())).status, 0);
    const second = await host.readLink("current");
    await host.write("/root/scan/state/execution_state.json", '{"released": [{"symbol": "TSLA"}]}');
    await host.write("/etc/mine.env", "DRY_RUN=0\n");
    await host.write(
      FORCED.replace("zz-dry-run", "zzz"),
      "[Service]\nEnvironmentFile=/etc/mine.env\n",
    );
    const { status, stderr } = await host.rollback();
    assertEquals([status, await host.readLink("current")], [1, second]);
    assertStringIncludes(stderr, "overrules");
  }, { commands: [] }));

Deno.test("uninstall.sh leaves state, keys and drop-ins, says so, and refuses a running service", () =>
  withInstalled(async (host) => {
    const before = await host.listTree();
    const refused = await host.uninstall();
    assertEquals([refused.status, await host.listTree()], [1, before]);
    assertStringIncludes(refused.stderr, "systemctl stop execution.service first");
    await Deno.writeTextFile(`${host.root}.active`, "inactive");
    const dry = await host.uninstall("--dry-run");
    assertEquals([dry.status, await host.listTree()], [0, before]);
    const { status, stdout } = await host.uninstall();
    assertEquals(status, 0);
    for (const path of ["/root/scan/state", "/etc/avwap-execution", FORCED.replace("zz", "50")]) {
      assertStringIncludes(stdout, `left: ${host.root}${path}`);
    }
    const left = (await host.listTree()).map((line) => line.slice(host.root.length));
    assertFalse(left.some((line) => /^\/(opt\/avwap-execution|usr\/local\/bin\/)/.test(line)));
    assertFalse(left.some((line) => line.startsWith("/etc/systemd/system/execution.service ")));
    assert(left.some((line) => line.startsWith("/root/scan/state 700")));
    assert((await host.listControls()).includes("disable execution.service"));
  }));
