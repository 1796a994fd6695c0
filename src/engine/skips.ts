import type { EntryIntent } from "../domain/entry_intent.ts";
import type { Engine } from "./engine.ts";

/** `SKIP SYM: <reason>` in the log, and its event. */
export async function skip(engine: Engine, intent: EntryIntent, reason: string): Promise<void> {
  engine.ports.log.info(`SKIP ${intent.symbol}: ${reason}`);
  await saySkip(engine, intent, reason);
}

/** The event of an intent that was let go, for those whose line has words of its own. */
export async function saySkip(engine: Engine, intent: EntryIntent, reason: string): Promise<void> {
  await engine.event({
    type: "skip",
    symbol: intent.symbol,
    client_order_id: intent.clientOrderId,
    mode: engine.gateMode,
    reason,
  });
}
