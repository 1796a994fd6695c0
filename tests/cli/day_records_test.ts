import { type DayMemory, readDayRecords } from "../../src/cli/day_records.ts";
import { createDenoFileSystem } from "../../src/state/deno_file_system.ts";
import { assertEquals } from "../assert.ts";
import { inOperatorDir } from "./operator_host.ts";

const DATE_NY = "2026-11-23";

function formatLine(second: number): string {
  const at = `2026-11-23T15:00:${String(second).padStart(2, "0")}.000Z`;
  return `${JSON.stringify({ v: 1, at, type: "equity", equity_usd: second, positions: [] })}\n`;
}

Deno.test("readDayRecords() with a memory reads only what was added since, and a file that is shorter by now anew", () =>
  inOperatorDir(async (stateDir) => {
    const path = `${stateDir}/events-${DATE_NY}.jsonl`;
    const real = createDenoFileSystem();
    const froms: number[] = [];
    const fs: typeof real = {
      ...real,
      readChunk: (path, options) => {
        froms.push(options.fromByte);
        return real.readChunk(path, options);
      },
    };
    const memory: DayMemory = new Map();
    const read = async (isRemembered = true) => {
      froms.length = 0;
      const query = { stateDir, fromNy: DATE_NY, toNy: DATE_NY };
      const { days, gaps } = await readDayRecords(fs, isRemembered ? { ...query, memory } : query);
      return { seen: days[0]?.events.map((event) => event["equity_usd"]), gaps };
    };
    const [one, two, three] = [formatLine(1), formatLine(2), formatLine(3)];
    // The second is not whole yet.
    await Deno.writeTextFile(path, one + two.slice(0, 9));
    assertEquals(await read(), { seen: [1], gaps: [] });
    await Deno.writeTextFile(path, `${one}${two}torn\n`);
    const torn = await read();
    assertEquals(torn.seen, [1, 2]);
    assertEquals(torn.gaps[0], `1 line of events-${DATE_NY}.jsonl could not be read`);
    assertEquals(froms[0], one.length);
    assertEquals(await read(), await read(false));
    await read();
    assertEquals(froms, [one.length + two.length + "torn\n".length]);
    await Deno.writeTextFile(path, three);
    assertEquals(await read(), { seen: [3], gaps: [] });
  }));
