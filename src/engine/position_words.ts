import { buildOpenOrders } from "../domain/account/order_book.ts";
import { formatAdoptCommand } from "../domain/alert/alert_facts.ts";
import type { AlertTitle } from "../domain/alert/alert_titles.ts";
import { unreachable } from "../domain/assert.ts";
import { formatCounted } from "../domain/counted.ts";
import { buildPositionEvent } from "../domain/day/position_event.ts";
import { sumSide, toUsd } from "../domain/order/usd_flow.ts";
import type { ManagedPosition } from "../domain/account/engine_state.ts";
import { formatCents, formatPriceUsd } from "../domain/order/money.ts";
import { dateNyOf } from "../domain/time/ny_time.ts";
import { type BrokerOrder, findFilledAtMs, remainingQty } from "../domain/order/orders.ts";
import type { Note, PositionNote } from "../domain/plan/note.ts";
import { listSellGroups } from "../domain/order/protection.ts";
import { takeOverOrClose } from "../domain/alert/remedies.ts";
import type { Renamed } from "../domain/account/renamed.ts";
import type { Engine } from "./engine.ts";
import { type ProblemAndRemedy, sayOnceADay, sayShort } from "./daily_errors.ts";

/** Tells what a look has made of a position, in the log, Slack and the audit trail (pipeline 5). */
export async function tellPosition(
  engine: Engine,
  { symbol, key }: Pick<Note, "symbol" | "key">,
  value: PositionNote,
): Promise<void> {
  const { log } = engine.ports;
  switch (value.kind) {
    case "quantity":
      log.info(`Position ${symbol}: qty=${value.qty}`);
      return void await engine.event(buildPositionEvent(value.position, "changed", value.qty));
    case "partly_filled": {
      const change = "entry partly filled";
      return void await engine.event(buildPositionEvent(value.position, change, value.qty));
    }
    case "ended":
      if (value.handQty > 0) {
        log.info(
          `Position ${symbol}: what is left, ${
            formatCounted(value.handQty, "share")
          }, was bought by hand and stays yours`,
        );
      }
      log.info(
        value.how === "gone" ? `Position ${symbol}: closed` : `Position ${symbol}: never filled`,
      );
      return void await engine.event(buildPositionEvent(value.position, value.how, null));
    case "absent":
      // The trail has this and the next where they begin, and not at each look that sees the same.
      if (!sayOnceADay(engine, key, describeAbsent(value))) return;
      return void await engine.event(buildPositionEvent(value.position, value.kind, null));
    case "unexplained":
      tellUnexplained(engine, key, value);
      if (!value.isNew) return;
      return void await engine.event(buildPositionEvent(value.position, value.kind, value.qty));
    case "hand_bought":
      return warn(engine, "Shares moved by hand", {
        problem: `${symbol}: a hand bought ${formatCounted(value.qty, "share")}: that is yours, ` +
          "the engine neither sells nor stops it, and goes on with its own",
        remedy: "nothing, where it was you; a stop for them is yours to place",
      });
    case "hand_sold":
      return warn(engine, "Shares moved by hand", {
        problem: `${symbol}: a hand sold ${formatCounted(value.qty, "share")} of the engine's: ${
          value.leftQty < 1
            ? "nothing of its own is left"
            : `it goes on with the ${value.leftQty} left`
        }`,
        remedy: "nothing, where it was you; else look at who trades in the account",
      });
    case "adopted":
      return await tellAdopted(engine, value.position);
    case "released":
      return await tellReleased(engine, value.position);
    case "release_ended":
      return log.info(`Release of ${symbol} has ended`);
    case "too_large":
      return tellTooLarge(engine, symbol, value);
    case "trim_undone":
      return log.warn(`${symbol}: a trim ended without a share sold; it is due again`);
    case "stop_known": {
      const { highestUsd, stopUsd } = value;
      return log.warn(
        `${symbol}: its stop was at ${highestUsd} already, and is not lowered to ${stopUsd}`,
      );
    }
    default:
      return unreachable(value);
  }
}

type ValueOf<Kind extends PositionNote["kind"]> = Extract<PositionNote, { readonly kind: Kind }>;

function describeAbsent(
  { position: { symbol, qty }, renamed }: ValueOf<"absent">,
): ProblemAndRemedy {
  const names = renamed?.symbols.join(", ") ?? "";
  const likeness = renamed === null ? "" : `. ${LIKENESS[renamed.by](names)}`;
  return {
    problem: `Position ${symbol} is absent at the broker, and no sells ` +
      `account for its ${formatCounted(qty, "share")}: kept, its orders untouched${likeness}`,
    remedy: renamed === null
      ? "look at the account: sold, renamed or taken away there? " +
        `avwap-execution release ${symbol} --yes takes the engine's hands off it`
      : `look at the account; avwap-execution release ${symbol} --yes, then adopt ${names}`,
  };
}

const LIKENESS: Readonly<Record<Renamed["by"], (names: string) => string>> = {
  "asset": (names) => `It is ${names} now, the same asset`,
  "quantity and cost": (names) => `It may be ${names} now: as many shares at the same cost`,
};

function tellUnexplained(
  engine: Engine,
  key: string,
  { position, qty, isSplit }: ValueOf<"unexplained">,
): void {
  const { symbol } = position;
  if (qty < 0) return sayShort(engine, symbol, qty);
  const change = `Position ${symbol} changed from ${position.qty ?? "unknown"} to ${
    formatCounted(qty, "share")
  }`;
  if (!isSplit) {
    return engine.ports.log.warn(
      `${change} with no order behind it yet: nothing is sold, stopped, cancelled or raised in it`,
    );
  }
  sayOnceADay(engine, key, {
    problem:
      `${change} with no order behind it (a split?): it has no protection, and nothing is sold, stopped, ` +
      `cancelled or raised in it until you deal with it. ${describeSells(engine, symbol)}`,
    remedy: takeOverOrClose(symbol),
  });
}

async function tellAdopted(engine: Engine, position: ManagedPosition): Promise<void> {
  const { symbol, qty, besideQty, stopUsd } = position;
  const beside = besideQty > 0 ? `; ${besideQty} of a share is left out and stays yours` : "";
  warn(engine, "Position adopted", {
    problem: `${symbol} adopted: ${formatCounted(qty, "share")}, managed from now on${beside}; ` +
      `this cycle only protects it, stop ${formatPriceUsd(stopUsd)}`,
    remedy:
      `nothing, where that is meant; avwap-execution release ${symbol} --yes gives it back to you`,
  });
  await engine.event({
    ...buildPositionEvent(position, "adopted", qty),
    ...readBoughtToday(engine, position),
  });
}

/** Shares that were bought today have no previous close: they count from what was paid (interface, `MAX_LIVE_LOSS_PER_DAY`). */
function readBoughtToday(engine: Engine, { symbol, adoptedQty }: ManagedPosition) {
  if (engine.observation?.dayOrders.kind !== "ok") {
    return { bought_today_qty: null, bought_today_usd: null };
  }
  const buys = [...engine.book.values()].flatMap(({ order }) => {
    const isOfToday = dateNyOf(findFilledAtMs(order)) === engine.dateNy();
    const { side, filledQty: qty, filledAvgPriceUsd: priceUsd } = order;
    return order.symbol === symbol && qty > 0 && isOfToday ? [{ side, qty, priceUsd }] : [];
  });
  const { qty, usdMicros } = sumSide(buys, "buy");
  return {
    bought_today_qty: Math.min(qty, adoptedQty),
    bought_today_usd: qty === 0 || usdMicros === null ? null : toUsd(usdMicros) / qty,
  };
}

async function tellReleased(engine: Engine, position: ManagedPosition): Promise<void> {
  const { symbol, qty, stopUsd } = position;
  warn(engine, "Position released", {
    problem: `${symbol}: its position of ${formatCounted(qty, "share")} is released to you: ` +
      `the engine neither sells nor stops it any more, and touches none of its orders. ${
        describeSells(engine, symbol)
      }`,
    remedy: `to give it back: ${formatAdoptCommand(symbol, stopUsd)}`,
  });
  await engine.event(buildPositionEvent(position, "released", qty));
}

function tellTooLarge(
  engine: Engine,
  symbol: string,
  { qty, worthUsd, limitUsd }: ValueOf<"too_large">,
): void {
  warn(engine, "Position not adopted", {
    problem:
      `${symbol}: a position of ${formatCounted(qty, "share")} worth ${
        formatCents(worthUsd)
      } USD is on today's list and too large to be ` +
      `adopted (more than ${
        formatCents(limitUsd)
      } USD, twice MAX_LIVE_NOTIONAL_PER_SYMBOL): foreign, never touched`,
    remedy: `to have it managed: avwap-execution adopt ${symbol} --yes`,
  });
}

/** A warning in log and Slack, which has what to do on a line of its own. */
export function warn(engine: Engine, title: AlertTitle, said: ProblemAndRemedy): void {
  const { problem, remedy } = said;
  engine.ports.log.warn(`${problem}. Do: ${remedy}`);
  engine.alert({ level: "WARNING", title, text: `${problem}\nDo: ${remedy}` });
}

/** The sells of a symbol that work at the broker, with price and quantity. */
function describeSells(engine: Engine, symbol: string): string {
  const sells = listSellGroups(buildOpenOrders(engine.book), symbol)
    .flatMap(({ orders }) => orders.map(formatSell));
  if (sells.length === 0) return "No sell of it works at the broker";
  return `At the broker still work: ${sells.join(", ")}`;
}

function formatSell(order: BrokerOrder): string {
  const { type, stopPriceUsd, limitPriceUsd, timeInForce, orderId } = order;
  const priceUsd = stopPriceUsd ?? limitPriceUsd;
  const at = priceUsd === null ? "" : ` at ${formatPriceUsd(priceUsd)}`;
  return `${type} ${remainingQty(order)}${at} ${timeInForce} (order ${orderId})`;
}
