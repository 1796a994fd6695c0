import fc from "fast-check";
import {
  type CapInputs,
  type Caps,
  checkCaps,
  DEFAULT_CAPS,
  type DenyReason,
  formatVerdict,
  type OrderVerdict,
} from "../../../src/domain/gate/caps.ts";
import type { LiveDecision } from "../../../src/domain/gate/gate.ts";
import { type CapUsage, type LedgerEntry } from "../../../src/domain/order/ledger.ts";
import { buildCapUsage } from "../../../src/domain/order/ledger.ts";
import {
  buildNotional,
  microsToUsd,
  type UsdMicros,
  usdToMicros,
} from "../../../src/domain/order/money.ts";
import { assert, assertEquals } from "../../assert.ts";
import {
  ALLOWED_ENTRY,
  ledgerEntry,
  liveDecision,
  liveLedger,
  NO_USAGE,
  TODAY,
} from "../fixtures.ts";

function reasonOf(verdict: OrderVerdict): DenyReason | "allowed" {
  return verdict.kind === "allowed" ? "allowed" : verdict.reason;
}

interface Break {
  readonly reason: DenyReason;
  readonly entry?: Partial<CapInputs>;
  readonly usage?: Partial<CapUsage>;
  readonly caps?: Partial<Caps>;
  readonly allowlist?: LiveDecision["allowlist"];
}

/** Every reason of the interface in its order. No two rows touch the same field, so all can apply together. */
const BREAKS: readonly Break[] = [
  { reason: "symbol missing", entry: { symbol: "" } },
  { reason: "allowlist blocked", allowlist: { kind: "list", symbols: ["QQQ"] } },
  { reason: "entries paused", entry: { areEntriesPaused: true } },
  { reason: "account blocked", entry: { accountBlock: "trading_blocked" } },
  { reason: "positions unknown", entry: { openSymbols: null } },
  { reason: "max positions reached", caps: { positions: 0 } },
  { reason: "notional invalid", entry: { notionalMicros: null } },
  {
    reason: "price outside bracket",
    entry: { bracket: { priceUsd: 95, stopUsd: 95, targetUsd: 110 } },
  },
  { reason: "max orders/day reached", usage: { orders: 5 } },
  { reason: "max gross notional reached", caps: { grossNotionalUsd: 0 } },
  { reason: "max symbol notional reached", caps: { notionalPerSymbolUsd: 0 } },
  {
    reason: "max daily loss reached",
    entry: {
      loss: {
        kind: "reached",
        loss: { dateNy: TODAY, reachedAtMs: 0, resultUsd: -500, limitUsd: 500 },
      },
    },
  },
  { reason: "already entered today", usage: { hasEntry: true } },
  { reason: "system clock", entry: { clockSkewSeconds: null } },
  { reason: "rejected twice today", usage: { symbolRejections: 2 } },
  { reason: "rejections in a row", usage: { rejectionsInARow: 5 } },
];

function checkWith(breaks: readonly Break[]): OrderVerdict {
  let decision = liveDecision();
  let inputs = ALLOWED_ENTRY;
  for (const { entry, usage, caps, allowlist } of breaks) {
    inputs = { ...inputs, ...entry, usage: { ...inputs.usage, ...usage } };
    decision = { ...decision, caps: { ...decision.caps, ...caps } };
    if (allowlist !== undefined) decision = { ...decision, allowlist };
  }
  return checkCaps(decision, inputs);
}

Deno.test("checkCaps() allows an entry that breaks nothing and hands its notional on", () => {
  assertEquals(checkWith([]), { kind: "allowed", notionalMicros: usdToMicros(100) });
});

for (const each of BREAKS) {
  Deno.test(`checkCaps() denies with "${each.reason}" alone and prints it`, () => {
    const verdict = checkWith([each]);
    assertEquals(reasonOf(verdict), each.reason);
    assertEquals(formatVerdict("SPY", verdict), `Gate FAIL SPY: ${each.reason}`);
    if (verdict.kind === "denied") assert(verdict.detail.length > 0);
  });
}

Deno.test("formatVerdict() prints what is allowed in the runbook's words", () => {
  assertEquals(formatVerdict("BRK.B", checkWith([])), "Gate PASS BRK.B: caps ok");
});

Deno.test("checkCaps() gives the first reason for every set of reasons that apply together", () => {
  for (let set = 0; set < 2 ** BREAKS.length; set++) {
    const applying = BREAKS.filter((_, bit) => (set >> bit) % 2 === 1);
    const actual = reasonOf(checkWith(applying));
    const expected = applying[0]?.reason ?? "allowed";
    if (actual !== expected) assertEquals(actual, expected, JSON.stringify(applying));
  }
});

const USD = usdToMicros;
const micros = (value: number) => value as UsdMicros;

interface Edge {
  readonly when: string;
  readonly caps?: Partial<Caps>;
  readonly entry?: Partial<CapInputs>;
  readonly usage?: Partial<CapUsage>;
  readonly expected: DenyReason | "allowed";
}

const EDGES: readonly Edge[] = [
  ...[
    { priceUsd: 95.01, expected: "allowed" as const },
    { priceUsd: 95, expected: "price outside bracket" as const },
    { priceUsd: 94, expected: "price outside bracket" as const },
    { priceUsd: 109.99, expected: "allowed" as const },
    { priceUsd: 110, expected: "price outside bracket" as const },
    { priceUsd: 111, expected: "price outside bracket" as const },
    { priceUsd: NaN, expected: "price outside bracket" as const },
  ].map(({ priceUsd, expected }) => ({
    when: `the price is ${priceUsd} between a stop of 95 and a target of 110`,
    entry: { bracket: { priceUsd, stopUsd: 95, targetUsd: 110 } },
    expected,
  })),
  { when: "the order is the cap's last", usage: { orders: 4 }, expected: "allowed" },
  {
    when: "the order is one past the cap",
    usage: { orders: 5 },
    expected: "max orders/day reached",
  },
  {
    when: "the ledger is far past the cap",
    usage: { orders: 500 },
    expected: "max orders/day reached",
  },
  { when: "the symbol is the cap's last", entry: { openSymbols: 4 }, expected: "allowed" },
  {
    when: "the symbol is one past the cap",
    entry: { openSymbols: 5 },
    expected: "max positions reached",
  },
  { when: "one position is allowed and none open", caps: { positions: 1 }, expected: "allowed" },
  {
    when: "the notional is exactly the gross cap",
    caps: { grossNotionalUsd: 100 },
    expected: "allowed",
  },
  {
    when: "the notional is a cent over the gross cap",
    caps: { grossNotionalUsd: 99.99 },
    expected: "max gross notional reached",
  },
  {
    when: "the notional is a micro-dollar over the gross cap",
    caps: { grossNotionalUsd: 99.999999 },
    expected: "max gross notional reached",
  },
  {
    when: "used and asked reach the gross cap exactly",
    usage: { grossMicros: USD(4900) },
    expected: "allowed",
  },
  {
    when: "used and asked pass the gross cap by a micro-dollar",
    usage: { grossMicros: micros(4_900_000_001) },
    expected: "max gross notional reached",
  },
  {
    when: "the notional is exactly the symbol cap",
    entry: { notionalMicros: USD(1000) },
    expected: "allowed",
  },
  {
    when: "the notional is a cent over the symbol cap",
    entry: { notionalMicros: USD(1000.01) },
    expected: "max symbol notional reached",
  },
  {
    when: "the notional is a micro-dollar over the symbol cap",
    entry: { notionalMicros: micros(1_000_000_001) },
    expected: "max symbol notional reached",
  },
  {
    when: "the symbol's use and the order reach the symbol cap exactly",
    usage: { symbolMicros: USD(900) },
    expected: "allowed",
  },
  {
    when: "the symbol's use and the order pass the symbol cap by a cent",
    usage: { symbolMicros: USD(900.01) },
    expected: "max symbol notional reached",
  },
  {
    when: "0.1 and 0.2 meet a cap of 0.3",
    caps: { grossNotionalUsd: 0.3 },
    usage: { grossMicros: USD(0.1) },
    entry: { notionalMicros: USD(0.2) },
    expected: "allowed",
  },
  {
    when: "0.3 meets a cap that was computed as 0.1 + 0.2",
    caps: { grossNotionalUsd: 0.1 + 0.2 },
    entry: { notionalMicros: USD(0.3) },
    expected: "allowed",
  },
  {
    when: "4 x 249.95 meets a cap of 999.80",
    caps: { notionalPerSymbolUsd: 999.8 },
    entry: { notionalMicros: buildNotional(4, 249.95) },
    expected: "allowed",
  },
  {
    when: "4 x 249.95 meets a cap of 999.79",
    caps: { notionalPerSymbolUsd: 999.79 },
    entry: { notionalMicros: buildNotional(4, 249.95) },
    expected: "max symbol notional reached",
  },
  {
    when: "4.35 x 100 was computed as 434.99999999999994",
    caps: { notionalPerSymbolUsd: 435 },
    entry: { notionalMicros: USD(4.35 * 100) },
    expected: "allowed",
  },
  {
    when: "the host is exactly 30 s ahead",
    entry: { clockSkewSeconds: 30 },
    expected: "allowed",
  },
  {
    when: "the host is exactly 30 s behind",
    entry: { clockSkewSeconds: -30 },
    expected: "allowed",
  },
  {
    when: "the host is a millisecond more ahead",
    entry: { clockSkewSeconds: 30.001 },
    expected: "system clock",
  },
  {
    when: "the host is a millisecond more behind",
    entry: { clockSkewSeconds: -30.001 },
    expected: "system clock",
  },
  {
    when: "the broker rejected the symbol once",
    usage: { symbolRejections: 1 },
    expected: "allowed",
  },
  {
    when: "the broker rejected it three times",
    usage: { symbolRejections: 3 },
    expected: "rejected twice today",
  },
  { when: "four were rejected in a row", usage: { rejectionsInARow: 4 }, expected: "allowed" },
  {
    when: "six were rejected in a row",
    usage: { rejectionsInARow: 6 },
    expected: "rejections in a row",
  },
];
for (const { when, caps, entry, usage, expected } of EDGES) {
  Deno.test(`checkCaps() says ${expected} when ${when}`, () => {
    const inputs = { ...ALLOWED_ENTRY, ...entry, usage: { ...NO_USAGE, ...usage } };
    assertEquals(reasonOf(checkCaps(liveDecision(caps), inputs)), expected);
  });
}

const NOT_AMOUNTS = [NaN, Infinity, -Infinity, -1, -1e300];
const poisoned: readonly { field: string; make: (value: number) => Omit<Edge, "when"> }[] = [
  {
    field: "openSymbols",
    make: (value) => ({ entry: { openSymbols: value }, expected: "positions unknown" }),
  },
  {
    field: "caps.positions",
    make: (value) => ({ caps: { positions: value }, expected: "max positions reached" }),
  },
  {
    field: "usage.orders",
    make: (value) => ({ usage: { orders: value }, expected: "max orders/day reached" }),
  },
  {
    field: "caps.ordersPerDay",
    make: (value) => ({ caps: { ordersPerDay: value }, expected: "max orders/day reached" }),
  },
  {
    field: "usage.grossMicros",
    make: (value) => ({
      usage: { grossMicros: micros(value) },
      expected: "max gross notional reached",
    }),
  },
  {
    field: "caps.grossNotionalUsd",
    make: (value) => ({
      caps: { grossNotionalUsd: value },
      expected: "max gross notional reached",
    }),
  },
  {
    field: "usage.symbolMicros",
    make: (value) => ({
      usage: { symbolMicros: micros(value) },
      expected: "max symbol notional reached",
    }),
  },
  {
    field: "caps.notionalPerSymbolUsd",
    make: (value) => ({
      caps: { notionalPerSymbolUsd: value },
      expected: "max symbol notional reached",
    }),
  },
];
for (const { field, make } of poisoned) {
  for (const value of NOT_AMOUNTS) {
    // A cap can't be infinite in the configuration; if one ever were, it would be a limit that limits nothing.
    if (field.startsWith("caps.") && value === Infinity) continue;
    Deno.test(`checkCaps() denies when ${field} is ${value}`, () => {
      const { caps, entry, usage, expected } = make(value);
      const inputs = { ...ALLOWED_ENTRY, ...entry, usage: { ...NO_USAGE, ...usage } };
      assertEquals(reasonOf(checkCaps(liveDecision(caps), inputs)), expected);
    });
  }
}

for (const value of [NaN, 0, -0, -1, -Infinity]) {
  Deno.test(`checkCaps() denies a notional of ${value}`, () => {
    const inputs = { ...ALLOWED_ENTRY, notionalMicros: micros(value) };
    assertEquals(reasonOf(checkCaps(liveDecision(), inputs)), "notional invalid");
  });
}

for (const value of [NaN, Infinity, -Infinity]) {
  Deno.test(`checkCaps() denies a clock skew of ${value}`, () => {
    const inputs = { ...ALLOWED_ENTRY, clockSkewSeconds: value };
    assertEquals(reasonOf(checkCaps(liveDecision(), inputs)), "system clock");
  });
}

Deno.test("checkCaps() denies a count that is no whole number of symbols or orders", () => {
  const half = { ...ALLOWED_ENTRY, openSymbols: 0.5 };
  assertEquals(reasonOf(checkCaps(liveDecision(), half)), "positions unknown");
  const orders = { ...ALLOWED_ENTRY, usage: { ...NO_USAGE, orders: 1.5 } };
  assertEquals(reasonOf(checkCaps(liveDecision(), orders)), "max orders/day reached");
});

Deno.test("checkCaps() lets no sum that saturated through, however large the cap", () => {
  const decision = liveDecision({ grossNotionalUsd: 1e300, notionalPerSymbolUsd: 1e300 });
  const usage = { ...NO_USAGE, grossMicros: usdToMicros(9e9) };
  const inputs = { ...ALLOWED_ENTRY, notionalMicros: usdToMicros(9e9), usage };
  assertEquals(reasonOf(checkCaps(decision, inputs)), "max gross notional reached");
});

for (const symbol of ["", " ", "spy", "SPY ", "SPY,QQQ", "null-", "../SPY"]) {
  Deno.test(`checkCaps() denies ${JSON.stringify(symbol)} as no symbol, also where it is listed`, () => {
    const decision: LiveDecision = {
      ...liveDecision(),
      allowlist: { kind: "list", symbols: [symbol] },
    };
    assertEquals(reasonOf(checkCaps(decision, { ...ALLOWED_ENTRY, symbol })), "symbol missing");
  });
}

const listed: readonly [symbols: readonly string[], expected: DenyReason | "allowed"][] = [
  [["SPY"], "allowed"],
  [["QQQ", "SPY"], "allowed"],
  [[], "allowlist blocked"],
  [["SPYX"], "allowlist blocked"],
  [["SP"], "allowlist blocked"],
  [["spy"], "allowlist blocked"],
  [["QQQ,SPY"], "allowlist blocked"],
];
for (const [symbols, expected] of listed) {
  Deno.test(`checkCaps() says ${expected} for SPY with the list ${JSON.stringify(symbols)}`, () => {
    const decision: LiveDecision = { ...liveDecision(), allowlist: { kind: "list", symbols } };
    assertEquals(reasonOf(checkCaps(decision, ALLOWED_ENTRY)), expected);
  });
}

Deno.test("checkCaps() names use, limit and what was asked in the detail of a money cap", () => {
  const usage = { ...NO_USAGE, grossMicros: usdToMicros(4950) };
  const verdict = checkCaps(liveDecision(), { ...ALLOWED_ENTRY, usage });
  assertEquals(
    verdict.kind === "denied" && verdict.detail,
    "4950.00 of 5000.00 used, 100.00 asked",
  );
});

const details: readonly [entry: Partial<CapInputs>, usage: Partial<CapUsage>, detail: string][] = [
  [{ symbol: " spy" }, {}, 'symbol " spy"'],
  [{ openSymbols: null }, {}, "the broker could not be asked"],
  [{ openSymbols: -1 }, {}, "-1 is not a count"],
  [{ openSymbols: 7 }, {}, "7 of 5 open"],
  [{ notionalMicros: null }, {}, "no price for a notional"],
  [{}, { orders: 6 }, "6 of 5 used"],
  [{ clockSkewSeconds: null }, {}, "the broker's clock is not known"],
  [{ clockSkewSeconds: -31.5 }, {}, "host and broker clocks differ by -31.5 s"],
  [{}, { symbolRejections: 2 }, "2 rejections"],
  [{}, { rejectionsInARow: 9 }, "9 rejections"],
];
for (const [entry, used, detail] of details) {
  Deno.test(`checkCaps() explains its denial: ${detail}`, () => {
    const inputs = { ...ALLOWED_ENTRY, ...entry, usage: { ...NO_USAGE, ...used } };
    const verdict = checkCaps(liveDecision(), inputs);
    assertEquals(verdict.kind === "denied" && verdict.detail, detail);
  });
}

Deno.test("DEFAULT_CAPS are the runbook's", () => {
  assertEquals(DEFAULT_CAPS, {
    ordersPerDay: 5,
    positions: 5,
    grossNotionalUsd: 5000,
    notionalPerSymbolUsd: 1000,
  });
});

const attempt = fc.record({
  symbol: fc.constantFrom("SPY", "QQQ", "F", "BRK.B", "NVDA", "TSLA", "MSFT"),
  qty: fc.integer({ min: 1, max: 20 }),
  // Few enough that sums meet a cap exactly now and then.
  priceCents: fc.oneof(fc.constantFrom(1, 10, 2495, 3333, 5000), fc.integer({ min: 1, max: 5000 })),
  status: fc.constantFrom("pending", "accepted", "unknown", "rejected"),
  isNotSent: fc.boolean(),
});
const someCaps = fc.record({
  ordersPerDay: fc.integer({ min: 1, max: 8 }),
  positions: fc.integer({ min: 1, max: 8 }),
  grossNotionalUsd: fc.integer({ min: 10_000, max: 300_000 }).map((cents) => cents / 100),
  notionalPerSymbolUsd: fc.integer({ min: 5_000, max: 100_000 }).map((cents) => cents / 100),
});

const centsOf = (usd: number) => BigInt(Math.round(usd * 100));

/** What really was taken, added up in big-integer cents, apart from everything that the engine counts with. */
interface Taken {
  readonly symbol: string;
  readonly cents: bigint;
}

function grossOf(taken: readonly Taken[]): bigint {
  return taken.reduce((sum, { cents }) => sum + cents, 0n);
}

function assertWithinCaps(taken: readonly Taken[], caps: Caps): void {
  const symbols = new Set(taken.map(({ symbol }) => symbol));
  assertEquals(symbols.size, taken.length, "a symbol was entered twice");
  assert(taken.length <= caps.ordersPerDay);
  assert(symbols.size <= caps.positions);
  assert(grossOf(taken) <= centsOf(caps.grossNotionalUsd));
  for (const { cents } of taken) assert(cents <= centsOf(caps.notionalPerSymbolUsd));
}

Deno.test("checkCaps() never lets the day's allowed entries pass a cap, nor denies one that fits", () => {
  let allowed = 0;
  fc.assert(
    fc.property(someCaps, fc.array(attempt, { maxLength: 25 }), (caps, attempts) => {
      const entries: LedgerEntry[] = [];
      const taken: Taken[] = [];
      for (const [index, { symbol, qty, priceCents, status, isNotSent }] of attempts.entries()) {
        const clientOrderId = `avwap-${TODAY}-${symbol}-${index}`;
        const usage = buildCapUsage(liveLedger(entries), { dateNy: TODAY, symbol, clientOrderId });
        const notionalMicros = buildNotional(qty, priceCents / 100);
        const inputs = { symbol, notionalMicros, openSymbols: taken.length, usage };
        const verdict = checkCaps(liveDecision(caps), { ...ALLOWED_ENTRY, ...inputs });
        const cents = BigInt(qty) * BigInt(priceCents);
        if (verdict.kind === "denied") {
          const isOver = grossOf(taken) + cents > centsOf(caps.grossNotionalUsd);
          if (verdict.reason === "max gross notional reached") assert(isOver);
          if (verdict.reason === "already entered today") assert(!isOver);
          continue;
        }
        allowed++;
        const notionalUsd = microsToUsd(verdict.notionalMicros);
        const reason = status === "rejected" && isNotSent ? "not sent" : null;
        entries.push(ledgerEntry({ symbol, notionalUsd, clientOrderId, status, reason }));
        if (status !== "rejected") taken.push({ symbol, cents });
        assertWithinCaps(taken, caps);
      }
    }),
    { numRuns: 400 },
  );
  assert(allowed > 400, `only ${allowed} attempts were allowed: the property says little`);
});
