import { listDoubts } from "../domain/account/doubts.ts";
import type { Sight } from "../domain/account/sight.ts";
import type { Engine } from "./engine.ts";
import { listUnreadable } from "./unreadable.ts";

/** What the engine knows of the account now. */
export function sightOf(engine: Engine): Sight {
  const { observation } = engine;
  const positions = observation?.positions;
  return {
    book: engine.book,
    positions: positions?.kind === "ok" ? positions.value : null,
    areOrdersRead: observation?.openOrders.kind === "ok",
    unreadable: new Set(listUnreadable(engine).flatMap((row) => row.symbol ?? [])),
    unreadableOrders: new Set(
      observation?.unreadable.openOrders.flatMap((row) => row.symbol ?? []) ?? [],
    ),
    pasts: engine.seen.pasts,
    doubts: listDoubts(
      engine.state,
      ({ processId, cycleStartedAtMs }) =>
        processId === engine.processId && cycleStartedAtMs >= engine.cycleBeganMs,
    ),
    nowMs: engine.nowMs(),
  };
}
