import fc from "fast-check";
import { isTicker } from "../../src/domain/symbol.ts";
import { assertEquals } from "../assert.ts";

for (const text of ["A", "F", "SPY", "BRK.B", "BF.B", "A1", "ABCDEFGHIJ", "A........."]) {
  Deno.test(`isTicker() takes ${text}`, () => assertEquals(isTicker(text), true));
}

const foreign = [
  "",
  " ",
  "spy",
  "Spy",
  " SPY",
  "SPY ",
  "SPY\n",
  "\nSPY",
  "SPY\r\n",
  "1SPY",
  ".SPY",
  "BRK-B",
  "BRK/B",
  "BRK B",
  "SPY,QQQ",
  "ABCDEFGHIJK",
  "ЅРY",
  "ＳＰＹ",
  "É",
  "SPY\0",
  "../SPY",
  "SPY?",
  "null,",
];
for (const text of foreign) {
  Deno.test(`isTicker() refuses ${JSON.stringify(text)}`, () => {
    assertEquals(isTicker(text), false);
  });
}

Deno.test("isTicker() takes nothing that a URL, a file name or a CSV field would have to quote", () => {
  fc.assert(fc.property(fc.stringMatching(/^[A-Z0-9.\/ \n&é-]{0,12}$/), (text) => {
    if (!isTicker(text)) return;
    assertEquals(encodeURIComponent(text), text);
    assertEquals(text.length >= 1 && text.length <= 10, true);
  }));
});
