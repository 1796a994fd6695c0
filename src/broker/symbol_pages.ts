import { BrokerError, type SymbolsAnswer } from "../engine/ports.ts";
import { buildHttpError, parseAnswer, type ReadContext } from "./read_answer.ts";
import { listNamedSymbols } from "./refused_symbols.ts";
import type { Answer } from "./request_sender.ts";
import { parseErrorBody } from "./wire.ts";

/** Most pages of one list's symbols. */
export const PAGES_MAX = 20;

/** One page of rows, each with its symbol. */
export interface SymbolPage<T> {
  readonly rows: readonly (readonly [symbol: string, rows: readonly T[]])[];
  /** Symbols whose rows can't be parsed. */
  readonly malformed: readonly string[];
  readonly nextPageToken: string | null;
}

/** One list of symbols, and how its pages are asked for and read. */
export interface PagedRead<T> {
  readonly symbols: readonly string[];
  readonly context: ReadContext;
  /**
   * Whether a symbol's rows are one series, and pages go by symbol: those before the last one seen are complete, and a series
   * that is damaged or cut is worth nothing. Else each row is a fact of its own, whatever became of the others.
   */
  readonly isSeries: boolean;
  readonly ask: (token: string | null) => Promise<Answer>;
  /** Of an answer that names other symbols only those asked for need be read. */
  readonly parse: (body: string, symbols: readonly string[]) => SymbolPage<T>;
}

/** Rows of the pages so far; `seen`: symbols in the order of the answer. */
interface Collected<T> {
  readonly rows: Map<string, T[]>;
  readonly malformed: Set<string>;
  readonly seen: string[];
}

/**
 * All pages of one list. A refusal of the list (400 or 422) and a page without a usable answer are values: what earlier
 * pages completed stays, the symbol that a page ends in does not (pipeline 2).
 */
export async function collectPages<T>(
  read: PagedRead<T>,
): Promise<SymbolsAnswer<readonly T[]>> {
  const collected: Collected<T> = { rows: new Map(), malformed: new Set(), seen: [] };
  try {
    let token: string | null = null;
    for (let pages = 0; pages < PAGES_MAX; pages++) {
      const answer = await read.ask(token);
      if (pages === 0 && isListRefused(answer)) return buildRefused(read, answer);
      const page = parseAnswer(answer, (body) => read.parse(body, read.symbols), read.context);
      addPage(read, collected, page);
      token = page.nextPageToken;
      if (token === null) return { kind: "answered", ...buildRows(read, collected, read.symbols) };
    }
    throw new BrokerError("malformed", `Cannot read ${read.context.what}: over ${PAGES_MAX} pages`);
  } catch (error) {
    if (!(error instanceof BrokerError)) throw error;
    const open = listOpen(read, collected);
    const complete = read.symbols.filter((symbol) => !open.includes(symbol));
    const { failure, message } = error;
    return { kind: "failed", failure, message, ...buildRows(read, collected, complete), open };
  }
}

function isListRefused({ status }: Answer): boolean {
  return status === 400 || status === 422;
}

function buildRefused<T>(read: PagedRead<T>, answer: Answer): SymbolsAnswer<readonly T[]> {
  const words = parseErrorBody(answer.body)?.message ?? "";
  return {
    kind: "refused",
    named: listNamedSymbols(words, read.symbols),
    message: buildHttpError(answer, read.context).message,
  };
}

function addPage<T>(read: PagedRead<T>, collected: Collected<T>, page: SymbolPage<T>): void {
  const asked = new Set(read.symbols);
  for (const symbol of page.malformed) collected.malformed.add(symbol);
  for (const [symbol, more] of page.rows) {
    if (!asked.has(symbol)) continue;
    collected.rows.set(symbol, [...collected.rows.get(symbol) ?? [], ...more]);
  }
  const seen = [...page.rows.map(([symbol]) => symbol), ...page.malformed].sort();
  collected.seen.push(...seen);
}

/** Of a series that is malformed on any page, or not complete, there are no rows. */
function buildRows<T>(
  { isSeries }: PagedRead<T>,
  { rows, malformed }: Collected<T>,
  complete: readonly string[],
): { readonly rows: ReadonlyMap<string, readonly T[]>; readonly malformed: readonly string[] } {
  const isKept = (symbol: string) =>
    !isSeries || (complete.includes(symbol) && !malformed.has(symbol));
  return {
    rows: new Map([...rows].filter(([symbol]) => isKept(symbol))),
    malformed: complete.filter((symbol) => malformed.has(symbol)),
  };
}

/** What a later page may still hold rows of; all, where the pages do not come in the order that is documented. */
function listOpen<T>(read: PagedRead<T>, { seen }: Collected<T>): readonly string[] {
  const last = seen.at(-1);
  const isSorted = seen.every((symbol, index) => index === 0 || (seen[index - 1] ?? "") <= symbol);
  if (!read.isSeries || !isSorted || last === undefined) return read.symbols;
  return read.symbols.filter((symbol) => symbol >= last);
}
