import type { World } from "../engine/support.ts";
import type { FaultRule } from "../simulator/faults.ts";
import { withRelease010 } from "../support/release_0_1_0.ts";

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
  await withRelease010(async (dir) => {
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
  });
}
