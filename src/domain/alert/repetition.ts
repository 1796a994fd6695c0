import { readNyTime } from "../time/ny_time.ts";

// What repeats is said once and counted, by one rule for the journal, `log`, the audit trail's errors and Slack: again after
// an hour while it goes on, and as news once it has ended.

/** How soon the same is said again while it goes on. */
export const SAY_AGAIN_MS = 60 * 60_000;
/** What was not heard for so long has ended: the next time is news. Two of the bars that entries are decided by. */
export const ENDED_AFTER_MS = 20 * 60_000;
/** Nothing is said twice sooner than this, ended or not. */
export const SAY_TWICE_MS = 5 * 60_000;
/** Different things remembered at once; past it the oldest is forgotten, and may be said again early. */
export const MEANINGS_MAX = 500;

/** More of a line than this does not tell two apart. */
const MEANING_CHARS_MAX = 300;

/** Shares without a stop, or not sold in time: the engine says it once while it stands, so that each time is news. */
export const ALARM = /^(Position without stop|Exit overdue) /;

/** How often a thing was heard, this time included, since its first time; Unix ms. */
export interface Repeats {
  readonly times: number;
  readonly sinceMs: number;
}

/** Whether to say a thing now; `repeats` is `null` the first time. */
export type SayDecision =
  | { readonly kind: "say"; readonly repeats: Repeats | null }
  | { readonly kind: "hold" };

/** What has ended while it was held back, with its last words and when they were heard, Unix ms. */
export interface EndedRun extends Repeats {
  readonly text: string;
  readonly lastMs: number;
}

/** What is remembered of a thing that repeats. Unix ms. */
export interface Run {
  readonly sinceMs: number;
  readonly saidMs: number;
  readonly lastMs: number;
  readonly times: number;
  /** Times since it was last said. */
  readonly heldTimes: number;
  readonly isEnded: boolean;
  readonly text: string;
}

/** The things that one reader heard, by their meaning, in the order of hearing. */
export type Heard = readonly (readonly [meaning: string, run: Run])[];

/** Remembers what was said, and decides what is said again. One of them serves one reader. */
export class Repetition {
  readonly #runs: Map<string, Run>;
  /** Since when it listens, Unix ms; `null` before it is asked anything. */
  #sinceMs: number | null = null;

  /** @param heard What an earlier process left. */
  constructor(heard: Heard = []) {
    this.#runs = new Map(heard);
  }

  /** What a later process of the same reader goes on from. */
  listHeard(): Heard {
    return [...this.#runs];
  }

  /**
   * Decides whether a thing is said now, and counts it.
   * @param thing `meaning` is what two of the same have in common (`buildMeaning`); `text` its words of this time.
   * @param nowMs Unix ms; a clock that was set back makes it news, so that none hides it.
   */
  decide(
    { meaning, text }: { readonly meaning: string; readonly text: string },
    nowMs: number,
  ): SayDecision {
    this.#sinceMs ??= nowMs;
    const run = this.#runs.get(meaning);
    // So that insertion order is the order of hearing.
    this.#runs.delete(meaning);
    const isNews = run === undefined || nowMs < run.lastMs ||
      nowMs - run.lastMs >= ENDED_AFTER_MS || (run.isEnded && nowMs - run.saidMs >= SAY_TWICE_MS);
    if (isNews) {
      const first = { sinceMs: nowMs, saidMs: nowMs, lastMs: nowMs, times: 1, heldTimes: 0 };
      this.#keep(meaning, { ...first, isEnded: false, text });
      return { kind: "say", repeats: null };
    }
    const times = run.times + 1;
    if (nowMs - run.saidMs < SAY_AGAIN_MS) {
      this.#keep(meaning, { ...run, lastMs: nowMs, times, heldTimes: run.heldTimes + 1, text });
      return { kind: "hold" };
    }
    this.#keep(meaning, { ...run, saidMs: nowMs, lastMs: nowMs, times, heldTimes: 0, text });
    return { kind: "say", repeats: { times, sinceMs: run.sinceMs } };
  }

  /**
   * Takes over what an earlier process said at that moment, Unix ms, where this one has not heard it: neither what this one
   * said itself and has forgotten as ended, nor what it would have heard since, had it gone on.
   */
  remember(meaning: string, saidMs: number, nowMs: number): void {
    const sinceMs = this.#sinceMs ??= nowMs;
    const isEnded = saidMs > sinceMs || nowMs - sinceMs >= ENDED_AFTER_MS;
    if (isEnded || this.#runs.has(meaning) || saidMs > nowMs || nowMs - saidMs >= SAY_AGAIN_MS) {
      return;
    }
    const run = { sinceMs: saidMs, saidMs, lastMs: nowMs, times: 1, heldTimes: 0 };
    this.#keep(meaning, { ...run, isEnded: false, text: "" });
  }

  /** It is known to have ended: the next time is news. */
  end(meaning: string): void {
    const run = this.#runs.get(meaning);
    if (run !== undefined) this.#runs.set(meaning, { ...run, isEnded: true });
  }

  /** Forgets what has ended by then. @returns Those of them that were held back since they were last said. */
  takeEnded(nowMs: number): EndedRun[] {
    this.#sinceMs ??= nowMs;
    const ended = [...this.#runs].filter(([, { lastMs }]) => nowMs - lastMs >= ENDED_AFTER_MS);
    return this.#take(ended);
  }

  /** The same of everything, where nothing more will be heard. */
  takeAll(): EndedRun[] {
    return this.#take([...this.#runs]);
  }

  #take(runs: readonly (readonly [string, Run])[]): EndedRun[] {
    for (const [meaning] of runs) this.#runs.delete(meaning);
    return runs.filter(([, { heldTimes }]) => heldTimes > 0)
      .map(([, { text, times, sinceMs, lastMs }]) => ({ text, times, sinceMs, lastMs }));
  }

  #keep(meaning: string, run: Run): void {
    this.#runs.set(meaning, run);
    if (this.#runs.size <= MEANINGS_MAX) return;
    for (const oldest of this.#runs.keys()) {
      this.#runs.delete(oldest);
      return;
    }
  }
}

/** Behind a number: it says how many shares, and tells two apart. */
const OF_SHARES = /^( of \d[\d.,]*)? shares?\b/;

/** A text's first line with ids and standing numbers masked; letters, and so symbols, are kept, and how many shares. */
export function buildMeaning(text: string): string {
  const [firstLine = ""] = text.split("\n", 1);
  return firstLine.slice(0, MEANING_CHARS_MAX)
    .replace(/\b[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}\b/gi, "#")
    .replace(
      /(?<![\w.-]|\bqty=)[+-]?\d[\d.,:]*(?![\w-])/g,
      (number, at: number, line: string) =>
        OF_SHARES.test(line.slice(at + number.length)) ? number : "#",
    );
}

/** ` (14 times since 10:02)`, New York time; nothing for the first time. */
export function formatRepeats(repeats: Repeats | null): string {
  if (repeats === null) return "";
  return ` (${repeats.times} times since ${formatTime(repeats.sinceMs)})`;
}

/** What was held back and has ended: ` (14 times since 10:02, last at 10:58)`. */
export function formatEnded({ times, sinceMs, lastMs }: EndedRun): string {
  return ` (${times} times since ${formatTime(sinceMs)}, last at ${formatTime(lastMs)})`;
}

function formatTime(ms: number): string {
  return readNyTime(ms).timeNy.slice(0, 5);
}
