import { formatCloseCommand } from "../domain/alert/alert_facts.ts";
import type { Engine } from "./engine.ts";
import type { DataKind } from "./symbol_memory.ts";

/** What follows for a symbol that is left out, and what the operator can do. */
const LEFT_OUT: Readonly<Record<DataKind, string>> = {
  "bars":
    "no entry in them today; asked again tomorrow; correct or remove their rows in the watchlist",
  "latest trades": "nothing is decided from their price today; asked again tomorrow",
  "corporate actions": "no look for splits and mergers in them today; asked again tomorrow",
};

/** Says the symbols that the data API refuses, once a NY day each (pipeline 2). */
export function sayRefused(
  engine: Engine,
  call: { readonly what: DataKind; readonly managed?: ReadonlySet<string> },
  found: { readonly symbols: readonly string[]; readonly refusal: string },
): void {
  const { what, managed } = call;
  const dateNy = engine.dateNy();
  const news = found.symbols.filter((each) =>
    engine.isNews(`refused said ${what} ${each}`, dateNy)
  );
  for (const symbol of news.filter((each) => managed?.has(each))) {
    sayManaged(engine, { what, symbol, refusal: found.refusal });
  }
  const candidates = news.filter((each) => managed?.has(each) !== true);
  if (candidates.length === 0) return;
  const text = `${formatSymbolNames(candidates)}: left out, the data API refuses their ${what} ` +
    `(${found.refusal}): ${LEFT_OUT[what]}`;
  engine.ports.log.warn(text);
  engine.alert({ level: "WARNING", title: "Symbols left out", text });
}

/** A managed position whose data is refused: an error where no exit can be decided for it. */
function sayManaged(
  engine: Engine,
  { what, symbol, refusal }: {
    readonly what: DataKind;
    readonly symbol: string;
    readonly refusal: string;
  },
): void {
  const again = "asked again in each cycle, by itself";
  if (what !== "latest trades") {
    return engine.ports.log.warn(
      `${symbol}: the data API refuses its ${what} (${refusal}); ${again}`,
    );
  }
  engine.sayError(
    `${symbol}: the data API refuses its ${what} (${refusal}): no exit is decided for it, what rests at the broker stays; ` +
      again,
    `look at its price yourself; or close it: ${formatCloseCommand(symbol)}`,
    { isDistinct: true },
  );
}

/** Every part of a request was refused: nothing says that it is about a symbol (pipeline 2). */
export function sayRequestAtFault(
  engine: Engine,
  call: {
    readonly what: DataKind;
    readonly symbols: readonly string[];
    readonly managed?: ReadonlySet<string>;
  },
  refusal: string,
): void {
  const { what, symbols, managed } = call;
  // Corporate actions block nothing: who asks for them says that there was no answer.
  if (what === "corporate actions") return;
  if (!engine.isNews(`request at fault ${what}`, engine.dateNy())) return;
  const held = symbols.filter((symbol) => managed?.has(symbol));
  const close = held.map((symbol) =>
    `; no exit is decided for ${symbol}: ${formatCloseCommand(symbol)}`
  );
  engine.sayError(
    `The data API refuses ${what} of ${
      formatSymbolNames(symbols)
    }, of every symbol asked (${refusal}): the request is ` +
      "at fault, nobody is left out; asked again in each cycle",
    `\`avwap-execution check\` asks too${close.join("")}`,
    { isDistinct: true },
  );
}

/** How many symbols a line names before it only counts. */
const NAMES_MAX = 20;

/** Symbols as a line names them. */
export function formatSymbolNames(symbols: readonly string[]): string {
  const names = symbols.slice(0, NAMES_MAX).join(",");
  return symbols.length > NAMES_MAX ? `${names} and ${symbols.length - NAMES_MAX} more` : names;
}

/** What follows for a symbol with a row that can't be parsed. */
const MALFORMED: Readonly<Record<DataKind, string>> = {
  "bars": "nothing is confirmed in it until they can be",
  "latest trades": "nothing is decided from its price until it can be",
  "corporate actions":
    "what else is announced in it counts; look for splits and mergers in it yourself",
};

/** Says rows that can't be parsed, once a NY day and symbol. */
export function sayMalformed(engine: Engine, what: DataKind, symbols: readonly string[]): void {
  const news = symbols.filter((each) =>
    engine.isNews(`malformed ${what} ${each}`, engine.dateNy())
  );
  if (news.length === 0) return;
  engine.ports.log.warn(
    `Market data: ${what} of ${formatSymbolNames(news)} can't be read: ${MALFORMED[what]}`,
  );
}
