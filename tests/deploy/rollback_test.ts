import { EMPTY_STATE } from "../../src/domain/account/engine_state.ts";
import { buildStateText } from "../../src/state/state_format.ts";
import { assert, assertEquals, assertFalse, assertStringIncludes } from "../assert.ts";
import { inOperatorDir, runOperator } from "../cli/operator_host.ts";
import type { BinaryPlan, Host } from "./host.ts";
import { withInstalled } from "./installed.ts";

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

/** What `status --json` of this very program says of a state directory with some released symbols. */
async function readStatus(
  { released = [], isPaused = false, stateText }: {
    readonly released?: readonly string[];
    readonly isPaused?: boolean;
    readonly stateText?: string;
  } = {},
): Promise<string> {
  const positions = released.map((symbol) => ({ symbol, positionId: symbol, releasedAtMs: 1e12 }));
  const text = stateText ?? buildStateText({ ...EMPTY_STATE, released: positions });
  let out = "";
  await inOperatorDir(async (dir) => {
    await Deno.writeTextFile(`${dir}/execution_state.json`, text);
    if (isPaused) await Deno.writeTextFile(`${dir}/ENTRIES_PAUSED`, "");
    ({ out } = await runOperator(["status", "--json"], { AVWAP_STATE_DIR: dir }));
  });
  return out;
}

const LOSS_LIMIT = "MAX_LIVE_LOSS_PER_DAY";
/** All that a newer release knows. */
const NEWER = { commands: ["release", "pause"], variables: [LOSS_LIMIT] };

/** What can be in force, and what the release in use says of it. */
const IN_FORCE: { what: string; status: string; environment?: string; says: string }[] = [
  {
    what: "release",
    status: await readStatus({ released: ["TSLA", "BRK.B"] }),
    says: "released symbols: TSLA BRK.B",
  },
  { what: "pause", status: await readStatus({ isPaused: true }), says: "entries are paused" },
  {
    what: "loss-limit",
    status: await readStatus(),
    environment: `${LOSS_LIMIT}=100\n`,
    says: "a loss limit a day",
  },
];
async function hasDropIn(host: Host, name: string): Promise<boolean> {
  for await (const entry of Deno.readDir(host.dropIns)) if (entry.name === name) return true;
  return false;
}

const FORCED = "/etc/systemd/system/execution.service.d/zz-dry-run.conf";

for (const { what, status: said, environment = "", says } of IN_FORCE) {
  Deno.test(`rollback.sh to a release that does not know ${what} names it and starts in DRY_RUN, or goes on where that is accepted`, () =>
    withInstalled(async (host, first) => {
      const newer = await host.makeBinary({ ...NEWER, status: said });
      assertEquals((await host.upgrade(newer)).status, 0);
      const second = await host.readLink("current");
      await host.write("/etc/avwap-execution/environment", environment);
      const accepted = await host.rollback("--accept-loss-of", what);
      assertEquals(accepted.status, 0, accepted.stderr);
      assertEquals(listNamed(accepted.stdout), [says]);
      assertFalse(await hasDropIn(host, "zz-dry-run.conf"));
      const forward = await host.rollback(second ?? "");
      assertEquals([forward.status, listNamed(forward.stdout)], [0, []]);
      const { status, stdout } = await host.rollback();
      assertEquals([status, await host.readLink("current")], [0, first], stdout);
      assertStringIncludes(stdout, `rollback.sh --accept-loss-of ${what} ${first}`);
      assertStringIncludes(await Deno.readTextFile(`${host.root}${FORCED}`), "/dry-run-on\n");
      assertFalse(stdout.includes("=100"), stdout);
    }, { commands: [] }));
}

/** What a rollback says that the older release does not know. */
function listNamed(stdout: string): string[] {
  return [...stdout.matchAll(/ does not know what is in force: (.*)$/gm)].map(([, said = ""]) =>
    said
  );
}

const UNSEEN: { when: string; plan: BinaryPlan }[] = [
  { when: "does not answer", plan: { ...NEWER, status: "" } },
  {
    when: "can't read its records",
    plan: { ...NEWER, status: await readStatus({ stateText: "{" }) },
  },
  { when: "does not even give its help", plan: { ...NEWER, help: "" } },
];
for (const { when, plan } of UNSEEN) {
  Deno.test(`rollback.sh starts in DRY_RUN where the release in use ${when}, and the older one knows less`, () =>
    withInstalled(async (host) => {
      assertEquals((await host.upgrade(await host.makeBinary(plan))).status, 0);
      const { status, stdout } = await host.rollback();
      assertEquals(status, 0);
      const unseen = "as far as can be told: the release in use does not say";
      assertEquals(listNamed(stdout), [
        `release, ${unseen} (avwap-execution status)`,
        `pause, ${unseen} (avwap-execution status)`,
      ]);
      assert(await hasDropIn(host, "zz-dry-run.conf"));
    }, { commands: [] }));
}

Deno.test("rollback.sh says nothing of what the older release knows, or the one in use does not know either", async () => {
  const status = await readStatus({ released: ["TSLA"], isPaused: true });
  const both = ["release", "pause"];
  for (const [older, newer] of [[both, both], [[], []]]) {
    const plan = { ...NEWER, status, commands: newer ?? [] };
    await withInstalled(async (host) => {
      assertEquals((await host.upgrade(await host.makeBinary(plan))).status, 0);
      const ended = await host.rollback();
      assertEquals([ended.status, listNamed(ended.stdout)], [0, []]);
      assertFalse(await hasDropIn(host, "zz-dry-run.conf"));
    }, { commands: older ?? [] });
  }
});

Deno.test("rollback.sh switches nothing where another file overrules the forced DRY_RUN", () =>
  withInstalled(async (host) => {
    const plan = { ...NEWER, status: await readStatus({ released: ["TSLA"] }) };
    assertEquals((await host.upgrade(await host.makeBinary(plan))).status, 0);
    const second = await host.readLink("current");
    await host.write("/etc/mine.env", "DRY_RUN=0\n");
    await host.write(
      FORCED.replace("zz-dry-run", "zzz"),
      "[Service]\nEnvironmentFile=/etc/mine.env\n",
    );
    const { status, stderr } = await host.rollback();
    assertEquals([status, await host.readLink("current")], [1, second]);
    assertStringIncludes(stderr, "overrules");
  }, { commands: [] }));
