import { nyDateAt } from "../simulator/sessions.ts";
import { listEntries } from "./truth.ts";
import type { World } from "./world.ts";

/** The exchange's own words; whatever else a front answers with, nobody need understand. */
const REFUSAL =
  /insufficient buying power|asset is not tradable|account is not authorized|rejected by user request/;
const SYMBOL_MAX = 2;
const ROW_MAX = 5;

/** Entries that the exchange refused in a NY day, counted as their answers come (pipeline 4). */
export class Refusals {
  #dateNy = "";
  #bySymbol = new Map<string, number>();
  #row = 0;
  #isOver = false;
  #last: { readonly symbol: string; readonly id: string; readonly wasOver: boolean } | null = null;

  constructor(readonly world: World) {}

  /** An entry was answered, or not. Whatever is no clear refusal ends the row, so that this count is never too high. */
  answered(
    symbol: string,
    id: string,
    { status, body }: { readonly status: number; readonly body: string },
  ): void {
    this.#turn();
    if (![403, 422].includes(status) || !REFUSAL.test(body)) {
      this.#row = 0;
      return;
    }
    this.#last = { symbol, id, wasOver: this.#isOver };
    this.world.count("entries refused");
    this.#row++;
    if (this.#row === ROW_MAX) this.world.count("days with five refusals in a row");
    this.#isOver ||= this.#row >= ROW_MAX;
    const count = (this.#bySymbol.get(symbol) ?? 0) + 1;
    this.#bySymbol.set(symbol, count);
    if (count === SYMBOL_MAX) this.world.count("symbols refused twice");
  }

  /** A process that died before it could record a refusal never knew of it: the same id may be sent again. */
  restarted(): void {
    const last = this.#last;
    this.#last = null;
    if (last === null) return;
    const entry = listEntries(this.world, "now").find((each) => each.client_order_id === last.id);
    if (entry?.status === "rejected") return;
    this.#row = Math.max(0, this.#row - 1);
    this.#isOver = last.wasOver;
    this.#bySymbol.set(last.symbol, (this.#bySymbol.get(last.symbol) ?? 1) - 1);
  }

  /** Why no entry may be sent in the symbol any more today, or `null`. */
  findBar(symbol: string): string | null {
    this.#turn();
    // A refusal that a full disk kept out of the ledger is forgotten with its process.
    const recorded = listEntries(this.world, "now").filter((each) =>
      each.side === "buy" && each.status === "rejected" && each.reason !== "not sent"
    );
    if (this.#isOver && recorded.length >= ROW_MAX) {
      return `${ROW_MAX} entries were refused in a row`;
    }
    const count = this.#bySymbol.get(symbol) ?? 0;
    const isKnown = recorded.filter((each) => each.symbol === symbol).length >= SYMBOL_MAX;
    return count >= SYMBOL_MAX && isKnown ? `${symbol} was refused ${count} times` : null;
  }

  /** A new day counts anew; and a ledger that somebody else had his hand in forgot them. */
  #turn(): void {
    const dateNy = nyDateAt(this.world.trueMs);
    const { ledgerTouchedMs } = this.world;
    const isTouched = ledgerTouchedMs > 0 && nyDateAt(ledgerTouchedMs) === dateNy;
    if (this.#dateNy === dateNy && !isTouched) return;
    this.#dateNy = dateNy;
    this.#bySymbol = new Map();
    this.#row = 0;
    this.#isOver = false;
  }
}
