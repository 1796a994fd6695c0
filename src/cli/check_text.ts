import { formatUtc } from "../domain/time/ny_time.ts";
import { formatOneLine } from "../domain/one_line.ts";
import { type CheckItem, decideCheckStatus, type Grade } from "./check_item.ts";
import type { Remedy } from "./check_remedies.ts";
import type { Paint, Tone } from "./colour.ts";
import { wrapLine } from "./table.ts";
import { VERSION } from "./version.ts";

/** `check --json`: one document. Fields are added, never renamed. */
export interface CheckReport {
  readonly version: string;
  readonly at: string;
  readonly exit_status: number;
  readonly verdict: "GO" | "NO-GO";
  readonly counts: { readonly pass: number; readonly warn: number; readonly fail: number };
  readonly items: readonly {
    readonly name: string;
    readonly grade: Grade;
    readonly detail: string;
    readonly remedy: Remedy | null;
  }[];
}

/** The report for machines. */
export function buildCheckReport(items: readonly CheckItem[], nowMs: number): CheckReport {
  const count = (grade: Grade) => items.filter((item) => item.grade === grade).length;
  return {
    version: VERSION,
    at: formatUtc(nowMs),
    exit_status: decideCheckStatus(items),
    verdict: count("FAIL") === 0 ? "GO" : "NO-GO",
    counts: { pass: count("PASS"), warn: count("WARN"), fail: count("FAIL") },
    items: items.map(({ name, grade, detail, remedy }) => ({ name, grade, detail, remedy })),
  };
}

const TONES: Readonly<Record<Grade, Tone>> = { PASS: "good", WARN: "warning", FAIL: "bad" };
const NAME_WIDTH = 15;
/** What all the rest comes to. */
const MODE_ITEM = "mode";

/**
 * What is not PASS first, wrapped at 80 columns, its remedy below, whole, to be pasted; then the names of what is, on one
 * line, or with `isVerbose` each with its reason; then what it comes to: the mode, and the summary.
 */
export function formatCheck(
  items: readonly CheckItem[],
  paint: Paint,
  isVerbose: boolean,
): string[] {
  const { counts, verdict } = buildCheckReport(items, 0);
  const summary = `${counts.pass} PASS, ${counts.warn} WARN, ${counts.fail} FAIL: ${verdict}`;
  const passed = items.filter(({ grade }) => grade === "PASS");
  const names = `${paint(TONES.PASS, "PASS")} ${passed.map(({ name }) => name).join(", ")}`;
  return [
    ...joinEqual(items.filter(({ grade }) => grade !== "PASS"))
      .flatMap((item) => formatItem(item, paint)),
    ...(isVerbose
      ? passed.flatMap((item) => formatItem(item, paint))
      : passed.length === 0
      ? []
      : [names, ...passed.filter(({ name }) => name === MODE_ITEM).map(({ detail }) => detail)]),
    paint(verdict === "GO" ? "good" : "bad", summary),
  ];
}

/** Neighbours of which the same is to be said, and nothing to be done, are one: an unreachable broker is one trouble. */
function joinEqual(items: readonly CheckItem[]): CheckItem[] {
  const joined: CheckItem[] = [];
  for (const item of items) {
    const last = joined.at(-1);
    const isEqual = last !== undefined && last.remedy === null && item.remedy === null &&
      last.grade === item.grade && last.detail === item.detail;
    if (isEqual) joined[joined.length - 1] = { ...last, name: `${last.name}, ${item.name}` };
    else joined.push(item);
  }
  return joined;
}

/** What the journal takes a line's priority from (sd-daemon). */
const PRIORITIES: Readonly<Record<Exclude<Grade, "PASS">, string>> = { WARN: "<4>", FAIL: "<3>" };

/** What is not PASS, each on one line with its remedy and its end, for whoever reads the journal. */
export function formatForJournal(items: readonly CheckItem[]): string[] {
  return joinEqual(items).flatMap(({ name, grade, detail, remedy }) => {
    if (grade === "PASS") return [];
    const what = remedy === null ? "" : `; remedy: ${formatOneLine(remedy.text)}`;
    return [`${PRIORITIES[grade]}${grade} ${name}: ${formatOneLine(detail)}${what}\n`];
  });
}

function formatItem({ name, grade, detail, remedy }: CheckItem, paint: Paint): string[] {
  // No-break spaces stand for the name's own while the line is broken, since it breaks at spaces.
  const head = `${grade} ${name.replaceAll(" ", "\u00a0").padEnd(NAME_WIDTH, "\u00a0")}`;
  const indent = " ".repeat(grade.length + NAME_WIDTH + 2);
  const lines = wrapLine(`${head} ${formatOneLine(detail)}`, indent)
    .map((line) => line.replaceAll("\u00a0", " ").trimEnd());
  const [first = "", ...rest] = lines;
  return [
    paint(TONES[grade], first.slice(0, grade.length)) + first.slice(grade.length),
    ...rest,
    ...(remedy === null ? [] : [`     $ ${formatOneLine(remedy.text)}`]),
  ];
}
