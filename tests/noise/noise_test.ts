import { assertEquals } from "../assert.ts";
import { tellDay } from "./day_story.ts";
import { SAMPLE_DAY_NY, SAMPLE_HALF_DAY_NY } from "../simulator/scenario.ts";
import { DAY_KINDS } from "./kinds.ts";
import { isCounted, listMissing, parseMessage } from "./phone_rules.ts";
import { findRepeats } from "./repeats.ts";

/** Said oftener than this within an hour with the same meaning, a thing is to be counted. */
const TIMES_MAX = 2;
/** In each cycle, or for each pair of bars or order, by the specification's own words; each raise of a stop is one. */
const EACH_TIME =
  /^(journal: (Gate (mode|allowlist|caps|PASS|FAIL)|Market closed; skipping cycle|STOP )|log: [A-Z.]+ stop raised to )/;
/** What each of two starts in a row says all the same, beside the hour's own: its journal, and a heartbeat (interface). */
const STARTS_MAX = 3;
const OF_A_START = /^journal: |Execution heartbeat/;
/** How a position stands, anew with its adoption; and the account, with its position, without it and after a heartbeat. */
const STANDS = /^log: ([A-Z.]+ at # stop |equity )/;
const STANDS_MAX = 4;
/** Kinds that are told of a half day too: one ends flat, one holds over the weekend. */
const HALF_KINDS = ["a trend", "a stock that stands still"];

const days = [
  ...Object.entries(DAY_KINDS).map(([name, kind]) => ({ name, kind, dateNy: SAMPLE_DAY_NY })),
  ...Object.entries(DAY_KINDS).filter(([name]) => HALF_KINDS.includes(name))
    .map(([name, kind]) => ({ name: `${name}, a half one`, kind, dateNy: SAMPLE_HALF_DAY_NY })),
];
for (const { name, kind, dateNy } of days) {
  Deno.test(`of a day with ${name} nothing is told more than twice an hour, no message leaves a question, and nouns go with their numbers`, async () => {
    const lines = await tellDay(kind, dateNy);
    const isRestarted = /^processes that end|a restart$/.test(name);
    const repeats = findRepeats(lines, TIMES_MAX).filter(({ line, worst }) =>
      !EACH_TIME.test(line) && !(isRestarted && worst <= STARTS_MAX && OF_A_START.test(line)) &&
      !(worst <= STANDS_MAX && STANDS.test(line))
    );
    assertEquals(repeats, []);
    const missing = lines.filter(({ surface }) => surface === "Slack").flatMap(({ text }) =>
      listMissing(parseMessage(text)).map((rule) => `${rule}: ${text}`)
    );
    assertEquals(missing, []);
    assertEquals(lines.filter(({ text }) => !isCounted(text)), []);
  });
}
