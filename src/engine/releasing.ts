import { buildOpenOrders } from "../domain/account/order_book.ts";
import type { EngineState, ManagedPosition } from "../domain/engine_state.ts";
import { formatAdoptCommand } from "../domain/alert_facts.ts";
import { type OperatorRequest, REQUEST_AGE_MAX_MS } from "../domain/operator_request.ts";
import { flattenOrders, isFinal } from "../domain/orders.ts";
import {
  endRelease,
  putRelease,
  RELEASE_ENDED,
  RELEASED,
  releasePosition,
} from "../domain/released.ts";
import { closedKey } from "../domain/managed_position.ts";
import type { Engine } from "./engine.ts";
import { findLastingRefusal } from "./lasting_refusals.ts";
import { findShown } from "./observe.ts";
import { StateError } from "./ports.ts";
import { buildPositionEvent } from "./position_changes.ts";
import { describeSells } from "./unexplained.ts";
import { isUnreadableIn } from "./unreadable.ts";
import { isBare } from "./unfinished.ts";
import { updateLedger } from "./ledger_store.ts";

/** How long a released symbol must be seen absent: one empty answer is no end. */
const ABSENT_MS = 60_000;

/** Whether the operator released what is held in the symbol: it is his (pipeline 5). */
export function isReleased(engine: Engine, symbol: string): boolean {
  return engine.state.released.some((each) => each.symbol === symbol);
}

/**
 * Takes up what the operator asked for: called between exits, never between a cancel and its stop. A request for another
 * position, or one that is a day old, is removed and said.
 */
export async function takeRequests(engine: Engine): Promise<void> {
  if (!engine.isStateLoaded || engine.isForeignState || engine.stateProblem !== null) return;
  for (const read of await engine.ports.operatorFiles.listRequests()) {
    if (read.kind === "damaged") {
      await drop(engine, read.name, "it is not a request that this release wrote");
      continue;
    }
    const { request, name } = read;
    if (engine.nowMs() - request.atMs > REQUEST_AGE_MAX_MS) {
      await drop(engine, name, "it is older than a day; ask again");
      continue;
    }
    if (request.kind === "release") await takeRelease(engine, request, name);
    else noticeAdopt(engine, name, request.atMs);
  }
}

/** What is to be adopted needs a price, and so a cycle: one at once, the next ones when they are due. */
function noticeAdopt(engine: Engine, name: string, atMs: number): void {
  const key = `${name} ${atMs}`;
  if (engine.adoptsSeen.has(key)) return;
  engine.adoptsSeen.add(key);
  engine.isCycleDue = true;
}

/** Removes a request and says why; one that can't be removed is said once a day. */
export async function drop(engine: Engine, name: string, why: string): Promise<void> {
  if (engine.isNews(`request:${name}`, `${engine.dateNy()} ${why}`)) {
    engine.ports.log.warn(`${name} is not taken up: ${why}`);
  }
  await tryRemove(engine, name);
}

/** Removes a request that was dealt with; where that fails, the next look finds it dealt with, and tries again. */
export async function tryRemove(engine: Engine, name: string): Promise<void> {
  try {
    await engine.ports.operatorFiles.removeRequest(name);
  } catch (error) {
    if (!(error instanceof StateError)) throw error;
    engine.ports.log.warn(`${name} can't be removed: ${error.message}`);
  }
}

async function takeRelease(
  engine: Engine,
  { symbol, positionId }: Extract<OperatorRequest, { kind: "release" }>,
  name: string,
): Promise<void> {
  if (engine.state.released.some((each) => each.positionId === positionId)) {
    return await tryRemove(engine, name);
  }
  const position = engine.state.positions.find((each) => each.symbol === symbol);
  if (position?.positionId !== positionId) {
    return await drop(engine, name, `position ${positionId} is not managed any more`);
  }
  if (isBetween(engine, position)) return sayWaits(engine, name);
  const before = engine.state;
  engine.state = releasePosition(before, position, engine.nowMs());
  if (!await engine.trySaveState() || !engine.isStateSaved) {
    engine.state = before;
    return;
  }
  engine.dropPosition(positionId);
  await recordReleases(engine);
  await tryRemove(engine, name);
  await sayReleased(engine, position);
}

/**
 * Whether an exit's cancel has left and its stop is still to come. Not where nothing comes any more: what nobody can explain
 * is let be, what is absent can have none, and what the broker will not take for good the operator may want to do himself.
 */
function isBetween(engine: Engine, position: ManagedPosition): boolean {
  return isBare(engine, position.positionId) && position.unexplainedQty === null &&
    findShown(engine, position.symbol) !== undefined &&
    findLastingRefusal(engine, position.symbol) === null;
}

function sayWaits(engine: Engine, name: string): void {
  if (!engine.isNews(`request waits:${name}`, engine.dateNy())) return;
  engine.ports.log.info(`${name} waits for the stop of an exit that is under way`);
}

async function sayReleased(engine: Engine, position: ManagedPosition): Promise<void> {
  const { symbol, qty, stopUsd } = position;
  const text =
    `${symbol}: ${
      qty ?? "?"
    } shares are released to you: the engine neither sells nor stops them any more, ` +
    `and touches none of its orders. ${describeSells(engine, symbol)}. ` +
    `To give it back: ${formatAdoptCommand(symbol, stopUsd)}`;
  engine.ports.log.warn(text);
  engine.alert({ level: "WARNING", title: "Position released", text });
  await engine.event(buildPositionEvent(position, "released", qty));
}

/** A release stands in each day's ledger, from which a lost state is rebuilt. */
async function recordReleases(engine: Engine): Promise<void> {
  const { released } = engine.state;
  if (released.length === 0) return;
  try {
    const { ledger } = engine.state;
    if (ledger === null) return;
    const next = released.reduce((each, one) => putRelease(each, one, RELEASED), ledger);
    if (next !== ledger) await updateLedger(engine, () => next);
  } catch (error) {
    if (!(error instanceof StateError)) throw error;
    engine.ports.log.warn(`A release is not in the live ledger yet: ${error.message}`);
  }
}

/** Keeps releases on record, and ends those whose symbol the broker shows neither held nor in an order at work. */
export async function keepReleases(engine: Engine): Promise<void> {
  await recordReleases(engine);
  const { observation } = engine;
  if (observation?.positions.kind !== "ok" || observation.openOrders.kind !== "ok") return;
  const held = new Set(observation.positions.value.map(({ symbol }) => symbol));
  const working = new Set(
    [...flattenOrders(observation.openOrders.value), ...flattenOrders(buildOpenOrders(engine.book))]
      .flatMap((order) => isFinal(order) ? [] : [order.symbol]),
  );
  for (const { symbol } of engine.state.released) {
    if (held.has(symbol) || working.has(symbol) || isUnreadableIn(engine, symbol)) {
      engine.absentSinceMs.delete(symbol);
      continue;
    }
    const sinceMs = engine.absentSinceMs.get(symbol) ?? engine.nowMs();
    engine.absentSinceMs.set(symbol, sinceMs);
    if (engine.nowMs() - sinceMs >= ABSENT_MS) await forgetRelease(engine, symbol);
    else engine.wakeAt(sinceMs + ABSENT_MS);
  }
}

/** Ends a release, in the records first; what it was bought by is not taken in again. */
export async function forgetRelease(engine: Engine, symbol: string): Promise<void> {
  const release = engine.state.released.find((each) => each.symbol === symbol);
  if (release === undefined) return;
  try {
    await updateLedger(engine, (ledger) => putRelease(ledger, release, RELEASE_ENDED));
  } catch (error) {
    if (!(error instanceof StateError)) throw error;
    engine.ports.log.warn(`The end of ${symbol}'s release waits: ${error.message}`);
    return;
  }
  engine.isNews(closedKey(release.positionId), engine.dateNy());
  engine.updateState({ released: endRelease(engine.state, symbol).released });
  engine.absentSinceMs.delete(symbol);
  engine.ports.log.info(`Release of ${symbol} has ended`);
}

/** Says that releases came back into a state that lacked them (`restoreReleases`). */
export function sayRestored(engine: Engine, { released }: EngineState): void {
  const symbols = released.map(({ symbol }) => symbol).join(", ");
  engine.ports.log.warn(`Released again, by the ledgers: ${symbols}; they are yours, not managed`);
}
