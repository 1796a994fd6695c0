import type { ManagedPosition } from "../../../src/domain/account/engine_state.ts";
import {
  decidePriceUse,
  type PriceUse,
  type PriceUseLook,
  raiseHigh,
} from "../../../src/domain/plan/price_use.ts";
import { assert, assertEquals } from "../../assert.ts";
import { buildSight, ENTRY, POSITION } from "./look.ts";

const LOOK: PriceUseLook = { sight: buildSight(), isUnreadable: false, areOrdersRead: true };
const WORKING = { ...ENTRY, status: "partially_filled", filledQty: 5 };

const cases: {
  readonly when: string;
  readonly position?: Partial<ManagedPosition>;
  readonly look?: Partial<PriceUseLook>;
  readonly use: PriceUse;
}[] = [
  { when: "the position is explained and its entry has ended", use: "rules" },
  { when: "a row in its symbol can't be read", look: { isUnreadable: true }, use: "high" },
  {
    when: "a row can't be read and its shares are not explained (a split)",
    look: { isUnreadable: true },
    position: { unexplainedQty: 20 },
    use: "nothing",
  },
  { when: "its shares are not explained", position: { unexplainedQty: 20 }, use: "nothing" },
  { when: "it was not looked at yet", position: { qty: null }, use: "nothing" },
  {
    when: "its entry still works",
    look: { sight: buildSight([WORKING], { positions: null }) },
    use: "nothing",
  },
  {
    when: "open orders can't be read, so that its entry may work",
    look: { sight: buildSight([ENTRY], { areOrdersRead: false }), areOrdersRead: false },
    use: "high",
  },
  {
    when: "nobody has asked for open orders yet",
    look: { sight: buildSight([ENTRY], { areOrdersRead: false }) },
    use: "nothing",
  },
];
for (const { when, position, look, use } of cases) {
  Deno.test(`a price is good for ${use} where ${when}`, () => {
    assertEquals(decidePriceUse({ ...POSITION, ...position }, { ...LOOK, ...look }), use);
  });
}

Deno.test("raiseHigh() takes a new high alone, and moves nothing else", () => {
  assertEquals(raiseHigh(POSITION, 106), { ...POSITION, highWaterUsd: 106 });
  for (const priceUsd of [100, 99.99, 95, 0]) assert(raiseHigh(POSITION, priceUsd) === POSITION);
});
