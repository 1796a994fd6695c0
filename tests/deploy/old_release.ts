import type { World } from "../engine/support.ts";
import type { FaultRule } from "../simulator/faults.ts";
import { run } from "./host.ts";

/** Release 0.1.0 as it was last committed. */
const COMMIT_0_1_0 = "0ece04242bddc4ab9c78b0a36b95a5469cc3a04e";

const ROOT = new URL("../../", import.meta.url).pathname;

/** A process of release 0.1.0, its real code, over the files and the exchange of a world of this release's. */
export interface OldRelease {
  /** Starts it anew on the world's files. */
  start(): Promise<void>;
  /** Cycles with a pause before each. */
  cycles(count: number, pauseMs: number): Promise<void>;
  /** What its network does from now on. */
  setFaults(rules: readonly FaultRule[]): void;
}

/** What of the old release's own test world is used here. */
interface OldWorld {
  exchange: unknown;
  disk: unknown;
  log: unknown;
  nowMs: number;
  restart(): Promise<void>;
  cycle(): Promise<unknown>;
  setFaults(rules: readonly FaultRule[]): void;
}

/** Takes release 0.1.0 out of the repository's history, and away again after `act`. */
export async function withOldRelease(
  world: World,
  act: (old: OldRelease) => Promise<void>,
): Promise<void> {
  const dir = await Deno.makeTempDir({ prefix: "avwap-old-" });
  try {
    await checkOut(dir);
    const { World: Build }: { World: new (options: object) => OldWorld } = await import(
      `file://${dir}/tests/engine/support.ts`
    );
    const old = new Build({ startMs: world.nowMs, rows: [] });
    await act({
      setFaults: (rules) => old.setFaults(rules),
      async start() {
        Object.assign(old, { exchange: world.exchange, disk: world.disk, log: world.log });
        old.nowMs = world.nowMs;
        await old.restart();
      },
      async cycles(count, pauseMs) {
        for (let turn = 0; turn < count; turn++) {
          world.pass(pauseMs);
          old.nowMs = world.nowMs;
          await old.cycle();
          world.goTo(old.nowMs);
        }
      },
    });
  } finally {
    await Deno.remove(dir, { recursive: true });
  }
}

/** By an index of its own: the repository's is not touched. */
async function checkOut(dir: string): Promise<void> {
  const env = { GIT_INDEX_FILE: `${dir}/index` };
  for (
    const args of [["read-tree", COMMIT_0_1_0], ["checkout-index", "--all", `--prefix=${dir}/`]]
  ) {
    const { status, stderr } = await run("git", ["-C", ROOT, ...args], env);
    if (status !== 0) throw new Error(`git ${args[0]}: ${stderr}`);
  }
}
