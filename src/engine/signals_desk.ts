import { BAR_WINDOW_MS } from "../domain/entry/breakout.ts";
import type { Candidate } from "../domain/entry/candidate.ts";
import type { BarsRead, SignalsDesk } from "../domain/plan/world.ts";
import { BAR_MS } from "../domain/time/market.ts";
import type { Engine } from "./engine.ts";
import { readByLists } from "./symbol_lists.ts";

/** What a run that looks for breakouts is carried out for. */
export type SignalsMandate = Pick<SignalsDesk, "waiting"> & {
  readonly candidates: readonly Candidate[];
};

/** What breakouts are looked for in, as the engine knows it now. */
export function buildSignalsDesk(
  { observation, ports: { config } }: Engine,
  { candidates, waiting }: SignalsMandate,
  turn: SignalsDesk["turn"],
): SignalsDesk {
  return {
    candidates,
    waiting,
    session: observation?.session ?? null,
    delayMinSeconds: config.entryDelayMinSeconds,
    delayMaxSeconds: config.entryDelayMaxSeconds,
    turn,
  };
}

/** Asks for the symbols' closed bars, in as few requests as the API allows. */
export async function askBars(engine: Engine, symbols: readonly string[]): Promise<BarsRead> {
  const endMs = engine.nowMs();
  // The bar still forming is not asked for: it would have closed by the time that a late answer is looked at.
  const window = { startMs: endMs - BAR_WINDOW_MS, endMs: endMs - BAR_MS };
  return await readByLists(engine, {
    what: "bars",
    symbols,
    ask: (query) => engine.ports.marketData.listBars({ ...query, window }),
  });
}
