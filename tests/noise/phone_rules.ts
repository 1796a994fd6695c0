import { ALERT_TITLES } from "../../src/domain/alert/alert_titles.ts";

/** A message as a phone shows it. */
export interface PhoneMessage {
  readonly level: string;
  readonly title: string;
  /** Without the mark of mode and money. */
  readonly lines: readonly string[];
}

/** What a reader would miss in a message; the first kind of message that fits is held against it. */
interface PhoneRule {
  readonly name: string;
  readonly isAbout: (message: PhoneMessage) => boolean;
  readonly isKept: (message: PhoneMessage) => boolean;
}

const HEAD = /^\[AVWAP\]\[EXECUTION\]\[(INFO|TRADE|WARNING|ERROR)\] (.+)$/;
const MARK = /^TEST (paper|live-money|custom): /;
const UUID = /[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}/i;
const CLIENT_ID = /avwap-\d{4}-\d{2}-\d{2}|order_id/;
/** The first word of a title or line that is a symbol, or names what has one. */
const NAMES_FIRST =
  /^(Exits wait: |Position |SHORT position |Order of ours: )?[A-Z][A-Z0-9.]{0,9}\b/;
/** Errors that belong to no symbol. */
const OF_NO_SYMBOL =
  /^(\d+ rejections in a row|Broker |Cycle failed|Cannot |Live ledger|LIVE is locked|The disk of|Ledger or state|execution_state\.json|live_orders_today\.json|The data API refuses)/;
const COMMAND = /avwap-execution [a-z]+/;
const SINCE = /since \d{4}-\d{2}-\d{2} \d{2}:\d{2}:\d{2} E[SD]T/;
const SHARES = /\d+ (of \d+ )?shares?\b/;

/** `1 shares`: a noun in the form of another number. */
const MISCOUNTED =
  /(?<![\w.,:/-])1 (?:[a-z]+ )?(?:shares|rows|orders|entries|positions|candidates|lines|days|symbols|trades|events|alerts|rejections|times)\b/;

/** Whether a text's nouns all have the form of their numbers. */
export function isCounted(text: string): boolean {
  return !MISCOUNTED.test(text);
}

function isError({ level, title }: PhoneMessage): boolean {
  return level === "ERROR" && title === "Execution error";
}

function isTitled(...titles: readonly (typeof ALERT_TITLES)[number][]) {
  return ({ title }: PhoneMessage) => titles.some((each) => each === title);
}

function hasLine(pattern: RegExp) {
  return ({ lines }: PhoneMessage) => lines.some((line) => pattern.test(line));
}

const isAny = () => true;
const isSummary = isTitled("Daily execution summary (LIVE)", "Daily execution summary (DRY_RUN)");

/** What each message has to say, by what one asks next. */
export const PHONE_RULES: readonly PhoneRule[] = [
  {
    name: "no order id",
    isAbout: isAny,
    isKept: ({ title, lines }) =>
      [title, ...lines].every((text) => !UUID.test(text) && !CLIENT_ID.test(text)),
  },
  { name: "something beyond its title", isAbout: isAny, isKept: ({ lines }) => lines[0] !== "" },
  {
    name: "the symbol first, where it is about one",
    isAbout: (message) => isError(message) && !OF_NO_SYMBOL.test(message.lines[0] ?? ""),
    isKept: ({ lines }) => NAMES_FIRST.test(lines[0] ?? ""),
  },
  {
    name: "the symbol first: a position's",
    isAbout: isTitled(
      "Position without stop",
      "Foreign position",
      "Position not adopted",
      "Position adopted",
      "Stop put back",
      "Foreign sell cancelled",
      "Shares moved by hand",
    ),
    isKept: ({ lines }) => NAMES_FIRST.test(lines[0] ?? ""),
  },
  {
    name: "what to do about an error",
    isAbout: ({ level, title }) => level === "ERROR" && !isSummary({ level, title, lines: [] }),
    isKept: hasLine(/^Do: \S/),
  },
  {
    name: "what to do about a warning",
    isAbout: ({ level, title }) => level === "WARNING" && !isSummary({ level, title, lines: [] }),
    isKept: (message) => hasLine(/^Do: \S/)(message) || hasLine(COMMAND)(message),
  },
  {
    name: "how many shares are bare, since when and why",
    isAbout: isTitled("Position without stop"),
    isKept: (message) =>
      hasLine(SHARES)(message) && hasLine(SINCE)(message) && hasLine(/: .*: /)(message),
  },
  {
    name: "how often an error repeats, and since when, where it does",
    isAbout: (message) => isError(message) && hasLine(/ times /)(message),
    isKept: hasLine(/\(\d+ times since \d{2}:\d{2}\)$/),
  },
  {
    name: "quantity, price and what protects it, or the result",
    isAbout: ({ level, title }) =>
      level === "TRADE" && !ALERT_TITLES.some((each) => each === title),
    isKept: ({ title, lines }) =>
      (/ bought \d+ at [\d.]+, stop [\d.]+, target [\d.]+, risk \d+ USD$/.test(title) ||
        /: sold \d+ at [\d.]+, [+-]?[\d.]+/.test(title)) &&
      lines.some((line) => /^Filled \d{4}-\d{2}-\d{2} /.test(line)),
  },
  {
    name: "mode, market, list, equity, day result, caps and positions",
    isAbout: isTitled("Execution heartbeat"),
    isKept: (message) =>
      ["Gate ", "Market: ", "Watchlist: ", "Equity: ", "Day result", "Orders today: ", "Managed "]
        .every((head) => message.lines.some((line) => line.startsWith(head))),
  },
  {
    name: "equity, notional, day result and what stays overnight",
    isAbout: isSummary,
    isKept: (message) =>
      ["Equity: ", "Notional: ", "Day result", "Overnight: "]
        .every((head) => message.lines.some((line) => line.startsWith(head))),
  },
  {
    name: "what was confirmed and not entered, fills, exits and trade results",
    isAbout: isTitled("Daily execution summary (LIVE)"),
    isKept: (message) =>
      hasLine(/^\d+ confirmed: \d+ entered, \d+ not/)(message) &&
      ["Fills: ", "Exits: ", "Closed trades: ", "Trade results"]
        .every((head) => message.lines.some((line) => line.startsWith(head))),
  },
  {
    name: "which release, whose money and what is managed",
    isAbout: isTitled("Execution started"),
    isKept: (message) =>
      hasLine(/^avwap-execution \d/)(message) && hasLine(/^Broker endpoint=/)(message) &&
      hasLine(/^Managed positions: /)(message),
  },
  {
    name: "what it has recovered from",
    isAbout: isTitled("Execution recovered"),
    isKept: hasLine(/^Recovered from: \S/),
  },
];

/** A text as Slack got it. @throws {Error} Where it has not the form that every message has. */
export function parseMessage(text: string): PhoneMessage {
  const [first = "", second = "", ...others] = text.split("\n");
  const head = HEAD.exec(first);
  if (head === null || !MARK.test(second)) throw new Error(`no message: ${text}`);
  const [, level = "", title = ""] = head;
  return { level, title, lines: [second.replace(MARK, ""), ...others] };
}

/** @returns What a reader would miss in it. */
export function listMissing(message: PhoneMessage): string[] {
  return PHONE_RULES.filter(({ isAbout, isKept }) => isAbout(message) && !isKept(message))
    .map(({ name }) => name);
}
