import type { PositionFact } from "../domain/alert/alert_facts.ts";
import { buildStateMessage } from "../domain/alert/alert_messages.ts";
import type { TradeFacts } from "../domain/account/trade_result.ts";
import type { ManagedPosition } from "../domain/account/engine_state.ts";
import { readCostEach } from "../domain/account/managed_position.ts";
import { dateNyOf } from "../domain/time/ny_time.ts";
import { findFilledAtMs, isFinal } from "../domain/order/orders.ts";
import { roundToIncrement } from "../domain/order/price_increment.ts";
import { buildTradeMessage, type TradeMessageFacts } from "../domain/alert/trade_message.ts";
import {
  type FilledOfOurs,
  listFilledOfOurs,
  listFillsUntil,
  readBracketPrices,
} from "../domain/day/trade_orders.ts";
import { listTradeDrafts, type TradeDraft } from "../domain/day/trade_drafts.ts";
import { readPastEntries } from "./archive.ts";
import { readTrails, RESULT_EVENTS } from "./day_trails.ts";
import type { Engine } from "./engine.ts";
import { listPositionFacts } from "./notices.ts";

const KEY_PREFIX = "filled:";
/** So long after its first fill an order that still works is told with what it has. */
const TOLD_AFTER_MS = 60_000;
/** An older fill is no news; what was told is remembered for longer. */
const NEWS_MS = 4 * 86_400_000;

/**
 * Tells each order of ours that filled once, at its end or a minute after its first fill, verbose or not, also across
 * restarts (interface, Slack). Offered in every cycle until the operator has got it.
 */
export async function sayFilled(engine: Engine): Promise<void> {
  if (!engine.isStateLoaded || engine.isForeignState || engine.isOwnerUnknown) return;
  const filled = listFilledOfOurs(engine.book);
  for (const each of filled) {
    const { orderId } = each.order;
    const key = `${KEY_PREFIX}${orderId}`;
    if (engine.state.alerted[key] !== undefined || !isDue(engine, each)) continue;
    const message = buildTradeMessage(await readFacts(engine, filled, each));
    if (!engine.fillsTold.has(orderId)) engine.ports.log.info(message.title);
    engine.fillsTold.add(orderId);
    const state = { key, value: dateNyOf(findFilledAtMs(each.order)) };
    engine.alert(buildStateMessage(state, engine.state.alerted, message));
  }
}

function isDue(engine: Engine, { order }: FilledOfOurs): boolean {
  const nowMs = engine.nowMs();
  if (nowMs - findFilledAtMs(order) > NEWS_MS) return false;
  if (isFinal(order)) return true;
  const sinceMs = engine.fillingSinceMs.get(order.orderId) ?? nowMs;
  engine.fillingSinceMs.set(order.orderId, sinceMs);
  if (nowMs - sinceMs >= TOLD_AFTER_MS) return true;
  engine.wakeAt(sinceMs + TOLD_AFTER_MS);
  return false;
}

async function readFacts(
  engine: Engine,
  filled: readonly FilledOfOurs[],
  each: FilledOfOurs,
): Promise<TradeMessageFacts> {
  const { order, reason } = each;
  const { symbol } = order;
  const managed = engine.state.positions.find((position) => position.symbol === symbol);
  const positionId = each.positionId ?? managed?.positionId ?? null;
  const position = managed?.positionId === positionId
    ? managed
    : engine.ended.get(positionId ?? "") ?? null;
  const plan = await readPlan(engine, positionId);
  const adoption = (position?.adoptedQty ?? 0) > 0 ? await readAdoption(engine, symbol) : null;
  return {
    order: {
      symbol,
      reason,
      qty: order.filledQty,
      askedQty: order.qty,
      priceUsd: order.filledAvgPriceUsd,
      filledAtMs: findFilledAtMs(order),
      isWorking: !isFinal(order),
    },
    trade: buildTrade(
      position,
      adoption,
      plan.stopUsd ?? adoption?.initialStopUsd ?? null,
      listFillsUntil(filled, each),
    ),
    openedAtMs: position?.openedAtMs ?? null,
    position: managed === undefined || managed.positionId !== positionId
      ? null
      : readPositionFact(engine, managed),
    r1Usd: plan.r1Usd ?? position?.r1Usd ?? null,
    targetUsd: plan.targetUsd,
  };
}

/** How the position stands; `null` where its shares are sold, though positions may still show them. */
function readPositionFact(engine: Engine, { symbol }: ManagedPosition): PositionFact | null {
  const fact = listPositionFacts(engine).find((each) => each.symbol === symbol);
  if (fact === undefined) return null;
  return fact.qty === 0 && fact.trouble === null ? null : fact;
}

function buildTrade(
  position: ManagedPosition | null,
  adoption: TradeDraft | null,
  initialStopUsd: number | null,
  fills: TradeFacts["fills"],
): TradeFacts {
  if (adoption !== null) {
    const { adoptedQty, adoptedCostUsd } = adoption;
    return { adoptedQty, adoptedCostUsd, initialStopUsd, fills };
  }
  const adoptedQty = position?.adoptedQty ?? 0;
  const eachUsd = position === null ? null : readCostEach(position);
  return {
    adoptedQty,
    adoptedCostUsd: adoptedQty === 0 || eachUsd === null ? null : adoptedQty * eachUsd,
    initialStopUsd,
    fills,
  };
}

/**
 * What a position was adopted with, as summary and report have it: the state has its cost and its stop as they are by now.
 * `null` where no trail has it.
 */
async function readAdoption(engine: Engine, symbol: string): Promise<TradeDraft | null> {
  const trails = await readTrails(engine, engine.dateNy(), RESULT_EVENTS);
  if (trails === null) return null;
  const days = [...trails.earlier, trails.day];
  return listTradeDrafts(days, days.flatMap((day) => day.events))
    .findLast((draft) => draft.symbol === symbol && draft.adoptedQty > 0) ?? null;
}

/** Prices that an entry left with, USD per share; `null` where neither records nor broker have them. */
interface Plan {
  readonly stopUsd: number | null;
  readonly targetUsd: number | null;
  readonly r1Usd: number | null;
}

async function readPlan(engine: Engine, positionId: string | null): Promise<Plan> {
  if (positionId === null) return { stopUsd: null, targetUsd: null, r1Usd: null };
  const sent = readBracketPrices(engine.book, positionId);
  const today = await engine.ports.ledger.read();
  const past = await readPastEntries(engine);
  const entry = [
    ...(today.kind === "ok" ? today.ledger.entries : []),
    ...(past.kind === "ok" ? past.entries : []),
  ].find(({ clientOrderId, side }) => side === "buy" && clientOrderId === positionId);
  return {
    // The record first, as summary and report do: a corporate action changes the broker's own.
    stopUsd: round(entry?.stopUsd ?? null) ?? sent.stopUsd,
    targetUsd: round(entry?.r2Usd ?? null) ?? sent.targetUsd,
    r1Usd: entry?.r1Usd ?? null,
  };
}

function round(priceUsd: number | null): number | null {
  return priceUsd === null ? null : roundToIncrement(priceUsd);
}
