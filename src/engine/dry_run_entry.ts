import type { EntryIntent } from "../domain/entry_intent.ts";
import { formatUtc } from "../domain/ny_time.ts";
import type { Engine } from "./engine.ts";
import { StateError } from "./ports.ts";
import { saySkip, skipUnrecorded } from "./skips.ts";
import { saySubmitted } from "./trade_messages.ts";

/** What DRY_RUN does with a due intent: once per symbol and NY day, durable before it is said (pipeline 4). */
export async function simulateEntry(engine: Engine, intent: EntryIntent): Promise<void> {
  const { log, dryRunLedger, operatorFiles, config } = engine.ports;
  const { symbol, qty, stopUsd, r2Usd } = intent;
  const { allowlist } = config;
  const isAllowlisted = allowlist.kind !== "list" || allowlist.symbols.includes(symbol);
  if (!isAllowlisted) {
    log.info(`Gate DRY_RUN allowlist would block ${symbol}`);
  }
  if (await operatorFiles.areEntriesPaused()) {
    log.info(`Gate DRY_RUN entries paused would block ${symbol}`);
  }
  const dateNy = engine.dateNy();
  try {
    if (await dryRunLedger.has({ dateNy, symbol })) {
      log.info(`DRY_RUN: already submitted today -> ${symbol}; skipping`);
      await saySkip(engine, intent, "already submitted today");
      return;
    }
    await dryRunLedger.record({ dateNy, symbol, qty, ts: formatUtc(engine.nowMs()) });
  } catch (error) {
    if (!(error instanceof StateError)) throw error;
    return await skipUnrecorded(engine, intent, error.message);
  }
  log.info(`DRY_RUN: would submit ${symbol} qty=${qty} SL=${stopUsd} TP=${r2Usd}`);
  log.info(`SUBMITTED ${symbol}: qty=${qty} order_id=dry-run`);
  saySubmitted(engine, intent, intent.refPriceUsd);
  await engine.event({
    type: "dry_run_order",
    symbol,
    client_order_id: intent.clientOrderId,
    qty,
    stop_usd: stopUsd,
    take_profit_usd: r2Usd,
    ref_price_usd: intent.refPriceUsd,
    notional_usd: qty * intent.refPriceUsd,
    is_allowlisted: isAllowlisted,
  });
}
