import { findPercentile } from "../report.ts";
import { type ComparedDay, KINDS } from "./differences.ts";
import type { DayFigures } from "./day_watch.ts";

/** A day's differences, one line each; empty where there is none but in requests. */
export function formatDay(day: ComparedDay): string {
  const shown = day.differences.filter(({ kind }) => !kind.startsWith("requests"));
  const origin = ORIGINS[findOrigin(day)];
  return shown.map(({ kind, before, now }) =>
    `seed ${day.seed} ${day.dateNy} (${origin}) ${kind}: ${before} -> ${now}\n`
  ).join("");
}

/** What a day's differences begin with. */
const ORIGINS = {
  decided: "decided",
  struck: "other faults struck",
  carried: "the close before differed",
} as const;
type Origin = keyof typeof ORIGINS;

function findOrigin({ isCarried, areTroublesSame }: ComparedDay): Origin {
  if (isCarried) return "carried";
  return areTroublesSame ? "decided" : "struck";
}

/** How many days have each kind of difference, and how requests and bare time are spread on both sides. */
export function formatTable(days: readonly ComparedDay[]): string {
  const lines = KINDS.map((kind) => {
    const found = days.filter(({ differences }) => differences.some((each) => each.kind === kind));
    const count = (origin: Origin) => found.filter((day) => findOrigin(day) === origin).length;
    const cells = [found.length, count("decided"), count("struck"), count("carried")];
    const first = found.find((day) => findOrigin(day) === "decided")?.seed;
    const seed = first === undefined ? "" : ` (seed ${first})`;
    return `${cells.map((cell) => String(cell).padStart(8)).join("")}  ${kind}${seed}`;
  });
  const carried = days.filter((day) => findOrigin(day) === "carried").length;
  const struck = days.filter((day) => findOrigin(day) === "struck").length;
  return [
    `${days.length} days; before ${carried} the close differed, other faults struck in ${struck} more`,
    "    days decided  struck carried  kind of difference",
    ...lines,
    formatSpread(days, "requests", (day) => day.requests),
    formatSpread(days, "requests while closed", (day) => day.requestsClosed),
    formatSpread(days, "bare seconds", (day) => day.bareSeconds),
    "",
  ].join("\n");
}

function formatSpread(
  days: readonly ComparedDay[],
  what: string,
  read: (figures: DayFigures) => number,
): string {
  const format = (side: "before" | "now") => {
    const values = days.map((day) => day[side]).filter((each) => each !== null).map(read);
    const [median, p99, most] = [0.5, 0.99, 1].map((part) =>
      String(Math.round(findPercentile(values, part) * 10) / 10)
    );
    return `p50 ${median}, p99 ${p99}, max ${most}`;
  };
  return `${what}: before ${format("before")}; now ${format("now")}`;
}
