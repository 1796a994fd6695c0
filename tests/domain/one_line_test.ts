import {
  formatOneLine,
  formatWithoutSecrets,
  replaceUnprintable,
} from "../../src/domain/one_line.ts";
import { assertEquals } from "../assert.ts";

const SHOWN: { what: string; text: string; shown: string }[] = [
  { what: "line breaks and tabs", text: "a\r\n\tb", shown: "a\\r\\n\\tb" },
  { what: "a terminal's escape", text: "\x1b[31mred", shown: "\\x1b[31mred" },
  { what: "a control of the second half", text: "\x9bK", shown: "\\x9bK" },
  {
    what: "separators of lines and paragraphs",
    text: "a\u2028b\u2029c",
    shown: "a\\u2028b\\u2029c",
  },
  {
    what: "marks and overrides of direction",
    text: "\u200e\u202e\u2066",
    shown: "\\u200e\\u202e\\u2066",
  },
  { what: "a byte order mark", text: "\ufeffDRY_RUN", shown: "\\ufeffDRY_RUN" },
  { what: "what shows nothing", text: "NV\u200bDA\u{e0041}", shown: "NV\\u200bDA\\u{e0041}" },
  { what: "half of a pair", text: "a\ud83d", shown: "a\\ud83d" },
  { what: "a whole pair, which can be shown", text: "a\u{1f600}", shown: "a\u{1f600}" },
];
for (const { what, text, shown } of SHOWN) {
  Deno.test(`formatOneLine() shows ${what}`, () => assertEquals(formatOneLine(text), shown));
}

Deno.test("replaceUnprintable() leaves to its caller what a character becomes", () => {
  const kept = replaceUnprintable("a\nb\x00", (character) => character === "\n" ? "\n" : " ");
  assertEquals(kept, "a\nb ");
});

Deno.test("formatWithoutSecrets() leaves no rest of a secret within a secret", () => {
  assertEquals(
    formatWithoutSecrets("key-1234 key", ["key", "", "key-1234"]),
    "[redacted] [redacted]",
  );
});
