import type { ReadFailure } from "../domain/order/order_request.ts";
import {
  beginSearch,
  endSearch,
  LISTS_PER_CYCLE,
  nextList,
  recordOutcome,
  type SearchMemory,
  type SearchResult,
  type SymbolSearch,
} from "../domain/entry/symbol_search.ts";
import type { Engine } from "./engine.ts";
import type { SymbolsAnswer, SymbolsQuery } from "./ports.ts";
import { type DataKind, readMemory, rememberSearch } from "./symbol_memory.ts";
import { sayMalformed, sayRefused, sayRequestAtFault } from "./symbol_notices.ts";

/** Symbols to be asked for, in as few requests as the API allows. */
export interface ListsCall<T> {
  readonly what: DataKind;
  readonly symbols: readonly string[];
  /** Of managed positions: where refused, they are asked again in each cycle, each by itself. */
  readonly managed?: ReadonlySet<string>;
  /** Most time for all lists together. */
  readonly timeMs?: number;
  readonly ask: (query: SymbolsQuery) => Promise<SymbolsAnswer<T>>;
}

/** What the lists brought. A symbol that is answered and has no row has nothing to show. */
export interface ListsRead<T> {
  readonly rows: ReadonlyMap<string, T>;
  readonly answered: ReadonlySet<string>;
  /** Those among them with a row that can't be read. */
  readonly malformed: ReadonlySet<string>;
  /** Asked and not answered; those that are left out for the day are not among them. */
  readonly unanswered: readonly string[];
  /** Why, for the first of them; `null` where they are only being sorted out. */
  readonly trouble: { readonly failure: ReadFailure; readonly message: string } | null;
}

/** All lists of one call end within this, as the pages of one do. */
const LISTS_MS = 20_000;
/** What a list has at least, however many follow. */
const LIST_MS_MIN = 2_000;
/** `--run-once` searches no further where less than this is left: due entries come after. */
const SEARCH_END_MS = 12_000;

/** What a call has brought so far. */
interface Progress<T> {
  readonly rows: Map<string, T>;
  readonly answered: Set<string>;
  readonly malformed: Set<string>;
  failed: ListsRead<T>["trouble"];
  refusal: string;
}

/**
 * Asks for symbols list by list. A refused symbol takes no other with it, and a list without an answer leaves what the
 * others brought (pipeline 2). Says what is left out, once a NY day, and remembers it over restarts.
 */
export async function readByLists<T>(engine: Engine, call: ListsCall<T>): Promise<ListsRead<T>> {
  const memory = readMemory(engine, call.what);
  const begun = beginSearch({
    symbols: call.symbols,
    memory,
    again: call.managed ?? new Set(),
    requestsMax: Math.max(0, LISTS_PER_CYCLE - engine.listsAsked),
    probeOffset: Math.floor(engine.nowMs() / 60_000),
  });
  const progress: Progress<T> = {
    rows: new Map(),
    answered: new Set(),
    malformed: new Set(),
    failed: null,
    refusal: "",
  };
  const result = endSearch(await search(engine, call, begun, progress));
  const refused = new Set([...memory.refused, ...result.refused]);
  for (const symbol of progress.answered) refused.delete(symbol);
  rememberSearch(engine, call.what, { refused, suspects: result.suspects });
  sayMalformed(engine, call.what, [...progress.malformed]);
  return conclude(engine, call, { progress, result, refused, memory });
}

async function search<T>(
  engine: Engine,
  call: ListsCall<T>,
  begun: SymbolSearch,
  progress: Progress<T>,
): Promise<SymbolSearch> {
  const { clock } = engine.ports;
  const endMs = clock.monotonicMs() + (call.timeMs ?? LISTS_MS);
  let current = begun;
  for (let list = nextList(current); list !== null; list = nextList(current)) {
    const isSearching = current.whole.length === 0;
    if (isSearching && (engine.stop.aborted || engine.isOutOfTime(SEARCH_END_MS))) break;
    const nowMs = clock.monotonicMs();
    // One list that hangs must leave time to those after it.
    const shareMs = (endMs - nowMs) / Math.max(1, current.whole.length);
    const listEndMs = Math.min(endMs, nowMs + Math.max(LIST_MS_MIN, shareMs));
    engine.listsAsked++;
    const answer = await call.ask({ symbols: list, endMs: listEndMs });
    current = recordOutcome(current, takeAnswer(progress, list, answer));
  }
  return current;
}

function takeAnswer<T>(
  progress: Progress<T>,
  list: readonly string[],
  answer: SymbolsAnswer<T>,
): Parameters<typeof recordOutcome>[1] {
  if (answer.kind === "refused") {
    progress.refusal = answer.message;
    return { kind: "refused", named: answer.named };
  }
  const open = new Set(answer.kind === "failed" ? answer.open : []);
  for (const symbol of answer.malformed) progress.malformed.add(symbol);
  for (const symbol of list) if (!open.has(symbol)) progress.answered.add(symbol);
  for (const [symbol, row] of answer.rows) progress.rows.set(symbol, row);
  if (answer.kind === "answered") return { kind: "answered" };
  const { failure, message } = answer;
  progress.failed ??= { failure, message };
  return { kind: "failed" };
}

/** Says what was found, and what is left without an answer. */
function conclude<T>(
  engine: Engine,
  call: ListsCall<T>,
  found: {
    readonly progress: Progress<T>;
    readonly result: SearchResult;
    readonly refused: ReadonlySet<string>;
    readonly memory: SearchMemory;
  },
): ListsRead<T> {
  const { progress, result, refused, memory } = found;
  const { rows, answered, malformed, refusal } = progress;
  // A managed symbol that was refused while others were answered, and is now asked alone, is no news.
  const isNews = call.symbols.some((symbol) => !memory.refused.has(symbol));
  if (result.isRequestAtFault && isNews) sayRequestAtFault(engine, call, refusal);
  sayRefused(engine, call, { symbols: result.refused, refusal });
  const unanswered = call.symbols.filter((each) => !answered.has(each) && !refused.has(each));
  const fault = result.isRequestAtFault ? { failure: "http" as const, message: refusal } : null;
  return { rows, answered, malformed, unanswered, trouble: progress.failed ?? fault };
}
