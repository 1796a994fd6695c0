import type { Candidate } from "../../../src/domain/entry/candidate.ts";
import { DEFAULT_CAPS } from "../../../src/domain/gate/caps.ts";
import { closedKey } from "../../../src/domain/account/managed_position.ts";
import {
  type AdoptionLook,
  decideAdoption,
  listAdoptable,
} from "../../../src/domain/plan/adopt.ts";
import { apply } from "../../../src/domain/plan/records.ts";
import { assertEquals } from "../../assert.ts";
import { ledgerEntry, liveLedger, TODAY } from "../fixtures.ts";
import { heldPosition } from "../position_fixtures.ts";
import { buildSight, ENTRY, lookRecords, NOW_MS, POSITION, soldOrder } from "./look.ts";

const LISTED: Candidate = {
  symbol: "SPY",
  priceUsd: 100,
  pivotUsd: 101,
  distancePct: 0,
  stopUsd: 95,
  r1Usd: 105,
  r2Usd: 111,
  anchor: "YTD",
};

/** Ten SPY that nobody manages, on today's list, at 100. */
function adoptionLook(facts: Partial<AdoptionLook> = {}): AdoptionLook {
  return {
    records: lookRecords({ positions: [] }),
    sight: buildSight(),
    dateNy: TODAY,
    candidates: [LISTED],
    allowlist: { kind: "all" },
    caps: DEFAULT_CAPS,
    trades: new Map([["SPY", { priceUsd: 100, atMs: NOW_MS }]]),
    priceMemory: new Map(),
    shownAtMs: NOW_MS - 100,
    ...facts,
  };
}

const RELEASE = { symbol: "SPY", positionId: POSITION.positionId, releasedAtMs: 1 };
const RELEASED = apply(lookRecords(), [{ kind: "released", release: RELEASE }]);
const WORKING_BUY = { ...ENTRY, orderId: "w-1", status: "new", filledQty: 0, filledAtMs: null };
const FILLED_NOW = { ...ENTRY, updatedAtMs: NOW_MS, filledAtMs: NOW_MS };

Deno.test("listAdoptable() takes what is held and listed with the list's plan, and leaves a part of a share out", () => {
  const sight = buildSight([ENTRY], { positions: [heldPosition({ qty: 10.5 })] });
  const [position] = listAdoptable(adoptionLook({ sight })).adoptable;
  assertEquals(position?.qty, 10);
  assertEquals([position?.adoptedQty, position?.besideQty, position?.stopUsd], [10, 0.5, 95]);
  assertEquals(position?.openedAtMs, NOW_MS - 100);
});

Deno.test("listAdoptable() counts with what sells at work have sold by then", () => {
  const selling = { ...soldOrder(4), qty: 9, status: "partially_filled" };
  const [position] = listAdoptable(adoptionLook({ sight: buildSight([ENTRY, selling]) })).adoptable;
  assertEquals([position?.qty, position?.adoptedQty], [10, 14]);
});

const left: { readonly when: string; readonly facts: Partial<AdoptionLook> }[] = [
  { when: "it is not on the list", facts: { candidates: [] } },
  { when: "the allowlist lacks it", facts: { allowlist: { kind: "list", symbols: ["QQQ"] } } },
  { when: "the allowlist is invalid", facts: { allowlist: { kind: "invalid" } } },
  { when: "it is managed", facts: { records: lookRecords() } },
  { when: "it is released", facts: { records: RELEASED } },
  { when: "no cap is known", facts: { caps: null } },
  { when: "it has no price of this session", facts: { trades: new Map() } },
  {
    when: "its price is at the stop",
    facts: { trades: new Map([["SPY", { priceUsd: 95, atMs: NOW_MS }]]) },
  },
  { when: "less than a share is held", facts: heldQty(0.5) },
  { when: "it is short", facts: heldQty(-10) },
  { when: "positions can't be read", facts: { sight: buildSight([ENTRY], { positions: null }) } },
  {
    when: "open orders can't be read",
    facts: { sight: buildSight([ENTRY], { areOrdersRead: false }) },
  },
  {
    when: "a row of it can't be read",
    facts: { sight: buildSight([ENTRY], { unreadable: new Set(["SPY"]) }) },
  },
  { when: "a buy works in it", facts: { sight: buildSight([ENTRY, WORKING_BUY]) } },
  { when: "an order of it filled just now", facts: { sight: buildSight([FILLED_NOW]) } },
  {
    when: "a buy of ours has no answer yet",
    facts: {
      records: lookRecords({
        positions: [],
        ledger: liveLedger([ledgerEntry({ status: "unknown" })]),
      }),
    },
  },
];

function heldQty(qty: number): Partial<AdoptionLook> {
  return { sight: buildSight([ENTRY], { positions: [heldPosition({ qty })] }) };
}

for (const { when, facts } of left) {
  Deno.test(`listAdoptable() leaves a position where ${when}, and says nothing`, () => {
    assertEquals(listAdoptable(adoptionLook(facts)), { adoptable: [], say: [] });
  });
}

Deno.test("listAdoptable() leaves what is worth more than twice a symbol's cap, and says so once a day", () => {
  const { adoptable, say } = listAdoptable(adoptionLook(heldQty(21)));
  assertEquals([adoptable, say], [[], [{
    symbol: "SPY",
    positionId: "",
    scope: "day",
    key: "too large:SPY",
    value: { kind: "too_large", qty: 21, worthUsd: 2100, limitUsd: 2000 },
  }]]);
});

const ASKED = { kind: "adopt", symbol: "SPY", plan: null, atMs: NOW_MS } as const;
const OWN = { ...ASKED, plan: { stopUsd: 90, r1Usd: null, r2Usd: null } };

Deno.test("what was asked for is adopted whatever it is worth, and its release ends in the same change", () => {
  const look = adoptionLook({ ...heldQty(100), records: RELEASED });
  const verdict = decideAdoption(look, OWN);
  if (verdict.kind !== "adopt") throw new Error(verdict.kind);
  const records = apply(RELEASED, verdict.change);
  assertEquals(records.positions.map(({ qty, stopUsd }) => [qty, stopUsd]), [[100, 90]]);
  assertEquals(records.released, []);
  assertEquals(records.alerted, { [closedKey(POSITION.positionId)]: TODAY });
  assertEquals(records.ledger?.entries.map(({ reason }) => reason), ["release ended"]);
  assertEquals(verdict.say.map(({ value }) => value.kind), ["release_ended", "adopted"]);
});

const verdicts: {
  readonly when: string;
  readonly request?: Parameters<typeof decideAdoption>[1];
  readonly facts?: Partial<AdoptionLook>;
  readonly verdict: "drop" | "waits";
}[] = [
  { when: "it is managed already", facts: { records: lookRecords() }, verdict: "drop" },
  { when: "less than a share is held", facts: heldQty(0.5), verdict: "drop" },
  {
    when: "it is not on the list, and no plan is given",
    facts: { candidates: [] },
    verdict: "drop",
  },
  {
    when: "the price is below its stop",
    request: { ...OWN, plan: { ...OWN.plan, stopUsd: 101 } },
    verdict: "drop",
  },
  { when: "it has no price of this session", facts: { trades: new Map() }, verdict: "waits" },
  { when: "a buy works in it", facts: { sight: buildSight([WORKING_BUY]) }, verdict: "waits" },
  {
    when: "its row can't be read",
    facts: { sight: buildSight([ENTRY], { unreadable: new Set(["SPY"]) }) },
    verdict: "waits",
  },
];
for (const { when, request = ASKED, facts, verdict } of verdicts) {
  Deno.test(`decideAdoption() says "${verdict}" where ${when}`, () => {
    assertEquals(decideAdoption(adoptionLook(facts), request).kind, verdict);
  });
}
