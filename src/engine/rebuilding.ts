import { isOurs } from "../domain/client_order_id.ts";
import type { EngineState } from "../domain/engine_state.ts";
import { type LiveLedger, MISMATCHES_MAX } from "../domain/ledger.ts";
import { dateNyOf } from "../domain/ny_time.ts";
import type { BrokerOrder } from "../domain/orders.ts";
import { hasTraces, rebuildLedger, rebuildState } from "../domain/rebuild_records.ts";
import type { RebuildWait } from "../domain/rebuild_wait.ts";
import { isTicker } from "../domain/symbol.ts";
import { formatUnreadable, type UnreadableRow } from "../domain/unreadable_row.ts";
import { ARCHIVE_DAYS_MAX, PAST_DAYS, readPast, sayUnusable, type Waits } from "./archive.ts";
import type { Engine, Observation, Read } from "./engine.ts";
import { findForeignFile, isOwnLedger } from "./gate_reader.ts";
import { readWhole } from "./listing.ts";
import type { LedgerRead } from "./ports.ts";
import { listUnreadable, sayUnreadable } from "./unreadable.ts";

// Makes records that are lost from what is left of them (pipeline 6). While a record is there, nothing is made of it.
//
// | lost                              | made from                                                               | reason        |
// | --------------------------------- | ----------------------------------------------------------------------- | ------------- |
// | the document                      | its newest copy, the ledgers since, what the broker shows                | what it was   |
// | the document and its copies       | all ledgers (0.1.0 keeps no copies), what the broker shows               | what it was   |
// | these and the ledgers             | our orders of the last 90 days, in what is held                          | what it was   |
// | a document that never was         | nothing: no trace of ours                                                | first start   |
// | the ledger in a document of 0.1.0 | its file                                                                 | imported      |
// | a ledger, its file too            | the newest of copy and archive, and the broker's orders of the day       | lost          |
// | any, where what it is made from   | waited for: nothing is made, nothing is written over                     | (the wait)    |
// | can't be read, or is another's    |                                                                          |               |

/** How far back it searches the broker's orders for what bought a position that no record explains. */
const PAST_ORDERS_MS = 90 * 86_400_000;

/** What became of a lost document: the records without the day's ledger, and why they were made. */
export type RebuiltState = Waits | {
  readonly kind: "rebuilt";
  readonly state: EngineState;
  /** `first start`: no damage, and no cycle that is blocked for it. */
  readonly reason: "missing" | "damaged" | "first start";
};

/** What became of a ledger that the document lacks; one that was lost blocks LIVE for the cycle (runbook 4.4). */
export type RebuiltLedger = Waits | {
  readonly kind: "rebuilt";
  readonly ledger: LiveLedger;
  readonly reason: "imported" | "lost";
};

/** Makes a lost document anew. */
export async function findLostState(
  engine: Engine,
  observation: Observation,
  why: "missing" | "damaged",
): Promise<RebuiltState> {
  const { account, positions, openOrders, dayOrders } = observation;
  const left = await readLeft(engine, await engine.ports.ledger.read(), ARCHIVE_DAYS_MAX);
  if (left.kind === "waits") return left;
  // Whose it is stands in it from its first write on.
  if (account.kind === "failed") return waitForBroker("account", account);
  if (positions.kind === "failed") return waitFor({ ...positions, kind: "positions" });
  if (openOrders.kind === "failed") return waitForBroker("open orders", openOrders);
  if (dayOrders.kind === "failed") return waitForBroker("orders of the day", dayOrders);
  const gap = findGap(engine, left.ledgers);
  if (gap !== null) return gap;
  const shown = [...openOrders.value, ...dayOrders.value];
  const held = positions.value;
  const known = rebuildState({ ...left, held, orders: shown });
  const symbols = new Set([...known.positions, ...known.released].map((each) => each.symbol));
  const past = await readPastOrders(engine, held.filter(({ symbol }) => !symbols.has(symbol)));
  if (past.kind === "failed") return waitForBroker("orders of the last 90 days", past);
  const orders = [...shown, ...past.value];
  const isTraced = (left.copy?.positions ?? []).length > 0 || hasTraces(left.ledgers, orders);
  const state = rebuildState({ ...left, held, orders });
  return { kind: "rebuilt", state, reason: why === "missing" && !isTraced ? "first start" : why };
}

/** Finds the day's ledger where the document has none: never started empty while the broker shows orders of ours. */
export async function findLostLedger(
  engine: Engine,
  read: LedgerRead,
  { account, dayOrders, dateNy }: Observation,
): Promise<RebuiltLedger> {
  const mismatches = readKeptMismatches(engine, dateNy);
  if (read.kind === "ok") {
    const { ledger } = read;
    const isWhole = ledger.mismatches >= mismatches;
    return {
      kind: "rebuilt",
      reason: "imported",
      ledger: isWhole ? ledger : { ...ledger, mismatches },
    };
  }
  const left = await readLeft(engine, read, PAST_DAYS);
  if (left.kind === "waits") return left;
  if (account.kind === "failed") return waitForBroker("account", account);
  if (dayOrders.kind === "failed") return waitForBroker("orders of the day", dayOrders);
  const gap = findGap(engine, left.ledgers);
  if (gap !== null) return gap;
  const ledger = rebuildLedger({
    ...left,
    orders: dayOrders.value,
    todayNy: dateNy,
    account: { host: engine.ports.broker.host, accountId: account.value.accountId },
    mismatches,
  });
  return { kind: "rebuilt", reason: "lost", ledger };
}

/** NY date of the clock's answer in the process before this one: all that one of `--run-once` has to compare with. */
export function readLastCycleNy({ state }: Engine): string | null {
  return state.lastCycleAtMs === null ? null : dateNyOf(state.lastCycleAtMs);
}

/** A single mismatch counts for its NY day; the lock of two stays, over midnight too. */
function readKeptMismatches(engine: Engine, dateNy: string): number {
  const { mismatches } = engine.state;
  const isOfToday = readLastCycleNy(engine) === dateNy;
  return isOfToday || mismatches >= MISMATCHES_MAX ? mismatches : 0;
}

/** What is left of the records, all of this account. */
async function readLeft(
  engine: Engine,
  file: LedgerRead,
  limit: number,
): Promise<
  | Waits
  | {
    readonly kind: "ok";
    readonly copy: EngineState | null;
    /** Newest first, of the copy's day and since. */
    readonly ledgers: readonly LiveLedger[];
  }
> {
  if (file.kind === "unreadable" || file.kind === "invalid") {
    return waitFor({ kind: "ledger", problem: `ledger ${file.kind}`, message: file.message });
  }
  const today = file.kind === "ok" ? [file.ledger] : [];
  const foreign = findForeignFile(engine, today[0] ?? null);
  if (foreign !== null) return waitFor({ kind: "foreign", file: foreign });
  const past = await readPast(engine, limit);
  if (past.kind === "waits") return past;
  const read = await engine.ports.state.readCopy();
  if (read.kind === "unreadable") return waitFor({ kind: "archive", message: read.message });
  sayUnusable(engine, read.unusable);
  const { state: copy } = read;
  const copied = copy?.ledger ?? null;
  if (copy !== null && !isOwnLedger(engine, copy)) {
    return waitFor({ kind: "foreign", file: `archive/execution_state_${copied?.dateNy}.json` });
  }
  const ledgers = [...today, ...past.ledgers, ...(copied === null ? [] : [copied])]
    .filter(({ dateNy }) => dateNy >= (copied?.dateNy ?? ""))
    .toSorted((a, b) => b.dateNy.localeCompare(a.dateNy));
  return { kind: "ok", copy, ledgers };
}

function waitFor(wait: RebuildWait): Waits {
  return { kind: "waits", wait };
}

type Failed = Extract<Read<unknown>, { kind: "failed" }>;

function waitForBroker(what: string, { message }: Failed): Waits {
  return waitFor({ kind: "broker", what, message });
}

/** A foreign row costs itself; one that may be of ours is not forgotten because it can't be read. */
function findGap(engine: Engine, ledgers: readonly LiveLedger[]): Waits | null {
  const mayBeOurs = ({ symbol, clientOrderId }: UnreadableRow) =>
    isOurs(clientOrderId ?? "") ||
    ledgers.some(({ entries }) => entries.some((entry) => entry.symbol === symbol));
  const gap = listUnreadable(engine).find(mayBeOurs);
  return gap === undefined ? null : waitFor({ kind: "row", message: formatUnreadable(gap) });
}

/** Orders of the last months in what is held and no record explains: a position of ours outlives its records. */
async function readPastOrders(
  engine: Engine,
  unexplained: readonly { readonly symbol: string }[],
): Promise<Read<readonly BrokerOrder[]>> {
  // Nothing else was ever bought by us, and a name that the broker refuses in a query would block the start for good.
  const symbols = unexplained.map((held) => held.symbol).filter(isTicker);
  const afterMs = engine.nowMs() - PAST_ORDERS_MS;
  return await readWhole(
    engine,
    () => engine.ports.broker.listOrders({ status: "all", afterMs, symbols }, "protect"),
    (row) => sayUnreadable(engine, row),
  );
}
