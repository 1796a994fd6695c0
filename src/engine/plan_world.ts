import type { Fact, Listed, OperatorView, Seen, Turn, World } from "../domain/plan/world.ts";
import type { UnreadableRow } from "../domain/unreadable_row.ts";
import { timeLeftOf } from "./closing.ts";
import type { Engine, Read } from "./engine.ts";
import { findIdentityProblem } from "./gate_reader.ts";
import { isOfThisSession } from "./observe.ts";

/** Steps of one run of the plan: more are a fault of its own. */
export const STEPS_MAX = 200;

/** The count of a run of the plan that begins now. */
export function beginTurn(engine: Engine, fresh: ReadonlySet<string>): Turn {
  return {
    cycleStartedAtMs: engine.nowMs(),
    startedMs: engine.ports.clock.monotonicMs(),
    stepsLeft: STEPS_MAX,
    looks: 0,
    actsBySymbol: new Map(),
    fresh,
    sendings: new Map(),
  };
}

/** Everything that a decision may know, as the engine knows it now. */
export function buildWorld(
  engine: Engine,
  turn: Turn,
  operator: OperatorView,
  seen: Pick<Seen, "trades" | "closed">,
): World {
  return {
    now: {
      ...timeLeftOf(engine),
      brokerMs: engine.nowMs(),
      dateNy: engine.dateNy(),
      monotonicMs: engine.ports.clock.monotonicMs(),
      processId: engine.processId,
      isStopping: engine.stop.aborted,
    },
    turn,
    operator,
    seen: { ...buildSeen(engine), ...seen },
    records: { kind: "ok", records: engine.state, isDurable: engine.isStateSaved },
  };
}

function buildSeen(engine: Engine): Seen {
  const { observation } = engine;
  const rows = observation?.unreadable;
  return {
    book: engine.book,
    changes: engine.changes,
    positions: buildFact(observation?.positions, rows?.positions, engine.positionsAsked),
    openOrders: buildFact(observation?.openOrders, rows?.openOrders, engine.openOrdersAsked),
    dayOrders: buildFact(observation?.dayOrders, rows?.dayOrders, engine.openOrdersAsked),
    account: observation === null
      ? null
      : { look: observation.account, before: null, ...engine.positionsAsked },
    clock: observation?.clock ?? null,
    session: observation?.session ?? null,
    pasts: engine.knownPasts,
    trades: readTrades(engine),
    orderLooks: engine.orderLooks,
    lookUps: engine.lookUps,
    closed: new Map(),
  };
}

function buildFact<T>(
  read: Read<readonly T[]> | undefined,
  unreadable: readonly UnreadableRow[] = [],
  asked: Pick<Fact<T>, "afterChange" | "atMs">,
): Fact<Listed<T>> | null {
  if (read === undefined) return null;
  const look = read.kind === "ok"
    ? { kind: "ok", value: { rows: read.value, unreadable } } as const
    : read;
  return { look, before: null, ...asked };
}

/** Last prices of this session as the cycle read them. */
export function readTrades(engine: Engine): Seen["trades"] {
  if (engine.prices === null) return new Map();
  const { rows, afterChange } = engine.prices;
  return new Map(
    [...rows].filter(([, trade]) => isOfThisSession(engine, trade))
      .map(([symbol, trade]) => [symbol, { trade, afterChange }]),
  );
}

/** Another account's files, or nobody knows yet whose account this is: no look-up and no order (pipeline 6). */
export function readKeys(engine: Engine): OperatorView["keys"] {
  const { ledger } = engine.state;
  if (findIdentityProblem(engine, ledger) !== null) return "mismatch";
  const isOwned = engine.state.accountId !== null || (ledger?.accountId ?? null) !== null;
  return isOwned && engine.accountId === null ? "unknown" : "match";
}
