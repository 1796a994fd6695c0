import { z } from "zod";
import { parsePositions } from "../../src/broker/account_wire.ts";
import { parseOrders } from "../../src/broker/order_wire.ts";
import { EMPTY_BOOK, learnOrders } from "../../src/domain/account/order_book.ts";
import { learnRecords } from "../../src/domain/account/stand_ins.ts";
import { DEFAULT_CAPS } from "../../src/domain/gate/caps.ts";
import type { EngineState } from "../../src/domain/account/engine_state.ts";
import type { GateFailReason } from "../../src/domain/gate/gate.ts";
import type { BrokerOrder } from "../../src/domain/order/orders.ts";
import { dateNyOf } from "../../src/domain/time/ny_time.ts";
import { plan } from "../../src/domain/plan/plan.ts";
import { NOTHING_SEEN } from "../../src/domain/plan/seen.ts";
import type { Planned } from "../../src/domain/plan/step.ts";
import type { Fact, Listed, Seen, World } from "../../src/domain/plan/world.ts";
import { formatUnreadable } from "../../src/domain/order/unreadable_row.ts";
import { parseState } from "../../src/state/state_format.ts";

/** Rows as the broker sends them; absent: it was asked, and did not answer. */
const RowsWire = z.array(z.unknown()).optional();

/**
 * A world as text: `execution_state.json` as it is, and answers as the broker sends them. What is left out of a session's moment
 * is a quiet hour in LIVE.
 */
const WorldWire = z.strictObject({
  now: z.iso.datetime({ offset: true }).transform((text) => Date.parse(text)),
  is_open: z.boolean().default(true),
  until_close_seconds: z.number().min(0).default(3 * 3600),
  is_kill_switch_on: z.boolean().default(false),
  slowest_request_ms: z.number().min(0).default(100),
  state: z.unknown(),
  positions: RowsWire,
  open_orders: RowsWire,
  day_orders: RowsWire,
  /** The latest trade of this session by symbol, USD per share. */
  trades: z.record(z.string(), z.number().positive()).default({}),
});
type WorldWire = z.infer<typeof WorldWire>;

/** The text is no world; the message says what is wrong with it. */
export class WorldError extends Error {
  override readonly name = "WorldError";
}

/** A world from its text. @throws {WorldError} */
export function parseWorld(text: string): World {
  const json = parseJson(text);
  const wire = WorldWire.safeParse(json);
  if (!wire.success) {
    const [issue] = wire.error.issues;
    throw new WorldError(`Cannot parse the world: ${issue?.path.join(".")}: ${issue?.message}`);
  }
  const state = parseState(JSON.stringify(wire.data.state ?? null));
  if (state.kind !== "ok") throw new WorldError(`Cannot parse "state": ${state.message}`);
  return buildWorld(wire.data, state.state);
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    throw new WorldError("Cannot parse the world: it is not JSON", { cause: error });
  }
}

function buildWorld(wire: WorldWire, records: EngineState): World {
  const { now: nowMs } = wire;
  const reason: GateFailReason = { code: "kill_switch_active", source: "file" };
  return {
    now: {
      brokerMs: nowMs,
      dateNy: dateNyOf(nowMs),
      monotonicMs: nowMs,
      untilCloseMs: wire.until_close_seconds * 1000,
      budgetMs: Infinity,
      isRunOnce: false,
      slowestRequestMs: wire.slowest_request_ms,
      processId: "a process that has just started",
    },
    turn: {
      cycleStartedAtMs: nowMs,
      startedMs: nowMs,
      stepsLeft: 200,
      looks: 0,
      actsBySymbol: new Map(),
      fresh: new Set(),
      sendings: new Map(),
      isLookNew: false,
    },
    operator: {
      gate: wire.is_kill_switch_on
        ? { mode: "DRY_RUN", reason }
        : { mode: "LIVE", caps: DEFAULT_CAPS, allowlist: { kind: "all" } },
      objection: wire.is_kill_switch_on ? reason : null,
      keys: "match",
      isLossReached: false,
    },
    seen: buildSeen(wire, records),
    records,
  };
}

function buildSeen(wire: WorldWire, records: EngineState): Seen {
  const { now: nowMs } = wire;
  const open = readList("open_orders", wire, parseOrders);
  const day = readList(
    wire.day_orders === undefined ? "open_orders" : "day_orders",
    wire,
    parseOrders,
  );
  const rowsOf = ({ look }: Fact<Listed<BrokerOrder>>) => look.kind === "ok" ? look.value.rows : [];
  const learned = learnOrders(EMPTY_BOOK, [...rowsOf(day), ...rowsOf(open)], nowMs);
  const trades = Object.entries(wire.trades).map(([symbol, priceUsd]) =>
    [symbol, { trade: { priceUsd, atMs: nowMs }, afterChange: 0 }] as const
  );
  return {
    ...NOTHING_SEEN,
    book: learnRecords(learned, records.ledger?.entries ?? [], nowMs),
    positions: readList("positions", wire, parsePositions),
    openOrders: open,
    dayOrders: day,
    clock: {
      timestampMs: nowMs,
      isOpen: wire.is_open,
      nextOpenMs: nowMs + 18 * 3_600_000,
      nextCloseMs: nowMs + wire.until_close_seconds * 1000,
    },
    pasts: new Set(records.positions.map(({ positionId }) => positionId)),
    trades: new Map(trades),
  };
}

function readList<T>(
  name: "positions" | "open_orders" | "day_orders",
  wire: WorldWire,
  parse: (body: string) => Listed<T>,
): Fact<Listed<T>> {
  const about = { before: null, atMs: wire.now, afterChange: 0 };
  const rows = wire[name];
  if (rows === undefined) return { ...about, look: { kind: "failed", failure: "timeout" } };
  try {
    const { rows: read, unreadable } = parse(JSON.stringify(rows));
    return { ...about, look: { kind: "ok", value: { rows: read, unreadable } } };
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    throw new WorldError(`Cannot parse "${name}": ${why}`, { cause: error });
  }
}

/** Rows of the broker's that can't be read, as the operator is told of them. */
function listUnreadable({ positions, openOrders, dayOrders }: Seen): string[] {
  const rows = [positions, openOrders, dayOrders].flatMap((fact) =>
    fact?.look.kind === "ok" ? fact.look.value.unreadable : []
  );
  return rows.map((row) => `can't be read: ${row.symbol ?? "no symbol"}: ${formatUnreadable(row)}`);
}

/** What the planner does next in a world, and what it says about it, as text. */
export function describePlan(world: World): string {
  const { step, say }: Planned = plan(world);
  const text = (value: unknown) =>
    JSON.stringify(
      value,
      (_name, each) => each instanceof Map || each instanceof Set ? [...each] : each,
      2,
    );
  const notes = say.map(({ symbol, value }) => `${symbol}: ${text(value)}`);
  const unreadable = listUnreadable(world.seen);
  return [`next: ${step.do}`, text(step), ...unreadable, ...notes, ""].join("\n");
}
