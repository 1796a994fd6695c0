import type { EngineState, ManagedPosition } from "../domain/account/engine_state.ts";
import { isUnsettled, type LedgerEntry } from "../domain/order/ledger.ts";
import { apply } from "../domain/plan/records.ts";
import type { RecordChange } from "../domain/plan/step.ts";
import { FREE_FILE } from "../domain/alert/remedies.ts";
import type { Engine } from "./engine.ts";
import { buildOrderUpdate } from "./ledger_store.ts";
import { StateError } from "./ports.ts";

/** The records with a change that is to be stored at a moment that is still to come. */
export interface Prepared {
  readonly before: EngineState;
  readonly after: EngineState;
}

/** Makes ready what a change makes of the records and of their files, which stay as they are. */
export function prepareOrders(engine: Engine, change: RecordChange): Prepared {
  const before = engine.state;
  const after = apply(before, change);
  engine.store.prepare(after);
  return { before, after };
}

/**
 * Takes a change into the records before a request leaves: what they say of orders is durable when it returns.
 * @param prepared The same change, made ready; counts where the records are still as they were then.
 * @returns The orders that went on record.
 * @throws {StateError} Where that can't be done: the records are as they were.
 */
export async function storeOrders(
  engine: Engine,
  change: RecordChange,
  prepared: Prepared | null,
): Promise<readonly LedgerEntry[]> {
  const before = engine.state;
  engine.state = prepared?.before === before ? prepared.after : apply(before, change);
  const entries = change.flatMap((part) => part.kind === "orders" ? part.entries : []);
  // An earlier step's record may have failed: nothing leaves on the strength of what memory alone has.
  if (entries.length === 0 && isPendingDurable(engine)) return entries;
  try {
    await saveOrders(engine);
  } catch (error) {
    if (error instanceof StateError) engine.state = before;
    throw error;
  }
  return entries;
}

/** The records with orders that can't be made durable: one that is stands for each of them (pipeline 5). */
export function takeUndurable(engine: Engine, change: RecordChange): void {
  engine.state = apply(engine.state, change);
}

/**
 * Whether each of the change's orders is on record already, so that it may leave though it can't be recorded again: a stop by
 * its name alone, since what was laid bare gets it whatever fails; a sell as one that may be at the broker.
 */
export function areNamesOnRecord({ ledger }: EngineState, change: RecordChange): boolean {
  const recorded = ledger?.entries.filter((entry) => entry.reason === "stop" || isUnsettled(entry));
  const names = new Set(recorded?.map((entry) => entry.clientOrderId) ?? []);
  return change.every((part) =>
    part.kind !== "orders" || part.entries.every((entry) => names.has(entry.clientOrderId))
  );
}

/** Takes a change into the records that is durable with their next write. */
export function take(engine: Engine, change: RecordChange): void {
  put(engine, apply(engine.state, change));
}

/** Puts records in the place of those before, durable with their next write. */
export function put(engine: Engine, records: EngineState): void {
  const { positions } = engine.state;
  engine.state = records;
  forgetEnded(engine, positions);
}

/** The same of one that counts only once it is durable. @returns Whether it is: the records are as they were where not. */
export async function takeDurable(engine: Engine, change: RecordChange): Promise<boolean> {
  const before = engine.state;
  engine.state = apply(before, change);
  if (!await engine.trySaveState() || !engine.isStateSaved) {
    engine.state = before;
    return false;
  }
  forgetEnded(engine, before.positions);
  return true;
}

/** What this process knows of a position ends with it; a sale of it may still be told. */
function forgetEnded(engine: Engine, before: readonly ManagedPosition[]): void {
  for (const position of before) {
    const { positionId } = position;
    if (engine.state.positions.some((each) => each.positionId === positionId)) continue;
    engine.ended.set(positionId, position);
    engine.forgetPast(positionId);
  }
}

/**
 * Takes what became of a request into the records, durable with their next write: the next step's, or at rest. A crash before that
 * leaves it pending, and it is looked up.
 */
export async function takeAnswer(engine: Engine, change: RecordChange): Promise<void> {
  const before = engine.state;
  engine.state = apply(before, change);
  takeHindrances(engine, before);
  // Another engine's order: no entry leaves beside it before the ledger was held against the broker again (pipeline 6).
  if (change.some(({ kind }) => kind === "mismatch")) engine.ledgerProblem = "broker mismatch";
  if (engine.state.ledger === before.ledger) return;
  for (const part of change) {
    if ("clientOrderId" in part) await sayUpdated(engine, part.clientOrderId);
  }
}

/** Takes a step of its own into the records, and makes durable what they say of orders. */
export async function storeRecord(engine: Engine, change: RecordChange): Promise<void> {
  const before = engine.state;
  await takeAnswer(engine, change);
  if (engine.state.ledger !== before.ledger) await storeTaken(engine);
}

/** Makes durable what the records say of orders; a failure is said, and it is durable with their next write. */
export async function storeTaken(engine: Engine): Promise<void> {
  const { ledger } = engine.state;
  if (ledger === null || isDurable(engine)) return;
  try {
    await saveOrders(engine);
  } catch (error) {
    if (!(error instanceof StateError)) throw error;
    engine.sayError(
      `Cannot write in the live ledger what became of its orders: ${error.message}`,
      FREE_FILE,
    );
  }
}

/** Makes durable what the records say of orders. @throws {StateError} Where it is not in both files then. */
export async function saveOrders(engine: Engine): Promise<void> {
  await engine.saveState();
  if (!isDurable(engine)) throw new StateError("the records are not to be written now");
}

function isDurable({ state: { ledger }, store }: Engine): boolean {
  return ledger !== null && store.isOnFile(ledger);
}

function isPendingDurable({ state: { ledger }, store }: Engine): boolean {
  return ledger !== null && store.isPendingOnFile(ledger);
}

function findEntry({ state }: Engine, clientOrderId: string): LedgerEntry | undefined {
  return state.ledger?.entries.find((entry) => entry.clientOrderId === clientOrderId);
}

async function sayUpdated(engine: Engine, clientOrderId: string): Promise<void> {
  const entry = findEntry(engine, clientOrderId);
  if (entry !== undefined) await engine.event(buildOrderUpdate(entry));
}

/** What last kept something of a position from being done is what its standing says of it. */
function takeHindrances(engine: Engine, before: EngineState): void {
  for (const { symbol, positionId } of engine.state.positions) {
    const find = (state: EngineState) =>
      state.unfinished.find((each) => each.positionId === positionId)?.underWay.held ?? null;
    const held = find(engine.state);
    if (held === find(before)) continue;
    if (held === null) engine.hindrances.delete(symbol);
    else engine.hindrances.set(symbol, held.why);
  }
}
