import { formatStory, tellDay } from "./day_story.ts";
import { DAY_KINDS } from "./kinds.ts";
import { findRepeats } from "./repeats.ts";

// Prints what the operator of a day is told, in order, and what of it repeats: `deno run -A tests/noise/main.ts "a split"`.
const [name = "", quiet] = Deno.args;
const encoder = new TextEncoder();
const write = (text: string) => void Deno.stdout.writeSync(encoder.encode(text));
for (const [each, kind] of Object.entries(DAY_KINDS)) {
  if (!each.includes(name)) continue;
  const lines = await tellDay(kind);
  write(`\n=== ${each}: ${lines.length} lines\n`);
  if (quiet === undefined) write(formatStory(lines));
  for (const { worst, line } of findRepeats(lines, 2)) write(`${worst} an hour: ${line}\n`);
}
