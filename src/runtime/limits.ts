import { type Caps, DEFAULT_CAPS } from "../domain/gate/caps.ts";
import type { Allowlist } from "../domain/gate/gate.ts";
import { parseTicker } from "../domain/order/symbol.ts";
import type { Environment, EnvironmentVariable } from "./environment.ts";
import { decimalText, quoteValue } from "./settings.ts";

/** Allowlist and caps as configured. What is wrong in them blocks LIVE and does not stop the program. */
export interface Limits {
  readonly allowlist: Allowlist;
  readonly caps: Caps | null;
  /** A day's loss that ends its entries, USD above 0; `null` where none is set, or it is not valid. */
  readonly maxLossPerDayUsd: number | null;
  /** Those whose value blocks LIVE, in the documented order: the gate prints the first one's name. */
  readonly invalid: readonly InvalidLimit[];
}

/** A limit that is set to something that is none. */
export interface InvalidLimit {
  readonly variable: EnvironmentVariable;
  /** The variable, what it says, and what it should. */
  readonly message: string;
}

/** In the documented order, which decides the name that the gate prints. */
const CAP_VARIABLES = [
  { variable: "MAX_LIVE_ORDERS_PER_DAY", cap: "ordersPerDay", isWhole: true },
  { variable: "MAX_LIVE_POSITIONS", cap: "positions", isWhole: true },
  { variable: "MAX_LIVE_GROSS_NOTIONAL", cap: "grossNotionalUsd", isWhole: false },
  { variable: "MAX_LIVE_NOTIONAL_PER_SYMBOL", cap: "notionalPerSymbolUsd", isWhole: false },
] as const;

const LOSS_VARIABLE = "MAX_LIVE_LOSS_PER_DAY";
const ABOVE_0 = "a plain number of USD above 0";

/** Reads allowlist and caps (interface, Environment): never a silent default for something that was set. */
export function buildLimits(environment: Environment): Limits {
  const allowlist = parseAllowlist(environment.ALLOWLIST_SYMBOLS ?? "");
  const invalid: InvalidLimit[] = [];
  const refuse = (variable: EnvironmentVariable, wanted: string) => {
    const message = `${variable} is ${quoteValue(environment[variable] ?? "")}: give ${wanted}`;
    invalid.push({ variable, message });
  };
  if (allowlist.kind === "invalid") {
    refuse("ALLOWLIST_SYMBOLS", "tickers with commas between them, or nothing");
  }
  const caps: { -readonly [key in keyof Caps]: number } = { ...DEFAULT_CAPS };
  let isEveryCapValid = true;
  for (const { variable, cap, isWhole } of CAP_VARIABLES) {
    const text = environment[variable] ?? "";
    if (text === "") continue;
    const value = parseCap(text, { isWhole });
    if (value === null) {
      isEveryCapValid = false;
      refuse(variable, `${isWhole ? "a whole number above 0" : ABOVE_0}, or nothing`);
    } else {
      caps[cap] = value;
    }
  }
  const lossText = environment[LOSS_VARIABLE] ?? "";
  const maxLossPerDayUsd = lossText === "" ? null : parseCap(lossText, { isWhole: false });
  if (lossText !== "" && maxLossPerDayUsd === null) {
    refuse(LOSS_VARIABLE, `${ABOVE_0}, or nothing for no limit`);
  }
  return { allowlist, caps: isEveryCapValid ? caps : null, maxLossPerDayUsd, invalid };
}

/** A cap's value, or `null` for anything but a plain finite number above 0, whole where it counts things. */
function parseCap(text: string, { isWhole }: { readonly isWhole: boolean }): number | null {
  const parsed = decimalText.safeParse(text);
  if (!parsed.success || !(parsed.data > 0)) return null;
  return isWhole && !Number.isSafeInteger(parsed.data) ? null : parsed.data;
}

/**
 * Tickers by the watchlist's rule (pipeline 1), sorted, each once. Set but without a ticker, or with something that is
 * none, is invalid.
 */
function parseAllowlist(text: string): Allowlist {
  if (text === "") return { kind: "all" };
  const items = text.split(",").filter((item) => item.trim() !== "");
  const symbols = items.map(parseTicker).filter((symbol) => symbol !== null);
  if (symbols.length === 0 || symbols.length < items.length) return { kind: "invalid" };
  return { kind: "list", symbols: [...new Set(symbols)].sort() };
}
