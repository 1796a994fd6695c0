import * as fc from "fast-check";
import { buildLedgerEntry, type LiveLedger } from "../../src/domain/order/ledger.ts";
import { EMPTY_STATE, type EngineState } from "../../src/domain/account/engine_state.ts";
import { buildTrimFields, EXIT_REASONS } from "../../src/domain/exit/exit_rules.ts";
import { isForFile, NOTHING_UNDER_WAY } from "../../src/domain/account/unfinished.ts";
import { parseOurId } from "../../src/domain/order/client_order_id.ts";
import type { ClockPort, LogPort } from "../../src/engine/ports.ts";
import type { Fate } from "./memory_disk.ts";

export const STATE_DIR = "/var/lib/avwap";
export const NOW_MS = Date.UTC(2026, 10, 23, 15, 0, 0, 123);

/** A clock that stands where it is put. */
export class FixedClock implements ClockPort {
  constructor(public atMs: number = NOW_MS) {}
  nowMs() {
    return this.atMs;
  }
  monotonicMs() {
    return this.atMs;
  }
  sleep(ms: number) {
    this.atMs += ms;
    return Promise.resolve();
  }
}

/** A log that keeps its lines as `level text`. */
export class MemoryLog implements LogPort {
  readonly lines: string[] = [];
  info(line: string) {
    this.lines.push(`info ${line}`);
  }
  warn(line: string) {
    this.lines.push(`warn ${line}`);
  }
  error(line: string) {
    this.lines.push(`error ${line}`);
  }
}

/** A fate that draws from a list, over and over. */
export function buildFate(draws: readonly number[]): Fate {
  let next = 0;
  return () => draws.length === 0 ? 0 : draws[next++ % draws.length] ?? 0;
}

export const draws = fc.array(fc.constantFrom(0, 0.3, 0.5, 0.7, 1), {
  minLength: 1,
  maxLength: 12,
});

export const SIMPLE_LEDGER: LiveLedger = {
  dateNy: "2026-11-23",
  host: "paper-api.alpaca.markets",
  accountId: "a-1",
  mismatches: 0,
  entries: [
    buildLedgerEntry({
      symbol: "NVDA",
      notionalUsd: 250.25,
      timestamp: "2026-11-23T15:00:00.000Z",
      side: "buy",
      qty: 2,
      clientOrderId: "avwap-2026-11-23-NVDA-x",
      pivotUsd: 120,
      r1Usd: 125,
      r2Usd: 130,
      stopUsd: 115,
    }),
  ],
  unknownFields: {},
};

const moment = fc.integer({ min: 0, max: Date.UTC(2100, 0) });
const priceUsd = fc.double({ min: 0, max: 1e7, noNaN: true }).map((usd) => usd + 0);
const positiveUsd = fc.double({ min: 0.0001, max: 1e7, noNaN: true });
const textValue = fc.string({ unit: "binary", maxLength: 12 });
const symbol = fc.constantFrom("A", "NVDA", "BRK.B", "AAPL", "F1");
const unknownFields = fc.dictionary(
  fc.constantFrom("note", "x_y", "__proto__", "constructor", "ü", "1"),
  fc.jsonValue({ maxDepth: 2 }).map((value): unknown => JSON.parse(JSON.stringify(value))),
  { maxKeys: 3, noNullPrototype: true },
);
const orNull = <T>(arbitrary: fc.Arbitrary<T>) => fc.option(arbitrary, { nil: null });

const entry = fc.record({
  orderId: orNull(textValue.filter((text) => text !== "")),
  symbol,
  notionalUsd: priceUsd,
  timestamp: moment.map((ms) => new Date(ms).toISOString()),
  side: fc.constantFrom("buy" as const, "sell" as const),
  qty: orNull(fc.integer({ min: 1, max: 1e6 })),
  status: fc.constantFrom(
    "pending" as const,
    "accepted" as const,
    "rejected" as const,
    "unknown" as const,
  ),
  reason: orNull(textValue),
  detail: orNull(textValue),
  pivotUsd: orNull(positiveUsd),
  r1Usd: orNull(positiveUsd),
  r2Usd: orNull(positiveUsd),
  stopUsd: orNull(positiveUsd),
  refPriceUsd: orNull(positiveUsd),
  expiresAtMs: orNull(moment),
  deadlineAtMs: orNull(moment),
  notFoundSinceMs: orNull(moment),
  besideQty: orNull(fc.constantFrom(0, 0.5, 0.666666667)),
  positionId: orNull(textValue),
  attempt: orNull(fc.integer({ min: 0, max: 99 })),
  replaces: orNull(textValue),
  legs: fc.array(
    fc.record({ orderId: textValue, clientOrderId: textValue, type: textValue }),
    { maxLength: 2 },
  ),
  broker: orNull(fc.record({
    status: textValue,
    filledQty: priceUsd,
    filledAvgPriceUsd: orNull(priceUsd),
    updatedAtMs: moment,
  })),
  unknownFields,
});

/** Any ledger that this program may hold. */
export const ledgers: fc.Arbitrary<LiveLedger> = fc.record({
  dateNy: fc.constantFrom("2026-11-23", "2024-02-29"),
  host: orNull(textValue),
  accountId: orNull(textValue),
  mismatches: fc.nat(5),
  entries: fc.array(entry, { maxLength: 4 }).map((list) =>
    list.map((each, index) =>
      buildLedgerEntry({ ...each, clientOrderId: index % 2 === 0 ? `avwap-${index}` : null })
    )
  ),
  unknownFields,
});

const ourId = fc.nat(1000).map((number) => {
  const id = parseOurId(`avwap-${number}`);
  if (id === null) throw new Error("not an id of ours");
  return id;
});

const intent = fc.record({
  clientOrderId: ourId,
  dateNy: fc.constantFrom("2026-11-23", "2026-11-27"),
  symbol,
  qty: fc.integer({ min: 1, max: 1e6 }),
  pivotUsd: positiveUsd,
  stopUsd: positiveUsd,
  r1Usd: positiveUsd,
  r2Usd: positiveUsd,
  refPriceUsd: positiveUsd,
  b2StartMs: moment,
  distancePct: fc.double({ min: -50, max: 50, noNaN: true }).map((pct) => pct + 0),
  confirmedAtMs: moment,
  scheduledAtMs: moment,
  expiresAtMs: moment,
});

const position = fc.record({
  symbol,
  positionId: textValue.filter((text) => text !== ""),
  adoptedQty: fc.nat(1000),
  besideQty: fc.nat(3),
  pivotUsd: positiveUsd,
  r1Usd: positiveUsd,
  r2Usd: positiveUsd,
  stopUsd: positiveUsd,
  highWaterUsd: priceUsd,
  ...buildTrimFields("flag", () => fc.boolean()),
  qty: orNull(fc.integer({ min: -100, max: 1e6 })),
  costBasisUsd: orNull(priceUsd),
  unexplainedQty: orNull(fc.nat(1e6)),
  unexplainedSinceMs: orNull(moment),
  openedAtMs: moment,
  partialSinceMs: orNull(moment),
});

const released = fc.record({
  symbol,
  positionId: textValue.filter((text) => text !== ""),
  releasedAtMs: moment,
});

const standing = fc.record({
  symbol,
  positionId: textValue.filter((text) => text !== ""),
  sureQty: fc.nat(1000),
  doubtfulQty: fc.nat(1000),
  mostHeldQty: fc.nat(1000),
  coveredQty: fc.nat(1000),
  gtcQty: fc.nat(1000),
  isCoverRead: fc.boolean(),
  isGtcNeeded: fc.boolean(),
  bareQty: fc.nat(1000),
  due: orNull(fc.constantFrom(...EXIT_REASONS, "stop", "unknown")),
  cause: textValue,
  why: textValue,
  bareSinceMs: orNull(moment),
  dueSinceMs: orNull(moment),
  stops: fc.record({
    restingIds: fc.array(textValue, { maxLength: 2 }),
    losses: orNull(
      fc.record({
        sinceMs: moment,
        lastMs: moment,
        times: fc.integer({ min: 1, max: 1000 }),
        qty: fc.nat(1000),
        isIdle: fc.boolean(),
      }),
    ),
  }),
});

const unfinished = fc.record({
  positionId: textValue.filter((text) => text !== ""),
  isBare: fc.boolean(),
  stopRefusedAtMs: orNull(moment),
  spentHandStopUsd: orNull(priceUsd.filter((usd) => usd > 0)),
  besideBuyAtMs: orNull(moment),
  sellRefusedAtMs: fc.dictionary(fc.constantFrom(...EXIT_REASONS), moment, {
    noNullPrototype: true,
  }),
}).map((each) => ({ ...each, underWay: NOTHING_UNDER_WAY })).filter(isForFile);

/** Any engine state that this program may hold. */
export const states: fc.Arbitrary<EngineState> = fc.record({
  host: orNull(textValue),
  accountId: orNull(textValue),
  intents: fc.uniqueArray(intent, { maxLength: 3, selector: (each) => each.clientOrderId }),
  positions: fc.uniqueArray(position, { maxLength: 3, selector: (each) => each.symbol }),
  released: fc.uniqueArray(released, { maxLength: 2, selector: (each) => each.symbol }),
  alerted: fc.dictionary(fc.constantFrom("kill_switch", "gate", "NVDA stop"), textValue, {
    noNullPrototype: true,
  }),
  lastCycleAtMs: orNull(moment),
  lastGate: orNull(textValue),
  mismatches: fc.nat(5),
  standings: fc.array(standing, { maxLength: 3 }),
  unfinished: fc.uniqueArray(unfinished, { maxLength: 2, selector: (each) => each.positionId }),
  absences: fc.uniqueArray(
    fc.record({
      what: fc.constantFrom("order" as const, "release" as const),
      id: textValue.filter((text) => text !== ""),
      processId: textValue,
      firstMs: fc.double({ min: 0, max: 1e9, noNaN: true }).map((ms) => ms + 0),
      lastMs: fc.double({ min: 0, max: 1e9, noNaN: true }).map((ms) => ms + 0),
    }),
    { maxLength: 2, selector: (each) => `${each.what} ${each.id}` },
  ),
  dateSeenNy: orNull(fc.constantFrom("2026-11-23", "2026-11-27")),
  dayLoss: orNull(fc.record({
    dateNy: fc.constantFrom("2026-11-23", "2026-11-27"),
    reachedAtMs: moment,
    resultUsd: fc.double({ noNaN: true, noDefaultInfinity: true }),
    limitUsd: priceUsd.filter((usd) => usd > 0),
  })),
  ledger: orNull(ledgers),
  ledgerVersions: fc.array(textValue, { maxLength: 2 }),
}).map((state) => state.ledger === null ? state : { ...state, mismatches: 0 });

export { EMPTY_STATE };
