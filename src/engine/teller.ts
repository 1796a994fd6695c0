import { unreachable } from "../domain/assert.ts";
import { formatCounted } from "../domain/counted.ts";
import { buildPositionEvent } from "../domain/day/position_event.ts";
import type { ManagedPosition } from "../domain/account/engine_state.ts";
import { formatEntryEnd } from "../domain/entry/entry_end.ts";
import { type ExitReason, isExitReason } from "../domain/exit/exit_rules.ts";
import type { BrokerOrder } from "../domain/order/orders.ts";
import type { Note } from "../domain/plan/note.ts";
import { symbolOf } from "../domain/plan/seen.ts";
import type { Step } from "../domain/plan/step.ts";
import { describeSell, explainSell } from "../domain/order/sell_words.ts";
import { buildMeaning } from "../domain/alert/repetition.ts";
import { FREE_FILE, LOOK_AT_ORDER, lookAtPosition } from "../domain/alert/remedies.ts";
import type { Engine } from "./engine.ts";
import { sayOnceADay } from "./daily_errors.ts";
import { tellEntry } from "./entry_words.ts";
import { tellLoading } from "./loading_words.ts";
import { tellPosition, warn } from "./position_words.ts";
import { tellRecords } from "./records_words.ts";
import { tellSignals } from "./signal_words.ts";
import { saySale } from "./trade_messages.ts";

/** What an exit waits for is noted with each step of the protection beside it. */
const WAITS: ReadonlySet<Note["value"]["kind"]> = new Set([
  "exit_due",
  "exit_begins",
  "exit_too_late",
  "waits",
]);

/**
 * Tells the operator what the plan noted: the words are here, and nothing is decided.
 * @param context `told`: notes of this run, `null` where these are all; what is only waited for is told once in it, what happened each time.
 */
export async function tell(
  engine: Engine,
  notes: readonly Note[],
  { told, isRest }: { readonly told: Set<string> | null; readonly isRest: boolean } = {
    told: null,
    isRest: false,
  },
): Promise<void> {
  for (const note of notes) {
    // What nothing is held against may be as large as a cycle's list.
    const key = told === null ? "" : JSON.stringify(note);
    const isOnce = isRest || WAITS.has(note.value.kind);
    if (isOnce && told?.has(key) === true) continue;
    told?.add(key);
    if (isNews(engine, note)) await tellOne(engine, note);
  }
}

function isNews(engine: Engine, { scope, key }: Note): boolean {
  if (scope === "always") return true;
  return engine.isNews(key, scope === "day" ? engine.dateNy() : scope.once);
}

async function tellOne(engine: Engine, note: Note): Promise<void> {
  const { symbol, positionId, value } = note;
  const { log } = engine.ports;
  switch (value.kind) {
    case "quantity":
    case "partly_filled":
    case "ended":
    case "absent":
    case "unexplained":
    case "hand_bought":
    case "hand_sold":
    case "stop_known":
    case "trim_undone":
    case "adopted":
    case "released":
    case "release_ended":
    case "too_large":
      return await tellPosition(engine, note, value);
    case "skipped":
    case "verdict":
    case "entries_wait":
    case "would_block":
    case "simulated":
    case "simulated_before":
    case "unrecorded":
    case "submitted":
    case "entry_unsent":
    case "entry_rejected":
    case "rejected_twice":
    case "rejections_in_a_row":
    case "entry_open":
    case "mismatch":
      return await tellEntry(engine, note, value);
    case "document_damaged":
    case "document_made":
    case "unusable":
    case "released_again":
    case "ledger_missing":
    case "ledger_useless":
    case "ledger_behind":
    case "ledger_changed":
      return tellLoading(engine, value);
    case "order_updated":
    case "refused_late":
    case "replaced":
    case "unknown_status":
    case "unseen":
    case "lacked":
    case "locked":
    case "changed_meanwhile":
      return await tellRecords(engine, note, value);
    case "no_account":
    case "no_equity":
    case "bars_unanswered":
    case "signals":
      return await tellSignals(engine, value);
    case "protection": {
      const position = find(engine, positionId);
      const stopUsd = position?.stopUsd ?? 0;
      const { step, qty } = value;
      return void await engine.event({ type: "protection", symbol, step, qty, stop_usd: stopUsd });
    }
    case "stop_rests":
      return tellStop(engine, symbol, value);
    case "stop_undone":
      return tellUndone(engine, symbol, value);
    case "waits":
      return log.warn(`${symbol}: ${value.what} waits: ${value.why}`);
    case "not_cancelled":
      return log.warn(`${symbol} ${value.reason} waits: ${value.why}`);
    case "still_leaving":
      return log.warn(
        `${symbol}: a cancel or replacement is still under way at the broker; looked at again soon`,
      );
    case "at_stop":
      return log.warn(`${symbol}: the market is at or below its stop; selling`);
    case "exit_due": {
      const { reason, qty, priceUsd } = value;
      const stopUsd = find(engine, positionId)?.stopUsd ?? 0;
      return void await engine.event({
        type: "exit",
        symbol,
        mode: "LIVE",
        reason,
        qty,
        price_usd: priceUsd,
        stop_usd: stopUsd,
      });
    }
    case "exit_begins": {
      const { reason, qty, ofQty, priceUsd } = value;
      return log.info(
        value.isBeside
          ? `EXIT ${symbol}: ${reason} qty=${qty}, beside a sell at work, at ${priceUsd}`
          : `EXIT ${symbol}: ${reason} qty=${qty} of ${ofQty} at ${priceUsd}`,
      );
    }
    case "exit_undone":
      return tellExitUndone(engine, symbol, value);
    case "exit_too_late":
      return log.warn(
        `${symbol}: ${value.reason} waits for the next session: its sell ended without a fill, and the close is near`,
      );
    case "exit_blind":
      return engine.sayError(
        `${symbol}: its position can't be read in the middle of an exit; stop for ${
          formatCounted(value.qty, "share")
        }`,
        lookAtPosition(symbol),
      );
    case "not_freed":
      return log.warn(`${symbol}: shares not free yet after shrinking the stop`);
    case "sold":
      return saySale(engine, { symbol, qty: value.qty, reason: value.reason });
    case "raised": {
      const position = find(engine, positionId);
      if (position === undefined) return;
      const raised = { ...position, stopUsd: value.stopUsd };
      return void await engine.event(buildPositionEvent(raised, "stop raised", raised.qty));
    }
    case "put_back":
      return warn(engine, "Stop put back", {
        problem: `${symbol}: its stop was moved by hand from ${value.fromUsd} to ${value.toUsd}, ` +
          `below the engine's ${value.ownUsd}: put back`,
        remedy:
          `to have a stop of your own, take the position over: avwap-execution release ${symbol} --yes`,
      });
    case "entry_ends":
      log.warn(`${symbol}: ${formatEntryEnd({ ...value.order, why: value.why })}`);
      return void await engine.event({
        type: "entry_end",
        symbol,
        client_order_id: positionId,
        order_id: value.order.orderId,
        why: value.why,
        qty: value.order.qty,
        filled_qty: value.order.filledQty,
      });
    case "entry_hangs":
      return log.warn(
        `${symbol}: the cancel of its entry's rest is still under way at the broker; ` +
          `beside it the broker may take no stop for the ${
            formatCounted(value.boughtQty, "share")
          } that it bought`,
      );
    case "orphan":
      if (value.waits !== null) {
        return log.warn(
          `${symbol}: our stop ${value.orderId}, whose position is gone, is left to the next cycle: ${value.waits}`,
        );
      }
      return log.info(`${symbol}: cancelling our stop ${value.orderId}, its position is gone`);
    case "foreign_sell":
      return tellForeign(engine, value.order);
    case "unclear":
    case "obstacle": {
      const text = `${symbol}: its ${describeSell(value.order)}: ${
        explainSell(find(engine, positionId), value)
      }`;
      if (value.kind === "obstacle") return log.warn(text);
      return engine.sayError(text, LOOK_AT_ORDER, { isDistinct: note.scope !== "always" });
    }
    default:
      return unreachable(value);
  }
}

function find({ state }: Engine, positionId: string): ManagedPosition | undefined {
  return state.positions.find((each) => each.positionId === positionId);
}

type ValueOf<Kind extends Note["value"]["kind"]> = Extract<Note["value"], { readonly kind: Kind }>;

function tellStop(
  engine: Engine,
  symbol: string,
  { qty, stopUsd, orderId, as, belowUsd }: ValueOf<"stop_rests">,
): void {
  const { log } = engine.ports;
  switch (as) {
    case "placed":
      return log.info(`STOP ${symbol}: qty=${qty} at ${stopUsd} order_id=${orderId}`);
    case "converted":
      return log.info(`STOP ${symbol}: qty=${qty} at ${stopUsd} (good till canceled)`);
    case "put back":
      return log.info(`STOP ${symbol}: qty=${qty} at ${stopUsd}, put back`);
    case "lower":
      return log.warn(
        `STOP ${symbol}: qty=${qty} put back at ${stopUsd}: the market is below ${belowUsd}`,
      );
  }
}

/** What a stop that was not placed came after. */
const UNDONE: Readonly<Record<ValueOf<"stop_undone">["after"], string>> = {
  nothing: "stop not placed",
  cancel: "stop not placed after its day orders were cancelled",
  entry: "stop not placed after its entry's rest was cancelled",
  exit: "stop not put back yet",
};

/**
 * A stop that was not placed: an error once a day and cause, whichever step tried it, because one that is refused is tried
 * again at once. The position's standing says for how long, and it alone what the engine itself did not send (interface, Slack).
 */
function tellUndone(
  engine: Engine,
  symbol: string,
  { why, after, isOwn }: Omit<ValueOf<"stop_undone">, "kind">,
): void {
  const problem = `${symbol}: ${UNDONE[after]}: ${why}`;
  if (isOwn) return engine.ports.log.error(problem);
  const remedy = lookAtPosition(symbol);
  sayOnceADay(engine, `stop_not_placed:${symbol}: ${buildMeaning(why)}`, { problem, remedy });
}

const EXIT_PARTS = { sell: "its sell", shrinking: "shrinking its stop" } as const;

/** Which part of an exit failed, and why. */
function tellExitUndone(
  engine: Engine,
  symbol: string,
  { reason, part, httpStatus, why, isOwn }: ValueOf<"exit_undone">,
): void {
  if (part === "stop") return tellUndone(engine, symbol, { why, after: "exit", isOwn });
  const said = isOwn
    ? `stopped: ${why}`
    : httpStatus === null
    ? why
    : `rejected by the broker (${httpStatus}): ${why}`;
  const text = `${symbol} ${reason}: ${EXIT_PARTS[part]}: ${said}`;
  if (isOwn) engine.ports.log.error(text);
  else engine.sayError(text, lookAtPosition(symbol));
}

/** A sell of somebody else in a managed symbol is cancelled for an exit too, and named in log and Slack (pipeline 5). */
function tellForeign(engine: Engine, order: BrokerOrder): void {
  warn(engine, "Foreign sell cancelled", {
    problem: `${order.symbol}: cancelling a working sell that is not ours: ${order.type} ` +
      `qty=${order.qty ?? "?"} at ${order.stopPriceUsd ?? order.limitPriceUsd ?? "market"}, ` +
      `${order.status}, order ${order.orderId}: the engine manages this position`,
    remedy: `to trade it yourself: avwap-execution release ${order.symbol} --yes`,
  });
}

/**
 * A record that can't be written keeps its order from being sent.
 * @returns The exit that it was made for; `null` where it was a stop alone.
 */
export function tellUnwritten(
  engine: Engine,
  { request, permit, change }: Pick<
    Extract<Step, { readonly do: "send" }>,
    "request" | "permit" | "change"
  >,
  message: string,
): ExitReason | null {
  const symbol = symbolOf(request);
  const reasons = change.flatMap((part) =>
    part.kind === "orders" ? part.entries.map(({ reason }) => reason) : []
  );
  const reason = reasons.find(isExitReason) ?? null;
  const what = permit.kind === "exit_rest" ? "stop not put back" : "no stop sent";
  // Once for the exit and its stop, which are tried one after the other; what stays due or bare has its alarms.
  sayOnceADay(engine, `unwritten:${symbol}:${buildMeaning(message)}`, {
    problem: reason === null
      ? `${symbol}: ${what}, its record can't be written: ${message}`
      : `${symbol} ${reason} not sent: ${message}`,
    remedy: FREE_FILE,
  });
  return reason;
}
