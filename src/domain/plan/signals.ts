import { buildUniform } from "../entry/chance.ts";
import { buildEntryIntents, type EntryPlan } from "../entry/entry_plan.ts";
import { countUsage, type EntrySight, isFree } from "../entry/open_symbols.ts";
import { SKIP } from "../entry/skip_reason.ts";
import { buildCapUsage } from "../order/ledger.ts";
import { buildEntrySight } from "./entry_judging.ts";
import type { Note, SignalsNote } from "./note.ts";
import type { RecordChange, SignalsPlanned } from "./step.ts";
import { isCloseNear } from "./time_left.ts";
import type { SignalsWorld } from "./world.ts";

// Bars to breakouts to intents, as steps of the plan (pipeline 2 to 4): asked once, decided once from that set of bars, put on the
// list, and told. What an intent's delay is, its symbol and its bar say, not the order in which it was drawn.

/** The one next step of looking for breakouts among the candidates, from one world. Pure and total. */
export function planSignals(world: SignalsWorld): SignalsPlanned {
  const { seen: { account, clock }, now, signals: { candidates, turn } } = world;
  if (turn.isDecided || candidates.length === 0 || clock === null) return rest(world, []);
  // A cycle that ran over the close makes no intents: their session is over.
  if (clock.isOpen && now.brokerMs >= clock.nextCloseMs) return rest(world, []);
  if (account === null) return rest(world, []);
  if (account.look.kind === "failed") {
    return rest(world, [note({ kind: "no_account", failure: account.look.failure })]);
  }
  const { equityUsd, accountId } = account.look.value;
  if (equityUsd === null) return rest(world, [note({ kind: "no_equity" }, "equity:none")]);
  const { bars } = turn;
  if (bars === null) {
    const symbols = candidates.map(({ symbol }) => symbol);
    return {
      step: { do: "read", questions: [{ ask: "bars", symbols }], notBeforeMs: null },
      say: [],
    };
  }
  const unanswered = bars.unanswered.length === 0 ? [] : [note({ kind: "bars_unanswered", bars })];
  if (bars.answered.size === 0) return record([], unanswered);
  const found = findSignals(world, { equityUsd, accountId });
  const { intents } = found;
  const change: RecordChange = intents.length === 0 ? [] : [{ kind: "on_list", intents }];
  const listUsd = new Map(candidates.map(({ symbol, priceUsd }) => [symbol, priceUsd]));
  return record(change, [
    ...unanswered,
    note({ kind: "signals", found, equityUsd, bars: bars.rows, listUsd }),
  ]);
}

function findSignals(
  world: SignalsWorld,
  { equityUsd, accountId }: { readonly equityUsd: number; readonly accountId: string },
): EntryPlan {
  const { records, now, signals: desk } = world;
  const { ledger } = records;
  const { bars } = desk.turn;
  const sight = buildEntrySight(world.seen, records);
  const usageOf = (symbol: string) => ({ dateNy: now.dateNy, symbol, clientOrderId: null });
  return buildEntryIntents({
    candidates: desk.candidates.filter(({ symbol }) => bars?.answered.has(symbol) === true),
    bars: bars?.rows ?? new Map(),
    nowMs: now.brokerMs,
    dateNy: now.dateNy,
    session: desk.session,
    equityUsd,
    accountId,
    findBar: (symbol) => findBar(world, symbol, sight),
    countRejections: (symbol) =>
      ledger === null ? 0 : buildCapUsage(ledger, usageOf(symbol)).symbolRejections,
    waiting: new Set([...desk.waiting, ...records.intents.map(({ symbol }) => symbol)]),
    delayMinSeconds: desk.delayMinSeconds,
    delayMaxSeconds: desk.delayMaxSeconds,
    uniform: (symbol, b2StartMs) => buildUniform(`${now.processId} ${symbol} ${b2StartMs}`),
  });
}

/**
 * Why a confirmed symbol gets no intent now (pipeline 4). Where that has no answer it gets one, which waits for the answer
 * when it is due.
 */
function findBar({ now, seen }: SignalsWorld, symbol: string, sight: EntrySight): string | null {
  if (isCloseNear(now, seen.clock)) return SKIP.closeNear;
  const { positions, openOrders, ledger } = sight;
  const own = { dateNy: now.dateNy, symbol, clientOrderId: null };
  const isAnswered = positions !== null && openOrders !== null;
  if (isAnswered && !isFree(sight, own)) return SKIP.taken;
  return ledger !== null && countUsage(sight, ledger, own).hasEntry ? SKIP.entered : null;
}

/** A note about the cycle's list. @param key It is told once a NY day by it; without one each time. */
function note(value: SignalsNote, key: string | null = null): Note {
  const scope = key === null ? "always" : "day";
  return { symbol: "", positionId: "", scope, key: key ?? "", value };
}

/** Decided, and told once it is taken in. */
function record(change: RecordChange, done: readonly Note[]): SignalsPlanned {
  return { step: { do: "record", change, done }, say: [] };
}

function rest({ records: { standings } }: SignalsWorld, say: readonly Note[]): SignalsPlanned {
  return { step: { do: "rest", wakeAtMs: null, standing: standings }, say };
}
