import { buildOrderSubmitted, buildPositionSold } from "../domain/alert/alert_messages.ts";
import type { EntryIntent } from "../domain/account/entry_intent.ts";
import type { ExitReason } from "../domain/exit/exit_rules.ts";
import { roundToIncrement } from "../domain/order/price_increment.ts";
import type { Engine } from "./engine.ts";

/** The message of a submission, LIVE or simulated, where the operator wants one each (`SLACK_VERBOSE`). */
export function saySubmitted(
  engine: Engine,
  intent: Pick<EntryIntent, "symbol" | "qty" | "stopUsd" | "r2Usd">,
  priceUsd: number,
): void {
  if (!engine.ports.config.isSlackVerbose) return;
  engine.alert(buildOrderSubmitted({
    symbol: intent.symbol,
    qty: intent.qty,
    notionalUsd: intent.qty * priceUsd,
    stopUsd: roundToIncrement(intent.stopUsd),
    takeProfitUsd: roundToIncrement(intent.r2Usd),
  }));
}

/** A trim or close, in shares. */
interface Sale {
  readonly symbol: string;
  readonly qty: number;
  readonly reason: ExitReason;
}

/** The message of a trim or close (`SLACK_VERBOSE`). */
export function saySale(engine: Engine, sale: Sale): void {
  if (!engine.ports.config.isSlackVerbose) return;
  engine.alert(buildPositionSold(sale));
}

/** The same for an exit that DRY_RUN decides in every cycle: once per symbol, reason and NY day. */
export function sayDryRunSale(engine: Engine, sale: Sale): void {
  if (!engine.ports.config.isSlackVerbose) return;
  if (!engine.isNews(`dry_exit:${sale.symbol}:${sale.reason}`, engine.dateNy())) return;
  saySale(engine, sale);
}
