import { assertEquals } from "../assert.ts";
import { NVDA, SECOND_MS, STATE_PATH, World } from "./support.ts";

// Requests, and what is made durable: an answer is with the next step, or at rest (pipeline 6).

/** A cycle before which something is due, and what it may cost. */
interface Case {
  readonly name: string;
  readonly symbols: number;
  /** Brings it about. */
  readonly prepare: (world: World) => Promise<void>;
  /** Requests where an answer takes 5 ms, so that a cancel needs a second look, and where it takes 100 ms. */
  readonly requests: readonly [number, number];
  /** Replacements of the document, its ledger's with it; one more where the fill is seen in the same cycle. */
  readonly replacements: readonly [number, number];
  /** Orders that left, as `side type`; a cancel is none. */
  readonly left: readonly string[];
}

async function hold(world: World, priceUsd: number | null): Promise<void> {
  await world.buy();
  await world.cycles(2, 15 * SECOND_MS);
  if (priceUsd !== null) world.exchange.setPrice("NVDA", priceUsd);
}

const STOP = "sell stop";
const SELL = "sell market";

const CASES: readonly Case[] = [
  {
    name: "a quiet cycle",
    symbols: 1,
    prepare: (world) => hold(world, null),
    requests: [7, 7],
    replacements: [2, 2],
    left: [],
  },
  {
    name: "R1 from a bracket's legs",
    symbols: 1,
    prepare: (world) => hold(world, 106),
    requests: [15, 14],
    replacements: [3, 3],
    left: [SELL, STOP],
  },
  {
    name: "R2 by shrinking the stop",
    symbols: 1,
    prepare: async (world) => {
      await hold(world, 106);
      await world.cycles(3, 15 * SECOND_MS);
      world.exchange.setPrice("NVDA", 112);
    },
    requests: [13, 14],
    replacements: [3, 3],
    left: [STOP, SELL],
  },
  {
    name: "the close",
    symbols: 1,
    prepare: async (world) => {
      // A market that comes to the stop, and does not take it.
      world.exchange.behaviour.partialFills = ({ type }) => type === "stop" ? [] : null;
      await hold(world, 95);
    },
    requests: [14, 14],
    replacements: [3, 4],
    left: [SELL],
  },
  {
    name: "five conversions",
    symbols: 5,
    prepare: async (world) => {
      await hold(world, null);
      world.goTo(Date.parse("2026-11-23T20:51:00Z"));
    },
    requests: [29, 24],
    replacements: [8, 8],
    left: [STOP, STOP, STOP, STOP, STOP],
  },
];

for (const latencyMs of [5, 100]) {
  for (const { name, symbols, prepare, ...cost } of CASES) {
    Deno.test(`what ${name} costs, at ${latencyMs} ms a request`, async () => {
      const rows = [..."ABCDE"].slice(0, symbols)
        .map((each) => ({ ...NVDA, symbol: symbols === 1 ? "NVDA" : `AA${each}` }));
      const world = new World({ rows, latencyMs });
      await prepare(world);
      world.forget();
      const before = world.disk.steps.length;
      const known = world.orders().length;
      await world.cycle();
      const replacements = world.disk.steps.slice(before)
        .filter(({ op, path }) => op === "rename" && path === STATE_PATH).length;
      const at = latencyMs === 5 ? 0 : 1;
      const { length: requests } = world.sent;
      assertEquals([requests, replacements], [cost.requests[at], cost.replacements[at]]);
      assertEquals(
        world.orders().slice(known).map(({ side, type }) => `${side} ${type}`),
        cost.left,
      );
    });
  }
}
