import { assertEquals, assertFalse, assertNotEquals, assertStringIncludes } from "../assert.ts";
import { type BinaryPlan, type Host, withHost } from "./host.ts";
import { withInstalled } from "./installed.ts";

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
      assertStringIncludes(stderr, `${second} runs again, and not `);
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

Deno.test("upgrade.sh switches nothing where a FAIL hides behind the watchlist's status", () =>
  withInstalled(async (host, first) => {
    const alone = "FAIL watchlist       Watchlist stale\n     $ ls";
    const checkSays = `${alone}\nFAIL engine state    a newer release wrote it`;
    const refused = await host.upgrade(await host.makeBinary({ check: 2, run: 2, checkSays }));
    assertEquals(refused.status, 1);
    assertStringIncludes(refused.stderr, "FAILs not for the watchlist alone");
    assertStringIncludes(refused.stdout, "a newer release wrote it");
    assertEquals([await host.readLink("current"), await listReleases(host)], [first, [first]]);
    const passed = await host.upgrade(
      await host.makeBinary({ check: 2, run: 2, checkSays: alone }),
    );
    assertEquals(passed.status, 0, passed.stdout);
    assertStringIncludes(passed.stdout, "for the watchlist alone");
  }));

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

Deno.test("of two scripts at once the second one says so and changes nothing, whichever it is", () =>
  withInstalled(async (host) => {
    const binary = await host.makeBinary();
    const before = await host.listTree();
    for (
      const script of [
        `install.sh ${binary}`,
        `upgrade.sh ${binary}`,
        "rollback.sh",
        "uninstall.sh",
      ]
    ) {
      const { status, stdout, stderr } = await host.withLibraries(
        `take_lock; status=0; bash $HERE/${script} --root "$ROOT" 9<&- || status=$?; exit $status`,
      );
      assertEquals([status, stdout], [1, ""], script);
      assertStringIncludes(stderr, "wait for its end");
    }
    assertEquals(await host.listTree(), before);
  }));

Deno.test("a mistyped script is usage, says how, and changes nothing", () =>
  withInstalled(async (host) => {
    const binary = await host.makeBinary();
    const before = await host.listTree();
    const mistyped = [
      host.upgrade("--nwo", binary),
      host.upgrade(),
      host.upgrade(binary, binary),
      host.upgrade(binary, "--root"),
      host.upgrade("--root", "/", binary),
      host.upgrade("--root", "", binary),
      host.rollback("--accept-loss-of", "relaese"),
      host.rollback("--accept-loss-of"),
      host.rollback("a", "b"),
      host.uninstall("all"),
      host.uninstall("--dryrun"),
      host.installWithSystem("--dryrun", binary),
    ];
    for (const ended of mistyped) {
      const { status, stderr } = await ended;
      assertEquals(status, 64, stderr);
      assertStringIncludes(stderr, "Usage: ");
    }
    assertEquals(await host.listTree(), before);
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
