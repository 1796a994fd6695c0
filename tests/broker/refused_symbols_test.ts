import { listNamedSymbols } from "../../src/broker/refused_symbols.ts";
import { assertEquals } from "../assert.ts";

const ASKED = ["A", "BRK.B", "FOR", "IS", "NVDA", "TAOP"];

const NAMING: { message: string; named: string[] }[] = [
  { message: "invalid symbol: NVDA", named: ["NVDA"] },
  { message: "invalid symbol: BRK.B", named: ["BRK.B"] },
  { message: "Invalid symbol: A.", named: ["A"] },
  { message: "invalid symbols: NVDA, TAOP", named: ["NVDA", "TAOP"] },
  { message: "invalid symbol(s): NVDA,BRK.B", named: ["BRK.B", "NVDA"] },
  { message: 'invalid symbols: ["NVDA", "A"]', named: ["A", "NVDA"] },
  { message: "code=400, message=invalid symbol: NVDA", named: ["NVDA"] },
  { message: "asset not found for TAOP", named: ["TAOP"] },
  { message: "asset NVDA not found", named: ["NVDA"] },
  { message: 'could not find asset "NVDA"', named: ["NVDA"] },
  { message: "symbol not found: NVDA", named: ["NVDA"] },
  { message: "symbol 'NVDA' is not supported", named: ["NVDA"] },
  { message: "invalid symbol: NVDA for feed iex", named: ["NVDA"] },
];
for (const { message, named } of NAMING) {
  Deno.test(`a refusal names ${named} with ${JSON.stringify(message)}`, () => {
    assertEquals(listNamedSymbols(message, ASKED), named);
  });
}

const NOT_NAMING = [
  "",
  "invalid symbol: MSFT",
  "invalid symbol: nvda",
  "invalid symbol",
  "code=400, message=Invalid format for parameter symbols: error parsing 'NVDA,A'",
  "invalid feed: NVDA",
  "invalid start: A",
  "end should not be before start",
];
for (const message of NOT_NAMING) {
  Deno.test(`a refusal names no symbol with ${JSON.stringify(message)}`, () => {
    assertEquals(listNamedSymbols(message, ASKED), []);
  });
}
