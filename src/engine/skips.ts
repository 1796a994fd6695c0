import { FREE_FILE } from "../domain/remedies.ts";
import type { Engine } from "./engine.ts";

/** What is let go: an intent, or a confirmed symbol for which none is made (no id then). */
export interface Skipped {
  readonly symbol: string;
  readonly clientOrderId: string | null;
}

/** Reasons of a skip, in the words of pipeline 4 where it has them. */
export const SKIP = {
  taken: "open order/position exists",
  entered: "already entered today",
  closeNear: "close too near",
  marketClosed: "market closed",
  unrecorded: "its record can't be written",
  noShares: "size is 0 shares",
  expired: "intent expired",
  corporateAction: "corporate action",
  recorded: "already on record",
} as const;

/** `SKIP SYM: <reason>` in the log, and its event. */
export async function skip(engine: Engine, skipped: Skipped, reason: string): Promise<void> {
  engine.isNews(newsKey(skipped, reason), engine.dateNy());
  engine.ports.log.info(`SKIP ${skipped.symbol}: ${reason}`);
  await saySkip(engine, skipped, reason);
}

/** The same once a NY day and symbol, however often it is found. */
export async function skipOnce(engine: Engine, skipped: Skipped, reason: string): Promise<void> {
  if (!engine.isNews(newsKey(skipped, reason), engine.dateNy())) return;
  await skip(engine, skipped, reason);
}

/** What can't be recorded is neither sent nor simulated (pipeline 6): an error once a cause and NY day. */
export async function skipUnrecorded(
  engine: Engine,
  skipped: Skipped,
  cause: string,
): Promise<void> {
  if (engine.isNews(`unrecorded:${cause}`, engine.dateNy())) {
    engine.sayError(
      `${skipped.symbol} not sent, nor any other entry, while its record can't be written: ${cause}`,
      FREE_FILE,
      { isDistinct: true },
    );
  }
  await skip(engine, skipped, SKIP.unrecorded);
}

function newsKey({ symbol }: Skipped, reason: string): string {
  return `skip:${symbol}:${reason}`;
}

/** The event of an intent that was let go, for those whose line has words of its own. */
export async function saySkip(engine: Engine, skipped: Skipped, reason: string): Promise<void> {
  await engine.event({
    type: "skip",
    symbol: skipped.symbol,
    client_order_id: skipped.clientOrderId,
    mode: engine.gateMode,
    reason,
  });
}
