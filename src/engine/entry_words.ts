import { formatVerdict } from "../domain/gate/caps.ts";
import { formatCounted } from "../domain/counted.ts";
import type { CheckedEntry } from "../domain/entry/check_entry.ts";
import type { EntryIntent } from "../domain/account/entry_intent.ts";
import { microsToUsd } from "../domain/order/money.ts";
import { formatUtc } from "../domain/time/ny_time.ts";
import type { EntryNote, Note } from "../domain/plan/note.ts";
import { FREE_FILE, LOOK_AT_ORDER } from "../domain/alert/remedies.ts";
import type { Engine } from "./engine.ts";
import { sayMismatch } from "./records_words.ts";
import { formatSymbolNames } from "./symbol_notices.ts";
import { saySubmitted } from "./trade_messages.ts";

type ValueOf<Kind extends EntryNote["kind"]> = Extract<EntryNote, { readonly kind: Kind }>;

/** Tells what became of an entry: the words are here, and nothing is decided. */
export async function tellEntry(
  engine: Engine,
  { symbol, positionId }: Pick<Note, "symbol" | "positionId">,
  value: EntryNote,
): Promise<void> {
  const { log } = engine.ports;
  const skipped = { symbol, clientOrderId: positionId === "" ? null : positionId };
  switch (value.kind) {
    case "skipped":
      return await tellSkipped(engine, skipped, value);
    case "verdict":
      return await tellVerdict(engine, value);
    case "entries_wait":
      return log.warn(
        `Due entries wait (${
          formatSymbolNames(value.symbols)
        }): ${value.cause}. They are decided once that is answered, ` +
          "and expire 15 minutes after their time",
      );
    case "would_block":
      return value.what === "allowlist"
        ? log.info(`Gate DRY_RUN allowlist would block ${symbol}`)
        : log.info(`Gate DRY_RUN entries paused would block ${symbol}`);
    case "simulated":
      return await tellSimulated(engine, value);
    case "simulated_before":
      log.info(`DRY_RUN: already submitted today -> ${symbol}; skipping`);
      return await saySkip(engine, skipped, "already submitted today");
    case "unrecorded":
      return tellUnrecorded(engine, symbol, value.cause);
    case "submitted":
      return tellSubmitted(engine, value);
    case "entry_unsent":
      return log.warn(`${symbol} not sent: ${value.why}`);
    case "entry_rejected":
      return engine.sayError(`${symbol} entry rejected by the broker ${value.how}`, REJECTED);
    case "rejected_twice":
      return engine.sayError(
        `${symbol} was rejected twice today: no further entry in it today`,
        "read the broker's reasons: avwap-execution log --symbol " + symbol,
      );
    case "rejections_in_a_row":
      return engine.sayError(
        `${formatCounted(value.count, "rejection")} in a row: no entries for the rest of the day`,
        "read the broker's reasons in `avwap-execution log`, and look at the account in its dashboard (blocked? no buying power?)",
      );
    case "entry_open":
      return engine.sayError(
        `${symbol} order unresolved (${value.why}): no entry in ${symbol} until the broker shows it or its absence`,
        "nothing, it is looked up until it has an answer; " + LOOK_AT_ORDER +
          " where it takes long",
      );
    case "mismatch":
      return await sayMismatch(engine, [`${symbol} ${value.clientOrderId}`], value.mismatches);
  }
}

const REJECTED = "look at the account and the symbol in the broker's dashboard";

/** What is let go: an intent, or a confirmed symbol for which none is made (no id then). */
export interface Skipped {
  readonly symbol: string;
  readonly clientOrderId: string | null;
}

/** `SKIP SYM: <reason>` in the log, and its event. */
async function tellSkipped(
  engine: Engine,
  skipped: Skipped,
  { reason, isOnce }: Pick<ValueOf<"skipped">, "reason" | "isOnce">,
): Promise<void> {
  const isNews = engine.isNews(`skip:${skipped.symbol}:${reason}`, engine.dateNy());
  if (isOnce && !isNews) return;
  engine.ports.log.info(`SKIP ${skipped.symbol}: ${reason}`);
  await saySkip(engine, skipped, reason);
}

/** The same once a NY day and symbol, however often it is found. */
export async function skipOnce(engine: Engine, skipped: Skipped, reason: string): Promise<void> {
  await tellSkipped(engine, skipped, { reason, isOnce: true });
}

async function saySkip(engine: Engine, skipped: Skipped, reason: string): Promise<void> {
  await engine.event({
    type: "skip",
    symbol: skipped.symbol,
    client_order_id: skipped.clientOrderId,
    mode: engine.gateMode,
    reason,
  });
}

/** What can't be recorded is neither sent nor simulated (pipeline 6): an error once a cause and NY day. */
function tellUnrecorded(engine: Engine, symbol: string, cause: string): void {
  if (!engine.isNews(`unrecorded:${cause}`, engine.dateNy())) return;
  engine.sayError(
    `${symbol} not sent, nor any other entry, while its record can't be written: ${cause}`,
    FREE_FILE,
    { isDistinct: true },
  );
}

/**
 * Logs and records the verdict of one entry, with what it was measured against. The same denial of the same pair of bars
 * is logged once; the audit trail has each.
 */
async function tellVerdict(
  engine: Engine,
  { intent, checked: { verdict, inputs, trade } }: ValueOf<"verdict">,
): Promise<void> {
  if (verdict.kind === "allowed" || isNewDenial(engine, intent, verdict.reason)) {
    engine.ports.log.info(formatVerdict(intent.symbol, verdict));
  }
  await engine.event(buildVerdictEvent(intent, { verdict, inputs, trade }));
}

function buildVerdictEvent(intent: EntryIntent, { verdict, inputs, trade }: CheckedEntry) {
  const { notionalMicros, usage } = inputs;
  return {
    type: "verdict",
    symbol: intent.symbol,
    client_order_id: intent.clientOrderId,
    mode: "LIVE",
    qty: intent.qty,
    ref_price_usd: intent.refPriceUsd,
    b2_start: formatUtc(intent.b2StartMs),
    last_price_usd: trade?.priceUsd ?? null,
    notional_usd: notionalMicros === null ? null : microsToUsd(notionalMicros),
    is_allowed: verdict.kind === "allowed",
    reason: verdict.kind === "allowed" ? "caps ok" : verdict.reason,
    detail: verdict.kind === "allowed" ? null : verdict.detail,
    open_symbols: inputs.openSymbols,
    used_orders: usage.orders,
    used_gross_usd: microsToUsd(usage.grossMicros),
    used_symbol_usd: microsToUsd(usage.symbolMicros),
    clock_skew_seconds: inputs.clockSkewSeconds,
  } as const;
}

function isNewDenial(engine: Engine, { symbol, b2StartMs }: EntryIntent, reason: string): boolean {
  return engine.isNews(`denied:${symbol}:${reason}`, `${engine.dateNy()} ${b2StartMs}`);
}

async function tellSimulated(
  engine: Engine,
  { intent, isAllowlisted }: ValueOf<"simulated">,
): Promise<void> {
  const { log } = engine.ports;
  const { symbol, qty, stopUsd, r2Usd, refPriceUsd } = intent;
  log.info(`DRY_RUN: would submit ${symbol} qty=${qty} SL=${stopUsd} TP=${r2Usd}`);
  log.info(`SUBMITTED ${symbol}: qty=${qty} order_id=dry-run`);
  saySubmitted(engine, intent, refPriceUsd);
  await engine.event({
    type: "dry_run_order",
    symbol,
    client_order_id: intent.clientOrderId,
    qty,
    stop_usd: stopUsd,
    take_profit_usd: r2Usd,
    ref_price_usd: refPriceUsd,
    notional_usd: qty * refPriceUsd,
    is_allowlisted: isAllowlisted,
  });
}

/** An entry that the broker took has its line, and its message where its record holds what that says. */
function tellSubmitted(engine: Engine, { entry, orderId }: ValueOf<"submitted">): void {
  const { symbol, qty, refPriceUsd, stopUsd, r2Usd } = entry;
  if (qty === null) return;
  engine.ports.log.info(`SUBMITTED ${symbol}: qty=${qty} order_id=${orderId}`);
  if (refPriceUsd === null || stopUsd === null || r2Usd === null) return;
  saySubmitted(engine, { symbol, qty, stopUsd, r2Usd }, refPriceUsd);
}
