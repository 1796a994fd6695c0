import fc from "fast-check";
import { isTicker, parseTicker, upperCaseAscii } from "../../../src/domain/order/symbol.ts";
import { assertEquals } from "../../assert.ts";

for (
  const text of ["A", "F", "SPY", "BRK.B", "BF.B", "A1", "ABCDEFGHIJ", "A.B", "A.1", "ABCDEFGHI.J"]
) {
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
  "ABCDEFGHIJ.K",
  "A.........",
  "A.",
  "A..B",
  "A.B.C",
  "A.B.",
  ".",
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
  fc.assert(fc.property(fc.stringMatching(/^[A-Z0-9.\/ \n&é-]{0,13}$/), (text) => {
    if (!isTicker(text)) return;
    assertEquals(encodeURIComponent(text), text);
    const [head = "", tail, ...more] = text.split(".");
    assertEquals([head === "", tail === "", more], [false, false, []]);
    assertEquals(text.replace(".", "").length <= 10, true);
  }));
});

Deno.test("parseTicker() cuts space and upper-cases ASCII, and takes only tickers", () => {
  assertEquals(parseTicker(" brk.b\t"), "BRK.B");
  for (const text of ["", "ſpy", "ıbm", "aß", "\u212a", "ﬀ", "brk-b", "a b"]) {
    assertEquals(parseTicker(text), null, text);
  }
});

Deno.test("upperCaseAscii() changes ASCII letters alone", () => {
  fc.assert(fc.property(fc.string({ unit: "binary" }), (text) => {
    const upper = upperCaseAscii(text);
    assertEquals(upper.length, text.length);
    for (const [index, unit] of [...text].entries()) {
      if (!/^[a-z]$/.test(unit)) assertEquals([...upper][index], unit);
    }
  }));
});
