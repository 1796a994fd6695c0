import { assertEquals } from "../assert.ts";
import { tellDay } from "./day_story.ts";
import { DAY_KINDS } from "./kinds.ts";
import { isCounted, listMissing, parseMessage } from "./phone_rules.ts";
import { findRepeats } from "./repeats.ts";

/** Said oftener than this within an hour with the same meaning, a thing is to be counted. */
const TIMES_MAX = 2;
/** In each cycle, or for each pair of bars or order, by the specification's own words. */
const EACH_TIME =
  /^journal: (Gate (mode|allowlist|caps|PASS|FAIL)|Market closed; skipping cycle|STOP )/;
/** What each of two starts in a row says all the same, beside the hour's own: its journal, and a heartbeat (interface). */
const STARTS_MAX = 3;
const OF_A_START = /^journal: |Execution heartbeat/;

for (const [name, kind] of Object.entries(DAY_KINDS)) {
  Deno.test(`of a day with ${name} nothing is told more than twice an hour, no message leaves a question, and nouns go with their numbers`, async () => {
    const lines = await tellDay(kind);
    const isRestarted = name.startsWith("processes that end");
    const repeats = findRepeats(lines, TIMES_MAX).filter(({ line, worst }) =>
      !EACH_TIME.test(line) && !(isRestarted && worst <= STARTS_MAX && OF_A_START.test(line))
    );
    assertEquals(repeats, []);
    const missing = lines.filter(({ surface }) => surface === "Slack").flatMap(({ text }) =>
      listMissing(parseMessage(text)).map((rule) => `${rule}: ${text}`)
    );
    assertEquals(missing, []);
    assertEquals(lines.filter(({ text }) => !isCounted(text)), []);
  });
}
