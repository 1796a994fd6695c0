import * as fc from "fast-check";
import type { WatchlistRead } from "../../src/domain/entry/watchlist_step.ts";
import { createDenoFileSystem } from "../../src/state/deno_file_system.ts";
import { createWatchlistFile, parseWatchlistCsv } from "../../src/state/watchlist_file.ts";
import {
  assert,
  assertEquals,
  assertNotEquals,
  assertStrictEquals,
  assertStringIncludes,
} from "../assert.ts";
import { MemoryDisk } from "./memory_disk.ts";
import { makeLinks, withDir } from "./real_disk.ts";

const PATH = "/base/daily_candidates.csv";
const HEADER = "Symbol,Price,Entry_Level,Entry_DistPct,Stop_Loss,Target_R2,Anchor";
const GOOD = `${HEADER}\nNVDA,119.5,120,0.4,115,130,Earnings\nF,10,10.5,,9,12,\n`;

function buildWorld(content: string | Uint8Array | null) {
  const disk = new MemoryDisk();
  disk.putDir("/base");
  if (content !== null) disk.put(PATH, content);
  return { disk, watchlist: createWatchlistFile({ fs: disk, path: PATH }) };
}

function expectRead(read: WatchlistRead) {
  if (read.kind !== "read") throw new Error(read.kind);
  return read;
}

function parseOk(text: string) {
  const watchlist = parseWatchlistCsv(text);
  if (watchlist.kind !== "parsed") throw new Error(watchlist.reason);
  return watchlist;
}

const SAME: { when: string; text: string }[] = [
  { when: "it begins with a byte-order mark", text: `\uFEFF${GOOD}` },
  { when: "lines end in CRLF", text: GOOD.replaceAll("\n", "\r\n") },
  { when: "lines end in CR", text: GOOD.replaceAll("\n", "\r") },
  { when: "line ends are mixed", text: GOOD.replace("\n", "\r\n") },
  { when: "the last line has no end", text: GOOD.trimEnd() },
  { when: "there are blank lines", text: `\n\n${GOOD.replaceAll("\n", "\n\n  \n")}\n` },
  { when: "fields are quoted", text: GOOD.replaceAll(/[^,\n]+/g, (field) => `"${field}"`) },
];
for (const { when, text } of SAME) {
  Deno.test(`parseWatchlistCsv() reads the same when ${when}`, () => {
    assertEquals(parseOk(text).candidates, parseOk(GOOD).candidates);
    assertEquals(parseOk(text).candidates.map(({ symbol }) => symbol), ["NVDA", "F"]);
  });
}

Deno.test("parseWatchlistCsv() names lines as an editor counts them, line feeds in quotes included", () => {
  const text = [
    `\uFEFFSector,${HEADER}`, // 1
    '"a', // 2
    'b ""quoted"", with comma",bad1,x', // 3
    "", // 4
    '"c\r', // 5 and, with the CR, its end
    'd","bad 2",x', // 6
    ",,,", // 7
    "   ", // 8
    "Tech,GM,10,10.5,1,9,12,x", // 9
    "Tech,bad 3", // 10
  ].join("\r\n").replace("\r\r\n", "\r\n");
  const { candidates, dropped } = parseOk(text);
  assertEquals(candidates.map(({ symbol }) => symbol), ["GM"]);
  assertEquals(dropped.map(({ line, symbol }) => [line, symbol]), [
    [2, "BAD1"],
    [5, "bad 2"],
    [7, ""],
    [10, "bad 3"],
  ]);
});

const REFUSED: { when: string; text: string; words: string }[] = [
  { when: "it is empty", text: "", words: "no header row" },
  { when: "it is blank", text: "\n \n\n", words: "no header row" },
  { when: "a quote is not closed", text: `${GOOD}"AAPL,1,1\n`, words: "a quote is not closed" },
  { when: "a quote stands within a field", text: `${GOOD}AA"PL,1\n`, words: "line 4: a quote" },
  { when: "text follows a quote", text: `${GOOD}"AA"PL,1\n`, words: "line 4: text behind" },
  { when: "it is a web page", text: "<!doctype html>\n<p>no</p>", words: "missing columns" },
  {
    when: "it has more than 10,000 rows",
    text: `${HEADER}\n${"F,10,10.5,1,9,12,x\n\n".repeat(10_001)}`,
    words: "more than 10000 rows",
  },
  {
    when: "a row is longer than any",
    text: `${GOOD}F,10,10.5,1,9,12,${"x".repeat(70_000)}\n`,
    words: "line 4: a row is longer than 65536 characters",
  },
  {
    when: "its header has a million columns",
    text: `${HEADER}${",".repeat(1_000_000)}\n`,
    words: "line 1: a row is longer than 65536 characters",
  },
  {
    when: "a row of many lines is longer than any",
    text: `${GOOD}F,10,10.5,1,9,12,"${"x\n".repeat(40_000)}"\n`,
    words: "a row is longer than 65536 characters",
  },
  { when: "it is 4 MB of quotes", text: '"'.repeat(4 * 1024 * 1024), words: "line 1: a row is" },
  {
    when: "it is separated by semicolons",
    text: GOOD.replaceAll(",", ";"),
    words: "missing",
  },
];
for (const { when, text, words } of REFUSED) {
  Deno.test(`parseWatchlistCsv() refuses the file when ${when}`, () => {
    const watchlist = parseWatchlistCsv(text);
    assert(watchlist.kind === "refused");
    assertStringIncludes(watchlist.reason, words);
    assert(!watchlist.reason.includes("\n"));
  });
}

Deno.test("parseWatchlistCsv() never throws, whatever the text", () => {
  const piece = fc.constantFrom('"', ",", "\n", "\r", "A", "1", " ", HEADER, "\u0000", "é");
  fc.assert(
    fc.property(fc.array(piece, { maxLength: 30 }), (pieces) => {
      assert(["parsed", "refused"].includes(parseWatchlistCsv(pieces.join("")).kind));
    }),
    { numRuns: 500 },
  );
});

Deno.test("parseWatchlistCsv() never reads a row of a truncated file that the whole one does not have", () => {
  const whole = JSON.stringify(parseOk(GOOD).candidates);
  for (let length = 0; length < GOOD.length - 1; length++) {
    const watchlist = parseWatchlistCsv(GOOD.slice(0, length));
    if (watchlist.kind === "refused") continue;
    // A number can be cut within its digits: the row of the cut is the one that may differ.
    for (const candidate of watchlist.candidates.slice(0, -1)) {
      assertStringIncludes(whole, JSON.stringify(candidate));
    }
  }
});

Deno.test("the watchlist file is read with its time, and its version is that of the content", async () => {
  const { disk, watchlist } = buildWorld(GOOD);
  const first = expectRead(await watchlist.read());
  assertEquals([first.path, first.modifiedAtMs], [PATH, disk.nowMs]);
  disk.put(PATH, GOOD, { modifiedAtMs: disk.nowMs + 1000 });
  const touched = expectRead(await watchlist.read());
  assertEquals([touched.version, touched.modifiedAtMs], [first.version, disk.nowMs + 1000]);
  assertStrictEquals(touched.watchlist, first.watchlist, "parsed once per version");
  disk.put(PATH, GOOD.replace("119.5", "119.6"));
  const changed = expectRead(await watchlist.read());
  assertNotEquals(changed.version, first.version);
  assertNotEquals(changed.watchlist, first.watchlist);
  disk.put(PATH, GOOD);
  assertEquals(expectRead(await watchlist.read()).version, first.version);
});

Deno.test("the watchlist file is missing when nothing, or a broken link, is there", async () => {
  const { disk, watchlist } = buildWorld(null);
  assertEquals(await watchlist.read(), { kind: "missing", path: PATH });
  disk.putLink(PATH, "/nothing");
  assertEquals(await watchlist.read(), { kind: "missing", path: PATH });
});

const UNREADABLE: { when: string; place: (disk: MemoryDisk) => void; words: string }[] = [
  { when: "it is a directory", place: (disk) => disk.putDir(PATH), words: "not a regular file" },
  { when: "it is a pipe", place: (disk) => disk.putOther(PATH), words: "not a regular file" },
  {
    when: "it is not UTF-8",
    place: (disk) => disk.put(PATH, new Uint8Array([...new TextEncoder().encode(GOOD), 0xe9])),
    words: "not valid UTF-8",
  },
  {
    when: "the disk can't look",
    place: (disk) => disk.fault = (step) => step.op === "stat" ? "permission denied" : null,
    words: "permission denied",
  },
  {
    when: "the disk can't read",
    place: (disk) => {
      disk.put(PATH, GOOD);
      disk.fault = (step) => step.op === "read" ? "input/output error" : null;
    },
    words: "input/output error",
  },
];
for (const { when, place, words } of UNREADABLE) {
  Deno.test(`the watchlist file is unreadable when ${when}`, async () => {
    const { disk, watchlist } = buildWorld(null);
    place(disk);
    const read = await watchlist.read();
    assert(read.kind === "unreadable", read.kind);
    assertStringIncludes(read.message, words);
  });
}

Deno.test("the watchlist file is read again when it changed meanwhile, and given up when it goes on", async () => {
  const { disk, watchlist } = buildWorld(GOOD);
  let changes = 1;
  disk.fault = (step) => {
    if (step.op === "read" && changes-- > 0) {
      disk.nowMs += 10;
      disk.put(PATH, `${GOOD}GM,${changes + 2},10.5,1,9,12,x\n`);
    }
    return null;
  };
  const read = expectRead(await watchlist.read());
  assertEquals(read.modifiedAtMs, disk.nowMs, "the time is that of what was read");
  changes = 99;
  const never = await watchlist.read();
  assert(never.kind === "unreadable");
  assertStringIncludes(never.message, "keeps changing");
});

Deno.test("the watchlist file is refused unread when it is over 4 MB, and keeps its time", async () => {
  const MAX_BYTES = 4 * 1024 * 1024;
  const { disk, watchlist } = buildWorld(GOOD.padEnd(MAX_BYTES, "\n"));
  const whole = expectRead(await watchlist.read());
  assertEquals(whole.watchlist.kind, "parsed", "exactly 4 MB is a list");
  disk.put(PATH, GOOD.padEnd(MAX_BYTES + 1, "\n"));
  disk.steps.length = 0;
  const read = expectRead(await watchlist.read());
  assertEquals(read.watchlist, {
    kind: "refused",
    reason: `it is larger than 4 MB: ${MAX_BYTES + 1} bytes`,
  });
  assertEquals(read.modifiedAtMs, disk.nowMs);
  assertEquals(disk.steps.filter(({ op }) => op === "read"), []);
});

const WHOLE_ROWS = `${GOOD}GM,10,10.5,1,9,12,x`;
const CUTS: { when: string; text: string; symbols: string[] | null }[] = [
  { when: "has its end", text: `${WHOLE_ROWS}\n`, symbols: null },
  { when: "ends in CRLF", text: `${WHOLE_ROWS}\r\n`, symbols: null },
  { when: "ends in CR", text: `${WHOLE_ROWS}\r`, symbols: null },
  { when: "is blank", text: `${WHOLE_ROWS}\n  `, symbols: null },
  { when: "is the header", text: HEADER, symbols: null },
  { when: "has no end", text: WHOLE_ROWS, symbols: ["NVDA", "F"] },
  { when: "is cut within a number", text: WHOLE_ROWS.slice(0, -6), symbols: ["NVDA", "F"] },
  { when: "is cut within a quote", text: `${GOOD}GM,10,10.5,1,9,12,"x`, symbols: ["NVDA", "F"] },
  { when: "is the only row", text: `${HEADER}\nNVDA,119.5,120,0.4,115,13`, symbols: [] },
];
for (const { when, text, symbols } of CUTS) {
  Deno.test(`the watchlist file tells what is left while a writer is at work when its last line ${when}`, async () => {
    const { whileWriting } = expectRead(await buildWorld(text).watchlist.read());
    const left = whileWriting?.kind === "parsed"
      ? whileWriting.candidates.map(({ symbol }) => symbol)
      : null;
    assertEquals(left, symbols);
  });
}

Deno.test("the watchlist file has one version whatever its byte-order mark and line ends", async () => {
  const versions = await Promise.all(
    SAME.slice(0, 5).map(async ({ text }) =>
      expectRead(await buildWorld(text).watchlist.read()).version
    ),
  );
  assertEquals(new Set(versions).size, 1);
});

Deno.test("a refused watchlist file keeps its time and version", async () => {
  const { watchlist } = buildWorld("no,columns\n");
  const read = expectRead(await watchlist.read());
  assertEquals(read.watchlist.kind, "refused");
  assertEquals(read.version.length, 64);
});

Deno.test("the watchlist file works on the real disk, through a link too", () =>
  withDir(async (dir) => {
    await Deno.writeTextFile(`${dir}/2026-11-23.csv`, GOOD);
    const at = new Date(Date.UTC(2026, 10, 23, 12));
    await Deno.utime(`${dir}/2026-11-23.csv`, at, at);
    await makeLinks({ [`${dir}/daily_candidates.csv`]: `${dir}/2026-11-23.csv` });
    const path = `${dir}/daily_candidates.csv`;
    const read = expectRead(await createWatchlistFile({ fs: createDenoFileSystem(), path }).read());
    assertEquals(read.modifiedAtMs, at.getTime());
    assert(read.watchlist.kind === "parsed");
    assertEquals(read.watchlist.candidates.length, 2);
  }));
