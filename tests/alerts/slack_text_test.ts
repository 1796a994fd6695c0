import fc from "fast-check";
import { buildSlackText, formatTitle, TEXT_CHARS_MAX } from "../../src/alerts/slack_text.ts";
import { assert, assertEquals, assertFalse } from "../assert.ts";

const MARK = "LIVE paper";

Deno.test("buildSlackText() puts the title first and the mark at the message's start", () => {
  const alert = {
    level: "ERROR",
    title: "Execution error",
    text: "AAPL: refused\nDo: look",
  } as const;
  assertEquals(
    buildSlackText(alert, MARK),
    "[AVWAP][EXECUTION][ERROR] Execution error\nLIVE paper: AAPL: refused\nDo: look",
  );
});

const cases: { what: string; text: string; line: string }[] = [
  { what: "an ampersand", text: "a&b", line: "a&amp;b" },
  { what: "a mention of everybody", text: "<!channel>", line: "&lt;!channel&gt;" },
  { what: "an escape already made, which is text", text: "&lt;", line: "&amp;lt;" },
  { what: "terminal controls", text: "a\u001b[31mb\u0000c\u009bd", line: "a [31mb c d" },
  { what: "a direction override", text: "a\u202eb\u2066c\u200fd", line: "a b c d" },
  { what: "a lone surrogate", text: "a\ud800b", line: "a b" },
  { what: "a tab", text: "a\tb", line: "a b" },
  { what: "a carriage return", text: "a\rb", line: "a\nb" },
  { what: "a Windows line end", text: "a\r\nb", line: "a\nb" },
  { what: "a line separator", text: "a\u2028b", line: "a b" },
  { what: "an emoji, which stays", text: "a😀b", line: "a😀b" },
  { what: "nothing", text: "", line: "" },
];
for (const { what, text, line } of cases) {
  Deno.test(`buildSlackText() makes ${JSON.stringify(line)} of ${what}`, () => {
    const built = buildSlackText({ level: "INFO", title: "T", text }, MARK);
    const space = line === "" ? "" : " ";
    assertEquals(built, `[AVWAP][EXECUTION][INFO] T\nLIVE paper:${space}${line}`);
  });
}

const ids: { text: string; cut: string }[] = [
  {
    text: "not confirmed: 9e3779b1-0001-4000-8000-000000000001 (pending_cancel)",
    cut: "not confirmed: an order (pending_cancel)",
  },
  {
    text: "stop 7 at 117.10 gtc (order 9e3779b1-0001-4000-8000-000000000001). Take it over",
    cut: "stop 7 at 117.10 gtc. Take it over",
  },
  {
    text: "is new, order 9e3779b1-0001-4000-8000-000000000001: the engine manages it",
    cut: "is new: the engine manages it",
  },
  { text: "order 9e3779b1-0001-4000-8000-000000000001 ends", cut: "an order ends" },
];
for (const { text, cut } of ids) {
  Deno.test(`buildSlackText() says ${JSON.stringify(cut)} without the order's id`, () => {
    const built = buildSlackText({ level: "ERROR", title: "T", text }, MARK);
    assertEquals(built, `[AVWAP][EXECUTION][ERROR] T\n${MARK}: ${cut}`);
  });
}

Deno.test("formatTitle() is one line whatever the title holds", () => {
  assertEquals(formatTitle({ level: "TRADE", title: " a\n\tb " }), "[AVWAP][EXECUTION][TRADE] a b");
});

Deno.test("buildSlackText() leaves a text of exactly the limit whole and cuts one more", () => {
  const head = "[AVWAP][EXECUTION][INFO] T\nLIVE paper: ".length;
  const fits = "x".repeat(TEXT_CHARS_MAX - head);
  const build = (text: string) => buildSlackText({ level: "INFO", title: "T", text }, MARK);
  assertEquals(build(fits).length, TEXT_CHARS_MAX);
  assertFalse(build(fits).includes("(cut:"));
  const cut = build(`${fits}x`);
  assertEquals(cut.length, TEXT_CHARS_MAX);
  assert(
    cut.endsWith(`\n(cut: the whole message has ${TEXT_CHARS_MAX + 1} characters, see the log)`),
  );
});

Deno.test("buildSlackText() is bounded, whole in its escapes and free of controls, whatever comes", () => {
  const nasty = fc.array(
    fc.constantFrom("&", "<", ">", "😀", "\u0007", "\ud800", "a", "\n", "\r"),
    {
      maxLength: 4000,
    },
  ).map((parts) => parts.join(""));
  fc.assert(
    fc.property(fc.oneof(nasty, fc.string({ unit: "binary" })), (text) => {
      const built = buildSlackText({ level: "INFO", title: text, text }, MARK);
      assert(built.length <= TEXT_CHARS_MAX, "too long");
      assert(built.isWellFormed(), "half a surrogate pair");
      assertFalse(/[<>]/.test(built), "a bracket is left");
      assertFalse(/&(?!amp;|lt;|gt;)/.test(built), "half an escape");
      // deno-lint-ignore no-control-regex -- controls are what is looked for
      assertFalse(/[\u0000-\u0009\u000b-\u001f\u007f-\u009f]/.test(built), "a control is left");
    }),
    { numRuns: 200 },
  );
});
