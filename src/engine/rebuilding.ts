import { isOurs } from "../domain/order/client_order_id.ts";
import type { EngineState } from "../domain/account/engine_state.ts";
import type { LiveLedger } from "../domain/order/ledger.ts";
import type { BrokerOrder, BrokerPosition } from "../domain/order/orders.ts";
import { hasTraces, rebuildLedger, rebuildState } from "../domain/account/rebuild_records.ts";
import { waitForAnswer, waitForOwn, waitForRow } from "../domain/gate/rebuild_wait.ts";
import { isTicker } from "../domain/order/symbol.ts";
import { formatUnreadable } from "../domain/order/unreadable_row.ts";
import { ARCHIVE_DAYS_MAX, readPast, sayUnusable } from "./archive.ts";
import type { Engine, Observation, Read } from "./engine.ts";
import { findForeignFile, isLocked, isOwnLedger } from "./gate_reader.ts";
import { readWhole } from "./listing.ts";
import type { LedgerRead } from "./ports.ts";
import { listUnreadable, sayUnreadable } from "./unreadable.ts";
import { waitFor, type Waits } from "./waiting.ts";

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

/** A record that was made anew, and why; or what that waits for. */
type Rebuilt<Made, Reason> =
  | Waits
  | { readonly kind: "rebuilt"; readonly made: Made; readonly reason: Reason };

/**
 * Makes a lost document anew.
 * @returns It without the day's ledger; a `first start` is no damage, and blocks no cycle.
 */
export async function findLostState(
  engine: Engine,
  observation: Observation,
  why: "missing" | "damaged",
): Promise<Rebuilt<EngineState, "missing" | "damaged" | "first start">> {
  const left = await readLeft(engine, await engine.ports.ledger.read(), observation);
  if (left.kind === "waits") return left;
  const { positions, released } = rebuildState(left);
  const past = await readPastOrders(engine, left.held, [...positions, ...released]);
  if (past.kind === "failed") return waitFor(waitForAnswer("orders of the last 90 days", past));
  const whole = { ...left, orders: [...left.orders, ...past.value] };
  const reason = why === "missing" && !hasTraces(whole) ? "first start" : why;
  return { kind: "rebuilt", made: rebuildState(whole), reason };
}

/**
 * Finds the day's ledger where the document has none: never started empty while the broker shows orders of ours.
 * @returns One that was `lost` blocks LIVE for the cycle (runbook 4.4).
 */
export async function findLostLedger(
  engine: Engine,
  read: LedgerRead,
  observation: Observation,
): Promise<Rebuilt<LiveLedger, "imported" | "lost">> {
  const { dateNy: todayNy } = observation;
  // A single mismatch counts for its NY day; the lock of two stays, over midnight too.
  const isKept = engine.lastCycleNy === todayNy || isLocked(engine.state);
  const mismatches = isKept ? engine.state.mismatches : 0;
  if (read.kind === "ok") {
    const isWhole = read.ledger.mismatches >= mismatches;
    const made = isWhole ? read.ledger : { ...read.ledger, mismatches };
    return { kind: "rebuilt", made, reason: "imported" };
  }
  const left = await readLeft(engine, read, observation);
  if (left.kind === "waits") return left;
  const made = rebuildLedger({ ...left, orders: left.dayOrders, todayNy, mismatches });
  return { kind: "rebuilt", made, reason: "lost" };
}

/** What is left of the records, of the newest copy's day and since, and what the broker shows: all of this account, all read. */
async function readLeft(
  engine: Engine,
  file: LedgerRead,
  { account, positions, openOrders, dayOrders }: Observation,
) {
  if (file.kind === "unreadable" || file.kind === "invalid") {
    return waitFor({ kind: `ledger ${file.kind}`, message: file.message });
  }
  const today = file.kind === "ok" ? [file.ledger] : [];
  const past = await readPast(engine, ARCHIVE_DAYS_MAX);
  if (past.kind === "waits") return past;
  const read = await engine.ports.state.readCopy();
  if (read.kind === "unreadable") return waitFor({ ...read, kind: "archive unreadable" });
  sayUnusable(engine, read.unusable);
  const { state: copy } = read;
  const sinceNy = copy?.ledger?.dateNy ?? "";
  const copyFile = `archive/execution_state_${sinceNy}.json`;
  const foreign = findForeignFile(engine, today[0] ?? null) ??
    (copy === null || isOwnLedger(engine, copy) ? null : copyFile);
  if (foreign !== null) return waitFor(waitForOwn(foreign));
  // Whose it is stands in a record from its first write on.
  if (account.kind === "failed") return waitFor(waitForAnswer("account", account));
  if (positions.kind === "failed") return waitFor(waitForAnswer("positions", positions));
  if (openOrders.kind === "failed") return waitFor(waitForAnswer("open orders", openOrders));
  if (dayOrders.kind === "failed") return waitFor(waitForAnswer("orders of the day", dayOrders));
  const ledgers = [...today, ...past.ledgers, ...(copy?.ledger ? [copy.ledger] : [])]
    .filter(({ dateNy }) => dateNy >= sinceNy)
    .toSorted((a, b) => b.dateNy.localeCompare(a.dateNy));
  const known = new Set(ledgers.flatMap(({ entries }) => entries.map(({ symbol }) => symbol)));
  // A foreign row costs itself; one that may be of ours is not forgotten because it can't be read.
  const gap = listUnreadable(engine).find(({ symbol, clientOrderId }) =>
    isOurs(clientOrderId ?? "") || known.has(symbol ?? "")
  );
  if (gap !== undefined) return waitFor(waitForRow(formatUnreadable(gap)));
  return {
    kind: "ok",
    copy,
    ledgers,
    held: positions.value,
    orders: [...openOrders.value, ...dayOrders.value],
    dayOrders: dayOrders.value,
    account: { host: engine.ports.broker.host, accountId: account.value.accountId },
  } as const;
}

/** Orders of the last months in what is held and no record explains: a position of ours outlives its records. */
async function readPastOrders(
  engine: Engine,
  held: readonly BrokerPosition[],
  explained: readonly { readonly symbol: string }[],
): Promise<Read<readonly BrokerOrder[]>> {
  const known = new Set(explained.map(({ symbol }) => symbol));
  // Nothing else was ever bought by us, and a name that the broker refuses in a query would block the start for good.
  const symbols = held.map(({ symbol }) => symbol).filter((each) =>
    isTicker(each) && !known.has(each)
  );
  const query = { status: "all", afterMs: engine.nowMs() - PAST_ORDERS_MS, symbols } as const;
  return await readWhole(
    engine,
    () => engine.ports.broker.listOrders(query, "protect"),
    (row) => sayUnreadable(engine, row),
  );
}
