import { buildRefusal, type SimResponse } from "./wire.ts";

/** How the data API words that it refuses a symbol of a list: by name, by several names, or without one. */
export const SYMBOL_REFUSALS = [
  "colon",
  "quoted",
  "coded",
  "sentence",
  "several",
  "unnamed_400",
  "unnamed_422",
] as const;
/** One of those wordings. */
export type SymbolRefusal = typeof SYMBOL_REFUSALS[number];

/** The data API's answer to a list with these symbols in it: the whole list fails (broker.md, the 400 row). */
export function refuseSymbols(refused: readonly string[], wording: SymbolRefusal): SimResponse {
  const first = refused[0] ?? "";
  switch (wording) {
    case "colon":
      return buildRefusal(400, null, `invalid symbol: ${first}`);
    case "quoted":
      return buildRefusal(400, 40010001, `invalid symbol "${first}"`);
    case "coded":
      return buildRefusal(422, 42210000, `invalid symbol: ${first}`);
    case "sentence":
      return buildRefusal(422, null, `${first} is not a valid symbol`);
    case "several":
      return buildRefusal(400, null, `invalid symbol(s): ${refused.join(", ")}`);
    case "unnamed_400":
      return buildRefusal(400, null, "invalid symbol");
    case "unnamed_422":
      return buildRefusal(422, 42210000, "unprocessable entity");
  }
}
