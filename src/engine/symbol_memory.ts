import type { SearchMemory } from "../domain/entry/symbol_search.ts";
import type { Engine } from "./engine.ts";

/** What of the market data is asked for: each kind remembers by itself which symbols it refuses. */
export type DataKind = "bars" | "latest trades" | "corporate actions";

/**
 * What a NY day's searches found lives in the state, beside what was alerted: a process of `--run-once` is one cycle long,
 * and would pay the search anew each time.
 */
const REFUSED = "refused symbol";
const SUSPECTS = "suspect symbols";

/** What today's cycles found so far of one kind of data; another day begins anew. */
export function readMemory(engine: Engine, what: DataKind): SearchMemory {
  const dateNy = engine.dateNy();
  const prefix = `${REFUSED} ${what} `;
  const refused = Object.entries(engine.state.alerted)
    .filter(([key, value]) => key.startsWith(prefix) && value === dateNy)
    .map(([key]) => key.slice(prefix.length));
  const [ofNy, ...lists] = (engine.state.alerted[`${SUSPECTS} ${what}`] ?? "").split(" ");
  const suspects = ofNy === dateNy ? lists.map((list) => list.split(",")) : [];
  return { refused: new Set(refused), suspects };
}

/** Keeps what today's cycles found; durable with the state. */
export function rememberSearch(engine: Engine, what: DataKind, memory: SearchMemory): void {
  const dateNy = engine.dateNy();
  const before = readMemory(engine, what);
  const answered = [...before.refused].filter((symbol) => !memory.refused.has(symbol));
  const key = `${SUSPECTS} ${what}`;
  const suspects = memory.suspects.length === 0
    ? undefined
    : [dateNy, ...memory.suspects.map((list) => list.join(","))].join(" ");
  const isSame = answered.length === 0 && memory.refused.size === before.refused.size;
  if (isSame && engine.state.alerted[key] === suspects) return;
  const alerted = { ...engine.state.alerted };
  for (const symbol of answered) delete alerted[`${REFUSED} ${what} ${symbol}`];
  for (const symbol of memory.refused) alerted[`${REFUSED} ${what} ${symbol}`] = dateNy;
  if (suspects === undefined) delete alerted[key];
  else alerted[key] = suspects;
  engine.updateState({ alerted });
}
