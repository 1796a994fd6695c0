import type { KnownOrder, OrderBook } from "../../src/domain/account/order_book.ts";
import { UNSEEN_MS } from "../../src/domain/account/stand_ins.ts";
import { deriveOnce } from "../../src/domain/derive_once.ts";
import type { EngineState } from "../../src/domain/account/engine_state.ts";
import { isIdTaken, type LedgerEntry } from "../../src/domain/order/ledger.ts";
import { isFinal } from "../../src/domain/order/orders.ts";
import type { Fact, OrderLook, Seen, Turn } from "../../src/domain/plan/world.ts";
import type { Begun, UnderWay, Unfinished } from "../../src/domain/account/unfinished.ts";
import { rankDates } from "./answer_dates.ts";
import { AGES_MS, keepDeadline, LONG_AGO_MS, RECENT_RECORD_MS } from "./client_time.ts";
import { Made, MadeOfBoth } from "./made.ts";
import { NOW_MS } from "./wire_map.ts";

// What of a client's knowledge decides nothing any more has one value here, so that states that differ in it alone are one. Each
// line says why nothing depends on it; `fold_test.ts` walks with and without, and looks whether the ways part.

/** When every cycle began: no cycle takes so long. What is of this cycle is of that moment, what is older is of long ago. */
const BEGAN_MS = NOW_MS - 200_000;
/** A wait for what is leaving counts from the last request for so long. Milliseconds. */
const LEAVING_MS = 500;

/** What a fold reads and writes of a client. */
export interface Foldable {
  readonly records: EngineState;
  readonly seen: Seen;
  readonly turn: Turn;
}

/** The client without what decides nothing. @param isDating Whether the broker's answers tell which of them is the newer. */
export function fold<T extends Foldable>(client: T, isDating: boolean): T {
  const folded = foldParts(client);
  return isDating ? folded : foldDates(folded);
}

function foldDates<T extends Foldable>(client: T): T {
  const { records, seen } = client;
  const { ledger } = records;
  if (ledger === null) return client;
  const { book, entries } = ranked.get(
    seen.book,
    ledger.entries,
    () => rankDates(seen.book, ledger.entries),
  );
  return {
    ...client,
    seen: { ...seen, book },
    records: { ...records, ledger: { ...ledger, entries } },
  };
}

const ranked = new MadeOfBoth<
  OrderBook,
  readonly LedgerEntry[],
  ReturnType<typeof rankDates>
>();

function foldParts<T extends Foldable>(client: T): T {
  const { records, seen, turn } = client;
  const { startedMs } = turn;
  const { ledger } = records;
  const unfinished = foldAllUnfinished(records.unfinished, turn);
  const begun = records.unfinished[0]?.underWay.begun ?? null;
  const isBegun = begun !== null && begun.cycleStartedAtMs === turn.cycleStartedAtMs;
  return {
    ...client,
    turn: foldTurn(turn),
    seen: foldSeenOnce(seen, { isBegun, startedMs, isManaged: records.positions.length > 0 }),
    records: {
      ...records,
      unfinished,
      alerted: foldAlerted(records.alerted),
      positions: foldPositions(records.positions),
      ledger: ledger === null ? null : { ...ledger, entries: foldEntries(ledger.entries) },
    },
  };
}

const foldTurn = deriveOnce((turn: Turn): Turn => ({
  ...turn,
  cycleStartedAtMs: BEGAN_MS,
  startedMs: BEGAN_MS,
}));

/** That the last stop was refused decides; in which words does not. */
const foldAlerted = deriveOnce((alerted: EngineState["alerted"]): EngineState["alerted"] =>
  Object.fromEntries(
    Object.entries(alerted)
      .map(([key, value]) => [key, key.startsWith("stop_refused:") ? "" : value]),
  )
);

const foldPositions = deriveOnce((positions: EngineState["positions"]) =>
  positions.map((each) =>
    each.unexplainedSinceMs === null && each.partialSinceMs === null ? each : {
      ...each,
      // Since when decides alarms alone.
      unexplainedSinceMs: each.unexplainedSinceMs === null ? null : LONG_AGO_MS,
      // A minute or less is all that an entry's parts are asked for.
      partialSinceMs: roundOptional(each.partialSinceMs),
    }
  )
);

/**
 * A sell's worth counts toward no cap; its time says whether it is young enough to stand in for its order; of its detail only that
 * its id is taken decides.
 */
function foldEntry(entry: LedgerEntry): LedgerEntry {
  const timestamp = foldTimestamp(entry.timestamp);
  const deadlineAtMs = keepDeadline(entry);
  const detail = isIdTaken(entry) ? entry.detail : null;
  const isSo = entry.notionalUsd === 0 && entry.timestamp === timestamp &&
    entry.deadlineAtMs === deadlineAtMs && entry.detail === detail;
  return isSo ? entry : { ...entry, notionalUsd: 0, deadlineAtMs, timestamp, detail };
}

function foldTimestamp(timestamp: string): string {
  if (timestamp === RECENT_RECORD || timestamp === OLD_RECORD) return timestamp;
  return NOW_MS - Date.parse(timestamp) < UNSEEN_MS ? RECENT_RECORD : OLD_RECORD;
}

const foldEntries = deriveOnce((entries: readonly LedgerEntry[]) => {
  const folded = entries.map(foldEntry);
  return folded.every((each, at) => each === entries[at]) ? entries : folded;
});

const RECENT_RECORD = new Date(NOW_MS - RECENT_RECORD_MS).toISOString();
const OLD_RECORD = new Date(LONG_AGO_MS).toISOString();

/** When an order was shown decides nothing here, and when its fills were seen only while positions may lag behind them. */
function foldKnown(known: KnownOrder): KnownOrder {
  const hasRecent = known.order.filledQty !== known.filledBeforeQty;
  const filledSeenAtMs = hasRecent ? known.filledSeenAtMs : LONG_AGO_MS;
  const isSo = known.filledSeenAtMs === filledSeenAtMs && known.shownAtMs === LONG_AGO_MS;
  return isSo ? known : { ...known, filledSeenAtMs, shownAtMs: LONG_AGO_MS };
}

const foldBook = deriveOnce((book: OrderBook): OrderBook => {
  const folded = [...book].map(([id, each]): [string, KnownOrder] => [id, foldKnown(each)]);
  return folded.every(([id, each]) => each === book.get(id)) ? book : new Map(folded);
});

const foldDayOrders = deriveOnce((fact: NonNullable<Seen["dayOrders"]>) => ({
  ...fact,
  before: null,
  atMs: NOW_MS,
  afterChange: 0,
}));

const foldAccount = deriveOnce((fact: NonNullable<Seen["account"]>) => ({
  ...fact,
  atMs: NOW_MS,
  afterChange: 0,
}));

/** What besides decides which of what was seen matters. */
interface SeenFacts {
  readonly isBegun: boolean;
  readonly startedMs: number;
  readonly isManaged: boolean;
}

const foldedSeen = new Made<Seen, Seen>();

/** Most steps leave what was seen as it was. */
function foldSeenOnce(seen: Seen, facts: SeenFacts): Seen {
  const { isBegun, startedMs, isManaged } = facts;
  const word = `${isBegun} ${startedMs} ${isManaged}`;
  return foldedSeen.get(seen, word, () => foldSeen(seen, facts));
}

function foldSeen(seen: Seen, { isBegun, startedMs, isManaged }: SeenFacts): Seen {
  const [last] = seen.changes.last.values();
  const number = last?.number ?? 0;
  // Whether something was asked for before or after the last change is all that the numbers say.
  const count = last === undefined ? 0 : 1;
  const isSince = (afterChange: number) => afterChange >= number;
  const rank = (afterChange: number) => isSince(afterChange) ? count : 0;
  const book = foldBook(seen.book);
  const foldFact = <T>(fact: Fact<T> | null): Fact<T> | null =>
    fact === null ? null : {
      look: fact.look,
      // The answer before the last one tells of orphans alone.
      before: isManaged ? null : fact.before,
      // The age of a list counts where it is of now, or where something is begun.
      atMs: isBegun || isSince(fact.afterChange) ? fact.atMs : NOW_MS,
      afterChange: rank(fact.afterChange),
    };
  // A look from before the last change, or of an earlier cycle, counts as none.
  const keep = (looks: ReadonlyMap<string, OrderLook>, isTimed: (id: string) => boolean) =>
    new Map(
      [...looks].filter(([, look]) => isSince(look.afterChange) && look.atMs >= startedMs)
        .map(([id, look]): [string, OrderLook] => [id, {
          kind: look.kind,
          atMs: isTimed(id) ? look.atMs : NOW_MS,
          afterChange: count,
        }]),
    );
  const { openOrders } = seen;
  return {
    ...seen,
    book,
    changes: last === undefined ? seen.changes : {
      count: 1,
      last: new Map([...seen.changes.last.keys()].map((symbol) => [symbol, {
        number: 1,
        // From here on every longer time is the same, where no cancel is awaited.
        atMs: isBegun || NOW_MS - last.atMs < LEAVING_MS ? last.atMs : LONG_AGO_MS,
      }])),
    },
    positions: foldFact(seen.positions),
    // What the list said is in the book.
    openOrders: foldFact(
      openOrders?.look.kind === "ok"
        ? {
          ...openOrders,
          before: null,
          look: { kind: "ok", value: { ...openOrders.look.value, rows: [] } },
        }
        : openOrders,
    ),
    dayOrders: seen.dayOrders === null ? null : foldDayOrders(seen.dayOrders),
    account: seen.account === null ? null : foldAccount(seen.account),
    trades: new Map(
      [...seen.trades].map(([symbol, look]) => [symbol, {
        trade: look.trade,
        afterChange: rank(look.afterChange),
      }]),
    ),
    // The moment of a look tells how long a cancel was awaited: of what has not ended, while one is.
    orderLooks: keep(seen.orderLooks, (id) => {
      const known = seen.book.get(id)?.order;
      return isBegun && (known === undefined || !isFinal(known));
    }),
    lookUps: keep(seen.lookUps, () => false),
  };
}

/** Refusals age by minutes: the seconds of a cycle don't count. */
function roundDown(atMs: number): number {
  const ageMs = NOW_MS - atMs;
  return NOW_MS - Math.max(0, ...AGES_MS.filter((each) => each <= ageMs));
}

function roundOptional(atMs: number | null): number | null {
  return atMs === null ? null : roundDown(atMs);
}

const foldedUnfinished = new Made<readonly Unfinished[], readonly Unfinished[]>();

function foldAllUnfinished(all: readonly Unfinished[], turn: Turn): readonly Unfinished[] {
  const word = `${turn.startedMs} ${turn.cycleStartedAtMs}`;
  return foldedUnfinished.get(all, word, () => all.map((one) => foldUnfinished(one, turn)));
}

function foldUnfinished(unfinished: Unfinished, turn: Turn): Unfinished {
  const { stopRefusedAtMs, besideBuyAtMs, sellRefusedAtMs } = unfinished;
  return {
    ...unfinished,
    stopRefusedAtMs: roundOptional(stopRefusedAtMs),
    besideBuyAtMs: roundOptional(besideBuyAtMs),
    sellRefusedAtMs: Object.fromEntries(
      Object.entries(sellRefusedAtMs).map(([reason, atMs]) => [reason, roundDown(atMs)]),
    ),
    underWay: foldUnderWay(unfinished.underWay, turn),
  };
}

/** What belongs to a cycle belongs to this one or to another: that is all that its moment says. */
function foldUnderWay(underWay: UnderWay, turn: Turn): UnderWay {
  const { begun, held, belowStop, unreplaceable, tried, gaveWay } = underWay;
  const ofTurn = (atMs: number, fromMs: number) => atMs >= fromMs ? BEGAN_MS : LONG_AGO_MS;
  const isOfCycle = (cycleStartedAtMs: number) => cycleStartedAtMs === turn.cycleStartedAtMs;
  const ofCycle = (cycleStartedAtMs: number) =>
    isOfCycle(cycleStartedAtMs) ? BEGAN_MS : LONG_AGO_MS;
  return {
    ...underWay,
    begun: begun === null ? null : {
      ...begun,
      cycleStartedAtMs: ofCycle(begun.cycleStartedAtMs),
      sinceMs: isOfCycle(begun.cycleStartedAtMs) ? begun.sinceMs : LONG_AGO_MS,
      refusal: begun.refusal === null ? null : "",
    } satisfies Begun,
    held: held === null ? null : {
      ...held,
      atMs: ofTurn(held.atMs, turn.cycleStartedAtMs),
      why: held.why.replace(/:.*/, ""),
    },
    belowStop: belowStop === null
      ? null
      : { ...belowStop, atMs: ofTurn(belowStop.atMs, turn.startedMs) },
    unreplaceable: unreplaceable === null
      ? null
      : { ...unreplaceable, atMs: ofTurn(unreplaceable.atMs, turn.startedMs) },
    tried: tried === null ? null : { ...tried, cycleStartedAtMs: ofCycle(tried.cycleStartedAtMs) },
    gaveWay: gaveWay === null ? null : { ...gaveWay, atMs: roundDown(gaveWay.atMs) },
  };
}
