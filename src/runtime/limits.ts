import { type Caps, DEFAULT_CAPS } from "../domain/gate/caps.ts";
import type { Allowlist } from "../domain/gate/gate.ts";
import { parseTicker } from "../domain/order/symbol.ts";
import type { Environment, EnvironmentVariable } from "./environment.ts";
import { decimalText } from "./settings.ts";

/** Allowlist and caps as configured. What is wrong in them blocks LIVE and does not stop the program. */
export interface Limits {
  readonly allowlist: Allowlist;
  readonly caps: Caps | null;
  /** A day's loss that ends its entries, USD above 0; `null` where none is set, or it is not valid. */
  readonly maxLossPerDayUsd: number | null;
  /** The first variable, in the documented order, whose value blocks LIVE. */
  readonly invalidConfiguration: EnvironmentVariable | null;
}

/** In the documented order, which decides the name that the gate prints. */
const CAP_VARIABLES = [
  { variable: "MAX_LIVE_ORDERS_PER_DAY", cap: "ordersPerDay", isWhole: true },
  { variable: "MAX_LIVE_POSITIONS", cap: "positions", isWhole: true },
  { variable: "MAX_LIVE_GROSS_NOTIONAL", cap: "grossNotionalUsd", isWhole: false },
  { variable: "MAX_LIVE_NOTIONAL_PER_SYMBOL", cap: "notionalPerSymbolUsd", isWhole: false },
] as const;

const LOSS_VARIABLE = "MAX_LIVE_LOSS_PER_DAY";

/** Reads allowlist and caps (interface, Environment): never a silent default for something that was set. */
export function buildLimits(environment: Environment): Limits {
  const allowlist = parseAllowlist(environment.ALLOWLIST_SYMBOLS ?? "");
  const invalid: EnvironmentVariable[] = allowlist.kind === "invalid" ? ["ALLOWLIST_SYMBOLS"] : [];
  const caps: { -readonly [key in keyof Caps]: number } = { ...DEFAULT_CAPS };
  let isEveryCapValid = true;
  for (const { variable, cap, isWhole } of CAP_VARIABLES) {
    const text = environment[variable] ?? "";
    if (text === "") continue;
    const value = parseCap(text, { isWhole });
    if (value === null) {
      isEveryCapValid = false;
      invalid.push(variable);
    } else {
      caps[cap] = value;
    }
  }
  const lossText = environment[LOSS_VARIABLE] ?? "";
  const maxLossPerDayUsd = lossText === "" ? null : parseCap(lossText, { isWhole: false });
  if (lossText !== "" && maxLossPerDayUsd === null) invalid.push(LOSS_VARIABLE);
  return {
    allowlist,
    caps: isEveryCapValid ? caps : null,
    maxLossPerDayUsd,
    invalidConfiguration: invalid[0] ?? null,
  };
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
