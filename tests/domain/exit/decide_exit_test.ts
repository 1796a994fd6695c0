import fc from "fast-check";
import type { ManagedPosition } from "../../../src/domain/account/engine_state.ts";
import type { ExitReason } from "../../../src/domain/exit/exit_rules.ts";
import {
  decideExit,
  EXITS_MAX,
  formatDryRunExit,
  listDryRunExits,
  markTrimmed,
} from "../../../src/domain/exit/decide_exit.ts";
import { assert, assertEquals } from "../../assert.ts";
import { managedPosition } from "../position_fixtures.ts";

/** Pivot 101, R1 105, R2 111, stop 95: a move of 10. */
const POSITION = managedPosition({ highWaterUsd: 100 });
const TRIMMED_R1 = { ...POSITION, stopUsd: 101, isTrimmedR1: true };
const TRIMMED_R2 = { ...TRIMMED_R1, highWaterUsd: 111, isTrimmedR2: true };

const cases: {
  readonly when: string;
  readonly position: ManagedPosition;
  readonly qty: number;
  readonly priceUsd: number;
  readonly due: { readonly reason: ExitReason; readonly qty: number } | null;
  readonly stopUsd: number;
}[] = [
  {
    when:
      "the trim at R1, due again since nothing of it was sold, waits beside the stop that trails",
    position: { ...TRIMMED_R2, isTrimmedR1: false },
    qty: 10,
    priceUsd: 112,
    due: { reason: "r1_trim", qty: 5 },
    stopUsd: 107,
  },
  {
    when: "the price is between stop and R1",
    position: POSITION,
    qty: 10,
    priceUsd: 100,
    due: null,
    stopUsd: 95,
  },
  {
    when: "the price is one cent above the stop",
    position: POSITION,
    qty: 10,
    priceUsd: 95.01,
    due: null,
    stopUsd: 95,
  },
  {
    when: "the price is at the stop",
    position: POSITION,
    qty: 10,
    priceUsd: 95,
    due: { reason: "stop_exit", qty: 10 },
    stopUsd: 95,
  },
  {
    when: "the price is below R1 by one cent",
    position: POSITION,
    qty: 10,
    priceUsd: 104.99,
    due: null,
    stopUsd: 95,
  },
  {
    when: "the price is at R1",
    position: POSITION,
    qty: 10,
    priceUsd: 105,
    due: { reason: "r1_trim", qty: 5 },
    stopUsd: 101,
  },
  {
    when: "half is no whole share",
    position: POSITION,
    qty: 7,
    priceUsd: 105,
    due: { reason: "r1_trim", qty: 3 },
    stopUsd: 101,
  },
  {
    when: "half of one share is nothing",
    position: POSITION,
    qty: 1,
    priceUsd: 105,
    due: { reason: "r1_trim", qty: 0 },
    stopUsd: 101,
  },
  {
    when: "the stop is above the pivot already at R1",
    position: { ...POSITION, stopUsd: 103 },
    qty: 10,
    priceUsd: 105,
    due: { reason: "r1_trim", qty: 5 },
    stopUsd: 103,
  },
  {
    when: "the price jumps over R2 with R1 untrimmed",
    position: POSITION,
    qty: 10,
    priceUsd: 112,
    due: { reason: "r1_trim", qty: 5 },
    stopUsd: 101,
  },
  {
    when: "R1 is trimmed and the price is at R1 still",
    position: TRIMMED_R1,
    qty: 5,
    priceUsd: 106,
    due: null,
    stopUsd: 101,
  },
  {
    when: "R1 is trimmed and the price is at R2",
    position: TRIMMED_R1,
    qty: 5,
    priceUsd: 111,
    due: { reason: "r2_trim", qty: 2 },
    stopUsd: 101,
  },
  {
    when: "both are trimmed and the price makes a new high",
    position: TRIMMED_R2,
    qty: 3,
    priceUsd: 115,
    due: null,
    stopUsd: 110,
  },
  {
    when: "both are trimmed and the price falls to half a move below the high",
    position: { ...TRIMMED_R2, highWaterUsd: 115 },
    qty: 3,
    priceUsd: 110,
    due: { reason: "stop_exit", qty: 3 },
    stopUsd: 110,
  },
  {
    when: "R2 alone is trimmed and the price is under R1",
    position: { ...TRIMMED_R2, isTrimmedR1: false },
    qty: 3,
    priceUsd: 104,
    due: { reason: "stop_exit", qty: 3 },
    stopUsd: 106,
  },
  {
    when: "the stop is hit and nothing is held",
    position: POSITION,
    qty: 0,
    priceUsd: 90,
    due: null,
    stopUsd: 95,
  },
  {
    when: "there is no R1 but the pivot, and the price is at it",
    position: { ...POSITION, r1Usd: 101 },
    qty: 10,
    priceUsd: 101,
    due: { reason: "r1_trim", qty: 5 },
    stopUsd: 101,
  },
];

for (const { when, position, qty, priceUsd, due, stopUsd } of cases) {
  Deno.test(`decideExit() says what is due when ${when}`, () => {
    const highWaterUsd = Math.max(position.highWaterUsd, priceUsd);
    assertEquals(decideExit(position, qty, priceUsd), { highWaterUsd, stopUsd, due });
  });
}

const nothing: { readonly when: string; readonly change: Partial<ManagedPosition> }[] = [
  { when: "the target is at the pivot", change: { r2Usd: 101 } },
  { when: "the target is below the pivot", change: { r2Usd: 100 } },
  { when: "the target is no number", change: { r2Usd: NaN } },
  { when: "the pivot is no number", change: { pivotUsd: NaN } },
];
for (const { when, change } of nothing) {
  Deno.test(`decideExit() does nothing at any price when ${when}`, () => {
    for (const priceUsd of [0.01, 95, 105, 200]) {
      const decision = decideExit({ ...POSITION, ...change }, 10, priceUsd);
      assertEquals(decision, { highWaterUsd: 100, stopUsd: 95, due: null });
    }
  });
}

for (const priceUsd of [0, -1, NaN, -Infinity]) {
  Deno.test(`decideExit() believes no price of ${priceUsd}`, () => {
    const decision = decideExit(POSITION, 10, priceUsd);
    assertEquals(decision, { highWaterUsd: 100, stopUsd: 95, due: null });
  });
}

Deno.test("markTrimmed() marks its own trim, and raises the stop to the pivot after the first", () => {
  const raisedUsd = Math.max(POSITION.stopUsd, POSITION.pivotUsd);
  const trimmed = { ...POSITION, isTrimmedR1: true };
  assertEquals(markTrimmed(POSITION, "r1_trim"), { ...trimmed, stopUsd: raisedUsd });
  const higher = { ...POSITION, stopUsd: POSITION.pivotUsd + 1 };
  assertEquals(markTrimmed(higher, "r1_trim"), { ...higher, isTrimmedR1: true });
  assertEquals(markTrimmed(POSITION, "r2_trim"), { ...POSITION, isTrimmedR2: true });
  assertEquals(markTrimmed(POSITION, "stop_exit"), POSITION);
});

Deno.test("formatDryRunExit() writes the lines of pipeline 5", () => {
  assertEquals(
    formatDryRunExit("BRK.B", "r1_trim", 5),
    "DRY_RUN: would trim BRK.B qty=5 reason=r1_trim",
  );
  assertEquals(
    formatDryRunExit("SPY", "r2_trim", 2),
    "DRY_RUN: would trim SPY qty=2 reason=r2_trim",
  );
  assertEquals(
    formatDryRunExit("SPY", "stop_exit", 10),
    "DRY_RUN: would close SPY (reason=stop_exit)",
  );
});

Deno.test("listDryRunExits() prints each trim of a jump, halves of what is left", () => {
  assertEquals(listDryRunExits(POSITION, 10, 112), [
    { reason: "r1_trim", qty: 5 },
    { reason: "r2_trim", qty: 2 },
  ]);
});

Deno.test("listDryRunExits() leaves out trims without shares", () => {
  assertEquals(listDryRunExits(POSITION, 1, 112), []);
  assertEquals(listDryRunExits(POSITION, 2, 112), [{ reason: "r1_trim", qty: 1 }]);
});

Deno.test("listDryRunExits() ends with the close where a trim raised the stop over the price", () => {
  const upsideDown = { ...POSITION, r1Usd: 99 };
  assertEquals(listDryRunExits(upsideDown, 10, 100), [
    { reason: "r1_trim", qty: 5 },
    { reason: "stop_exit", qty: 5 },
  ]);
});

Deno.test("listDryRunExits() prints all three exits at once, and no more", () => {
  const upsideDown = { ...POSITION, r1Usd: 99, r2Usd: 102, highWaterUsd: 110 };
  assertEquals(listDryRunExits(upsideDown, 10, 104), [
    { reason: "r1_trim", qty: 5 },
    { reason: "r2_trim", qty: 2 },
    { reason: "stop_exit", qty: 3 },
  ]);
});

const priceUsd = fc.double({ min: 0.01, max: 1000, noNaN: true });
const positions = fc.record({
  pivotUsd: priceUsd,
  r1Usd: priceUsd,
  r2Usd: priceUsd,
  stopUsd: priceUsd,
  highWaterUsd: priceUsd,
  isTrimmedR1: fc.boolean(),
  isTrimmedR2: fc.boolean(),
}).map((facts) => managedPosition(facts));
const prices = fc.array(priceUsd, { minLength: 1, maxLength: 30 });
const qtys = fc.integer({ min: 0, max: 1000 });

/** A broker that fills each exit at once: what it sold, in order, and the stops it saw. */
function follow(start: ManagedPosition, qty: number, path: readonly number[]) {
  const sold: { reason: ExitReason; qty: number }[] = [];
  const stops: number[] = [start.stopUsd];
  let position = start;
  let heldQty = qty;
  for (const price of path) {
    for (let turn = 0; turn < EXITS_MAX; turn++) {
      const { due, stopUsd, highWaterUsd } = decideExit(position, heldQty, price);
      position = { ...position, stopUsd, highWaterUsd };
      stops.push(stopUsd);
      if (due === null) break;
      sold.push({ ...due });
      heldQty -= due.qty;
      position = markTrimmed(position, due.reason);
      if (due.reason === "stop_exit") return { sold, stops, position, heldQty };
    }
  }
  return { sold, stops, position, heldQty };
}

Deno.test("the exit rules never sell more than is held, whatever the prices", () => {
  fc.assert(fc.property(positions, qtys, prices, (position, qty, path) => {
    const { sold, heldQty } = follow(position, qty, path);
    const total = sold.reduce((sum, each) => sum + each.qty, 0);
    assert(total <= qty && heldQty === qty - total);
    assert(sold.every((each) => Number.isInteger(each.qty) && each.qty >= 0));
  }));
});

Deno.test("the exit rules never lower the stop, and never the high-water price", () => {
  fc.assert(fc.property(positions, qtys, prices, (position, qty, path) => {
    const { stops, position: after } = follow(position, qty, path);
    assert(stops.every((stopUsd, at) => stopUsd >= (stops[at - 1] ?? 0)));
    assert(after.highWaterUsd >= position.highWaterUsd);
  }));
});

Deno.test("the exit rules make each trim at most once, and none that was made", () => {
  fc.assert(fc.property(positions, qtys, prices, (position, qty, path) => {
    const { sold } = follow(position, qty, path);
    const count = (reason: ExitReason) => sold.filter((each) => each.reason === reason).length;
    assert(count("r1_trim") <= (position.isTrimmedR1 ? 0 : 1));
    assert(count("r2_trim") <= (position.isTrimmedR2 ? 0 : 1));
    assert(count("stop_exit") <= 1);
  }));
});

Deno.test("the exit rules at one price come in the order R1, R2, stop, and come to an end", () => {
  const order: readonly ExitReason[] = ["r1_trim", "r2_trim", "stop_exit"];
  fc.assert(fc.property(positions, qtys, priceUsd, (position, qty, price) => {
    const exits = listDryRunExits(position, qty, price);
    const ranks = exits.map((each) => order.indexOf(each.reason));
    assert(ranks.every((rank, at) => rank > (ranks[at - 1] ?? -1)), ranks.join());
    const { position: after, heldQty } = follow(position, qty, [price]);
    assertEquals(decideExit(after, heldQty, price).due?.qty ?? 0, 0);
  }));
});

Deno.test("the exit rules sell half of what is held at a trim and all of it at the stop", () => {
  fc.assert(fc.property(positions, qtys, priceUsd, (position, qty, price) => {
    const { due, stopUsd } = decideExit(position, qty, price);
    if (due === null) {
      assert(price > stopUsd || qty === 0 || !(position.r2Usd > position.pivotUsd));
    } else if (due.reason === "stop_exit") {
      assertEquals(due.qty, qty);
      assert(price <= stopUsd);
    } else {
      assertEquals(due.qty, Math.floor(qty / 2));
      assert(price >= (due.reason === "r1_trim" ? position.r1Usd : position.r2Usd));
    }
  }));
});
