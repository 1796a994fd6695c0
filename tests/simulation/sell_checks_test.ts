import { assertEquals } from "../assert.ts";
import { Auditor } from "./auditor.ts";
import { checkExit } from "./sell_checks.ts";
import { isSplit, listPositions } from "./truth.ts";
import { STATE_PATH, World } from "./world.ts";

const ALONE = "a split position is left alone";
const MINUTE_MS = 60_000;

function pass(world: World, ms: number): void {
  world.advance(ms);
  world.exchange.advanceTo(world.trueMs);
}

/** A world in an open session that manages 12 shares of AAA since a minute ago. */
function buildHeld(): World {
  const world = new World(1);
  pass(world, world.exchange.sessions.nextOpenMs(world.trueMs) + MINUTE_MS - world.trueMs);
  world.exchange.setPosition("AAA", 12, 100);
  const position = {
    symbol: "AAA",
    position_id: "avwap-2026-01-05-AAA-adopted-1",
    adopted_qty: 12,
    unexplained_qty: null,
    opened_at: new Date(world.trueMs).toISOString(),
  };
  world.disk.put(STATE_PATH, JSON.stringify({ positions: [position] }));
  pass(world, MINUTE_MS);
  return world;
}

const acts: {
  readonly what: string;
  readonly act: (world: World) => void;
  readonly leftQty: number;
  readonly isChanged: boolean;
}[] = [
  {
    what: "was split",
    act: ({ exchange }) => exchange.split("AAA", 2),
    leftQty: 24,
    isChanged: true,
  },
  {
    what: "was split, and as many shares as that added are sold",
    act: (world) => {
      world.exchange.split("AAA", 2);
      world.placeByHand({
        symbol: "AAA",
        side: "sell",
        type: "market",
        qty: "12",
        time_in_force: "day",
      });
    },
    leftQty: 12,
    isChanged: true,
  },
  {
    what: "was taken away, and other shares lie in its place",
    act: ({ exchange }) => {
      exchange.merge("AAA", null);
      exchange.setPosition("AAA", 13, 50);
    },
    leftQty: 13,
    isChanged: true,
  },
  {
    what: "was taken away, and as many lie in its place as its orders explain",
    act: ({ exchange }) => {
      exchange.merge("AAA", null);
      exchange.setPosition("AAA", 12, 50);
    },
    leftQty: 12,
    isChanged: false,
  },
];
for (const { what, act, leftQty, isChanged } of acts) {
  Deno.test(`a stop in a position that ${what} is ${isChanged ? "a violation" : "none"}`, () => {
    const world = buildHeld();
    world.markIssuer("AAA");
    act(world);
    pass(world, MINUTE_MS);
    assertEquals(world.exchange.portfolio.qty("AAA"), leftQty);
    const auditor = new Auditor(world);
    checkExit(auditor, {
      op: "stop",
      symbol: "AAA",
      clientOrderId: "avwap-2026-01-05-AAA-adopted-1-stop-1",
      qty: 12,
      stopUsd: 1,
      side: "sell",
      recordedNotionalUsd: null,
      recorded: null,
      target: null,
    });
    assertEquals(world.violations.map(({ invariant }) => invariant), isChanged ? [ALONE] : []);
    assertEquals(listPositions(world).map((each) => isSplit(world, each)), [isChanged]);
  });
}
