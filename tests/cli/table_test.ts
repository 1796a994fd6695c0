import { formatNarrowTable, wrapLine } from "../../src/cli/table.ts";
import { assertEquals } from "../assert.ts";

const WORDS = "word ".repeat(20).trim();

Deno.test("wrapLine() keeps the spaces that a text begins with, and indents each further line", () => {
  assertEquals(wrapLine(`   ${WORDS}`, "      "), [
    `   ${"word ".repeat(15).trim()}`,
    `      ${"word ".repeat(5).trim()}`,
  ]);
  assertEquals(wrapLine("", "  "), [""]);
  assertEquals(wrapLine(`${"x".repeat(90)} y`, "  "), ["x".repeat(90), "  y"]);
});

Deno.test("formatNarrowTable() indents all of what a row has no room for", () => {
  const columns = [{ head: "A", align: "left" }, { head: "B", align: "left" }] as const;
  const lines = formatNarrowTable(columns, [["NVDA", `${WORDS} ${WORDS}`]]);
  assertEquals(lines.map((line) => line.length <= 80), lines.map(() => true));
  const [, first, ...rest] = lines;
  assertEquals(first?.startsWith("NVDA  word"), true);
  assertEquals(rest.map((line) => /^ {13}word/.test(line)), rest.map(() => true));
  assertEquals([first, ...rest].join(" ").match(/word/g)?.length, 40);
});
