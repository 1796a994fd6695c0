import type { DayFigures } from "./day_watch.ts";
import type { SameSeed } from "./same_seed.ts";

/** In what two runs of the same day can differ. */
export const KINDS = [
  "entries",
  "exits",
  "stops and targets filled",
  "shares held at the close",
  "stops at the close",
  "result",
  "bare",
  "requests",
  "requests while closed",
  "ended early",
] as const;
export type Kind = typeof KINDS[number];

/** One difference of a day. */
export interface Difference {
  readonly kind: Kind;
  readonly before: string;
  readonly now: string;
}

/** A day of both sides. */
export interface ComparedDay {
  readonly seed: number;
  readonly dateNy: string;
  /** Whether the close before left both sides with other shares or stops: what differs then may be what followed from that. */
  readonly isCarried: boolean;
  /** Whether the same troubles befell both sides in the same minutes; else a fault met one engine's request, or write, alone. */
  readonly areTroublesSame: boolean;
  readonly before: DayFigures | null;
  readonly now: DayFigures | null;
  readonly differences: readonly Difference[];
}

/** Shorter is the time that one more question takes. */
const BARE_SECONDS_MIN = 1;
const RESULT_USD_MIN = 0.01;

/** Holds both sides of a seed against each other, day by day. */
export function compareDays({ seed, before, now }: SameSeed): ComparedDay[] {
  const days: ComparedDay[] = [];
  let isCarried = false;
  const count = Math.max(before.days.length, now.days.length);
  for (let at = 0; at < count; at++) {
    const [old, today] = [before.days[at] ?? null, now.days[at] ?? null];
    const isLast = at === count - 1;
    const differences = old === null || today === null ? [] : compareFigures(old, today);
    if (isLast && before.ending !== now.ending) {
      const [ended, endedNow] = [before.ending ?? "no", now.ending ?? "no"];
      differences.push({ kind: "ended early", before: ended, now: endedNow });
    }
    const dateNy = old?.dateNy ?? today?.dateNy ?? "";
    const areTroublesSame = old?.troubles.join() === today?.troubles.join();
    days.push({ seed, dateNy, isCarried, areTroublesSame, before: old, now: today, differences });
    isCarried ||= differences.some(({ kind }) => kind.endsWith("at the close"));
  }
  return days;
}

function compareFigures(before: DayFigures, now: DayFigures): Difference[] {
  const differences: Difference[] = [];
  const add = (kind: Kind, old: string, today: string) => {
    if (old !== today) differences.push({ kind, before: old, now: today });
  };
  const list = (lines: readonly string[]) => lines.length === 0 ? "none" : lines.join(", ");
  add("entries", list(before.entries), list(now.entries));
  add("exits", list(before.exits), list(now.exits));
  add("stops and targets filled", list(before.fills), list(now.fills));
  add("shares held at the close", list(before.held), list(now.held));
  add("stops at the close", list(before.stops), list(now.stops));
  if (Math.abs(before.resultUsd - now.resultUsd) >= RESULT_USD_MIN) {
    add("result", `${before.resultUsd.toFixed(2)} USD`, `${now.resultUsd.toFixed(2)} USD`);
  }
  if (Math.abs(before.bareSeconds - now.bareSeconds) >= BARE_SECONDS_MIN) {
    add("bare", `${before.bareSeconds.toFixed(1)} s`, `${now.bareSeconds.toFixed(1)} s`);
  }
  add("requests", String(before.requests), String(now.requests));
  add("requests while closed", String(before.requestsClosed), String(now.requestsClosed));
  return differences;
}
