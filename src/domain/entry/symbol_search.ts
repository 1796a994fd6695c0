/** Symbols in one request: keeps its address below 8 KB, and 1,000 candidates to two requests. */
export const SYMBOLS_PER_LIST = 500;
/** Lists that one cycle asks for: with what else it needs, 40 requests (pipeline 2, "within a bound of requests a cycle"). */
export const LISTS_PER_CYCLE = 30;
/** Symbols that are asked alone before a request is held to be at fault itself. */
export const PROBES_MAX = 8;

/** What earlier cycles of the NY day found: symbols that are left out, and lists that hold one which is not found yet. */
export interface SearchMemory {
  readonly refused: ReadonlySet<string>;
  readonly suspects: readonly (readonly string[])[];
}

/** What became of the list that `nextList` gave. `named`: the symbols that the refusal names. */
export type ListOutcome =
  | { readonly kind: "answered" }
  | { readonly kind: "refused"; readonly named: readonly string[] }
  | { readonly kind: "failed" };

/**
 * One cycle's questions for many symbols, of which the data API refuses some (pipeline 2). A list that is refused without
 * a name is halved; where its first half is answered, the second is known to hold the refused one without being asked.
 */
export interface SymbolSearch {
  /** Lists in which nothing is known to be wrong: each is asked, whatever the bound. */
  readonly whole: readonly (readonly string[])[];
  /** What a refusal by name left of such a list. */
  readonly rests: readonly (readonly string[])[];
  /** Lists that hold a refused symbol. */
  readonly suspects: readonly (readonly string[])[];
  /** Parts of such lists that may hold none. */
  readonly parts: readonly (readonly string[])[];
  readonly named: readonly string[];
  /** Refused with no other symbol beside it. */
  readonly alone: readonly string[];
  readonly isAnyAnswered: boolean;
  /** Whether a request went without an answer: then nothing is searched any further, nor concluded. */
  readonly isFailed: boolean;
  readonly requestsLeft: number;
  readonly probesLeft: number;
  readonly probeOffset: number;
}

/** What a search came to. */
export interface SearchResult {
  /** To be left out: named, or refused alone while others were answered. */
  readonly refused: readonly string[];
  /** To be halved further in the next cycle. */
  readonly suspects: readonly (readonly string[])[];
  /** Whether every part was refused: nobody is left out. */
  readonly isRequestAtFault: boolean;
}

type List = readonly string[];
type Turn =
  | { readonly kind: "whole" | "rest" | "part" | "alone" | "probe"; readonly list: List }
  | { readonly kind: "half"; readonly list: List; readonly other: List };

/**
 * Begins a cycle's search.
 * @param again Refused symbols that are asked all the same, each by itself: those of managed positions.
 * @param requestsMax Lists that may be asked; those in which nothing is known to be wrong are asked in any case.
 * @param probeOffset Any number that differs from cycle to cycle: which symbols are tried alone.
 */
export function beginSearch(
  inputs: {
    readonly symbols: readonly string[];
    readonly memory: SearchMemory;
    readonly again: ReadonlySet<string>;
    readonly requestsMax: number;
    readonly probeOffset: number;
  },
): SymbolSearch {
  const { memory, again } = inputs;
  const asked = new Set(inputs.symbols);
  const suspects = memory.suspects
    .map((list) => list.filter((symbol) => asked.has(symbol) && !memory.refused.has(symbol)))
    .filter((list) => list.length > 0);
  const suspected = new Set(suspects.flat());
  const clean = [...asked].filter((each) => !memory.refused.has(each) && !suspected.has(each));
  const alone = [...asked].filter((each) => memory.refused.has(each) && again.has(each));
  return {
    whole: [...buildLists(clean), ...alone.map((symbol) => [symbol])],
    rests: [],
    suspects,
    parts: [],
    named: [],
    alone: [],
    isAnyAnswered: false,
    isFailed: false,
    requestsLeft: inputs.requestsMax,
    probesLeft: PROBES_MAX,
    probeOffset: inputs.probeOffset,
  };
}

/** The list to ask for now, or `null` where this cycle asks for no more. */
export function nextList(search: SymbolSearch): readonly string[] | null {
  return nextTurn(search)?.list ?? null;
}

function nextTurn(search: SymbolSearch): Turn | null {
  const { whole, rests, parts, suspects } = search;
  if (whole[0] !== undefined) return { kind: "whole", list: whole[0] };
  if (search.isFailed || search.requestsLeft <= 0) return null;
  if (rests[0] !== undefined) return { kind: "rest", list: rests[0] };
  if (!search.isAnyAnswered) return nextProbe(search);
  if (parts[0] !== undefined) return { kind: "part", list: parts[0] };
  const suspect = suspects[0];
  if (suspect === undefined) return null;
  if (suspect.length === 1) return { kind: "alone", list: suspect };
  const middle = Math.ceil(suspect.length / 2);
  return { kind: "half", list: suspect.slice(0, middle), other: suspect.slice(middle) };
}

/** Until something is answered, single symbols from all over: one that is answered clears the request itself. */
function nextProbe(search: SymbolSearch): Turn | null {
  const open = [...search.suspects, ...search.parts].flat();
  if (open.length === 0 || search.probesLeft <= 0) return null;
  const index = search.probeOffset + Math.floor(search.probesLeft * open.length / PROBES_MAX);
  return { kind: "probe", list: [open[index % open.length] ?? ""] };
}

/** The search after what became of the list that `nextList` gave. */
export function recordOutcome(search: SymbolSearch, outcome: ListOutcome): SymbolSearch {
  const turn = nextTurn(search);
  if (turn === null) return search;
  const taken: SymbolSearch = { ...takeOff(search, turn), requestsLeft: search.requestsLeft - 1 };
  if (outcome.kind === "failed") return { ...keepFailed(search, taken, turn), isFailed: true };
  if (outcome.kind === "answered") return recordAnswered(taken, turn);
  const named = listNamed(turn.list, outcome.named);
  return named.length === 0 ? recordRefused(taken, turn) : recordNamed(taken, turn, named);
}

function takeOff(search: SymbolSearch, turn: Turn): SymbolSearch {
  switch (turn.kind) {
    case "whole":
      return { ...search, whole: search.whole.slice(1) };
    case "rest":
      return { ...search, rests: search.rests.slice(1) };
    case "part":
      return { ...search, parts: search.parts.slice(1) };
    case "alone":
    case "half":
      return { ...search, suspects: search.suspects.slice(1) };
    case "probe": {
      const [probed] = turn.list;
      const strip = (list: List) => list.filter((symbol) => symbol !== probed);
      const holds = (list: List) => probed !== undefined && list.includes(probed);
      return {
        ...search,
        probesLeft: search.probesLeft - 1,
        // Without the symbol that was tried, nothing is known of the others.
        suspects: search.suspects.filter((list) => !holds(list)),
        parts: [...search.parts, ...search.suspects.filter(holds)].map(strip)
          .filter((list) => list.length > 0),
      };
    }
  }
}

/** A list without an answer stays what it was; a whole one is asked again in the next cycle by itself. */
function keepFailed(search: SymbolSearch, taken: SymbolSearch, turn: Turn): SymbolSearch {
  return turn.kind === "whole" || turn.kind === "rest"
    ? taken
    : { ...taken, suspects: search.suspects, parts: search.parts };
}

function recordAnswered(search: SymbolSearch, turn: Turn): SymbolSearch {
  const suspects = turn.kind === "half" ? [...search.suspects, turn.other] : search.suspects;
  return { ...search, suspects, isAnyAnswered: true };
}

function recordRefused(search: SymbolSearch, turn: Turn): SymbolSearch {
  const [symbol] = turn.list;
  const parts = turn.kind === "half" ? [...search.parts, turn.other] : search.parts;
  if (turn.list.length === 1 && symbol !== undefined) {
    return { ...search, parts, alone: [...search.alone, symbol] };
  }
  return { ...search, parts, suspects: [...search.suspects, turn.list] };
}

function recordNamed(search: SymbolSearch, turn: Turn, named: readonly string[]): SymbolSearch {
  const rest = turn.list.filter((symbol) => !named.includes(symbol));
  const left = rest.length === 0 ? [] : [rest];
  const change = { ...search, named: [...search.named, ...named] };
  if (turn.kind === "whole" || turn.kind === "rest") {
    return { ...change, rests: [...search.rests, ...left] };
  }
  const others = turn.kind === "half" ? [turn.other] : [];
  return { ...change, parts: [...search.parts, ...left, ...others] };
}

/** A refusal that names every symbol of a list only repeats the question. */
function listNamed(list: List, named: readonly string[]): string[] {
  const asked = list.filter((symbol) => named.includes(symbol));
  return asked.length === list.length && list.length > 1 ? [] : asked;
}

/** What the cycle's questions came to, and what the next cycle goes on with. */
export function endSearch(search: SymbolSearch): SearchResult {
  const { named, alone, isAnyAnswered } = search;
  const open = [...search.suspects, ...search.parts];
  if (isAnyAnswered) {
    return { refused: [...named, ...alone], suspects: open, isRequestAtFault: false };
  }
  const isAsked = named.length + alone.length > 0;
  const isEveryPart = search.rests.length === 0 && (open.length === 0 || search.probesLeft <= 0);
  if (isAsked && isEveryPart && !search.isFailed) {
    return { refused: [], suspects: [], isRequestAtFault: true };
  }
  // Refused alone while nothing was answered says nothing of the symbol: it is asked again.
  return {
    refused: named,
    suspects: [...open, ...alone.map((symbol) => [symbol])],
    isRequestAtFault: false,
  };
}

function buildLists(symbols: readonly string[]): List[] {
  const lists: List[] = [];
  for (let from = 0; from < symbols.length; from += SYMBOLS_PER_LIST) {
    lists.push(symbols.slice(from, from + SYMBOLS_PER_LIST));
  }
  return lists;
}
