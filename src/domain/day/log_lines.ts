import { createDenialFilter } from "./denials.ts";
import { formatEvent } from "./event_sentence.ts";
import { readNumber, readText, readTimeMs, type RecordedEvent } from "./events.ts";
import {
  ALARM,
  buildMeaning,
  formatEnded,
  formatRepeats,
  Repetition,
} from "../alert/repetition.ts";

/** A sentence of the trail, at its moment, Unix ms; `null` where the line has no time. */
export interface LogLine {
  readonly atMs: number | null;
  readonly text: string;
  /** Whether it is the last of what was held back, and known only later. */
  readonly isEnd: boolean;
}

/** What happened, each time that it did; an order's own lines tell orders apart by their ids. */
const HAPPENINGS: ReadonlySet<string> = new Set([
  "alert",
  "daily_loss",
  "dry_run_order",
  "entries_paused",
  "entry_end",
  "fill",
  "kill_switch",
  "position",
  "reconciliation",
  "summary",
]);

/**
 * Makes the sentences of a trail for people, asked event by event, oldest first: what repeats is said once an hour and
 * counted, and what a later process recorded again not at all.
 */
export class LogLines {
  readonly #repetition = new Repetition();
  readonly #isDeniedAgain = createDenialFilter();
  /** Filled quantity that was said, by order id. */
  readonly #filled = new Map<string, number>();

  /** @returns What is to be printed at this event: what has ended before it, and its own sentence. */
  take(event: RecordedEvent): LogLine[] {
    const atMs = readTimeMs(event);
    const text = formatEvent(event);
    if (atMs === null) return [{ atMs, text, isEnd: false }];
    const ended = this.#repetition.takeEnded(atMs).map(buildEndedLine);
    // An exchange is the request and the answer that stand beside it, as bytes.
    const isShown = event.type !== "exchange" && !this.#isDeniedAgain(event) &&
      !this.#isFillAgain(event);
    if (!isShown) return ended;
    if (isHappening(event)) return [...ended, { atMs, text, isEnd: false }];
    // Which moment the next cycle waits for tells nobody more than that there are cycles.
    const words = event.type === "cycle"
      ? ""
      : event["is_distinct"] === true
      ? text
      : buildMeaning(text);
    const meaning = `${event.type} ${words}`;
    const decision = this.#repetition.decide({ meaning, text }, atMs);
    if (decision.kind === "hold") return ended;
    return [...ended, { atMs, text: `${text}${formatRepeats(decision.repeats)}`, isEnd: false }];
  }

  /** @returns What was held back and is not to be waited for. */
  takeRest(): LogLine[] {
    return this.#repetition.takeAll().map(buildEndedLine)
      .sort((a, b) => (a.atMs ?? 0) - (b.atMs ?? 0));
  }

  /** Each process records the fills of the day that it finds. */
  #isFillAgain(event: RecordedEvent): boolean {
    const orderId = readText(event, "order_id");
    const qty = readNumber(event, "filled_qty");
    if (event.type !== "fill" || orderId === null || qty === null) return false;
    const isAgain = (this.#filled.get(orderId) ?? 0) >= qty;
    if (!isAgain) this.#filled.set(orderId, qty);
    return isAgain;
  }
}

/** An error that the engine has counted is one that it says. */
function isHappening(event: RecordedEvent): boolean {
  if (event.type === "error" && ALARM.test(readText(event, "message") ?? "")) return true;
  return HAPPENINGS.has(event.type) || readNumber(event, "times") !== null;
}

function buildEndedLine(run: Parameters<typeof formatEnded>[0]): LogLine {
  return { atMs: run.lastMs, text: `${run.text}${formatEnded(run)}`, isEnd: true };
}
