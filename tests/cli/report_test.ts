import fc from "fast-check";
import type { RecordedEvent } from "../../src/domain/day/events.ts";
import { buildDayView } from "../../src/domain/day/day_view.ts";
import { escapeHtml, markup } from "../../src/cli/report/markup.ts";
import { buildReport, type DayReportFacts } from "../../src/cli/report/page.ts";
import { spreadLabels, thinOut } from "../../src/cli/report/scale.ts";
import { assert, assertEquals, assertFalse, assertStringIncludes } from "../assert.ts";
import { runOperator, withStateDir } from "../support/operator_run.ts";

const DATE_NY = "2026-11-23";
const FACTS: DayReportFacts = { program: "p", gaps: [], nowMs: 0, previous: null, next: null };
const START: RecordedEvent = {
  at: "2026-11-23T14:00:00.000Z",
  type: "engine_started",
  endpoint: "paper",
  host: "h",
  version: "1",
};
const TEXT = `${JSON.stringify({ v: 1, ...START })}\n`;

Deno.test("report writes the day into the state directory, mode 0600, and says where", () =>
  withStateDir({ [`events-${DATE_NY}.jsonl`]: `${TEXT}{"v":1,"at":` + "\n" }, async (dir) => {
    const { status, out, error } = await runOperator(["report", "--date", DATE_NY], dir);
    const path = `${dir}/report-${DATE_NY}.html`;
    assertEquals([status, out, error], [0, `Report of ${DATE_NY}: ${path}\n`, ""]);
    const page = await Deno.readTextFile(path);
    assert(page.startsWith("<!doctype html>"));
    assertStringIncludes(page, "DRY_RUN (paper): no order simulated, none sent");
    assertStringIncludes(page, `1 line of events-${DATE_NY}.jsonl could not be read`);
    assertEquals((await Deno.stat(path)).mode ?? 0, 0o100600);
  }));

Deno.test("report is of today in New York where no day is asked for", () =>
  withStateDir({ [`events-${DATE_NY}.jsonl`]: TEXT }, async (dir) => {
    // 22:00 on the 23rd in New York is the 24th in UTC.
    const nowMs = Date.parse("2026-11-24T03:00:00Z");
    assertEquals((await runOperator(["report"], dir, { nowMs })).status, 0);
  }));

Deno.test("report --out writes there, and - is standard output", () =>
  withStateDir({ [`events-${DATE_NY}.jsonl`]: TEXT }, async (dir) => {
    const page = await runOperator(["report", "--date", DATE_NY, "--out", "-"], dir);
    assertEquals(page.status, 0);
    assert(page.out.startsWith("<!doctype html>") && page.out.endsWith("</html>\n"));
    const path = `${dir}/day.html`;
    await runOperator(["report", "--date", DATE_NY, "--out", path], dir);
    assertEquals(await Deno.readTextFile(path), page.out);
  }));

const refused: { when: string; args: string[]; status: number; words: string }[] = [
  {
    when: "the day has no events",
    args: ["--date", "2026-11-20"],
    status: 1,
    words: "no events of 2026-11-20",
  },
  { when: "the day is none", args: ["--date", "2026-02-30"], status: 64, words: "--date" },
  {
    when: "the place can't be written",
    args: ["--date", DATE_NY, "--out", "/dev/null/x.html"],
    status: 78,
    words: "--out can't be written",
  },
  {
    when: "the place is a directory",
    args: ["--date", DATE_NY, "--out", "/tmp"],
    status: 78,
    words: '--out is "/tmp", a directory: name a file in it',
  },
  {
    when: "the place is empty",
    args: ["--date", DATE_NY, "--out="],
    status: 64,
    words: "Option --out is empty: name a file, or - for standard output",
  },
];
for (const { when, args, status, words } of refused) {
  Deno.test(`report ends with ${status} and one line when ${when}`, () =>
    withStateDir({ [`events-${DATE_NY}.jsonl`]: TEXT }, async (dir) => {
      const run = await runOperator(["report", ...args], dir);
      assertEquals([run.status, run.out], [status, ""]);
      assertStringIncludes(run.error, words);
      assertEquals(run.error.trimEnd().split("\n").length, 1);
    }));
}

Deno.test("report refuses with 78 a place that the process may not write", () =>
  withStateDir({ [`events-${DATE_NY}.jsonl`]: TEXT }, async (dir) => {
    const run = await runOperator(["report", "--date", DATE_NY, "--out", "/elsewhere/x"], dir, {
      isPermitted: (need) => need.name !== "write",
    });
    assertEquals(run.status, 78);
    assertStringIncludes(run.error, '--out is "/elsewhere/x", which this process may not write');
  }));

Deno.test("the page holds no script, no address to load, and forbids both", () => {
  const page = buildReport(buildDayView([START], DATE_NY), FACTS);
  assertFalse(/<script|\bsrc=|\bhref=|url\(|@import/i.test(page));
  assertStringIncludes(page, "default-src 'none'");
});

Deno.test("a day without records has unknown results, not 0.00 and none", () => {
  const page = buildReport(buildDayView([], DATE_NY), FACTS);
  for (const name of ["Day result", "Closed trades", "Open result"]) {
    const [, value] = new RegExp(`<dt>${name}</dt>\\s*<dd>(.*?)<small>`).exec(page) ?? [];
    assertEquals(value, "unknown", name);
  }
});

Deno.test("the market's hours stand whole on its band, or not at all where something is drawn on them", () => {
  const view = buildDayView([START], DATE_NY);
  const { openMs, closeMs } = view;
  const draw = (toldMs: number, fromMs: number) => {
    const marketUnknown = [{ fromMs, toMs: fromMs + 600_000 }];
    return buildReport({ ...view, toldMs, spans: { ...view.spans, marketUnknown } }, FACTS);
  };
  const HOURS = ">open 09:30 to 16:00</text>";
  assertStringIncludes(draw(closeMs, closeMs - 600_000), HOURS);
  assertFalse(draw(closeMs, openMs + 600_000).includes(HOURS));
  assertFalse(draw(openMs + 3_000_000, closeMs).includes(">open 09</text>"));
});

Deno.test("escapeHtml() leaves nothing that could end a text or an attribute", () => {
  fc.assert(fc.property(fc.string({ unit: "binary" }), (text) => {
    const escaped = escapeHtml(text);
    assertFalse(/[<>"']/.test(escaped), escaped);
    assertFalse(/&(?!(amp|lt|gt|quot|#39);)/.test(escaped), escaped);
  }));
  assertEquals(escapeHtml("a\u202eb\u0007c"), "a b c");
});

Deno.test("markup`` escapes values, joins lists, and leaves null out", () => {
  const inner = markup`<b>${"<i>"}</b>`;
  assertEquals(markup`${[inner, 1, null, "&"]}`.text, "<b>&lt;i&gt;</b>1&amp;");
});

Deno.test("whatever texts the events hold, the page keeps its own elements and no others", () => {
  const build = (text: string) => {
    const names = ["reason", "message", "detail", "title", "text", "host", "version", "endpoint"];
    const given = Object.fromEntries(names.map((name) => [name, text]));
    const types = ["engine_started", "gate", "skip", "error", "alert", "verdict", "order_answer"];
    const events = types.map((type): RecordedEvent => ({
      ...given,
      at: "2026-11-23T15:00:00.000Z",
      type,
      symbol: text,
      is_allowed: false,
      outcome: "rejected",
    }));
    return buildReport(buildDayView(events, DATE_NY), FACTS);
  };
  const tags = (page: string) => page.match(/<[a-z!/][^\s>]*/gi)?.sort();
  const plain = tags(build("ordinary"));
  fc.assert(
    fc.property(fc.string({ unit: "binary", minLength: 1, maxLength: 80 }), (text) => {
      assertEquals(tags(build(`<script>"'${text}`)), plain);
    }),
    { numRuns: 30 },
  );
});

Deno.test("spreadLabels() keeps labels apart and in their order", () => {
  const heights = fc.array(fc.integer({ min: 0, max: 200 }), { minLength: 1, maxLength: 8 });
  fc.assert(fc.property(heights, (wanted) => {
    const placed = spreadLabels(wanted, { gap: 14, min: 0, max: 200 });
    const sorted = [...placed].sort((a, b) => a - b);
    for (let index = 1; index < sorted.length; index++) {
      assert((sorted[index] ?? 0) - (sorted[index - 1] ?? 0) >= 13.9, `${wanted}: ${placed}`);
    }
    assert(sorted.every((at) => at >= -0.1 && at <= 200.1), `${wanted}: ${placed}`);
  }));
});

Deno.test("thinOut() keeps the ends and the extremes", () => {
  const points = Array.from({ length: 5000 }, (_, index) => ({
    atMs: index,
    value: index === 1234 ? 900 : index === 3456 ? -900 : Math.sin(index / 50),
  }));
  const kept = thinOut(points, 200);
  assert(kept.length <= 210, `${kept.length}`);
  const values = kept.map((point) => point.value);
  assert(values.includes(900) && values.includes(-900));
  assertEquals([kept[0]?.atMs, kept.at(-1)?.atMs], [0, 4999]);
});
