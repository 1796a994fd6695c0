import type { Watchlist } from "../../src/domain/entry/candidate.ts";
import {
  OPTIONAL_COLUMNS,
  parseWatchlist,
  REQUIRED_COLUMNS,
  type WatchlistRecord,
} from "../../src/domain/entry/watchlist.ts";
import { createDenoFileSystem } from "../../src/state/deno_file_system.ts";
import { createWatchlistFile } from "../../src/state/watchlist_file.ts";
import { assert, assertEquals } from "../assert.ts";
import { cutSection, listRows, readCode } from "./page.ts";
import { readText, ROOT } from "./texts.ts";

const EXAMPLE = "deploy/daily_candidates.example.csv";
const ROWS = listRows(cutSection(await readText("deploy/REFERENCE.md"), "Watchlist"));
const COLUMNS: readonly string[] = [...REQUIRED_COLUMNS, ...OPTIONAL_COLUMNS];

/** The example as records: it has no quotes. */
const RECORDS: readonly WatchlistRecord[] = (await readText(EXAMPLE)).trim().split("\n")
  .map((line, index) => ({ line: index + 1, fields: line.split(",") }));

Deno.test("the example of a watchlist is read without a dropped row, and has every column", async () => {
  const path = new URL(EXAMPLE, ROOT).pathname;
  const read = await createWatchlistFile({ fs: createDenoFileSystem(), path }).read();
  assert(read.kind === "read" && read.watchlist.kind === "parsed");
  assertEquals(read.watchlist.dropped, []);
  assertEquals(read.watchlist.oddScanDate, null);
  assertEquals(read.watchlist.candidates.length, RECORDS.length - 1);
  const header = RECORDS[0]?.fields ?? [];
  assertEquals(COLUMNS.filter((column) => !header.includes(column)), []);
});

Deno.test("the reference has each column of the watchlist, needed or not", () => {
  const written = ROWS.map(([name = "", needed = ""]) => `${readCode(name)} ${needed}`);
  const read = [
    ...REQUIRED_COLUMNS.map((column) => `${column} yes`),
    ...OPTIONAL_COLUMNS.map((column) => `${column} no`),
  ];
  assertEquals(written.sort(), read.sort());
});

Deno.test("a file without a needed column is refused, without another one it is not", () => {
  for (const column of COLUMNS) {
    const at = RECORDS[0]?.fields.indexOf(column) ?? -1;
    const cut = RECORDS.map(({ line, fields }) => ({ line, fields: fields.toSpliced(at, 1) }));
    const isNeeded = REQUIRED_COLUMNS.some((each) => each === column);
    assertEquals(parseWatchlist(cut).kind, isNeeded ? "refused" : "parsed", column);
  }
});

Deno.test("a bad value in a column does what the reference says of it", () => {
  for (const [name = "", , , cell = ""] of ROWS) {
    const column = readCode(name);
    const comesOfIt = cell.slice(cell.indexOf(": ") + 2);
    assertEquals(describe(parseWatchlist(withValue(column, readCode(cell)))), comesOfIt, column);
  }
});

/** The example with another text in the first row. */
function withValue(column: string, text: string): WatchlistRecord[] {
  const [header, first, ...others] = RECORDS;
  assert(header !== undefined && first !== undefined);
  const fields = first.fields.with(header.fields.indexOf(column), text);
  return [header, { ...first, fields }, ...others];
}

function describe(watchlist: Watchlist): string {
  if (watchlist.kind === "refused") return "file refused";
  if (watchlist.dropped.length > 0) return "row dropped";
  return watchlist.oddScanDate === null ? "any text is taken" : "a warning";
}
